-- Whom a user knows, and whom a user refuses.

CREATE TABLE contacts (
    owner_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    name text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, user_id),
    CONSTRAINT contacts_another CHECK (owner_id <> user_id)
);
-- Who has me as a contact: they hear my presence.
CREATE INDEX contacts_reverse ON contacts (user_id, owner_id);

CREATE TABLE blocks (
    blocker_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    blocked_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (blocker_id, blocked_id),
    CONSTRAINT blocks_another CHECK (blocker_id <> blocked_id)
);
CREATE INDEX blocks_reverse ON blocks (blocked_id, blocker_id);

-- Whether either of two users has blocked the other.
CREATE FUNCTION is_blocked(one bigint, other bigint) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN EXISTS (
        SELECT FROM blocks
        WHERE (blocker_id = one AND blocked_id = other) OR (blocker_id = other AND blocked_id = one)
    );

-- Whether a user lets another one see when they are or were there. `rule` is a value of users.shows_last_seen.
CREATE FUNCTION lets_see(rule text, of_user bigint, viewer bigint) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN rule = 'everyone' OR (
        rule = 'contacts' AND EXISTS (SELECT FROM contacts WHERE owner_id = of_user AND user_id = viewer)
    );

-- What others see of a status: who is invisible is not there.
CREATE FUNCTION shown_status(is_online boolean, status text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN is_online AND status <> 'invisible' THEN status ELSE 'offline' END;

-- A user's presence as one other user may see it, or as they see it themselves.
CREATE FUNCTION presence_json(u users, viewer bigint) RETURNS jsonb
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

-- A user as the wire has it. Only the user hears their own email address.
CREATE FUNCTION user_json(u users, viewer bigint) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', u.id, 'username', u.username, 'displayName', u.display_name, 'firstName', u.first_name,
        'lastName', u.last_name, 'avatarUrl', u.avatar_url, 'role', u.role, 'createdAt', wire_time(u.created_at)
    ) || presence_json(u, viewer) || CASE WHEN u.id = viewer THEN jsonb_build_object('email', u.email) ELSE '{}' END;
