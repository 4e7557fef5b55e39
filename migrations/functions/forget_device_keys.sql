-- Forgets the keys of a device whose session ends, and says so in the log of its user.
CREATE OR REPLACE FUNCTION forget_device_keys() RETURNS trigger
    LANGUAGE plpgsql AS $$
DECLARE
    device device_keys;
BEGIN
    DELETE FROM device_keys k WHERE k.session_id = OLD.id RETURNING k.* INTO device;
    IF FOUND THEN
        PERFORM append_key_change(device, 'removed');
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
