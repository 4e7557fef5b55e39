-- A user as the wire has it. Only the user hears their own email address.
CREATE OR REPLACE FUNCTION user_json(u users, viewer bigint) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', u.id, 'username', u.username, 'displayName', u.display_name, 'firstName', u.first_name,
        'lastName', u.last_name, 'avatarUrl', CASE WHEN u.avatar_id IS NOT NULL THEN u.avatar_link END,
        'role', u.role, 'createdAt', wire_time(u.created_at)
    ) || presence_json(u, viewer) || CASE WHEN u.id = viewer THEN jsonb_build_object('email', u.email) ELSE '{}' END;
