-- What is the same of a chat for all its members. Only the first participants are listed: a group may have thousands.
CREATE OR REPLACE FUNCTION chat_summary_json(c chats, most_participants integer) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', c.id, 'type', c.type, 'name', c.name, 'description', c.description,
        'avatarUrl', CASE WHEN c.avatar_id IS NOT NULL THEN c.avatar_link END,
        'createdBy', c.created_by, 'lastSeq', c.last_seq, 'isPublic', c.is_public,
        'settings', jsonb_build_object(
            'whoCanSend', c.who_can_send, 'whoCanAdd', c.who_can_add, 'messageSeconds', c.message_seconds
        ),
        'participantCount', (SELECT count(*) FROM members m WHERE m.chat_id = c.id),
        'participants', (
            SELECT coalesce(json_agg(json_build_object(
                'userId', p.user_id, 'role', p.role, 'joinedAt', wire_time(p.joined_at)
            ) ORDER BY p.user_id), '[]')
            FROM (
                SELECT * FROM members m WHERE m.chat_id = c.id ORDER BY m.user_id LIMIT most_participants
            ) p
        ),
        'createdAt', wire_time(c.created_at), 'updatedAt', wire_time(c.updated_at)
    );
