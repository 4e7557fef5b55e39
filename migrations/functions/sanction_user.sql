-- Warns, mutes or bans a user; a mute and a ban take the place of the one before. A ban ends all sessions: session_ids.
-- verdict: 'allowed', or why it refuses; account is the user as the actor sees them then.
CREATE OR REPLACE FUNCTION sanction_user(
    target bigint, actor bigint, wanted text, why text, ends timestamptz, address text, request_id text,
    OUT verdict text, OUT account text, OUT session_ids bigint[]
)
    LANGUAGE plpgsql AS $$
DECLARE
    made sanctions;
BEGIN
    session_ids := '{}';
    -- A log-in holds the row until its session is there to be ended; one that waits for it sees the ban.
    PERFORM FROM users u WHERE u.id = target FOR NO KEY UPDATE;
    verdict := coalesce(judging_refusal(actor, target), 'allowed');
    IF verdict <> 'allowed' THEN
        RETURN;
    END IF;
    UPDATE sanctions s SET lifted_at = now()
    WHERE s.user_id = target AND s.kind = wanted AND s.until IS NOT NULL AND s.lifted_at IS NULL;
    INSERT INTO sanctions (user_id, kind, reason, until, imposed_by)
    VALUES (target, wanted, why, CASE WHEN wanted <> 'warning' THEN coalesce(ends, 'infinity') END, actor)
    RETURNING * INTO made;
    IF wanted = 'ban' THEN
        WITH ended AS (
            UPDATE sessions s SET ended_at = now() WHERE s.user_id = target AND s.ended_at IS NULL RETURNING s.id
        )
        SELECT coalesce(array_agg(e.id), '{}') INTO session_ids FROM ended e;
    END IF;
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, details, address, request_id)
    VALUES (
        CASE wanted WHEN 'warning' THEN 'warned' WHEN 'mute' THEN 'muted' ELSE 'banned' END, actor, 'user', target,
        jsonb_build_object('reason', why, 'until', wire_time(nullif(made.until, 'infinity'))),
        sanction_user.address, sanction_user.request_id
    );
    account := (SELECT account_json(u, actor) FROM users u WHERE u.id = target);
END
$$;
