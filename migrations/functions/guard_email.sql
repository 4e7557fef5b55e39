-- An address that was verified changes only to another one that is: with the proof comes a new time.
CREATE OR REPLACE FUNCTION guard_email() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.email_verified_at IS NOT NULL AND NEW.email_verified_at IS NOT DISTINCT FROM OLD.email_verified_at THEN
        RAISE EXCEPTION 'verified email' USING ERRCODE = 'MS423';
    END IF;
    -- What was sent to the address before proves nothing any more.
    DELETE FROM letter_tokens WHERE user_id = NEW.id;
    RETURN NEW;
END
$$;
