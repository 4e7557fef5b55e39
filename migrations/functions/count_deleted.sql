-- A message that was deleted for everyone, or has expired, counts for nobody: no longer for some alone.
CREATE OR REPLACE FUNCTION count_deleted() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_out(u.chat_id, u.user_id, NEW.seq, -1)
    FROM uncounted u
    WHERE u.chat_id = NEW.chat_id AND u.block = NEW.seq AND u.level = 0 AND u.user_id <> 0 AND u.n > 0;
    PERFORM count_out(NEW.chat_id, 0, NEW.seq, 1);
    RETURN NULL;
END
$$;
