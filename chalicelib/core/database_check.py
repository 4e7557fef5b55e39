"""Whether a database is one that the product is right on, asked before anything is written to it.

A database that takes Cyrillic letters for plain bytes stores and answers everything, and is silently wrong: `Иван`
and `ИВАН` are two accounts there, and search finds neither. So each question is about what the database does. Only
what the extension of trigrams will do is told from a name: it takes the character type C for bytes, whatever
collation the database has.
"""

from typing import TYPE_CHECKING, Any, LiteralString

import msgspec

if TYPE_CHECKING:
    from psycopg import Connection

OLDEST = 15
_BUILTIN_LOCALES_SINCE = 17


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the questions have found; each field is named for what it is when all is well."""

    knows_cyrillic: bool
    knows_latin: bool
    knows_words: bool
    is_primary: bool
    is_writable: bool
    may_create_tables: bool
    may_alter_database: bool
    has_trigrams: bool


_STEMMERS: LiteralString = "SELECT count(*) = 2 FROM pg_ts_config WHERE cfgname IN ('russian', 'english')"

# Columns are the fields of Found. A Turkish or Lithuanian database lowers Latin letters as no other one does.
_QUESTIONS: LiteralString = """
SELECT
    lower('ИВАН') = 'иван' AND 'Привет' ILIKE 'прИВ%' AND datctype NOT IN ('C', 'POSIX') AS knows_cyrillic,
    lower('TITLE') = 'title' AND upper('title') = 'TITLE' AS knows_latin,
    to_tsvector('russian', 'Сообщения') @@ to_tsquery('russian', 'сообщение')
        AND to_tsvector('english', 'Messages') @@ to_tsquery('english', 'message') AS knows_words,
    NOT pg_is_in_recovery() AS is_primary,
    current_setting('transaction_read_only') = 'off' AS is_writable,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create_tables,
    pg_has_role(datdba, 'USAGE') OR to_regclass('schema_migrations') IS NOT NULL AS may_alter_database,
    EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') AS has_trigrams
FROM pg_database WHERE datname = current_database()
"""


def objection(connection: "Connection[Any]") -> str | None:
    """Why this database will not do, and what to do about it, in a sentence or two. None for one that will."""
    info = connection.info
    major = info.server_version // 10_000
    if major < OLDEST:
        return f"the database is PostgreSQL {major}, and {OLDEST} or newer is needed"
    encoding = info.parameter_status("server_encoding")
    if encoding != "UTF8":
        return f"the database {info.dbname} is encoded in {encoding}, and UTF8 is needed. {_make_another(major)}"
    if connection.execute(_STEMMERS).fetchone() != (True,):
        return "the server has no text search for Russian and English: install all of PostgreSQL's dictionaries"
    cursor = connection.execute(_QUESTIONS)
    names = [column.name for column in cursor.description or ()]
    [row] = cursor.fetchall()
    found = Found(**dict(zip(names, row, strict=True)))
    return judge(found, database=info.dbname, user=info.user, major=major)


def judge(found: Found, *, database: str, user: str, major: int) -> str | None:
    """The same, from what was found on a server of this major version."""
    return _about_letters(found, database, major) or _about_rights(found, database, user)


def _about_letters(found: Found, database: str, major: int) -> str | None:
    if not found.knows_cyrillic or not found.knows_words:
        return (
            f"the locale of the database {database} does not know Cyrillic letters: names would not be found, "
            f"and would be taken twice. {_make_another(major)}"
        )
    if not found.knows_latin:
        return (
            f"the locale of the database {database} has its own rule for the letter i: names would be taken twice. "
            f"{_make_another(major)}"
        )
    return None


def _about_rights(found: Found, database: str, user: str) -> str | None:
    if not found.is_primary:
        return f"the database {database} is a standby that can only be read: name the primary server"
    if not found.is_writable:
        return (
            f"the database {database} is read-only for {user}: set default_transaction_read_only to off "
            "for the database, the user and in DATABASE_URL"
        )
    if not found.may_alter_database:
        return f'{user} does not own the database {database}: ALTER DATABASE "{database}" OWNER TO "{user}"'
    if not found.may_create_tables:
        return f'{user} may not create tables in the database {database}: GRANT CREATE ON SCHEMA public TO "{user}"'
    if not found.has_trigrams:
        return "the server lacks the extension pg_trgm: install PostgreSQL's contrib package there"
    return None


def _make_another(major: int) -> str:
    provider = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' " if major >= _BUILTIN_LOCALES_SINCE else ""
    return (
        "Make another one and name it in DATABASE_URL: CREATE DATABASE messenger TEMPLATE template0 ENCODING 'UTF8' "
        f"{provider}LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
    )
