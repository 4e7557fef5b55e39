-- The lock makes a change of the user's choice come before this, or find this row.
CREATE OR REPLACE FUNCTION take_read_receipts() RETURNS trigger
    LANGUAGE plpgsql AS $$
DECLARE
    chosen boolean;
BEGIN
    SELECT u.read_receipts INTO chosen FROM users u WHERE u.id = NEW.user_id FOR SHARE;
    NEW.read_receipts := coalesce(chosen, true);
    RETURN NEW;
END
$$;
