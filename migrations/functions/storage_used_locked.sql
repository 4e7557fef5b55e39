-- The same, while nobody else can announce for this user until the transaction ends. The statement that asks took its
-- snapshot before it got the lock; a volatile function takes a new one, and so sees what the holder before it wrote.
CREATE OR REPLACE FUNCTION storage_used_locked(owner bigint) RETURNS bigint
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM FROM users WHERE id = owner FOR NO KEY UPDATE;
    RETURN storage_used(owner);
END
$$;
