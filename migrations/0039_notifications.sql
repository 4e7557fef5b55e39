-- Devices that are notified while their user has no socket, and what users choose about it.

-- A device is its session's: it counts while that lives, and goes with it.
CREATE TABLE push_devices (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    session_id bigint NOT NULL REFERENCES sessions ON DELETE CASCADE,
    platform text NOT NULL CHECK (platform IN ('webpush')),
    -- Where its messages go: of Web Push the subscription's endpoint.
    token text NOT NULL CHECK (octet_length(token) <= 2000),
    -- The keys of a Web Push subscription (RFC 8291), base64url.
    p256dh text NOT NULL,
    auth text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
-- A browser has one subscription, whoever is logged in. Longer tokens an index does not hold.
CREATE UNIQUE INDEX push_devices_token ON push_devices (token);
CREATE UNIQUE INDEX push_devices_session ON push_devices (session_id, platform);
CREATE INDEX push_devices_user ON push_devices (user_id, id);

-- What a user chose; who has no row has the defaults. Quiet hours are minutes of the day in the zone's own time.
CREATE TABLE notification_choices (
    user_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    previews boolean NOT NULL DEFAULT true,
    quiet_from smallint CHECK (quiet_from BETWEEN 0 AND 1439),
    quiet_until smallint CHECK (quiet_until BETWEEN 0 AND 1439),
    time_zone text NOT NULL DEFAULT 'UTC',
    CHECK ((quiet_from IS NULL) = (quiet_until IS NULL))
);
