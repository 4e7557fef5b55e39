-- What those may know of a group who are not in it.
CREATE OR REPLACE FUNCTION chat_preview_json(c chats, viewer_id bigint) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', c.id, 'name', c.name, 'description', c.description,
        'avatarUrl', CASE WHEN c.avatar_id IS NOT NULL THEN c.avatar_link END, 'isPublic', c.is_public,
        'participantCount', (SELECT count(*) FROM members m WHERE m.chat_id = c.id),
        'isMember', EXISTS (SELECT FROM members m WHERE m.chat_id = c.id AND m.user_id = viewer_id),
        'createdAt', wire_time(c.created_at)
    );
