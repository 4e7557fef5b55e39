-- What letters prove: that an address is its user's, and whose password was forgotten. And which devices a user has.
ALTER TABLE users ADD COLUMN email_verified_at timestamptz;

-- Tokens of letters, hashed: each is used once.
CREATE TABLE letter_tokens (
    hash bytea PRIMARY KEY,
    -- NULL where nobody has the address that was asked about: the row is written so that it takes as long.
    user_id bigint REFERENCES users ON DELETE CASCADE,
    purpose text NOT NULL CHECK (purpose IN ('reset', 'verify', 'change')),
    email text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX letter_tokens_user ON letter_tokens (user_id);
CREATE INDEX letter_tokens_expiry ON letter_tokens (expires_at);

-- Where a user has logged in from. Whoever tries passwords elsewhere takes nothing from what is let through from here.
CREATE TABLE known_networks (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    network text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, network)
);
CREATE INDEX known_networks_age ON known_networks (seen_at);

-- By the hash of what a device calls itself.
CREATE TABLE known_devices (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    device bytea NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, device)
);
CREATE INDEX known_devices_age ON known_devices (seen_at);
INSERT INTO known_devices (user_id, device)
SELECT DISTINCT user_id, sha256(convert_to(user_agent, 'UTF8')) FROM sessions;

CREATE FUNCTION guard_email() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER users_email_guarded BEFORE UPDATE OF email ON users
    FOR EACH ROW WHEN (OLD.email IS DISTINCT FROM NEW.email) EXECUTE FUNCTION guard_email();
