-- A message that waits for somebody to look at it, or did.
CREATE OR REPLACE FUNCTION held_json(h held_messages) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', h.id, 'chatId', h.chat_id, 'userId', h.user_id, 'content', message_words(h.content, h.details, (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'filename', u.filename, 'caption', h.described #>> ARRAY[u.id::text, 'caption']
            ) ORDER BY u.id), '[]') FROM uploads u WHERE u.id = ANY (h.files)
        )),
        'phrase', h.phrase, 'byChat', h.by_chat, 'state', h.state, 'decidedBy', h.decided_by,
        'decidedAt', wire_time(h.decided_at), 'createdAt', wire_time(h.created_at)
    );
