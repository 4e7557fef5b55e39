-- Keeps by themselves those whom a message mentions, when that changes. Whoever stores one adds them.
CREATE OR REPLACE FUNCTION note_mentions() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM mentions m WHERE m.chat_id = NEW.chat_id AND m.seq = NEW.seq AND m.user_id <> ALL (NEW.mentions);
    INSERT INTO mentions (user_id, chat_id, seq)
    SELECT given.id, NEW.chat_id, NEW.seq FROM unnest(NEW.mentions) AS given (id)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
