-- Pipelined in front of every statement for which a role is needed, in place of require_session(): the role is the one
-- that the user has now, whatever it was at the log-in.
CREATE OR REPLACE FUNCTION require_role(actor bigint, session bigint, needed text) RETURNS void
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM require_session(actor, session);
    IF NOT EXISTS (SELECT FROM users u WHERE u.id = actor AND u.role IN (needed, 'admin')) THEN
        RAISE EXCEPTION 'role needed' USING ERRCODE = 'MS403';
    END IF;
END
$$;
