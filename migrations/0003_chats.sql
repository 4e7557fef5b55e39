-- Chats, their members and their messages.

-- What a client may have missed is found by the transaction that changed it: every row that clients keep a copy of has
-- `changed`, and a client's cursor is a snapshot, which knows exactly which transactions it has seen.
CREATE FUNCTION note_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed := pg_current_xact_id();
    RETURN NEW;
END
$$;

CREATE TABLE chats (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type text NOT NULL CHECK (type IN ('private', 'group')),
    name text,
    description text NOT NULL DEFAULT '',
    avatar_url text,
    is_public boolean NOT NULL DEFAULT false,
    who_can_send text NOT NULL DEFAULT 'members' CHECK (who_can_send IN ('members', 'admins')),
    who_can_add text NOT NULL DEFAULT 'admins' CHECK (who_can_add IN ('members', 'admins')),
    -- How long a message of this chat lives; NULL for ever.
    message_seconds integer CHECK (message_seconds > 0),
    created_by bigint REFERENCES users ON DELETE SET NULL,
    -- The two users of a private chat, the smaller id first: they share exactly one.
    low_user_id bigint REFERENCES users ON DELETE SET NULL,
    high_user_id bigint REFERENCES users ON DELETE SET NULL,
    -- The number of the newest message. Taken under this row's lock, hence in commit order, without gaps.
    last_seq bigint NOT NULL DEFAULT 0,
    -- Grows with each change of the members. A send that waited for this row finds by it that its list of
    -- recipients is stale.
    members_version bigint NOT NULL DEFAULT 0,
    last_message_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- Also raised by each change of one of its messages: a chat without news is told by its own row.
    changed xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (low_user_id < high_user_id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX chats_pair ON chats (low_user_id, high_user_id) WHERE type = 'private';
CREATE TRIGGER chats_changed BEFORE UPDATE ON chats FOR EACH ROW EXECUTE FUNCTION note_change();

CREATE TABLE members (
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    role text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'member')),
    -- Watermarks: everything up to here was delivered to, or read by, this member.
    delivered_seq bigint NOT NULL DEFAULT 0,
    read_seq bigint NOT NULL DEFAULT 0,
    read_at timestamptz,
    -- What the member made of the chat for themselves.
    muted_until timestamptz,
    pinned_at timestamptz,
    archived_at timestamptz,
    joined_at timestamptz NOT NULL DEFAULT now(),
    joined xid8 NOT NULL DEFAULT pg_current_xact_id(),
    changed xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (chat_id, user_id),
    CHECK (read_seq <= delivered_seq)
) WITH (fillfactor = 80);
CREATE INDEX members_user ON members (user_id, chat_id);
CREATE INDEX members_changed ON members (chat_id, changed);
CREATE TRIGGER members_changed BEFORE UPDATE ON members FOR EACH ROW EXECUTE FUNCTION note_change();

CREATE TABLE messages (
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    seq bigint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    sender_id bigint REFERENCES users ON DELETE SET NULL,
    client_message_id text,
    message_type text NOT NULL,
    content text NOT NULL,
    -- What was attached, as it was when it was sent; who may fetch it is in the table attachments.
    attachments jsonb NOT NULL DEFAULT '[]',
    reply_to bigint,
    -- {"messageId", "senderId", "createdAt"} of the message that was forwarded.
    forwarded_from jsonb,
    mentions bigint[] NOT NULL DEFAULT '{}',
    -- Who reacted with what: {"👍": [user ids]}.
    reactions jsonb NOT NULL DEFAULT '{}',
    edited_at timestamptz,
    deleted_at timestamptz,
    -- A plain number: the message outlives the account of whoever deleted it.
    deleted_by bigint,
    pinned_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Later with every change; of two states of a message the one with the later time holds.
    updated_at timestamptz NOT NULL DEFAULT now(),
    born xid8 NOT NULL DEFAULT pg_current_xact_id(),
    changed xid8 NOT NULL DEFAULT pg_current_xact_id(),
    -- The only order messages are read in. No index on created_at or on a bare id beside it that could stand in
    -- for this order: the planner would walk it backwards through everybody's messages for a page of a quiet chat.
    PRIMARY KEY (chat_id, seq),
    -- A deleted message keeps its place and nothing else, whatever was under way when it was deleted.
    CONSTRAINT messages_deleted_are_empty CHECK (
        deleted_at IS NULL OR (
            content = '' AND attachments = '[]' AND reactions = '{}' AND mentions = '{}'
            AND forwarded_from IS NULL AND edited_at IS NULL AND pinned_at IS NULL
        )
    )
);
CREATE UNIQUE INDEX messages_id ON messages (id);
CREATE UNIQUE INDEX messages_client_message_id ON messages (sender_id, client_message_id)
    WHERE client_message_id IS NOT NULL;
CREATE INDEX messages_changed ON messages (chat_id, changed);
CREATE INDEX messages_pinned ON messages (chat_id, pinned_at, seq) WHERE pinned_at IS NOT NULL;
CREATE INDEX messages_expiring ON messages (expires_at) WHERE expires_at IS NOT NULL;
CREATE TRIGGER messages_changed BEFORE UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION note_change();

-- Messages that a member deleted for themselves.
CREATE TABLE hidden_messages (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    seq bigint NOT NULL,
    changed xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (user_id, chat_id, seq)
);
CREATE INDEX hidden_messages_changed ON hidden_messages (user_id, changed);

-- Whether a message is there for a user who may read its chat: not deleted by them for themselves, not expired.
CREATE FUNCTION is_shown(m messages, viewer bigint) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    -- Asked for its value, not for its existence: the planner then looks each message up, and never hashes the table.
    RETURN (m.expires_at IS NULL OR m.expires_at > now()) AND (
        SELECT h.seq FROM hidden_messages h
        WHERE h.user_id = viewer AND h.chat_id = m.chat_id AND h.seq = m.seq
    ) IS NULL;

-- The only way to act on one message: with its chat and the actor's membership, or not at all where it is not theirs
-- to know of.
CREATE FUNCTION access_message(message_id bigint, actor bigint)
    RETURNS TABLE (message messages, chat chats, viewer members)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m, c, me
    FROM messages m
    JOIN chats c ON c.id = m.chat_id
    JOIN members me ON me.chat_id = m.chat_id AND me.user_id = actor
    WHERE m.id = message_id AND is_shown(m, actor);
END;

-- Why a member may not write in a chat: 'blocked' by or having blocked the other of a private one, 'forbidden' where
-- only admins write; NULL where they may.
CREATE FUNCTION write_refusal(c chats, me members) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE
        WHEN c.type = 'private' AND is_blocked(c.low_user_id, c.high_user_id) THEN 'blocked'
        WHEN c.who_can_send = 'admins' AND me.role = 'member' THEN 'forbidden'
    END;

-- The time of a change, as a message keeps it: each state of a message has a later one on the wire, which has
-- milliseconds, than the state before.
CREATE FUNCTION next_update(m messages, moment timestamptz) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN greatest(moment, m.updated_at + interval '1 millisecond');

-- What a message's reactions are once this user has reacted, or has taken the reaction back.
CREATE FUNCTION with_reaction(reactions jsonb, emoji text, user_id bigint, wanted boolean) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN wanted = coalesce(reactions -> emoji @> to_jsonb(user_id), false) THEN reactions
        WHEN wanted
            THEN jsonb_set(reactions, ARRAY[emoji], coalesce(reactions -> emoji, '[]') || to_jsonb(user_id))
        WHEN jsonb_array_length(reactions -> emoji) = 1 THEN reactions - emoji
        ELSE jsonb_set(reactions, ARRAY[emoji], (
            SELECT jsonb_agg(reacted ORDER BY place)
            FROM jsonb_array_elements(reactions -> emoji) WITH ORDINALITY AS given (reacted, place)
            WHERE reacted <> to_jsonb(user_id)
        ))
    END;

-- A message as the wire has it, for one to whom it counts as delivered and read up to these marks.
CREATE FUNCTION message_json(m messages, delivered_seq bigint, read_seq bigint) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN json_build_object(
        'id', m.id, 'chatId', m.chat_id, 'seq', m.seq, 'senderId', m.sender_id,
        'clientMessageId', m.client_message_id, 'messageType', m.message_type, 'content', m.content,
        'attachments', m.attachments, 'replyTo', m.reply_to, 'forwardedFrom', m.forwarded_from,
        'mentions', m.mentions, 'reactions', m.reactions, 'isEdited', m.edited_at IS NOT NULL,
        'isDeleted', m.deleted_at IS NOT NULL, 'pinnedAt', wire_time(m.pinned_at),
        'expiresAt', wire_time(m.expires_at),
        'status', CASE WHEN m.seq <= read_seq THEN 'read' WHEN m.seq <= delivered_seq THEN 'delivered' ELSE 'sent' END,
        'createdAt', wire_time(m.created_at), 'updatedAt', wire_time(m.updated_at)
    );

-- Up to where a chat's messages were delivered to, and read by, everyone but one user: what a sender sees of them.
CREATE FUNCTION marks_of_others(chat bigint, of_user bigint, OUT delivered_seq bigint, OUT read_seq bigint)
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT ROW(min(m.delivered_seq), min(m.read_seq)) FROM members m WHERE m.chat_id = chat AND m.user_id <> of_user
    );

-- A message as one member sees it: their own by what the others did with it, the others' by what they did themselves.
CREATE FUNCTION message_json_for(m messages, viewer members) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN m.sender_id = viewer.user_id
        THEN (
            SELECT message_json(m, others.delivered_seq, others.read_seq)
            FROM marks_of_others(m.chat_id, viewer.user_id) others
        )
        ELSE message_json(m, viewer.delivered_seq, viewer.read_seq) END;

-- What is the same of a chat for all its members. Only the first participants are listed: a group may have thousands.
CREATE FUNCTION chat_summary_json(c chats, most_participants integer) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', c.id, 'type', c.type, 'name', c.name, 'description', c.description, 'avatarUrl', c.avatar_url,
        'createdBy', c.created_by, 'lastSeq', c.last_seq, 'isPublic', c.is_public,
        'settings', jsonb_build_object(
            'whoCanSend', c.who_can_send, 'whoCanAdd', c.who_can_add, 'messageSeconds', c.message_seconds
        ),
        'participantCount', (SELECT count(*) FROM members m WHERE m.chat_id = c.id),
        'participants', (
            SELECT coalesce(json_agg(json_build_object(
                'userId', p.user_id, 'role', p.role, 'deliveredSeq', p.delivered_seq, 'readSeq', p.read_seq,
                'joinedAt', wire_time(p.joined_at)
            ) ORDER BY p.user_id), '[]')
            FROM (
                SELECT * FROM members m WHERE m.chat_id = c.id ORDER BY m.user_id LIMIT most_participants
            ) p
        ),
        'createdAt', wire_time(c.created_at), 'updatedAt', wire_time(c.updated_at)
    );

-- A chat as one member sees it.
CREATE FUNCTION chat_json(c chats, viewer members, most_participants integer) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN chat_summary_json(c, most_participants) || jsonb_build_object(
        'lastMessage', (
            SELECT message_json_for(m, viewer) FROM messages m
            WHERE m.chat_id = c.id AND is_shown(m, viewer.user_id) ORDER BY m.seq DESC LIMIT 1
        ),
        'deliveredSeq', viewer.delivered_seq, 'readSeq', viewer.read_seq,
        'unreadCount', c.last_seq - viewer.read_seq,
        'muted', coalesce(viewer.muted_until > now(), false), 'mutedUntil', wire_time(viewer.muted_until),
        'pinned', viewer.pinned_at IS NOT NULL, 'archived', viewer.archived_at IS NOT NULL
    );
