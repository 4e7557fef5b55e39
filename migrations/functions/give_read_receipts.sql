CREATE OR REPLACE FUNCTION give_read_receipts() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    UPDATE members SET read_receipts = NEW.read_receipts WHERE user_id = NEW.id;
    RETURN NULL;
END
$$;
