-- Passkeys (WebAuthn): what a user's authenticators sign log-ins by.
CREATE TABLE passkeys (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    -- By which the authenticator knows it.
    credential_id bytea NOT NULL CONSTRAINT passkeys_credential UNIQUE,
    -- As COSE has it.
    public_key bytea NOT NULL,
    -- How often it has signed. Those that are copied between devices stay at 0.
    sign_count bigint NOT NULL,
    is_synced boolean NOT NULL,
    transports text[] NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz
);
CREATE INDEX passkeys_user ON passkeys (user_id);

-- What is to be signed, hashed: each is used once. One with a user is for adding a passkey of theirs, the others are
-- for logging in.
CREATE TABLE passkey_challenges (
    hash bytea PRIMARY KEY,
    user_id bigint REFERENCES users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX passkey_challenges_user ON passkey_challenges (user_id);
CREATE INDEX passkey_challenges_expiry ON passkey_challenges (expires_at);
