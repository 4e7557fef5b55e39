-- Hands out a key of each of these devices to a user: a one-time key, which nobody else gets, or the signed pre-key
-- where none is left, or where the user has had `fair` of this device's within a day. Devices that the user has no
-- right to ask are left out. Answers them as JSON, with how many one-time keys each has left.
CREATE OR REPLACE FUNCTION claim_keys(viewer bigint, wanted bigint[], fair integer) RETURNS text
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    answer text;
    owners bigint[];
BEGIN
    WITH asked AS MATERIALIZED (
        SELECT k AS device, k.session_id, k.user_id, fairly.allowed
        FROM device_keys k JOIN sessions s ON s.id = k.session_id,
            LATERAL (
                SELECT a.allowed FROM take_allowance(
                    concat('claim:', viewer, ':', k.session_id), fair, interval '1 day'
                ) a
            ) fairly
        WHERE k.session_id = ANY (wanted) AND s.ended_at IS NULL AND s.expires_at > now()
            AND keys_refusal(viewer, k.user_id) IS NULL
    ), picked AS MATERIALIZED (
        SELECT free.* FROM asked a, LATERAL (
            SELECT o.session_id, o.key_id FROM one_time_keys o
            WHERE o.session_id = a.session_id AND o.claimed_at IS NULL
            ORDER BY o.key_id LIMIT 1 FOR UPDATE SKIP LOCKED
        ) free
        WHERE a.allowed
    ), taken AS (
        UPDATE one_time_keys o SET claimed_at = now() FROM picked p
        WHERE o.session_id = p.session_id AND o.key_id = p.key_id
        RETURNING o.session_id, o.key_id, o.key
    )
    SELECT coalesce(json_agg(device_keys_json(a.device) || jsonb_build_object(
            'oneTimeKey', CASE WHEN t.key IS NOT NULL THEN jsonb_build_object('id', t.key_id, 'key', t.key) END,
            'left', free_keys(a.session_id) - CASE WHEN t.key IS NULL THEN 0 ELSE 1 END
        ) ORDER BY a.session_id), '[]')::text, array_agg(a.user_id)
    INTO answer, owners
    FROM asked a LEFT JOIN taken t ON t.session_id = a.session_id;
    INSERT INTO key_peers (user_id, peer_id)
    SELECT DISTINCT pair.one, pair.other
    FROM unnest(owners) AS owner (id), LATERAL (VALUES (viewer, owner.id), (owner.id, viewer)) pair (one, other)
    WHERE pair.one <> pair.other
        AND NOT EXISTS (SELECT FROM key_peers p WHERE p.user_id = pair.one AND p.peer_id = pair.other)
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING;
    RETURN answer;
END
$$;
