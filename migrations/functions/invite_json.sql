-- An invite as the wire has it.
CREATE OR REPLACE FUNCTION invite_json(i invites, c chats) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', i.id, 'chatId', i.chat_id, 'createdBy', i.created_by, 'expiresAt', wire_time(i.expires_at),
        'maxUses', i.most_uses, 'uses', i.uses, 'isOpen', is_open(i, c), 'createdAt', wire_time(i.created_at)
    );
