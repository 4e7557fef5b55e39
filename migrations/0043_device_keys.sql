-- Keys of devices for end-to-end encryption. A device is a session: its keys go with it.

CREATE TABLE device_keys (
    session_id bigint PRIMARY KEY REFERENCES sessions ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    -- Base64 without padding, as clients send them: Curve25519, Ed25519, and the signed pre-key that stands in where no
    -- one-time key is left.
    identity_key text NOT NULL,
    signing_key text NOT NULL,
    pre_key_id text NOT NULL,
    pre_key text NOT NULL,
    pre_key_signature text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    rotated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX device_keys_user ON device_keys (user_id, session_id);

-- A key that was handed out stays for a while: an upload that is repeated must not offer it again.
CREATE TABLE one_time_keys (
    session_id bigint NOT NULL REFERENCES device_keys ON DELETE CASCADE,
    key_id text NOT NULL,
    key text NOT NULL,
    claimed_at timestamptz,
    PRIMARY KEY (session_id, key_id)
);
CREATE INDEX one_time_keys_free ON one_time_keys (session_id, key_id) WHERE claimed_at IS NULL;
CREATE INDEX one_time_keys_claimed ON one_time_keys (claimed_at) WHERE claimed_at IS NOT NULL;

-- Whoever has claimed keys of somebody, and the other way round: both hear of changes.
CREATE TABLE key_peers (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    peer_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (user_id, peer_id)
);
CREATE INDEX key_peers_peer ON key_peers (peer_id, user_id);

-- Each device that a user ever had keys for, in a chain of hashes. No foreign keys: rows are only ever added.
CREATE TABLE key_log (
    user_id bigint NOT NULL,
    position bigint NOT NULL,
    change text NOT NULL CHECK (change IN ('added', 'removed')),
    device_id bigint NOT NULL,
    identity_key text NOT NULL,
    signing_key text NOT NULL,
    changed_at timestamptz NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (user_id, position)
);
CREATE TRIGGER key_log_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON key_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- First text, for the triggers. Today's is in functions/.
CREATE FUNCTION forget_device_keys() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';

CREATE TRIGGER sessions_end_keys AFTER UPDATE OF ended_at ON sessions
    FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION forget_device_keys();
-- Before the keys go with the row.
CREATE TRIGGER sessions_take_keys BEFORE DELETE ON sessions FOR EACH ROW EXECUTE FUNCTION forget_device_keys();
