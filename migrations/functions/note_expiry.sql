-- Keeps by themselves the messages that expire. Whoever stores one adds it.
CREATE OR REPLACE FUNCTION note_expiry() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM expiring_messages e
    WHERE e.chat_id = OLD.chat_id AND e.expires_at = OLD.expires_at AND e.seq = OLD.seq;
    IF NEW.expires_at IS NOT NULL THEN
        INSERT INTO expiring_messages (chat_id, expires_at, seq) VALUES (NEW.chat_id, NEW.expires_at, NEW.seq);
    END IF;
    RETURN NULL;
END
$$;
