-- A deleted message keeps nothing of what it was beside its text, and no votes.
CREATE OR REPLACE FUNCTION drop_details() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM poll_votes v WHERE v.chat_id = NEW.chat_id AND v.seq = NEW.seq;
    NEW.details := NULL;
    RETURN NEW;
END
$$;
