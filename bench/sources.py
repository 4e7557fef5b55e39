"""Databases of other messengers, as `make import` meets them: their tables, and any number of rows in them."""

from typing import Any, LiteralString

from psycopg import Connection

# Sequelize's: names in camel case, a row for each recipient of each message.
CONVERSATIONS: LiteralString = """
CREATE TABLE users (
    id serial PRIMARY KEY, email varchar(255) NOT NULL UNIQUE, password varchar(255) NOT NULL, name varchar(255),
    "avatarUrl" varchar(255), status varchar(255), "lastSeen" timestamptz,
    "createdAt" timestamptz NOT NULL DEFAULT now(), "updatedAt" timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE conversations (
    id serial PRIMARY KEY, "lastMessageId" integer,
    "createdAt" timestamptz NOT NULL DEFAULT now(), "updatedAt" timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE conversation_participants (
    "conversationId" integer NOT NULL, "userId" integer NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now(), "updatedAt" timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY ("conversationId", "userId")
);
CREATE TYPE enum_messages_type AS ENUM ('text', 'image', 'audio');
CREATE TABLE messages (
    id serial PRIMARY KEY, "conversationId" integer NOT NULL, "senderId" integer NOT NULL,
    type enum_messages_type NOT NULL DEFAULT 'text', content text, "mediaUrl" varchar(255),
    "mediaMimeType" varchar(255), "mediaDuration" integer, "replyToId" integer,
    "isDeleted" boolean NOT NULL DEFAULT false, "deletedAt" timestamptz,
    "createdAt" timestamptz NOT NULL DEFAULT now(), "updatedAt" timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON messages ("conversationId", "createdAt");
CREATE TYPE enum_message_reads_status AS ENUM ('sent', 'delivered', 'read');
CREATE TABLE message_reads (
    id serial PRIMARY KEY, "messageId" integer NOT NULL, "userId" integer NOT NULL,
    status enum_message_reads_status NOT NULL DEFAULT 'sent', "readAt" timestamptz,
    "createdAt" timestamptz NOT NULL DEFAULT now(), "updatedAt" timestamptz NOT NULL DEFAULT now(),
    UNIQUE ("messageId", "userId")
);
"""

# Plain SQL: names in snake case, times without a zone, a row for each message that somebody has read.
FLUTTER: LiteralString = """
CREATE TABLE users (
    id serial PRIMARY KEY, username varchar(255), email varchar(255), password_hash varchar(255),
    avatar_url text, status varchar(20) DEFAULT 'offline', last_seen timestamp DEFAULT now(),
    created_at timestamp DEFAULT now(), updated_at timestamp DEFAULT now()
);
CREATE TABLE chats (
    id serial PRIMARY KEY, type varchar(20) NOT NULL, name varchar(255), avatar text, created_by integer,
    created_at timestamp DEFAULT now(), updated_at timestamp DEFAULT now()
);
CREATE TABLE chat_participants (
    id serial PRIMARY KEY, chat_id integer, user_id integer, role varchar(20) DEFAULT 'member',
    joined_at timestamp DEFAULT now(), UNIQUE (chat_id, user_id)
);
CREATE TABLE messages (
    id serial PRIMARY KEY, chat_id integer, sender_id integer, content text, message_type varchar(20) DEFAULT 'text',
    file_url text, file_name text, is_read boolean DEFAULT false, created_at timestamp DEFAULT now()
);
CREATE TABLE message_reads (
    id serial PRIMARY KEY, message_id integer, user_id integer, read_at timestamp DEFAULT now(),
    UNIQUE (message_id, user_id)
);
"""

# Everybody shares a conversation with the two who come next. In each of them both write in turns; of what was written
# last, a tenth is unread.
_FILL: LiteralString = """
INSERT INTO users (email, password, name, status, "createdAt")
SELECT 'u' || n || '@example.org', '$2b$10$' || rpad(n::text, 53, 'x'), 'Имя ' || n, 'Hey there!',
    '2024-01-01'::timestamptz + n * interval '1 minute'
FROM generate_series(1, {users}) n;
INSERT INTO conversations ("createdAt")
SELECT '2024-06-01'::timestamptz + n * interval '1 second' FROM generate_series(1, {users} * 2) n;
INSERT INTO conversation_participants ("conversationId", "userId", "createdAt")
SELECT n, 1 + (n + step) % {users}, '2024-06-01'::timestamptz + n * interval '1 second'
FROM generate_series(1, {users} * 2) n, LATERAL (VALUES (0), (1 + n / ({users} + 1))) steps (step);
INSERT INTO messages ("conversationId", "senderId", content, "replyToId", "createdAt")
SELECT chat, 1 + (chat + CASE WHEN n / ({users} * 2) % 2 = 0 THEN 0 ELSE 1 + chat / ({users} + 1) END) % {users},
    'Сообщение ' || n || repeat(' слово', 8), CASE WHEN n % 50 = 0 THEN n - {users} * 2 END,
    '2024-07-01'::timestamptz + n * interval '1 second'
FROM generate_series(1, {messages}) n, LATERAL (SELECT 1 + n % ({users} * 2)) chats (chat);
INSERT INTO message_reads ("messageId", "userId", status, "readAt")
SELECT m.id, p."userId", CASE WHEN m.id > {messages} * 0.9 THEN 'sent' ELSE 'read' END::enum_message_reads_status,
    CASE WHEN m.id <= {messages} * 0.9 THEN m."createdAt" + interval '1 minute' END
FROM messages m JOIN conversation_participants p
    ON p."conversationId" = m."conversationId" AND p."userId" <> m."senderId";
"""


def fill_conversations(connection: "Connection[Any]", *, users: int, messages: int) -> None:
    """Makes the tables of `conversations` with so many users, twice as many conversations, and so many messages."""
    connection.execute(CONVERSATIONS)
    connection.execute(_FILL.format(users=users, messages=messages).encode())
    connection.execute("ANALYZE")
