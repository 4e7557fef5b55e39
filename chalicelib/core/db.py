"""PostgreSQL: one kept connection a Lambda container, one round trip a statement.

Statements are literals beside the function that runs them. A statement that acts for somebody is pipelined behind a
check that their session still lives, and that they have the role that the route needs: both travel in the same round
trip, and where the check fails the statement does not run. In a transaction its beginning and each statement's
savepoint travel so too.
"""

import contextlib
import select
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar

import msgspec

from chalicelib.core.config import settings
from chalicelib.core.constraints import CONSTRAINTS, RAISED
from chalicelib.core.context import Actor
from chalicelib.core.errors import Unavailable
from chalicelib.core.logs import logger

if TYPE_CHECKING:
    import psycopg
    from psycopg import Connection
    from psycopg.pq.abc import PGresult

    from chalicelib.core.statements import Command, Statements

Row = TypeVar("Row")
Params = Mapping[str, Any]

_GUARD: LiteralString = "SELECT require_session(%(user_id)s, %(session_id)s)"
_ROLE_GUARD: LiteralString = "SELECT require_role(%(user_id)s, %(session_id)s, %(needs)s)"

# A savepoint keeps a transaction usable when one statement of it is refused.
_SAVEPOINT: LiteralString = "SAVEPOINT statement"
_RELEASE: LiteralString = "RELEASE SAVEPOINT statement"
_ROLLBACK_TO: LiteralString = "ROLLBACK TO SAVEPOINT statement"


@dataclass
class _Container:
    """What a container keeps between invocations."""

    connection: "Connection[Any] | None" = None
    statements: "Statements | None" = None
    url: str = ""
    in_transaction: bool = False


_container = _Container()


def one(kind: type[Row], query: LiteralString, params: Params, *, actor: Actor | None = None) -> Row | None:
    """The first row as a `kind`, whose fields are the statement's columns; None where there is none."""
    rows = many(kind, query, params, actor=actor)
    return rows[0] if rows else None


def the(kind: type[Row], query: LiteralString, params: Params, *, actor: Actor | None = None) -> Row:
    """The one row of a statement that always has one."""
    row = one(kind, query, params, actor=actor)
    if row is None:
        raise LookupError("a statement that always answers a row answered none")
    return row


def many(
    kind: type[Row], query: LiteralString, params: Params, *, actor: Actor | None = None, plan_anew: bool = False
) -> list[Row]:
    """All rows, each as a `kind`. With `plan_anew` PostgreSQL plans for these very values, and keeps no plan.

    Raises the Problem that a constraint or a raised SQLSTATE stands for, psycopg's UniqueViolation for a constraint
    without one, and Unavailable where the database does not answer. Then nothing is known of a write: the callers'
    statements are safe to repeat, so a client may send the request again.
    """
    import psycopg

    try:
        return _run(kind, query, params, actor, plan_anew=plan_anew)
    except psycopg.Error as error:
        raise _translated(error) from error


def execute(query: LiteralString, params: Params, *, actor: Actor | None = None) -> None:
    """Runs a statement that answers nothing. Raises as `many` does."""
    import psycopg

    try:
        _run(None, query, params, actor)
    except psycopg.Error as error:
        raise _translated(error) from error


@contextlib.contextmanager
def transaction() -> Iterator[None]:
    """Everything inside commits together, or not at all. It begins in the round trip of its first statement."""
    import psycopg

    connection = _connection()
    _container.in_transaction = True
    try:
        yield
        if _is_begun(connection):
            connection.execute("COMMIT", prepare=False)
    except BaseException as error:
        _take_back(connection)
        if isinstance(error, psycopg.Error):
            raise _translated(error) from error
        raise
    finally:
        _container.in_transaction = False


def connect(url: str, *, timeout: int = 5) -> "Connection[Any]":
    """A new connection, autocommitting and the caller's to close, that logs in as the settings say.

    Raises psycopg.OperationalError.
    """
    import psycopg

    login: dict[str, Any] = {}
    if settings().database_iam:
        from chalicelib.core import rds

        login = rds.login(url)
    return psycopg.connect(url, autocommit=True, connect_timeout=timeout, **login)


def preload() -> None:
    """Imports what the first statement needs, while a function that will surely run one initialises."""
    from chalicelib.core import statements  # noqa: F401


def ping(seconds: float) -> None:
    """Asks the server for a sign of life, and waits so long for it. Raises Unavailable.

    A new connection may take its time as well: two seconds, the least that libpq knows.
    """
    import psycopg

    try:
        connection = _connection(connect_timeout=2)
        asked = connection.pgconn
        asked.send_query(b"SELECT 1")
        if not _readable(connection, seconds):
            # What it answers later would be taken for another statement's answer.
            connection.close()
            raise Unavailable()
        while (result := asked.get_result()) is not None:
            if result.status != psycopg.pq.ExecStatus.TUPLES_OK:
                raise Unavailable()
    except psycopg.Error as error:
        raise _translated(error) from error


def _run(
    kind: type[Row] | None, query: LiteralString, params: Params, actor: Actor | None, *, plan_anew: bool = False
) -> list[Row]:
    from chalicelib.core.statements import Command

    connection = _connection()
    statements = _statements(connection)
    commands = [Command(query, params, plan_anew)]
    if actor is not None:
        guard = _GUARD if actor.needs == "user" else _ROLE_GUARD
        commands.insert(0, Command(guard, msgspec.structs.asdict(actor)))
    if _container.in_transaction:
        result = _run_in_transaction(connection, statements, commands)
    else:
        result = statements.run(commands)[-1]
    return [] if kind is None else statements.rows(kind, query, result)


def _run_in_transaction(
    connection: "Connection[Any]", statements: "Statements", commands: "list[Command]"
) -> "PGresult":
    """The last command's result. A refused one is taken back alone."""
    from chalicelib.core.statements import Command

    opening = [_SAVEPOINT] if _is_begun(connection) else ["BEGIN", _SAVEPOINT]
    around = [Command(command, plan_anew=True) for command in (*opening, _RELEASE)]
    try:
        return statements.run([*around[:-1], *commands, around[-1]])[-2]
    except Exception:
        if not connection.closed and _is_begun(connection):
            connection.execute(_ROLLBACK_TO, prepare=False)
        raise


def _is_begun(connection: "Connection[Any]") -> bool:
    """Whether a transaction is under way that a statement can still go back in."""
    from psycopg.pq import TransactionStatus

    return connection.info.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}


def _take_back(connection: "Connection[Any]") -> None:
    import psycopg

    try:
        if not connection.closed and _is_begun(connection):
            connection.execute("ROLLBACK", prepare=False)
    except psycopg.Error:
        # The server ends what a lost connection has begun; the next statement opens another one.
        connection.close()


def _connection(*, connect_timeout: int = 5) -> "Connection[Any]":
    url = settings().database_url
    kept = _container.connection
    if kept is not None and (_container.url != url or not _usable(kept)):
        kept.close()
        kept = None
    if kept is None:
        kept = connect(url, timeout=connect_timeout)
        _container.connection, _container.url = kept, url
    return kept


def _statements(connection: "Connection[Any]") -> "Statements":
    """What runs statements on a connection, and knows what is prepared on it."""
    from chalicelib.core.statements import Statements

    kept = _container.statements
    if kept is None or kept.connection is not connection:
        kept = _container.statements = Statements(connection)
    return kept


def _usable(connection: "Connection[Any]") -> bool:
    """Whether a kept connection still stands, asked without a round trip.

    An idle connection has nothing to read unless the server has closed it (a restart, a failover, an idle timeout).
    """
    if connection.closed:
        return False
    if _container.in_transaction:
        return True
    return not _readable(connection, 0)


def _readable(connection: "Connection[Any]", seconds: float) -> bool:
    """Whether the server has said something, or has closed the connection, within this time."""
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    return bool(watch.poll(seconds * 1000))


def _translated(error: "psycopg.Error") -> Exception:
    import psycopg

    problem = CONSTRAINTS.get(error.diag.constraint_name or "") or RAISED.get(error.sqlstate or "")
    if problem is not None:
        return problem.raised(error.diag.message_detail)
    if isinstance(error, psycopg.OperationalError):
        logger().warning("database unavailable", extra={"sqlstate": error.sqlstate, "error": type(error).__name__})
        return Unavailable()
    return error


def pattern_of(text: str) -> str:
    """`text` as a piece of a LIKE pattern that stands for itself, also where it is folded: that makes a ％ a %."""
    return unicodedata.normalize("NFKC", text).replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
