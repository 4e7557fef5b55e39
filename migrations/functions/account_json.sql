-- An account as moderators see it. Only admins see email addresses.
CREATE OR REPLACE FUNCTION account_json(u users, viewer bigint) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', u.id, 'username', u.username, 'displayName', u.display_name, 'firstName', u.first_name,
        'lastName', u.last_name, 'avatarUrl', CASE WHEN u.avatar_id IS NOT NULL THEN u.avatar_link END,
        'role', u.role, 'state', account_state(u), 'createdAt', wire_time(u.created_at),
        'lastSeenAt', wire_time(u.last_seen_at), 'deleteAfter', wire_time(u.delete_after),
        'sanctions', sanctions_in_force(u.id)
    ) || CASE
        WHEN EXISTS (SELECT FROM users v WHERE v.id = viewer AND v.role = 'admin')
            THEN jsonb_build_object('email', u.email)
        ELSE '{}'
    END;
