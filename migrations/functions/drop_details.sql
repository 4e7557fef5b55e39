-- A deleted message keeps nothing of what it was beside its text.
CREATE OR REPLACE FUNCTION drop_details() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    NEW.details := NULL;
    RETURN NEW;
END
$$;
