-- Archives of everything personal, made in the background: how far each has come, and what it has so far.
CREATE TABLE exports (
    user_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    asked_at timestamptz NOT NULL DEFAULT now(),
    -- The last message that was looked at; a chat that is done has no message after it.
    chat_id bigint NOT NULL DEFAULT 0,
    seq bigint NOT NULL DEFAULT 9223372036854775807,
    -- Messages that were looked at, of all that there were.
    looked bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL,
    upload_id bigint REFERENCES uploads ON DELETE SET NULL,
    ready_at timestamptz
);
CREATE INDEX exports_waiting ON exports (asked_at) WHERE ready_at IS NULL;
CREATE INDEX exports_ready ON exports (ready_at) WHERE ready_at IS NOT NULL;
CREATE TABLE export_parts (
    user_id bigint NOT NULL REFERENCES exports ON DELETE CASCADE,
    number bigint NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (user_id, number)
);
