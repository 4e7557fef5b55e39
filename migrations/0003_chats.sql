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
    -- Grows with each change of the members, their roles, or the chat's rules. Who waited for this row finds by it that
    -- what they went by (the recipients of a send, a right to do something) is stale.
    members_version bigint NOT NULL DEFAULT 0,
    last_message_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- A group that was deleted has no members: nobody can come to it, and its messages are taken away bit by bit.
    deleted_at timestamptz,
    -- Also raised by each change of one of its messages: a chat without news is told by its own row.
    changed xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (low_user_id < high_user_id),
    CHECK (NOT is_public OR type = 'group')
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX chats_pair ON chats (low_user_id, high_user_id) WHERE type = 'private';
-- Public groups are found by what is in their names, or looked through, the newest first.
CREATE INDEX chats_public ON chats (id) WHERE is_public;
CREATE INDEX chats_public_name ON chats USING gin ((' ' || lower(name)) gin_trgm_ops) WHERE is_public;
CREATE INDEX chats_deleted ON chats (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE TRIGGER chats_changed BEFORE UPDATE ON chats FOR EACH ROW EXECUTE FUNCTION note_change();

CREATE TABLE members (
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    role text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'member')),
    -- Watermarks: everything up to here was delivered to, or read by, this member.
    delivered_seq bigint NOT NULL DEFAULT 0,
    read_seq bigint NOT NULL DEFAULT 0,
    -- When the read watermark last moved, and from where: what lies between was read then.
    read_at timestamptz,
    read_after bigint NOT NULL DEFAULT 0,
    -- As the user has it: a copy, since each look at others' watermarks asks for it.
    read_receipts boolean NOT NULL DEFAULT true,
    -- What the member made of the chat for themselves. Muted for ever is muted until infinity.
    muted_until timestamptz,
    pinned_at timestamptz,
    archived_at timestamptz,
    -- The newest message when the member deleted a private chat for themselves: it is not listed until a newer one.
    hidden_seq bigint,
    joined_at timestamptz NOT NULL DEFAULT now(),
    joined xid8 NOT NULL DEFAULT pg_current_xact_id(),
    changed xid8 NOT NULL DEFAULT pg_current_xact_id(),
    -- The same for what others may see of each watermark: the rest of the row is not theirs to know of.
    delivered_changed xid8 NOT NULL DEFAULT pg_current_xact_id(),
    read_changed xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (chat_id, user_id),
    CHECK (read_seq <= delivered_seq)
) WITH (fillfactor = 80);
CREATE INDEX members_user ON members (user_id, chat_id);
CREATE INDEX members_changed ON members (chat_id, changed);

CREATE FUNCTION note_member_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed := pg_current_xact_id();
    IF NEW.delivered_seq <> OLD.delivered_seq THEN
        NEW.delivered_changed := NEW.changed;
    END IF;
    IF NEW.read_seq <> OLD.read_seq THEN
        NEW.read_at := clock_timestamp();
        NEW.read_after := OLD.read_seq;
    END IF;
    IF NEW.read_receipts <> OLD.read_receipts OR (NEW.read_receipts AND NEW.read_seq <> OLD.read_seq) THEN
        NEW.read_changed := NEW.changed;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER members_changed BEFORE UPDATE ON members FOR EACH ROW EXECUTE FUNCTION note_member_change();

-- The lock makes a change of the user's choice come before this, or find this row.
CREATE FUNCTION take_read_receipts() RETURNS trigger
    LANGUAGE plpgsql AS $$
DECLARE
    chosen boolean;
BEGIN
    SELECT u.read_receipts INTO chosen FROM users u WHERE u.id = NEW.user_id FOR SHARE;
    NEW.read_receipts := coalesce(chosen, true);
    RETURN NEW;
END
$$;
CREATE TRIGGER members_read_receipts BEFORE INSERT ON members FOR EACH ROW EXECUTE FUNCTION take_read_receipts();

CREATE FUNCTION give_read_receipts() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    UPDATE members SET read_receipts = NEW.read_receipts WHERE user_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER users_read_receipts AFTER UPDATE OF read_receipts ON users
    FOR EACH ROW WHEN (OLD.read_receipts <> NEW.read_receipts) EXECUTE FUNCTION give_read_receipts();

-- Up to where a member has read, as far as another one may see it: of two of whom one keeps it back, neither does.
CREATE FUNCTION shown_read_seq(m members, viewer members) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN m.user_id = viewer.user_id OR (m.read_receipts AND viewer.read_receipts) THEN m.read_seq
        ELSE 0
    END;

-- Who hears of a user's presence: those who have the user as a contact or share a private chat, whom the user lets see
-- it by this `rule`, and with whom there is no block.
CREATE FUNCTION presence_audience(of_user bigint, rule text) RETURNS bigint[]
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN array(
        SELECT knows.id FROM (
            SELECT owner_id AS id FROM contacts WHERE user_id = of_user
            UNION
            SELECT peer.user_id FROM members me
            JOIN chats ON chats.id = me.chat_id AND chats.type = 'private'
            JOIN members peer ON peer.chat_id = me.chat_id AND peer.user_id <> me.user_id
            WHERE me.user_id = of_user
        ) knows
        WHERE lets_see(rule, of_user, knows.id) AND NOT is_blocked(knows.id, of_user)
    );

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
            AND forwarded_from IS NULL AND edited_at IS NULL AND pinned_at IS NULL AND expires_at IS NULL
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

-- The messages that are there for a user who may read their chat: not deleted by them for themselves, not expired. To be
-- narrowed down by a chat or an id: it is planned as a part of the statement that asks.
CREATE FUNCTION shown_messages(viewer bigint)
    RETURNS TABLE (message messages, id bigint, chat_id bigint, seq bigint)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m, m.id, m.chat_id, m.seq FROM messages m
    -- Asked for a value, not for existence: so the planner looks each message up, where else it might hash the table,
    -- and expects few to be hidden, without which it would not walk a chat until a page is full.
    WHERE (m.expires_at IS NULL OR m.expires_at > now()) AND (
        SELECT h.seq FROM hidden_messages h
        WHERE h.user_id = viewer AND h.chat_id = m.chat_id AND h.seq = m.seq
    ) IS DISTINCT FROM m.seq;
END;

-- The only way to act on one message: with its chat and the actor's membership, or not at all where it is not theirs
-- to know of.
CREATE FUNCTION access_message(message_id bigint, actor bigint)
    RETURNS TABLE (message messages, chat chats, viewer members)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.message, c, me
    FROM shown_messages(actor) m
    JOIN chats c ON c.id = m.chat_id
    JOIN members me ON me.chat_id = m.chat_id AND me.user_id = actor
    WHERE m.id = message_id;
END;

-- Whether a member may bring others into their group.
CREATE FUNCTION may_add(c chats, me members) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN c.type = 'group' AND (me.role IN ('owner', 'admin') OR c.who_can_add = 'members');

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
-- Nothing was read by everyone where one member keeps back what they read, be it the sender.
CREATE FUNCTION marks_of_others(chat bigint, of_user bigint, OUT delivered_seq bigint, OUT read_seq bigint)
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT ROW(
            min(m.delivered_seq) FILTER (WHERE m.user_id <> of_user),
            CASE WHEN bool_and(m.read_receipts) THEN min(m.read_seq) FILTER (WHERE m.user_id <> of_user) ELSE 0 END
        ) FROM members m WHERE m.chat_id = chat
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
                'userId', p.user_id, 'role', p.role, 'joinedAt', wire_time(p.joined_at)
            ) ORDER BY p.user_id), '[]')
            FROM (
                SELECT * FROM members m WHERE m.chat_id = c.id ORDER BY m.user_id LIMIT most_participants
            ) p
        ),
        'createdAt', wire_time(c.created_at), 'updatedAt', wire_time(c.updated_at)
    );

-- What a member made of a chat for themselves.
CREATE FUNCTION personal_json(c chats, viewer members) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'muted', coalesce(viewer.muted_until > now(), false),
        'mutedUntil', CASE WHEN viewer.muted_until > now() AND isfinite(viewer.muted_until)
            THEN wire_time(viewer.muted_until) END,
        'pinned', viewer.pinned_at IS NOT NULL, 'archived', viewer.archived_at IS NOT NULL,
        'hidden', coalesce(c.last_seq <= viewer.hidden_seq, false)
    );

-- A chat as one member sees it.
CREATE FUNCTION chat_json(c chats, viewer members, most_participants integer) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN chat_summary_json(c, 0) || jsonb_build_object(
        'participants', (
            SELECT coalesce(json_agg(json_build_object(
                'userId', p.user_id, 'role', p.role, 'deliveredSeq', p.delivered_seq, 'readSeq', p.shown_read_seq,
                'joinedAt', wire_time(p.joined_at)
            ) ORDER BY p.user_id), '[]')
            FROM (
                SELECT m.*, shown_read_seq(m, viewer) FROM members m
                WHERE m.chat_id = c.id ORDER BY m.user_id LIMIT most_participants
            ) p
        ),
        'lastMessage', (
            SELECT message_json_for(m.message, viewer) FROM shown_messages(viewer.user_id) m
            WHERE m.chat_id = c.id ORDER BY m.seq DESC LIMIT 1
        ),
        'deliveredSeq', viewer.delivered_seq, 'readSeq', viewer.read_seq,
        'unreadCount', c.last_seq - viewer.read_seq
    ) || personal_json(c, viewer);

-- A chat as somebody sees it (what all see of it, where they are not a member) and who its members are, after what the
-- statement that asks has changed so far: a volatile function sees that, the statement itself does not. What is to come
-- first must be worked out for an argument. Nothing of no chat.
CREATE FUNCTION chat_after(
    chat_id bigint, viewer_id bigint, most_participants integer, OUT chat text, OUT member_ids bigint[]
)
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    SELECT CASE WHEN me.user_id IS NULL
            THEN chat_summary_json(c, most_participants) ELSE chat_json(c, me, most_participants)
        END, array(SELECT m.user_id FROM members m WHERE m.chat_id = c.id)
    INTO chat, member_ids
    FROM chats c LEFT JOIN members me ON me.chat_id = c.id AND me.user_id = viewer_id
    WHERE c.id = chat_after.chat_id;
END
$$;

-- What those may know of a group who are not in it.
CREATE FUNCTION chat_preview_json(c chats, viewer_id bigint) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', c.id, 'name', c.name, 'description', c.description, 'avatarUrl', c.avatar_url, 'isPublic', c.is_public,
        'participantCount', (SELECT count(*) FROM members m WHERE m.chat_id = c.id),
        'isMember', EXISTS (SELECT FROM members m WHERE m.chat_id = c.id AND m.user_id = viewer_id),
        'createdAt', wire_time(c.created_at)
    );

-- The one group that everybody may use, which nobody owns. Its number is known without asking, and far from where the
-- others will ever come.
CREATE FUNCTION common_room_id() RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 1000000000000;
INSERT INTO chats (id, type, name, is_public) OVERRIDING SYSTEM VALUE
VALUES (common_room_id(), 'group', 'Common room', true);
