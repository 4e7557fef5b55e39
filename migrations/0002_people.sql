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
