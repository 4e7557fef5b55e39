"""Another messenger's database, read in one snapshot: what is written to it meanwhile is left to the next run.

Each table is read once, from beginning to end, by a cursor of the server. So the order of a chat's messages costs one
sort, whatever indexes the source has, and memory holds no more than a batch.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, LiteralString, Self

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from moving.dialects import (
    CHAT_COLUMNS,
    MESSAGE_COLUMNS,
    PARTICIPANT_COLUMNS,
    READ_COLUMNS,
    USER_COLUMNS,
    Dialect,
    Names,
)

Row = dict[str, Any]

# Rows that travel at once.
_FETCHED = 2_000

_COLUMNS: LiteralString = """
SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c
JOIN unnest(current_schemas(false)) WITH ORDINALITY AS s (name, place) ON s.name = c.table_schema
ORDER BY s.place DESC
"""
_TIME: LiteralString = """
CASE WHEN isfinite({column}::timestamptz)
    THEN to_char({column}::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END
"""
# Only a time's text is like this: a year of five digits, or before our era, is none that clients could show.
_TIMES = frozenset(("timestamp with time zone", "timestamp without time zone", "date"))

_USERS: LiteralString = "SELECT {columns} FROM {users} t ORDER BY {id}"
_CHATS: LiteralString = """
SELECT {columns}, coalesce(m.members, '[]') AS members
FROM {chats} t LEFT JOIN (
    SELECT {chat} AS chat, json_agg(json_build_object('user', {user}::text, 'role', {role}, 'joined_at', {joined_at}))
        AS members
    FROM {participants} p WHERE {is_in} GROUP BY {chat}
) m ON m.chat = {id}
ORDER BY {id}
"""
_STRAYS: LiteralString = """
SELECT {chat}::text AS chat, {user}::text AS user FROM {participants} p
WHERE NOT EXISTS (SELECT FROM {chats} t WHERE {id} = {chat}) ORDER BY {chat}, {user}
"""
_MESSAGES: LiteralString = "SELECT {columns} FROM {messages} t ORDER BY {chat}, {created_at}, {id}"

# Which message of their chat a member has not read first, and which did not reach them first. `left_out` will not be
# found where these are put, so the one after each of them counts.
_MARKS: LiteralString = """
WITH placed AS MATERIALIZED (
    SELECT {id} AS id, {message_chat} AS chat, {sender} AS sender, {created_at} AS created_at,
        {flagged_read} AS is_read,
        row_number() OVER (PARTITION BY {message_chat} ORDER BY {created_at}, {id}) AS place
    FROM {messages} t WHERE NOT {is_deleted} AND NOT {id}::text = ANY (%(left_out)s)
),
firsts AS (
    {firsts}
)
SELECT {chat}::text AS chat, {user}::text AS user, u.id::text AS unread, w.id::text AS undelivered, f.read_at
FROM {participants} p
LEFT JOIN firsts f ON f.chat = {chat} AND f.member = {user}
LEFT JOIN placed u ON u.chat = {chat} AND u.place = f.unread
LEFT JOIN placed w ON w.chat = {chat} AND w.place = f.undelivered
WHERE {is_in}
ORDER BY {chat}, {user}
"""
# Where each recipient has a row a message, which says how far it came.
_FIRSTS_BY_STATUS: LiteralString = """
SELECT m.chat, {reader} AS member, max({read_at}) AS read_at,
    min(m.place) FILTER (WHERE {status} <> 'read') AS unread,
    min(m.place) FILTER (WHERE {status} NOT IN ('read', 'delivered')) AS undelivered
FROM {reads} r JOIN placed m ON m.id = {read_message}
WHERE m.sender IS DISTINCT FROM {reader}
GROUP BY m.chat, {reader}
"""
# Where a row, a flag of the message or a time of the member says what was read, and nothing says what was not.
_FIRSTS_BY_ABSENCE: LiteralString = """
SELECT m.chat, {user} AS member, {latest} AS read_at, min(m.place) FILTER (WHERE NOT {was_read}) AS unread,
    min(m.place) FILTER (WHERE NOT {was_read}) AS undelivered
FROM {participants} p JOIN placed m ON m.chat = {chat} AND m.sender IS DISTINCT FROM {user}
    AND m.created_at >= coalesce({joined}, m.created_at)
{with_reads}
WHERE {is_in}
GROUP BY m.chat, {user}
"""


class SourceError(Exception):
    """The source cannot be read; the words say what is expected of it."""


@dataclass(frozen=True)
class _Table:
    name: str
    # Our names of the columns that it has: what they are called there, and of which type they are.
    columns: Mapping[str, tuple[str, str]]

    def has(self, *names: str) -> bool:
        return any(name in self.columns for name in names)

    def column(self, name: str, alias: str = "t") -> sql.Composable:
        """A column, NULL where the table has none."""
        if name not in self.columns:
            return sql.SQL("NULL")
        return sql.Identifier(alias, self.columns[name][0])

    def time(self, name: str, alias: str = "t") -> sql.Composable:
        """A time as text in UTC, NULL where it is not finite or there is none."""
        if not self.has(name):
            return sql.SQL("NULL::text")
        return sql.SQL(_TIME).format(column=self.column(name, alias))

    def flag(self, name: str, alias: str = "t") -> sql.Composable:
        """A yes or no; no where there is none."""
        return sql.SQL("coalesce({}::boolean, false)").format(self.column(name, alias))

    @property
    def identifier(self) -> sql.Composable:
        return sql.Identifier(self.name)


class Source:
    """A connection to the source, in a transaction that only reads. Close it by leaving the `with`."""

    def __init__(self, url: str, dialect: Dialect) -> None:
        try:
            self._connection = psycopg.connect(url, connect_timeout=10, client_encoding="utf8")
        except psycopg.OperationalError as error:
            # Its words name host and database, never the password.
            raise SourceError(f"cannot connect to FROM: {str(error).strip()}") from error
        except psycopg.ProgrammingError:
            raise SourceError("FROM is not of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE") from None
        try:
            self._begin(dialect)
        except BaseException:
            self._connection.close()
            raise

    def _begin(self, dialect: Dialect) -> None:
        self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self._connection.read_only = True
        self._connection.execute("SET LOCAL statement_timeout = 0")
        self._connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        if self._connection.info.parameter_status("server_encoding") == "SQL_ASCII":
            raise SourceError(
                "the database of FROM has no encoding (SQL_ASCII): dump it, and restore it into one in UTF8"
            )
        self.database = self._connection.info.dbname
        there: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in self._connection.execute(_COLUMNS):
            there.setdefault(table, []).append((column, kind))
        self.users = _table(there, dialect.users, USER_COLUMNS, needed=("id",))
        self.chats = _table(there, dialect.chats, CHAT_COLUMNS, needed=("id",))
        self.participants = _table(there, dialect.participants, PARTICIPANT_COLUMNS, needed=("chat", "user"))
        needed = ("id", "chat", "sender", "content", "created_at")
        self.messages = _table(there, dialect.messages, MESSAGE_COLUMNS, needed=needed)
        self.reads = (
            _table(there, dialect.reads, READ_COLUMNS, needed=("message", "user"))
            if any(name in there for name in dialect.reads)
            else None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, _: TracebackType | None
    ) -> None:
        self._connection.close()

    @property
    def tells_what_was_read(self) -> bool:
        """Whether anything in the source does."""
        return self.reads is not None or self.messages.has("is_read") or self.participants.has("last_read_at")

    def count(self, table: _Table) -> int:
        """How many rows a table has in this snapshot."""
        row = self._connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table.identifier)).fetchone()
        return int(row[0]) if row else 0

    def read_users(self) -> Iterator[Row]:
        """All users, by id."""
        columns = _columns(self.users, texts=("id", "username", "name", "first_name", "last_name", "email", "hash",
                           "avatar", "status"), times=("last_seen", "created_at"))  # fmt: skip
        return self._rows(_USERS, columns=columns, users=self.users.identifier, id=self.users.column("id"))

    def read_chats(self) -> Iterator[Row]:
        """All chats by id, each with its `members`."""
        texts = ("id", "type", "name", "description", "avatar", "created_by")
        columns = _columns(self.chats, texts=texts, times=("created_at",))
        parts = self.participants
        role = parts.column("role", "p")
        return self._rows(
            _CHATS,
            columns=sql.SQL("{}, {} AS is_group").format(columns, self.chats.flag("is_group")),
            role=sql.SQL("CASE WHEN {} THEN 'admin' ELSE {}::text END").format(parts.flag("is_admin", "p"), role),
            joined_at=parts.time("joined_at", "p"),
            **self._places(),
        )

    def read_strays(self) -> Iterator[Row]:
        """Participants of chats that are not there."""
        return self._rows(_STRAYS, **self._places())

    def read_messages(self) -> Iterator[Row]:
        """All messages, each chat's in their order."""
        table = self.messages
        texts = ("id", "chat", "sender", "content", "media", "media_name", "reply_to")
        columns = _columns(table, texts=texts, times=("created_at", "edited_at", "deleted_at"))
        return self._rows(
            _MESSAGES,
            columns=sql.SQL("{}, {} AS is_deleted").format(columns, table.flag("is_deleted")),
            messages=table.identifier,
            **{name: table.column(name) for name in ("chat", "created_at", "id")},
        )

    def read_marks(self, left_out: Sequence[str]) -> Iterator[Row]:
        """Of each member of each chat the first message that was not read, and the first that did not arrive."""
        table = self.messages
        deleted = sql.SQL("({} OR {} IS NOT NULL)").format(table.flag("is_deleted"), table.column("deleted_at"))
        places: dict[str, sql.Composable] = {
            **self._places(),
            "message_chat": table.column("chat"),
            "id": table.column("id"),
            "sender": table.column("sender"),
            "created_at": table.column("created_at"),
            "flagged_read": table.flag("is_read"),
            "is_deleted": deleted,
            "messages": table.identifier,
        }
        firsts = self._firsts_by_status() if self.reads and self.reads.has("status") else self._firsts_by_absence()
        return self._rows(_MARKS, {"left_out": list(left_out)}, firsts=firsts, **places)

    def _firsts_by_status(self) -> sql.Composable:
        assert self.reads is not None
        return sql.SQL(_FIRSTS_BY_STATUS).format(
            reader=self.reads.column("user", "r"),
            read_at=self.reads.time("read_at", "r"),
            status=sql.SQL("{}::text").format(self.reads.column("status", "r")),
            reads=self.reads.identifier,
            read_message=self.reads.column("message", "r"),
        )

    def _firsts_by_absence(self) -> sql.Composable:
        signs: list[sql.Composable] = [sql.SQL("m.is_read")]
        with_reads: sql.Composable = sql.SQL("")
        latest: sql.Composable = sql.SQL("NULL::text")
        if self.reads is not None:
            reader, message = self.reads.column("user", "r"), self.reads.column("message", "r")
            with_reads = sql.SQL("LEFT JOIN {} r ON {} = m.id AND {} = {}").format(
                self.reads.identifier, message, reader, self.participants.column("user", "p")
            )
            signs.append(sql.SQL("{} IS NOT NULL").format(message))
            latest = sql.SQL("max({})").format(self.reads.time("read_at", "r"))
        if self.participants.has("last_read_at"):
            seen = self.participants.column("last_read_at", "p")
            signs.append(sql.SQL("coalesce(m.created_at <= {}, false)").format(seen))
        if not self.tells_what_was_read:
            signs = [sql.SQL("true")]
        return sql.SQL(_FIRSTS_BY_ABSENCE).format(
            was_read=sql.SQL("({})").format(sql.SQL(" OR ").join(signs)),
            with_reads=with_reads,
            latest=latest,
            joined=self.participants.column("joined_at", "p"),
            **self._places(),
        )

    def _places(self) -> dict[str, sql.Composable]:
        """What statements about chats and their members have in common."""
        parts = self.participants
        return {
            "chats": self.chats.identifier,
            "id": self.chats.column("id"),
            "participants": parts.identifier,
            "chat": parts.column("chat", "p"),
            "user": parts.column("user", "p"),
            "is_in": sql.SQL("{} IS NULL").format(parts.column("left_at", "p")),
        }

    def _rows(
        self, statement: LiteralString, values: Mapping[str, object] | None = None, /, **parts: sql.Composable
    ) -> Iterator[Row]:
        with self._connection.cursor("import", row_factory=dict_row) as cursor:
            cursor.itersize = _FETCHED
            try:
                cursor.execute(sql.SQL(statement).format(**parts), values)
                yield from cursor
            except psycopg.Error as error:
                raise SourceError(f"the database of FROM refuses: {error.diag.message_primary or error}") from error


def _table(
    there: Mapping[str, list[tuple[str, str]]], names: Names, wanted: Mapping[str, Names], *, needed: Names
) -> _Table:
    """The first table of these names, with what it has of the wanted columns. Raises SourceError."""
    name = next((name for name in names if name in there), None)
    if name is None:
        raise SourceError(f"FROM has no table {names[0]}. It has {', '.join(sorted(there)) or 'no tables'}.")
    by_name = {_plain(column): (column, kind) for column, kind in there[name]}
    columns = {}
    for ours, theirs in wanted.items():
        found = next((by_name[_plain(one)] for one in theirs if _plain(one) in by_name), None)
        if found is not None:
            columns[ours] = found
    for missing in (one for one in needed if one not in columns):
        raise SourceError(f"The table {name} of FROM has no column {' or '.join(wanted[missing])}.")
    for ours, (column, kind) in columns.items():
        if (ours.endswith("_at") or ours == "last_seen") and kind not in _TIMES:
            raise SourceError(f"{name}.{column} of FROM is a {kind}, where a timestamp is expected.")
    return _Table(name, columns)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _columns(table: _Table, *, texts: Names, times: Names) -> sql.Composable:
    parts = [sql.SQL("{}::text AS {}").format(table.column(name), sql.Identifier(name)) for name in texts]
    parts += [sql.SQL("{} AS {}").format(table.time(name), sql.Identifier(name)) for name in times]
    return sql.SQL(", ").join(parts)
