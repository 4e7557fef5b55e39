"""What goes wrong in a run, by a seed: the cloud's faults, dropped connections, a database killed and restarted."""

import random
import threading
from collections import Counter
from collections.abc import Callable

import psycopg

from local.faults import Fault
from local.postgres import Postgres
from local.stack import Stack

# Each with its victim and the least and most of its value; a kill strikes anywhere in a send, its commit included.
_FAULTS: tuple[tuple[Fault, str | None, float, float], ...] = (
    (Fault.POST_GONE, None, 1.0, 1.0),
    (Fault.POST_THROTTLED, None, 1.0, 1.0),
    # Long enough for the queue to carry on one chat what was posted at once before and after.
    (Fault.POST_LOST, None, 2.5, 2.5),
    (Fault.DISCONNECT_LOST, None, 1.0, 1.0),
    (Fault.TRIGGER_DOUBLED, "push", 1.0, 1.0),
    (Fault.TRIGGER_REORDERED, "push", 1.0, 1.0),
    (Fault.KILL_BEFORE, "websocket_message", 1.0, 1.0),
    (Fault.KILL_AFTER, "websocket_message", 1.0, 1.0),
    (Fault.KILL_BEFORE, "api_handler", 1.0, 1.0),
    (Fault.KILL_AFTER, "api_handler", 1.0, 1.0),
    (Fault.KILL_AT, "websocket_message", 0.001, 0.02),
    (Fault.KILL_AT, "api_handler", 0.001, 0.02),
    (Fault.KILL_AT, "push", 0.001, 0.02),
    (Fault.KILL_BEFORE, "push", 1.0, 1.0),
    (Fault.KILL_AFTER, "push", 1.0, 1.0),
    (Fault.SERVICE_FAILING, "dynamodb", 1.0, 1.0),
    (Fault.SERVICE_FAILING, "sqs", 1.0, 1.0),
    (Fault.SERVICE_SLOW, "dynamodb", 0.3, 0.3),
)
_PAUSE_SECONDS = (0.15, 0.45)


class Chaos:
    """Makes something go wrong every so often, until `stop`. `counts` tells what and how often."""

    def __init__(self, stack: Stack, postgres: Postgres, database: str, *, seed: str) -> None:
        self.counts: Counter[str] = Counter()
        self._faults = stack.faults
        self._postgres = postgres
        self._functions = stack.functions
        # Containers stopped between events, so that what they keep open grows old unnoticed.
        self._frozen = False
        self._database = database
        self._random = random.Random(f"{seed}:chaos")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chaos", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Takes back what is armed; the database runs when this returns."""
        self._stopping.set()
        self._thread.join()
        self._faults.clear()
        self._functions.renew(frozen=False)

    def _run(self) -> None:
        while not self._stopping.wait(self._random.uniform(*_PAUSE_SECONDS)):
            chance = self._random.random()
            if chance < 0.03:
                self._did("database killed", self._kill_database)
            elif chance < 0.15:
                self._did("database connections dropped", self._drop_connections)
            elif chance < 0.18:
                self._frozen = not self._frozen
                self._did("containers replaced", lambda: self._functions.renew(frozen=self._frozen))
            else:
                fault, of, least, most = self._random.choice(_FAULTS)
                value = self._random.uniform(least, most)
                times = self._random.randint(1, 3)
                name = f"{fault.value} {of or ''}".strip()
                # One at a time: what nothing has met yet would pile up until nothing gets through.
                self._faults.clear()
                self._did(name, lambda: self._faults.arm(fault, of=of, times=times, value=value))  # noqa: B023  # run at once

    def _did(self, name: str, deed: Callable[[], None]) -> None:
        deed()
        self.counts[name] += 1

    def _kill_database(self) -> None:
        self._postgres.kill()
        self._postgres.start()

    def _drop_connections(self) -> None:
        try:
            with psycopg.connect(self._postgres.url("postgres"), autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (self._database,)
                )
        except psycopg.OperationalError:
            pass  # it is just being restarted
