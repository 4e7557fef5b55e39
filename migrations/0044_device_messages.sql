-- Encrypted messages for devices, until each device says that it has received them. Nobody here can read them.
CREATE TABLE device_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Whose keys go, with their session, has no use for them.
    session_id bigint NOT NULL REFERENCES device_keys ON DELETE CASCADE,
    -- No foreign keys: what was sent outlives the device that sent it.
    sender_id bigint NOT NULL,
    sender_session_id bigint NOT NULL,
    type text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX device_messages_session ON device_messages (session_id, id);
CREATE INDEX device_messages_created ON device_messages (created_at);
