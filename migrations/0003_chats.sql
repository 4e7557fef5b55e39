-- Chats, their members and their messages.

CREATE TABLE chats (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type text NOT NULL CHECK (type IN ('private', 'group')),
    name text,
    description text NOT NULL DEFAULT '',
    avatar_url text,
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
    CHECK (low_user_id < high_user_id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX chats_pair ON chats (low_user_id, high_user_id) WHERE type = 'private';

CREATE TABLE members (
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    role text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'member')),
    -- Watermarks: everything up to here was delivered to, or read by, this member.
    delivered_seq bigint NOT NULL DEFAULT 0,
    read_seq bigint NOT NULL DEFAULT 0,
    joined_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (chat_id, user_id),
    CHECK (read_seq <= delivered_seq)
) WITH (fillfactor = 80);
CREATE INDEX members_user ON members (user_id, chat_id);

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
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- The only order messages are read in. No index on created_at or on a bare id beside it that could stand in
    -- for this order: the planner would walk it backwards through everybody's messages for a page of a quiet chat.
    PRIMARY KEY (chat_id, seq)
);
CREATE UNIQUE INDEX messages_id ON messages (id);
CREATE UNIQUE INDEX messages_client_message_id ON messages (sender_id, client_message_id)
    WHERE client_message_id IS NOT NULL;

-- A message as the wire has it, for one to whom it counts as delivered and read up to these marks.
CREATE FUNCTION message_json(m messages, delivered_seq bigint, read_seq bigint) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN json_build_object(
        'id', m.id, 'chatId', m.chat_id, 'seq', m.seq, 'senderId', m.sender_id,
        'clientMessageId', m.client_message_id, 'messageType', m.message_type, 'content', m.content,
        'attachments', m.attachments, 'replyTo', m.reply_to,
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
        'createdBy', c.created_by, 'lastSeq', c.last_seq,
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
            SELECT message_json_for(m, viewer) FROM messages m WHERE m.chat_id = c.id AND m.seq = c.last_seq
        ),
        'deliveredSeq', viewer.delivered_seq, 'readSeq', viewer.read_seq,
        'unreadCount', c.last_seq - viewer.read_seq
    );
