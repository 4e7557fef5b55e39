-- A user's presence as one other user may see it, or as they see it themselves.
CREATE OR REPLACE FUNCTION presence_json(u users, viewer bigint) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE
        WHEN u.id = viewer THEN jsonb_build_object(
            'status', CASE WHEN u.is_online THEN u.status ELSE 'offline' END, 'statusText', u.status_text,
            'lastSeenAt', wire_time(u.last_seen_at)
        )
        WHEN is_blocked(u.id, viewer)
            THEN jsonb_build_object('status', 'offline', 'statusText', '', 'lastSeenAt', NULL)
        WHEN lets_see(u.shows_last_seen, u.id, viewer) THEN jsonb_build_object(
            'status', shown_status(u.is_online, u.status), 'statusText', u.status_text,
            'lastSeenAt', wire_time(u.last_seen_at)
        )
        ELSE jsonb_build_object('status', 'offline', 'statusText', u.status_text, 'lastSeenAt', NULL)
    END;
