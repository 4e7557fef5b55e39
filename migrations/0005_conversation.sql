-- What a conversation leaves beside its messages: what was changed, hidden, planned and offered.

-- Whose membership ended, and when: their clients must learn that a chat is gone. One row a user and chat, the latest.
CREATE TABLE departures (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    chat_id bigint NOT NULL,
    -- Removed by somebody else: no link and no public door leads back, only an admin's adding them does.
    barred boolean NOT NULL DEFAULT false,
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
    -- The code of the problem that it could not be sent for; it is not tried again.
    refused text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX scheduled_messages_due ON scheduled_messages (send_at) WHERE refused IS NULL;
CREATE INDEX scheduled_messages_user ON scheduled_messages (user_id, id);
CREATE UNIQUE INDEX scheduled_messages_client_message_id ON scheduled_messages (user_id, (message ->> 'clientMessageId'))
    WHERE message ->> 'clientMessageId' IS NOT NULL;

-- A message that waits, as the wire has it. A file that was deleted meanwhile is not there.
CREATE FUNCTION scheduled_json(s scheduled_messages) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN json_build_object(
        'id', s.id, 'chatId', s.chat_id, 'clientMessageId', s.message -> 'clientMessageId',
        'messageType', s.message -> 'messageType', 'content', s.message -> 'content',
        'replyTo', s.message -> 'replyTo', 'mentions', s.message -> 'mentions',
        'attachments', (
            SELECT coalesce(json_agg(json_build_object(
                'id', u.id, 'filename', u.filename, 'contentType', u.content_type, 'size', u.size
            ) ORDER BY given.place), '[]')
            FROM jsonb_array_elements_text(s.message -> 'attachments') WITH ORDINALITY AS given (id, place)
            JOIN uploads u ON u.id = given.id::bigint
        ),
        'sendAt', wire_time(s.send_at), 'refused', s.refused, 'createdAt', wire_time(s.created_at)
    );

-- How many messages wait for a user, while nobody else can add one until the transaction ends. As with storage, the
-- volatile function sees what the holder of the lock before it wrote.
CREATE FUNCTION scheduled_locked(owner bigint) RETURNS bigint
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM FROM users WHERE id = owner FOR NO KEY UPDATE;
    RETURN (SELECT count(*) FROM scheduled_messages WHERE user_id = owner);
END
$$;

-- Takes away what is left of groups that were deleted, up to `most` messages at a time; answers how many rows went.
CREATE FUNCTION clear_deleted_chat(most integer) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    doomed bigint;
    removed bigint;
BEGIN
    SELECT c.id INTO doomed FROM chats c WHERE c.deleted_at IS NOT NULL
    ORDER BY c.deleted_at LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF doomed IS NULL THEN
        RETURN 0;
    END IF;
    DELETE FROM messages m WHERE m.chat_id = doomed AND m.seq IN (
        SELECT o.seq FROM messages o WHERE o.chat_id = doomed ORDER BY o.seq LIMIT most
    );
    GET DIAGNOSTICS removed = ROW_COUNT;
    IF removed < most THEN
        DELETE FROM chats c WHERE c.id = doomed;
        removed := removed + 1;
    END IF;
    RETURN removed;
END
$$;

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

-- Whether an invite still opens its group: it does as long as its maker might add members.
CREATE FUNCTION is_open(i invites, c chats) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN c.deleted_at IS NULL AND i.revoked_at IS NULL AND coalesce(i.expires_at > now(), true)
        AND coalesce(i.uses < i.most_uses, true)
        AND coalesce((
            SELECT may_add(c, m) FROM members m WHERE m.chat_id = i.chat_id AND m.user_id = i.created_by
        ), false);

-- An invite as the wire has it.
CREATE FUNCTION invite_json(i invites, c chats) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', i.id, 'chatId', i.chat_id, 'createdBy', i.created_by, 'expiresAt', wire_time(i.expires_at),
        'maxUses', i.most_uses, 'uses', i.uses, 'isOpen', is_open(i, c), 'createdAt', wire_time(i.created_at)
    );

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
