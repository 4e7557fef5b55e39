-- How many messages wait for a user, while nobody else can add one until the transaction ends. As with storage, the
-- volatile function sees what the holder of the lock before it wrote.
CREATE OR REPLACE FUNCTION scheduled_locked(owner bigint) RETURNS bigint
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM FROM users WHERE id = owner FOR NO KEY UPDATE;
    RETURN (SELECT count(*) FROM scheduled_messages WHERE user_id = owner);
END
$$;
