-- A message as the wire has it, for one to whom it counts as delivered and read up to these marks.
CREATE OR REPLACE FUNCTION message_json(m messages, delivered_seq bigint, read_seq bigint) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN json_build_object(
        'id', m.id, 'chatId', m.chat_id, 'seq', m.seq, 'senderId', m.sender_id,
        'clientMessageId', m.client_message_id, 'messageType', m.message_type, 'content', m.content,
        'attachments', m.attachments, 'replyTo', m.reply_to, 'forwardedFrom', m.forwarded_from,
        'mentions', m.mentions, 'reactions', m.reactions, 'isEdited', m.edited_at IS NOT NULL,
        'isDeleted', m.deleted_at IS NOT NULL, 'pinnedAt', wire_time(m.pinned_at),
        'expiresAt', wire_time(m.expires_at),
        'status', CASE WHEN m.seq <= read_seq THEN 'read' WHEN m.seq <= delivered_seq THEN 'delivered' ELSE 'sent' END,
        'createdAt', wire_time(m.created_at), 'updatedAt', wire_time(m.updated_at)
    );
