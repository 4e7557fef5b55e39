-- Notes for sync that a profile has changed: for the user, and where others can see it for those who have the user as a
-- contact or share a chat.
CREATE OR REPLACE FUNCTION note_profile_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_personal(NEW.id, 'user', NEW.id);
    IF profile_of(OLD, NULL) <> profile_of(NEW, NULL) THEN
        PERFORM note_personal(c.owner_id, 'user', NEW.id)
        FROM contacts c WHERE c.user_id = NEW.id ORDER BY c.owner_id;
        -- In the order in which a forward takes them.
        UPDATE members m SET profile_changed = pg_current_xact_id()
        FROM (SELECT o.chat_id FROM members o WHERE o.user_id = NEW.id ORDER BY o.chat_id FOR NO KEY UPDATE) mine
        WHERE m.chat_id = mine.chat_id AND m.user_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
