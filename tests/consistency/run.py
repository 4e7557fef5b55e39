"""A run: people on several devices talk while things go wrong, and then everything is compared.

It goes in rounds, on one database that keeps growing: each has people and chats of its own and ends with its own
comparison, so that a long run costs what its length says and tells early what is wrong.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.core.migrations import migrate
from local.postgres import Postgres
from tests.consistency.chaos import Chaos
from tests.consistency.check import violations
from tests.consistency.comings import Comings
from tests.consistency.device import Device
from tests.consistency.library import LibraryDevice
from tests.consistency.record import Record
from tests.support import people
from tests.support.people import Person
from tests.support.server import Server

_DATABASE = "messenger"
ROUND_CHANGES = 4_000
# A status that was shed is looked at again half a minute later, and twice that where the load lasts.
_SETTLE_SECONDS = 120.0


@dataclass
class Report:
    """What a run did, what went wrong in it, and what rule was broken."""

    seed: int
    rounds: int = 0
    seconds: float = 0.0
    changes: Counter[str] = field(default_factory=Counter)
    events: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    # What happened in the round that broke a rule.
    evidence: Record | None = None

    @property
    def acknowledged(self) -> int:
        """How many changes were acknowledged."""
        return self.changes.total()


def run(
    server: Server,
    *,
    seed: int,
    changes: int,
    library: bool = False,
    progress: Callable[[int], None] = lambda _: None,
    keep: Callable[[Report], None] = lambda _: None,
) -> Report:
    """Runs until so many changes are acknowledged or a rule is broken, on a database of its own that may be killed.

    With `library`, each second device of the first and of the last person does everything through the client library.
    `progress` hears how many are acknowledged by now; `keep` gets the report after every round.
    """
    began = time.monotonic()
    report = Report(seed)
    with Postgres.temporary() as postgres:
        url = postgres.ensure(_DATABASE)
        migrate(url)
        with server.settings(database_url=url):
            own = Server(server.stack, url)
            while report.acknowledged < changes and not report.violations:
                wanted = min(ROUND_CHANGES, changes - report.acknowledged)
                chaos = Chaos(server.stack, postgres, _DATABASE, seed=f"{seed}:{report.rounds}")
                _round(own, chaos, report, _Wishes(wanted, library), progress)
                report.seconds = time.monotonic() - began
                keep(report)
            server.settle(_SETTLE_SECONDS)
    return report


@dataclass(frozen=True)
class _Wishes:
    """How many changes, and whether some devices use the client library."""

    changes: int
    library: bool


def _round(server: Server, chaos: Chaos, report: Report, wanted: _Wishes, progress: Callable[[int], None]) -> None:
    """People of their own talk until so many changes are acknowledged; adds what happened to the report."""
    report.rounds += 1
    seed = f"{report.seed}:{report.rounds}"
    record = Record()
    names = ("anna", "boris", "clara", "dmitri")
    persons = [people.register(server.url, f"{name}{report.rounds}") for name in names]
    members = _chats(persons)
    by_library = {(persons[0].id, 2), (persons[-1].id, 2)} if wanted.library else set()
    devices = [
        (LibraryDevice if (person.id, number) in by_library else Device)(
            person, number, [chat for chat, inside in members.items() if person in inside], record, seed
        )
        for person in persons
        for number in (1, 2)
    ]
    going_on = lambda: len(record.changes) < wanted.changes  # noqa: E731  # shared by all the threads
    threads = [threading.Thread(target=device.run, args=(going_on,)) for device in devices]
    comings = Comings(server, persons, members, devices, record, seed)
    threads.append(threading.Thread(target=comings.come_and_go, args=(list(members)[-1], going_on)))
    threads.append(threading.Thread(target=comings.found_groups, args=(going_on,)))
    chaos.start()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        progress(report.acknowledged + len(record.changes))
        time.sleep(0.2)
    chaos.stop()
    comings.bring_back()
    server.settle(_SETTLE_SECONDS)
    for device in devices:
        device.finish()
    report.changes.update(change.kind for change in record.changes)
    report.faults.update(chaos.counts)
    report.events += len(record.heard)
    report.violations += violations(server, record, members, devices)
    if report.violations:
        report.evidence = record
    for device in devices:
        device.close()
    for person in persons:
        person.close()


def _chats(persons: list[Person]) -> dict[int, list[Person]]:
    """A private chat of the first two, a group of all, and a public group that the last one keeps leaving."""
    anna, boris, *_ = persons
    public = anna.chat_with(*persons[1:], name="come and go")
    anna.http.patch(f"/chats/{public}", json={"isPublic": True}).raise_for_status()
    return {
        anna.chat_with(boris): [anna, boris],
        anna.chat_with(*persons[1:], name="all"): persons,
        public: persons,
    }
