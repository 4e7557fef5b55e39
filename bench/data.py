"""Bulk data: people, chats and messages by the thousand, written straight into the tables."""

from typing import Any, LiteralString

from psycopg import Connection, sql

_PEOPLE: LiteralString = """
INSERT INTO users (id, username, email, password_hash, first_name, last_name, display_name)
OVERRIDING SYSTEM VALUE
SELECT n, 'u' || substr(md5(n::text), 1, 12), 'u' || n || '@example.org', '-', 'Имя' || n %% 997,
    substr(md5('last' || n), 1, 10), substr(md5('shown' || n), 1, 14)
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""

# A session has its user's number.
_SESSIONS: LiteralString = """
INSERT INTO sessions (id, user_id, family_hash, refresh_hash, expires_at)
OVERRIDING SYSTEM VALUE
SELECT n, n, sha256(n::text::bytea), sha256(('r' || n)::bytea), now() + interval '60 days'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""

_GROUPS: LiteralString = """
INSERT INTO chats (id, type, name, created_by)
OVERRIDING SYSTEM VALUE
SELECT n, 'group', 'group ' || n, 1 FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""

_MEMBERS: LiteralString = """
INSERT INTO members (chat_id, user_id)
SELECT chat, member FROM generate_series(%(first)s::bigint, %(last)s::bigint) chat,
    unnest(%(user_ids)s::bigint[]) member
"""

# Everybody is in about as many.
_STRANGERS: LiteralString = """
INSERT INTO members (chat_id, user_id)
SELECT chat, %(least)s + (chat * 7919 + place * 104729) %% (%(most)s - %(least)s + 1)
FROM generate_series(%(first)s::bigint, %(last)s::bigint) chat, generate_series(1, %(each)s::bigint) place
ON CONFLICT DO NOTHING
"""

_UPLOADS: LiteralString = """
INSERT INTO uploads (id, owner_id, key, filename, content_type, size, state, expires_at)
OVERRIDING SYSTEM VALUE
SELECT n, n, 'u/' || n || '/f', 'f.png', 'image/png', 1000, 'ready', now() + interval '1 day'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""

_BLOCKS: LiteralString = """
INSERT INTO blocks (blocker_id, blocked_id)
SELECT n, n + 1 FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""

_HIDDEN: LiteralString = """
INSERT INTO hidden_messages (user_id, chat_id, seq)
SELECT n, chat, 1 FROM generate_series(%(first)s::bigint, %(last)s::bigint) n, generate_series(1000001, 1000003) chat
"""

_DEPARTURES: LiteralString = """
INSERT INTO departures (user_id, chat_id)
SELECT n, chat FROM generate_series(%(first)s::bigint, %(last)s::bigint) n, generate_series(1000001, 1000003) chat
"""

_DRAFTS: LiteralString = """
INSERT INTO drafts (user_id, chat_id, content)
SELECT n, chat, '' FROM generate_series(%(first)s::bigint, %(last)s::bigint) n, generate_series(1000001, 1000003) chat
"""

# One after another in each chat, all chats in turns, as messages come in where much is going on. `meeting` is in a
# tenth of them, `quartz` in one of five hundred, and `beginning` in the first one of each chat.
_MESSAGES: LiteralString = """
INSERT INTO messages (chat_id, seq, sender_id, client_message_id, message_type, content, created_at, updated_at)
SELECT chat, seq, %(sender_id)s, 'c' || chat || '-' || seq, 'text', 'message ' || seq || ' ' || repeat('word ', 12)
        || CASE WHEN (seq + chat) %% 10 = 0 THEN 'meeting ' ELSE '' END
        || CASE WHEN (seq + chat) %% 500 = 0 THEN 'quartz ' ELSE '' END
        || CASE WHEN seq = 1 THEN 'beginning ' ELSE '' END,
    moment, moment
FROM generate_series(%(first_seq)s::bigint, %(last_seq)s::bigint) seq,
    generate_series(%(first)s::bigint, %(last)s::bigint) chat,
    LATERAL (SELECT %(since)s::timestamptz + seq * interval '1 minute' + chat * interval '1 second') t (moment)
ORDER BY seq, chat
"""

_INDEXES: LiteralString = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = 'messages'::regclass AND NOT indisprimary
"""

_NUMBERED: LiteralString = """
UPDATE chats SET last_seq = %(last_seq)s,
    last_message_at = %(since)s::timestamptz + %(last_seq)s * interval '1 minute' + id * interval '1 second'
WHERE id BETWEEN %(first)s AND %(last)s
"""


class Loader:
    """Fills a migrated database past its foreign keys, which hold by construction; `finish` must follow."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET statement_timeout = 0")
        # Nothing of this size is sorted on the disk.
        connection.execute("SET work_mem = '256MB'")
        connection.execute("SET maintenance_work_mem = '256MB'")

    def people(self, first: int, last: int) -> None:
        """Users with these ids, each with a session of the same id."""
        self._connection.execute(_PEOPLE, {"first": first, "last": last})
        self._connection.execute(_SESSIONS, {"first": first, "last": last})

    def belongings(self, first: int, last: int) -> None:
        """For each of these users a ready file of the user's number, a block of the next one, and what chats left."""
        for statement in (_UPLOADS, _BLOCKS, _HIDDEN, _DEPARTURES, _DRAFTS):
            self._connection.execute(statement, {"first": first, "last": last})

    def groups(self, first: int, last: int) -> None:
        """Groups with these ids, nobody in them yet."""
        self._connection.execute(_GROUPS, {"first": first, "last": last})

    def members(self, first: int, last: int, *, user_ids: list[int]) -> None:
        """The same members for each of these groups."""
        self._connection.execute(_MEMBERS, {"first": first, "last": last, "user_ids": user_ids})

    def strangers(self, first: int, last: int, *, among: range, each: int) -> None:
        """So many members for each of these groups, spread evenly over these users."""
        values = {"first": first, "last": last, "least": among[0], "most": among[-1], "each": each}
        self._connection.execute(_STRANGERS, values)

    def messages(self, first: int, last: int, *, seqs: range, sender_id: int, since: str = "2026-01-01") -> None:
        """Messages with these seqs in each chat from `first` to `last`, a minute apart, beginning at `since`."""
        chats = {"first": first, "last": last, "last_seq": seqs[-1], "since": since}
        # An index that is made afterwards takes a fraction of what one does that grows along.
        indexes = self._connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            self._connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        self._connection.execute(_MESSAGES, {**chats, "first_seq": seqs[0], "sender_id": sender_id})
        for _, definition in indexes:
            self._connection.execute(definition.encode())
        self._connection.execute(_NUMBERED, chats)

    def finish(self) -> None:
        """New rows get ids of their own, the planner learns what there is, and nothing is left to write behind."""
        self._connection.execute("SELECT setval('users_id_seq', max(id)) FROM users")
        self._connection.execute("SELECT setval('sessions_id_seq', max(id)) FROM sessions")
        self._connection.execute("SELECT setval('chats_id_seq', max(id)) FROM chats")
        self._connection.execute("SELECT setval('uploads_id_seq', max(id)) FROM uploads")
        self._connection.execute("VACUUM ANALYZE")
        self._connection.execute("CHECKPOINT")
