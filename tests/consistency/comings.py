"""Who becomes a member, and who stops being one, while the devices talk."""

import contextlib
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx
import psycopg

from local.processes import wait_until
from tests.consistency.device import Device
from tests.consistency.record import Change, Record
from tests.support.people import Person
from tests.support.server import Server

_MOST_GROUPS = 6
_PAUSE_SECONDS = (0.05, 0.4)

GoingOn = Callable[[], bool]


@dataclass(frozen=True)
class Comings:
    """Members come and go, by their own will and by others'; everybody is inside at the end.

    `members` are those of each chat at the end of the run; groups that are made meanwhile are added.
    """

    server: Server
    persons: Sequence[Person]
    members: dict[int, list[Person]]
    devices: Sequence[Device]
    record: Record
    seed: str

    def come_and_go(self, chat_id: int, going_on: GoingOn) -> None:
        """The last person leaves a public group or is removed from it, and joins or is added, again and again."""
        owner, guest = self.persons[0], self.persons[-1]
        dice = random.Random(f"{self.seed}:come and go")
        while going_on():
            self._out_and_in(owner, guest, chat_id, dice, may_join=True)

    def found_groups(self, going_on: GoingOn) -> None:
        """Makes groups of everybody, of which the devices hear while they are there or by sync, and removes members.

        A device so hears of a chat that is newer than its cursor, or that was joined again.
        """
        dice = random.Random(f"{self.seed}:found")
        founded: list[tuple[int, Person]] = []
        while going_on():
            if len(founded) < _MOST_GROUPS:
                owner = dice.choice(self.persons)
                founded.append((self._found(owner, f"late {len(founded)}"), owner))
                time.sleep(dice.uniform(*_PAUSE_SECONDS))
            chat_id, owner = dice.choice(founded)
            guest = dice.choice([person for person in self.persons if person is not owner])
            self._out_and_in(owner, guest, chat_id, dice, may_join=False)

    def bring_back(self) -> None:
        """Adds whom a request whose answer was lost has removed after they had been added again."""
        wait_until(lambda: not self.server.stack.functions.under_way, seconds=60)
        for chat_id, persons in self.members.items():
            owner = persons[0]
            chat = owner.http.get(f"/chats/{chat_id}").raise_for_status().json()
            inside = {participant["userId"] for participant in chat["participants"]}
            for person in persons:
                if person.id not in inside:
                    began = time.monotonic()
                    path = f"/chats/{chat_id}/participants"
                    owner.http.post(path, json={"userId": person.id}).raise_for_status()
                    change = Change("add", owner.id, chat_id, began, time.monotonic(), person.id)
                    self.record.acknowledged(change)

    def _found(self, owner: Person, name: str) -> int:
        began = time.monotonic()
        others = [person.id for person in self.persons if person is not owner]
        body = {"type": "group", "name": name, "participantIds": others}
        key = {"Idempotency-Key": f"{self.seed}:{name}"}
        while True:
            try:
                answer = owner.http.post("/chats", json=body, headers=key)
            except httpx.TransportError:  # a fault; it is tried again
                continue
            if answer.is_success:
                break
            time.sleep(0.05)
        chat_id = int(answer.json()["id"])
        self.members[chat_id] = [owner, *(person for person in self.persons if person is not owner)]
        self.record.acknowledged(Change("found", owner.id, chat_id, began, time.monotonic()))
        for device in self.devices:
            device.enters(chat_id)
        return chat_id

    def _out_and_in(self, owner: Person, guest: Person, chat_id: int, dice: random.Random, *, may_join: bool) -> None:
        path = f"/chats/{chat_id}/participants"
        ways = {
            "remove": lambda: owner.http.delete(f"{path}/{guest.id}"),
            "leave": lambda: guest.http.post(f"/chats/{chat_id}/leave"),
            "add": lambda: owner.http.post(path, json={"userId": guest.id}),
            "join": lambda: guest.http.post(f"/chats/{chat_id}/join"),
        }
        self._until_answered(("remove", "leave"), ways, dice, (owner, guest, chat_id))
        time.sleep(dice.uniform(*_PAUSE_SECONDS))
        self._note_moment()
        self._until_answered(("add", "join") if may_join else ("add",), ways, dice, (owner, guest, chat_id))
        time.sleep(dice.uniform(*_PAUSE_SECONDS))

    def _until_answered(
        self,
        kinds: Sequence[str],
        ways: dict[str, Callable[[], httpx.Response]],
        dice: random.Random,
        about: tuple[Person, Person, int],
    ) -> None:
        """A try whose answer was lost may have been the one that did it: it is tried until one is answered."""
        owner, guest, chat_id = about
        began = time.monotonic()
        while True:
            kind = dice.choice(kinds)
            try:
                answer = ways[kind]()
            except httpx.TransportError:  # a fault; it is tried again
                continue
            # A removal whose answer was lost finds nobody to remove.
            if answer.is_success or (kind in {"remove", "leave"} and answer.status_code == 404):
                self.record.acknowledged(Change(kind, owner.id, chat_id, began, time.monotonic(), guest.id))
                return
            time.sleep(0.05)

    def _note_moment(self) -> None:
        """As the sweep does each minute, but right now: sync tells a newcomer only what changed since."""
        with contextlib.suppress(psycopg.OperationalError):  # the database is just being restarted
            self.server.sql("INSERT INTO snapshots (taken_at) VALUES (now() - interval '9 seconds')")
