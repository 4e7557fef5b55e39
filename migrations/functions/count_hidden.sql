-- A message that a user hides before reading it does not count for them; nor does one of the others, which is deleted, was
-- read, or counts for nobody. It is locked, so that it is not deleted at this moment, which would count it twice.
CREATE OR REPLACE FUNCTION count_hidden() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM messages m WHERE m.chat_id = NEW.chat_id AND m.seq = NEW.seq AND m.deleted_at IS NULL FOR SHARE;
    IF FOUND THEN
        -- The member's own row changes, so that sync tells the chat with its new count.
        UPDATE members me SET read_seq = me.read_seq
        WHERE me.chat_id = NEW.chat_id AND me.user_id = NEW.user_id AND me.read_seq < NEW.seq AND coalesce((
            SELECT sum(u.n) FROM uncounted u
            WHERE u.chat_id = NEW.chat_id AND u.user_id IN (0, NEW.user_id) AND u.level = 0 AND u.block = NEW.seq
        ), 0) = 0;
        IF FOUND THEN
            PERFORM count_out(NEW.chat_id, NEW.user_id, NEW.seq, 1);
        END IF;
    END IF;
    RETURN NULL;
END
$$;
