"""Statements on one connection, several of them in one round trip.

psycopg's cursors and pipelines do the same in five times the time: they can do much else meanwhile. Here psycopg
connects, adapts values, reads rows and makes the errors, and libpq is used directly in between.
"""

import functools
import itertools
import re
import select
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, LiteralString, NamedTuple, TypeVar

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

Row = TypeVar("Row")

# What psycopg lets a connection have: each prepared statement takes memory of the server.
_MOST_PREPARED = 100
_PARAMETER = re.compile(r"%\((\w+)\)s|%%")
_NONE: Mapping[str, Any] = MappingProxyType({})


class Command(NamedTuple):
    """A statement and its values by name. PostgreSQL plans for these very values where it is to be `plan_anew`."""

    query: LiteralString
    params: Mapping[str, Any] = _NONE
    plan_anew: bool = False


class _Form(NamedTuple):
    """A query as the server takes it, and the names of its numbered parameters."""

    text: bytes
    names: tuple[str, ...]
    formats: tuple[PyFormat, ...]


_Key = tuple[bytes, tuple[int, ...]]


class _Ready(NamedTuple):
    """A command with its values as they are sent. `prepared` names its plan, which is made first where `is_new`."""

    key: _Key
    values: Sequence[Any]
    formats: Sequence[Any]
    prepared: bytes | None
    is_new: bool


class Statements:
    """Runs statements on an autocommitting connection, and prepares what runs often, as the connection says."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self.connection = connection
        self._server = connection.pgconn
        self._adapt = Transformer.from_context(connection)
        self._poll = select.poll()
        self._numbers = itertools.count()
        self._runs: dict[_Key, int] = {}
        self._prepared: dict[_Key, bytes] = {}
        self._columns: dict[LiteralString, tuple[str, ...]] = {}

    def run(self, commands: Sequence[Command]) -> list[PGresult]:
        """The results of commands that travel together; where one fails, those after it do not run.

        Raises psycopg.Error. The connection is closed where it is lost, and where this is interrupted: later
        statements would get the answers of these.
        """
        ready = [self._ready(command) for command in commands]
        server = self._server
        try:
            server.enter_pipeline_mode()
            for each in ready:
                self._send(each)
            server.pipeline_sync()
            self._flush()
            results = [self._result(each) for each in ready]
            self._next()  # the sync's own
            server.exit_pipeline_mode()
        except BaseException:
            self.connection.close()
            raise
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise error_from_result(result)
        return results

    def rows(self, kind: type[Row], query: LiteralString, result: PGresult) -> list[Row]:
        """What a query answered, each row as a `kind`, whose fields are the columns."""
        names = self._columns.get(query)
        if names is None:
            found = (result.fname(place) or b"" for place in range(result.nfields))
            names = self._columns[query] = tuple(name.decode() for name in found)

        def make(values: Sequence[Any]) -> Row:
            return kind(**dict(zip(names, values, strict=True)))

        self._adapt.set_pgresult(result)
        return self._adapt.load_rows(0, result.ntuples, make)

    def _ready(self, command: Command) -> _Ready:
        form = _form(command.query)
        params, adapt = command.params, self._adapt
        values = adapt.dump_sequence([params[name] for name in form.names], form.formats)
        key = (form.text, adapt.types or ())
        formats = adapt.formats or ()
        if command.plan_anew:
            return _Ready(key, values, formats, None, is_new=False)
        prepared = self._prepared.get(key)
        if prepared is not None:
            return _Ready(key, values, formats, prepared, is_new=False)
        if not self._is_to_be_prepared(key):
            return _Ready(key, values, formats, None, is_new=False)
        return _Ready(key, values, formats, b"s%d" % next(self._numbers), is_new=True)

    def _is_to_be_prepared(self, key: _Key) -> bool:
        threshold = self.connection.prepare_threshold
        if threshold is None or len(self._prepared) >= _MOST_PREPARED:
            return False
        runs = self._runs[key] = self._runs.get(key, 0) + 1
        return runs > threshold

    def _send(self, ready: _Ready) -> None:
        (text, types), values, formats, prepared, is_new = ready
        if prepared is None:
            self._server.send_query_params(text, values, types, formats)
            return
        if is_new:
            self._server.send_prepare(prepared, text, types)
        self._server.send_query_prepared(prepared, values, formats)

    def _result(self, ready: _Ready) -> PGresult:
        """What a command came to; where it could not be prepared, that."""
        results = [self._answer() for _ in range(1 + ready.is_new)]
        if ready.is_new and results[0].status == ExecStatus.COMMAND_OK and ready.prepared is not None:
            self._prepared[ready.key] = ready.prepared
            return results[1]
        return results[0]

    def _answer(self) -> PGresult:
        result = self._next()
        if result is None:
            raise psycopg.OperationalError("the connection is lost")
        while self._next() is not None:
            pass
        return result

    def _next(self) -> PGresult | None:
        """libpq's next result, awaited without holding up other threads."""
        server = self._server
        while server.is_busy():
            self._await(select.POLLIN)
            server.consume_input()
        return server.get_result()

    def _flush(self) -> None:
        """Sends what is still to be sent: a long statement does not fit into the socket at once."""
        while self._server.flush():
            self._await(select.POLLIN | select.POLLOUT)
            self._server.consume_input()

    def _await(self, events: int) -> None:
        self._poll.register(self._server.socket, events)
        self._poll.poll()


@functools.cache
def _form(query: LiteralString) -> _Form:
    names: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return "%"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    text = _PARAMETER.sub(numbered, query)
    return _Form(text.encode(), tuple(names), (PyFormat.AUTO,) * len(names))
