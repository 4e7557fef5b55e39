-- The devices of those people who are to be notified of a message: members who have not read it, who have not muted the
-- chat unless it mentions them, have not chosen otherwise for the chat, for whom it is no request, and who neither block
-- its sender nor are blocked. With each what its user may be told: how much there is to read, whether quietly, whether
-- with a preview. A device is its session's while that lives. Of a call's message hears who missed the call, unless their
-- devices have rung: those are told otherwise.
--
-- `idle` are those of the people who have no device.
CREATE OR REPLACE FUNCTION devices_to_notify(
    chat bigint, at_seq bigint, people bigint[], OUT message text, OUT devices text, OUT idle bigint[]
)
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    told messages;
BEGIN
    idle := array(
        SELECT given.id FROM unnest(people) given (id)
        WHERE NOT EXISTS (SELECT FROM devices_of(given.id))
    );
    SELECT m.* INTO told FROM messages m
    WHERE m.chat_id = chat AND m.seq = at_seq AND m.deleted_at IS NULL AND m.message_type <> 'system'
        AND (m.expires_at IS NULL OR m.expires_at > now());
    IF NOT FOUND OR cardinality(idle) = cardinality(people) THEN
        RETURN;
    END IF;
    SELECT json_build_object(
        'messageId', told.id, 'messageType', told.message_type, 'text', left(told.content, 240),
        'senderId', told.sender_id, 'senderName', u.display_name,
        'chatName', CASE WHEN c.type = 'group' THEN c.name END
    )::text INTO message
    FROM chats c LEFT JOIN users u ON u.id = told.sender_id WHERE c.id = chat;
    devices := (
        SELECT json_agg(json_build_object(
            'deviceId', d.id, 'userId', who.user_id, 'token', d.token, 'p256dh', d.p256dh, 'auth', d.auth,
            'unread', who.unread, 'badge', who.badge, 'mentioned', who.mentioned, 'previews', coalesce(n.previews, true),
            'silent', coalesce(quiet_at(n, now()), false)
        ))
        FROM (
            SELECT m.user_id, m.user_id = ANY (told.mentions) AS mentioned,
                unread_count(chat, m.user_id, m.read_seq, c.last_seq) AS unread,
                badge_of(m.user_id) AS badge
            FROM members m JOIN chats c ON c.id = m.chat_id
            WHERE m.chat_id = chat AND m.user_id = ANY (people) AND m.user_id <> ALL (idle)
                AND m.user_id IS DISTINCT FROM told.sender_id AND m.read_seq < at_seq
                AND c.request_of IS DISTINCT FROM m.user_id AND m.notify_of <> 'none'
                AND (
                    coalesce(m.muted_until <= now(), true) AND m.notify_of = 'all' OR m.user_id = ANY (told.mentions)
                )
                AND (told.message_type <> 'call' OR EXISTS (
                    SELECT FROM call_parties p
                    WHERE p.user_id = m.user_id AND p.chat_id = chat AND p.seq = at_seq
                        AND p.state IN ('missed', 'busy') AND p.notified_at IS NULL
                ))
                AND (told.sender_id IS NULL OR NOT is_blocked(m.user_id, told.sender_id))
                AND NOT EXISTS (
                    SELECT FROM hidden_messages h
                    WHERE h.user_id = m.user_id AND h.chat_id = chat AND h.seq = at_seq
                )
        ) who
        CROSS JOIN LATERAL devices_of(who.user_id) d
        LEFT JOIN notification_choices n ON n.user_id = who.user_id
    );
END
$$;
