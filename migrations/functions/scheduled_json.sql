-- A message that waits, as the wire has it. A file that was deleted meanwhile is not there.
CREATE OR REPLACE FUNCTION scheduled_json(s scheduled_messages) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN json_build_object(
        'id', s.id, 'chatId', s.chat_id, 'clientMessageId', s.message -> 'clientMessageId',
        'messageType', s.message -> 'messageType', 'content', s.message -> 'content',
        'replyTo', s.message -> 'replyTo', 'mentions', s.message -> 'mentions',
        'location', s.message -> 'location', 'contact', s.message -> 'contact',
        'poll', CASE WHEN s.message ->> 'poll' IS NOT NULL THEN s.message -> 'poll' || jsonb_build_object(
            'closesAt', wire_time((s.message #>> '{poll,closesAt}')::timestamptz)
        ) END,
        'attachments', (
            SELECT coalesce(json_agg(json_build_object(
                'id', u.id, 'filename', u.filename, 'contentType', u.content_type, 'size', u.size
            ) ORDER BY given.place), '[]')
            FROM jsonb_array_elements_text(s.message -> 'attachments') WITH ORDINALITY AS given (id, place)
            JOIN uploads u ON u.id = given.id::bigint
        ),
        'sendAt', wire_time(s.send_at), 'refused', s.refused, 'createdAt', wire_time(s.created_at)
    );
