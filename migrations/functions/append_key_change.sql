-- Adds a change of a device's keys to its user's log, behind the last one, and notes it for sync: for the user, and for
-- those with whom the user has exchanged keys.
CREATE OR REPLACE FUNCTION append_key_change(device device_keys, what text) RETURNS key_log
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    entry key_log;
    before key_log;
BEGIN
    -- One at a time of a user. No row stands for it: who ends sessions holds some of the user's rows by now.
    PERFORM pg_advisory_xact_lock(hashtextextended('key_log', device.user_id));
    SELECT l.* INTO before FROM key_log l WHERE l.user_id = device.user_id ORDER BY l.position DESC LIMIT 1;
    entry.user_id := device.user_id;
    entry.position := coalesce(before.position, 0) + 1;
    entry.change := what;
    entry.device_id := device.session_id;
    entry.identity_key := device.identity_key;
    entry.signing_key := device.signing_key;
    entry.changed_at := clock_timestamp();
    entry.hash := key_log_hash(before.hash, entry);
    INSERT INTO key_log SELECT entry.*;
    PERFORM note_personal(hearer.id, 'keys', device.user_id)
    FROM unnest(key_hearers(device.user_id)) AS hearer (id) ORDER BY hearer.id;
    RETURN entry;
END
$$;
