-- What of a profile is told when it changes: to the user with the email address, to a viewer who is blocked or has
-- blocked without the status text.
CREATE OR REPLACE FUNCTION profile_of(u users, viewer bigint) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', u.id, 'username', u.username, 'displayName', u.display_name, 'firstName', u.first_name,
        'lastName', u.last_name, 'avatarUrl', CASE WHEN u.avatar_id IS NOT NULL THEN u.avatar_link END,
        'statusText', CASE WHEN is_blocked(u.id, viewer) THEN '' ELSE u.status_text END
    ) || CASE WHEN u.id = viewer THEN jsonb_build_object('email', u.email) ELSE '{}' END;
