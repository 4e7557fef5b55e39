-- Has a device of a user take part in a call, whose row the caller of this has locked with its chat.
CREATE OR REPLACE FUNCTION join_call(the_call bigint, actor bigint, device bigint) RETURNS void
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    INSERT INTO call_parties AS p (call_id, user_id, chat_id, state, session_id, joined_at)
    SELECT c.id, actor, c.chat_id, 'joined', device, clock_timestamp() FROM calls c WHERE c.id = the_call
    ON CONFLICT (call_id, user_id) DO UPDATE SET state = 'joined', session_id = excluded.session_id,
        joined_at = coalesce(p.joined_at, excluded.joined_at), left_at = NULL, lost_at = NULL,
        muted = false, camera = false, screen = false;
    UPDATE calls c SET status = 'active', answered_at = coalesce(c.answered_at, clock_timestamp())
    WHERE c.id = the_call AND c.caller_id IS DISTINCT FROM actor;
END
$$;
