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
            SELECT coalesce(json_agg(attachment_text(
                jsonb_build_object(
                    'id', u.id, 'filename', u.filename, 'contentType', u.content_type, 'size', u.size
                ) || said_of_file(
                    jsonb_build_object(u.id, coalesce(jsonb_strip_nulls(said.of_file), '{}')), u.id, u.content_type
                ), u
            )::json ORDER BY given.place), '[]')
            FROM jsonb_array_elements_text(s.message -> 'attachments') WITH ORDINALITY AS given (id, place)
            JOIN uploads u ON u.id = given.id::bigint
            LEFT JOIN jsonb_array_elements(s.message -> 'attachmentDetails') said (of_file)
                ON said.of_file ->> 'id' = given.id
        ),
        'sendAt', wire_time(s.send_at), 'refused', s.refused, 'createdAt', wire_time(s.created_at)
    );
