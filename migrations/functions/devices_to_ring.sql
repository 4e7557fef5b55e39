-- The devices of those people who are to be notified of a call; `caller` is who has it ring for them, the first caller
-- where NULL. Where no `reason` is given, the call rings: for those members for whom it does by now, unless they have muted
-- the chat. Else it rings no more: for those whose devices were told that it does, unless they joined since then, and heard
-- of it by that. The device that takes part itself is not told.
--
-- `idle` are those of the people who have no device.
CREATE OR REPLACE FUNCTION devices_to_ring(
    the_call bigint, people bigint[], caller bigint, reason text, OUT call text, OUT devices text, OUT idle bigint[]
)
    LANGUAGE plpgsql VOLATILE
    SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    told bigint[];
BEGIN
    idle := array(
        SELECT given.id FROM unnest(people) given (id)
        WHERE NOT EXISTS (SELECT FROM devices_of(given.id))
    );
    IF cardinality(idle) = cardinality(people) THEN
        RETURN;
    END IF;
    -- Every change of a call holds its chat: so it rings for nobody who has just answered.
    PERFORM FROM calls c JOIN chats h ON h.id = c.chat_id WHERE c.id = the_call FOR NO KEY UPDATE OF h;
    IF reason IS NULL THEN
        WITH rung AS (
            UPDATE call_parties p SET notified_at = clock_timestamp()
            FROM members m
            WHERE p.call_id = the_call AND p.user_id = ANY (people) AND p.user_id <> ALL (idle)
                AND p.state = 'ringing' AND p.ring_until > clock_timestamp()
                AND m.chat_id = p.chat_id AND m.user_id = p.user_id AND coalesce(m.muted_until <= now(), true)
                AND m.notify_of <> 'none'
            RETURNING p.user_id
        )
        SELECT array_agg(r.user_id) INTO told FROM rung r;
    ELSE
        told := array(
            SELECT p.user_id FROM call_parties p
            WHERE p.call_id = the_call AND p.user_id = ANY (people) AND p.user_id <> ALL (idle)
                AND p.notified_at IS NOT NULL AND p.state <> 'ringing'
                AND (reason = 'answered_elsewhere' OR p.joined_at IS NULL OR p.joined_at < p.notified_at)
                -- Who missed it long before its end was told then.
                AND p.ring_until > now() - interval '2 minutes'
        );
    END IF;
    SELECT json_build_object(
        'chatId', c.chat_id, 'callerId', u.id, 'callType', c.type, 'callerName', u.display_name,
        'chatName', CASE WHEN h.type = 'group' THEN h.name END
    )::text INTO call
    FROM calls c JOIN chats h ON h.id = c.chat_id LEFT JOIN users u ON u.id = coalesce(caller, c.caller_id)
    WHERE c.id = the_call;
    devices := (
        SELECT json_agg(json_build_object(
            'deviceId', d.id, 'userId', p.user_id, 'token', d.token, 'p256dh', d.p256dh, 'auth', d.auth,
            'badge', who.badge, 'previews', coalesce(n.previews, true), 'silent', coalesce(quiet_at(n, now()), false),
            'ringUntil', wire_time(p.ring_until)
        ))
        FROM (SELECT given.id, badge_of(given.id) AS badge FROM unnest(told) given (id)) who
        JOIN call_parties p ON p.call_id = the_call AND p.user_id = who.id
        CROSS JOIN LATERAL devices_of(p.user_id) d
        LEFT JOIN notification_choices n ON n.user_id = p.user_id
        WHERE p.state <> 'joined' OR d.session_id IS DISTINCT FROM p.session_id
    );
END
$$;
