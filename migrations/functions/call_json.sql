-- A call as the wire has it.
CREATE OR REPLACE FUNCTION call_json(c calls) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', c.id, 'chatId', c.chat_id, 'seq', c.seq, 'type', c.type, 'isRoom', c.size > 4, 'status', c.status, 'callerId', c.caller_id,
        'answeredBy', (
            SELECT p.user_id FROM call_parties p
            WHERE p.call_id = c.id AND p.joined_at IS NOT NULL AND p.user_id IS DISTINCT FROM c.caller_id
            ORDER BY p.joined_at, p.user_id LIMIT 1
        ),
        'participants', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'userId', p.user_id, 'state', p.state, 'ringing', p.state = 'ringing' AND p.rang_at IS NOT NULL,
                'connected', p.state = 'joined' AND p.lost_at IS NULL,
                'muted', p.muted, 'camera', p.camera, 'screen', p.screen,
                'joinedAt', wire_time(p.joined_at), 'leftAt', wire_time(p.left_at)
            ) ORDER BY p.user_id), '[]')
            FROM call_parties p WHERE p.call_id = c.id
        ),
        'startedAt', wire_time(c.started_at), 'answeredAt', wire_time(c.answered_at), 'endedAt', wire_time(c.ended_at),
        'duration', CASE WHEN c.ended_at IS NOT NULL
            THEN coalesce(floor(date_part('epoch', c.ended_at - c.answered_at))::integer, 0) END,
        'updatedAt', wire_time(c.updated_at)
    );
