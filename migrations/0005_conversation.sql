-- What a conversation leaves beside its messages: what was changed, hidden, planned and offered.

-- Whose membership ended, and when: their clients must learn that a chat is gone. One row a user and chat, the latest.
CREATE TABLE departures (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    chat_id bigint NOT NULL,
    changed xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (user_id, chat_id)
);
CREATE TRIGGER departures_changed BEFORE UPDATE ON departures FOR EACH ROW EXECUTE FUNCTION note_change();

-- What a message said before each edit.
CREATE TABLE message_edits (
    chat_id bigint NOT NULL,
    seq bigint NOT NULL,
    edited_at timestamptz NOT NULL,
    content text NOT NULL,
    PRIMARY KEY (chat_id, seq, edited_at),
    FOREIGN KEY (chat_id, seq) REFERENCES messages ON DELETE CASCADE
);

-- What a member has begun to write, on whatever device; an empty one was given up.
CREATE TABLE drafts (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    content text NOT NULL,
    reply_to bigint,
    updated_at timestamptz NOT NULL DEFAULT now(),
    changed xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (user_id, chat_id)
);
CREATE INDEX drafts_changed ON drafts (user_id, changed);
CREATE TRIGGER drafts_changed BEFORE UPDATE ON drafts FOR EACH ROW EXECUTE FUNCTION note_change();

-- Messages to be sent at a time. The one that is sent carries the clientMessageId `scheduled:<id>`, so that sending it
-- twice sends it once.
CREATE TABLE scheduled_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    message jsonb NOT NULL,
    send_at timestamptz NOT NULL,
    -- Why it could not be sent; it is not tried again.
    refused text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX scheduled_messages_due ON scheduled_messages (send_at) WHERE refused IS NULL;
CREATE INDEX scheduled_messages_user ON scheduled_messages (user_id, id);

-- Links by which somebody may join a group. The token itself is kept as its SHA-256 only.
CREATE TABLE invites (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    token_hash bytea NOT NULL,
    created_by bigint REFERENCES users ON DELETE SET NULL,
    expires_at timestamptz,
    most_uses integer CHECK (most_uses > 0),
    uses integer NOT NULL DEFAULT 0,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX invites_token ON invites (token_hash);
CREATE INDEX invites_chat ON invites (chat_id, id);

-- Where the log of transactions stood at a time, once a minute: a client that knows only when it was last connected
-- can be told all that changed since.
CREATE TABLE snapshots (
    taken_at timestamptz PRIMARY KEY DEFAULT now(),
    snapshot pg_snapshot NOT NULL DEFAULT pg_current_snapshot()
);

-- Names this database: a cursor of another one, or of one that was restored from a copy, says nothing here.
CREATE TABLE epoch (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    name text NOT NULL
);
-- The first one counts as a little older than it is, so that there is one for every cursor from now on.
INSERT INTO snapshots (taken_at) VALUES (now() - interval '1 minute');
INSERT INTO epoch (name) VALUES (gen_random_uuid()::text);
