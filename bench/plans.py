"""How PostgreSQL carries out a statement: its plan with what it really read, and the counters of a transaction."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, LiteralString, NamedTuple
from unittest import mock

import msgspec
import psycopg
from psycopg import Connection, sql
from psycopg.adapt import PyFormat, Transformer

from chalicelib.core import config, context, db

Mode = Literal["force_custom_plan", "force_generic_plan"]

# A statement is prepared after some runs, and may then get a plan that knows none of its values: both must be good.
MODES: tuple[Mode, ...] = ("force_custom_plan", "force_generic_plan")

_PARAMETER = re.compile(r"%\((\w+)\)s")


class Plan:
    """A plan as `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)` tells it, after the statement ran."""

    def __init__(self, explained: Mapping[str, Any]) -> None:
        self.root: Mapping[str, Any] = explained["Plan"]
        self.planning_ms = float(explained["Planning Time"])
        self.execution_ms = float(explained["Execution Time"])

    def nodes(self) -> Iterator[Mapping[str, Any]]:
        """Every step, from the outermost inwards."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop(0)
            yield node
            waiting += node.get("Plans", ())

    def scans(self, table: str) -> list[Mapping[str, Any]]:
        """The steps that read a table and were run."""
        scans = (node for node in self.nodes() if node.get("Relation Name") == table)
        return [node for node in scans if node["Node Type"].endswith("Scan") and node["Actual Loops"]]

    def sequential(self) -> set[str]:
        """The tables that were read from end to end."""
        nodes = (node for node in self.nodes() if node["Node Type"] == "Seq Scan" and node["Actual Loops"])
        return {str(node["Relation Name"]) for node in nodes}

    def read(self, table: str) -> int:
        """How many rows of a table were read, whatever became of them."""
        scans = self.scans(table)
        return round(sum(float(node["Actual Rows"]) * float(node["Actual Loops"]) + _removed(node) for node in scans))

    @property
    def discarded(self) -> int:
        """How many rows were read and did not fit."""
        return round(sum(_removed(node) for node in self.nodes()))

    @property
    def buffers(self) -> int:
        """Pages that were touched, cached or not."""
        return int(self.root["Shared Hit Blocks"] + self.root["Shared Read Blocks"])

    @property
    def shape(self) -> tuple[tuple[str, str], ...]:
        """The steps and what they go by: equal for equal plans."""
        return tuple((str(node["Node Type"]), str(node.get("Index Name", ""))) for node in self.nodes())


class Statement(NamedTuple):
    """A statement with its values, as a feature hands it to the database."""

    text: LiteralString
    values: Mapping[str, Any]


@contextmanager
def trial(settings: config.Settings) -> Iterator[None]:
    """Puts the features on a database, in a transaction that is taken back."""
    before = config.settings()
    config.use(settings)
    try:
        with context.begin(), db.transaction():
            yield
            raise _TakenBack
    except _TakenBack:
        pass
    finally:
        config.use(before)


class _TakenBack(BaseException):
    pass


def statement_of(call: Callable[[], object]) -> Statement:
    """The statement that a call of a feature runs; the last one, where it runs several."""
    return statements_of(call)[-1]


def statements_of(call: Callable[[], object]) -> list[Statement]:
    """The statements that a call of a feature runs, one after another."""
    run: list[Statement] = []

    def recording(kind: Any, query: LiteralString, params: Mapping[str, Any], *others: Any, **more: Any) -> Any:
        run.append(Statement(query, params))
        return original(kind, query, params, *others, **more)

    original = db._run
    with mock.patch.object(db, "_run", recording):
        call()
    return run


def explain(connection: Connection[Any], statement: Statement, mode: Mode) -> Plan:
    """Runs a statement with its values typed as psycopg sends them, takes its changes back, and answers its plan."""
    names = list(dict.fromkeys(_PARAMETER.findall(statement.text)))
    text = _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", statement.text).replace("%%", "%")
    types = ", ".join(_type(connection, statement.values[name]) for name in names)
    given = sql.SQL(", ").join(sql.Literal(statement.values[name]) for name in names)
    with connection.transaction(force_rollback=True):
        connection.execute("SELECT set_config('plan_cache_mode', %s, true)", [mode])
        connection.execute(f"PREPARE explained ({types}) AS {text}".encode())
        run = sql.SQL("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE explained ({})").format(given)
        row = connection.execute(run).fetchone()
        connection.execute("DEALLOCATE explained")
    assert row is not None
    return Plan(row[0][0])


def _type(connection: Connection[Any], value: object) -> str:
    """The name of the type that psycopg declares for a value; `unknown` leaves it to the statement, as it does."""
    oid = Transformer(connection).get_dumper(value, PyFormat.AUTO).oid if value is not None else 0
    known = psycopg.adapters.types.get(oid) if oid else None
    if known is None:
        return "unknown"
    return f"{known.regtype}[]" if known.array_oid == oid else known.regtype


def _removed(node: Mapping[str, Any]) -> float:
    removed = sum(float(value) for name, value in node.items() if name.startswith("Rows Removed"))
    return removed * float(node["Actual Loops"])


class _Counter(msgspec.Struct, frozen=True):
    relname: str
    sequential: int
    by_index: int
    written: int


# The backend's own, which nobody else's reads are in.
_COUNTERS: LiteralString = """
SELECT relname::text, seq_tup_read::bigint AS sequential, idx_tup_fetch::bigint AS by_index,
    n_tup_ins + n_tup_upd + n_tup_del AS written
FROM pg_stat_xact_user_tables WHERE seq_tup_read > 0 OR idx_tup_fetch > 0 OR n_tup_ins + n_tup_upd + n_tup_del > 0
"""


class Reads:
    """What this thread's transaction (`db.transaction`) reads and writes from here on, by table.

    What functions read that a statement calls is in it too; a plan does not show that.
    """

    def __init__(self) -> None:
        # The counters may still hold what transactions before this one have read.
        self._before = self._counters()

    @property
    def sequential(self) -> dict[str, int]:
        """Rows of tables that were gone through from end to end."""
        return self._since(lambda counter: counter.sequential)

    @property
    def by_index(self) -> dict[str, int]:
        """Rows that an index led to."""
        return self._since(lambda counter: counter.by_index)

    @property
    def written(self) -> dict[str, int]:
        """Rows that were added, changed or removed."""
        return self._since(lambda counter: counter.written)

    def _since(self, count: Callable[[_Counter], int]) -> dict[str, int]:
        zero = _Counter("", 0, 0, 0)
        grown = {
            table: count(counter) - count(self._before.get(table, zero))
            for table, counter in self._counters().items()
        }
        return {table: rows for table, rows in grown.items() if rows}

    def _counters(self) -> dict[str, _Counter]:
        return {counter.relname: counter for counter in db.many(_Counter, _COUNTERS, {})}
