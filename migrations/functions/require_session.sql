-- Pipelined in front of every statement that acts for somebody: an ended session stops the statement behind it.
CREATE OR REPLACE FUNCTION require_session(actor bigint, session bigint) RETURNS void
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM sessions WHERE id = session AND user_id = actor AND ended_at IS NULL) THEN
        RAISE EXCEPTION 'session ended' USING ERRCODE = 'MS401';
    END IF;
END
$$;
