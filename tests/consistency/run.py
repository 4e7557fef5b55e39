"""One run: people on several devices talk while things go wrong, and then everything is compared."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.core.migrations import migrate
from local.postgres import Postgres
from tests.consistency.chaos import Chaos
from tests.consistency.check import violations
from tests.consistency.device import Device
from tests.consistency.record import Change, Record
from tests.support import people
from tests.support.people import Person
from tests.support.server import Server

_DATABASE = "messenger"


@dataclass
class Report:
    """What a run did, what went wrong in it, and what rule was broken."""

    seed: int
    seconds: float = 0.0
    changes: dict[str, int] = field(default_factory=dict)
    events: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        """How many changes were acknowledged."""
        return sum(self.changes.values())


def run(
    server: Server, *, seed: int, changes: int, pause: float = 0.3, progress: Callable[[int], None] = lambda _: None
) -> Report:
    """Runs until so many changes are acknowledged, on a database of its own that may be killed."""
    began = time.monotonic()
    with Postgres.temporary() as postgres:
        url = postgres.ensure(_DATABASE)
        migrate(url)
        with server.settings(database_url=url):
            own = Server(server.stack, url)
            report = _run(own, postgres, seed, changes, pause, progress)
            server.settle()
    report.seconds = time.monotonic() - began
    return report


def _run(
    server: Server, postgres: Postgres, seed: int, changes: int, pause: float, progress: Callable[[int], None]
) -> Report:
    record = Record()
    persons = [people.register(server.url, name) for name in ("anna", "boris", "clara", "dmitri")]
    members = _chats(persons)
    devices = [
        Device(person, number, [chat for chat, inside in members.items() if person in inside], record, seed)
        for person in persons
        for number in (1, 2)
    ]
    chaos = Chaos(server.faults, postgres, _DATABASE, seed=seed, pause=pause)
    going_on = lambda: len(record.changes) < changes  # noqa: E731  # shared by all the threads
    threads = [threading.Thread(target=device.run, args=(going_on,)) for device in devices]
    threads.append(threading.Thread(target=_come_and_go, args=(persons, members, record, seed, going_on)))
    chaos.start()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        progress(len(record.changes))
        time.sleep(0.2)
    chaos.stop()
    server.settle()
    for device in devices:
        device.sync()
    report = Report(seed, events=len(record.heard), faults=chaos.counts)
    for change in record.changes:
        report.changes[change.kind] = report.changes.get(change.kind, 0) + 1
    report.violations = violations(server, record, members, devices)
    for person in persons:
        person.close()
    return report


def _chats(persons: list[Person]) -> dict[int, list[Person]]:
    """A private chat of the first two, a group of all, and a group that the last one keeps leaving."""
    anna, boris, *_ = persons
    return {
        anna.chat_with(boris): [anna, boris],
        anna.chat_with(*persons[1:], name="all"): persons,
        anna.chat_with(*persons[1:], name="come and go"): persons,
    }


def _come_and_go(
    persons: list[Person], members: dict[int, list[Person]], record: Record, seed: int, going_on: Callable[[], bool]
) -> None:
    """The owner removes the last member of the last chat and adds them again, and leaves them inside at the end."""
    owner, guest, chat_id = persons[0], persons[-1], list(members)[-1]
    dice = random.Random(f"{seed}:come and go")
    inside, began = True, None
    while going_on() or not inside:
        # A try whose answer was lost may have been the one that did it.
        began = began or time.monotonic()
        try:
            if inside:
                answer = owner.http.delete(f"/chats/{chat_id}/participants/{guest.id}")
            else:
                answer = owner.http.post(f"/chats/{chat_id}/participants", json={"userId": guest.id})
        except Exception:  # a fault; it is tried again
            continue
        # A removal whose answer was lost finds nobody to remove.
        if answer.status_code < 300 or (inside and answer.status_code == 404):
            kind = "remove" if inside else "add"
            record.acknowledged(Change(kind, owner.id, chat_id, began, time.monotonic(), guest.id))
            inside, began = not inside, None
        time.sleep(dice.uniform(0.05, 0.4))
