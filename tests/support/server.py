"""The running service, as tests see it: where it is, and how to look behind it."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

import msgspec
import psycopg

from chalicelib.core import config
from local.faults import Faults
from local.functions import Preparation
from local.stack import Stack
from tests.support.logs import Lines, recorded

JWT_SECRET = "a secret for tests alone and long enough for HS256"


def settings_here(**changes: Any) -> contextlib.AbstractContextManager[None]:
    """Other settings for a while, in this process alone: the functions' containers keep theirs."""
    return _for_a_while(config.use, changes)


@contextlib.contextmanager
def _for_a_while(use: Callable[[config.Settings], None], changes: Mapping[str, Any]) -> Iterator[None]:
    before = config.settings()
    use(msgspec.structs.replace(before, **changes))
    try:
        yield
    finally:
        use(before)


@dataclass(frozen=True)
class Server:
    """The local stack on a database of the test's own."""

    stack: Stack
    database_url: str

    @property
    def url(self) -> str:
        """The API's base, with the stage."""
        return self.stack.url

    @property
    def origin(self) -> str:
        """The same without the stage."""
        return self.stack.url.removesuffix("/api")

    @property
    def socket_url(self) -> str:
        """Where sockets connect."""
        return self.stack.socket_url

    @property
    def faults(self) -> Faults:
        """What can be made to go wrong."""
        return self.stack.faults

    def settings(self, **changes: Any) -> contextlib.AbstractContextManager[None]:
        """Other settings for a while, here and in the functions."""
        return _for_a_while(self.stack.use, changes)

    @contextlib.contextmanager
    def prepared(self, *prepare: Preparation) -> Iterator[None]:
        """Has the functions' containers do this before their first event, for a while: see tests/support/doctored."""
        before = self.stack.functions.prepare
        self.stack.use(config.settings(), (*before, *prepare))
        try:
            yield
        finally:
            self.stack.use(config.settings(), before)

    def put(self, target: str, value: object) -> contextlib.AbstractContextManager[None]:
        """A module's name has another value in the functions, for a while."""
        return self.prepared(("tests.support.doctored.put", {"target": target, "value": value}))

    def ahead(self, seconds: float) -> contextlib.AbstractContextManager[None]:
        """The functions' clock is ahead, for a while."""
        return self.prepared(("tests.support.doctored.set_clock_ahead", {"seconds": seconds}))

    @contextlib.contextmanager
    def recorded(self, level: str = "INFO") -> Iterator[Lines]:
        """What is logged meanwhile from this level up, by the functions and by the product in this process."""
        with recorded(self.stack.functions_log, level) as lines, self.settings(log_level=level):
            yield lines

    def settle(self, timeout: float = 60) -> None:
        """Waits until queues and triggers have nothing left to do."""
        self.stack.triggers.drain(timeout)

    def sql(self, statement: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        """Runs a statement past the service, and answers its rows."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def write_many(self, chat_id: int, sender_id: int, content: str, count: int) -> None:
        """Adds messages to a chat that nobody was told of."""
        self.sql(
            "INSERT INTO messages (chat_id, seq, sender_id, message_type, content)"
            " SELECT c.id, c.last_seq + n, %s, 'text', %s FROM chats c, generate_series(1, %s) n WHERE c.id = %s",
            sender_id,
            content,
            count,
            chat_id,
        )
        self.sql("UPDATE chats SET last_seq = last_seq + %s WHERE id = %s", count, chat_id)
