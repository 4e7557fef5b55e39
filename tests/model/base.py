"""What the rules of the machine share: users of the service, their answers beside the model's, and what must hold."""

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant

from tests.model.chat_rules import RefusedError
from tests.model.message_rules import Model
from tests.model.state import Chat, Invite, Message, seen
from tests.support import people
from tests.support.answers import refusal
from tests.support.kept import Copy
from tests.support.people import Person
from tests.support.server import Server
from tests.support.socket import Socket

NAMES = ("anna", "boris", "clara", "dmitri")
DEVICES = 2

T = TypeVar("T")

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """An answer by REST or socket. `code` is a refusal's; a socket's ack has no status."""

    status: int | None
    code: str | None
    body: Any


class World(RuleBasedStateMachine):
    """A few users who know nobody else, and the model of what they do.

    There is a group of them all and a private chat to begin with. `tally` counts over all examples what was done and
    how it ended.
    """

    chats: "Bundle[Chat]" = Bundle("chats")
    groups: "Bundle[Chat]" = Bundle("groups")
    messages: "Bundle[Message]" = Bundle("messages")
    invites: "Bundle[Invite]" = Bundle("invites")

    def __init__(self, server: Server, tally: "Counter[tuple[str, str]]") -> None:
        super().__init__()
        self.tally = tally
        number = next(_numbers)
        self.persons = [people.register(server.url, f"{name}{number}") for name in NAMES]
        self.model = Model(users={person.id: person.username for person in self.persons})
        self.devices = [Copy(person.id, self._asker(person)) for person in self.persons for _ in range(DEVICES)]
        self.touched: Chat | None = None
        self.changed = False
        self._turns = itertools.cycle(self.persons)
        self._sockets: dict[int, Socket] = {}
        self._times: dict[int, tuple[Any, str]] = {}

    def teardown(self) -> None:
        """At the end everything is looked at once, by everybody."""
        try:
            for chat in self.model.chats:
                for person in self.persons:
                    self._check_chat(chat, person)
            for device in self.devices:
                self.check_copy(device, limit=100)
        finally:
            for person in self.persons:
                person.close()

    def who(self, number: int, chat: Chat | None = None) -> Person:
        """Somebody: the first numbers are anybody's, the others of the chat's members, where it has some."""
        members = sorted(chat.members) if chat else []
        if number < len(self.persons) or not members:
            return self.persons[number % len(self.persons)]
        return self.person(members[number % len(members)])

    def person(self, user_id: int) -> Person:
        """The user of this id."""
        return next(person for person in self.persons if person.id == user_id)

    def soon(self, span: timedelta) -> str:
        """A time from now, as the wire has it."""
        return (datetime.now(UTC) + span).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def ask(self, person: Person, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        """Asks by REST."""
        answer = person.http.request(method, path, json=body, params=query)
        if answer.status_code >= 400:
            status, code = refusal(answer)
            return Answer(status, code, answer.json())
        return Answer(answer.status_code, None, answer.json() if answer.content else None)

    def act(self, person: Person, action: str, data: Any) -> Answer:
        """Asks by the person's socket."""
        if person.id not in self._sockets:
            self._sockets[person.id] = person.socket()
        frame = self._sockets[person.id].request(action, data)
        if frame["type"] == "error":
            return Answer(frame["error"]["status"], frame["error"]["code"], frame["error"])
        return Answer(None, None, frame["data"])

    def agreed(self, verb: str, answer: Answer, predict: Callable[[], T], chat: Chat | None = None) -> T | None:
        """Lets the model do what the service did. None where both refuse, and they must refuse alike."""
        self.touched, self.changed = chat, False
        try:
            predicted, refused = predict(), None
        except RefusedError as error:
            refused = error
        if refused is not None:
            self.tally[verb, refused.code] += 1
            assert (answer.status, answer.code) == (refused.status, refused.code), (verb, answer.body)
            return None
        self.tally[verb, "done"] += 1
        self.changed = True
        assert answer.code is None, (verb, answer.body)
        if chat is not None:
            self.meet_stories(chat)
        return predicted

    def meet_stories(self, chat: Chat) -> None:
        """Takes the ids that the service chose for the messages that tell a group's story."""
        new = {message.seq: message for message in chat.messages if message.system is not None and not message.id}
        if new and chat.members:
            query = {"after": min(new) - 1, "limit": 100}
            page = self.ask(self.person(min(chat.members)), "GET", f"/chats/{chat.id}/messages", **query)
            for told in page.body["messages"]:
                if told["seq"] in new:
                    new[told["seq"]].id = told["id"]

    def check_copy(self, device: Copy, limit: int) -> None:
        """A device that has all changes keeps what one would that loads everything now."""
        # The pages that may be under way lead to where things stood when they began; then come those since.
        device.sync(limit)
        device.sync(limit)
        fresh = Copy(device.user_id, self._asker(self.person(device.user_id)))
        fresh.sync()
        assert device.shown() == fresh.shown()
        self.tally["catch_up", "done"] += 1

    @invariant()
    def lists_are_as_the_model_has_them(self) -> None:
        """Each user's list of chats, with marks, counts and last messages."""
        for person in self.persons if self.changed else ():
            chats = self.ask(person, "GET", "/chats", limit=100).body["chats"]
            assert seen(chats) == [self.model.seen_chat(chat, person.id) for chat in self.model.listed(person.id)]
            for chat in chats:
                assert chat["readSeq"] <= chat["deliveredSeq"] <= chat["lastSeq"]

    @invariant()
    def a_chat_is_as_the_model_has_it(self) -> None:
        """The chat that the last step was about, as one member sees it; for others it is not there."""
        if self.touched is not None:
            self._check_chat(self.touched, next(self._turns))

    @invariant()
    def a_group_has_an_owner_as_long_as_it_has_members(self) -> None:
        """In the model, whose roles are the service's by the rule above."""
        for chat in self.model.chats:
            assert chat.type == "private" or not chat.members or chat.owners()

    def _check_chat(self, chat: Chat, person: Person) -> None:
        shown = self.ask(person, "GET", f"/chats/{chat.id}")
        history = self.ask(person, "GET", f"/chats/{chat.id}/messages", after=0, limit=100)
        if person.id not in chat.members:
            assert (shown.code, history.code) == ("not_found", "not_found")
            return
        assert seen(shown.body) == self.model.seen_chat(chat, person.id)
        own = chat.shown_to(person.id)
        assert seen(history.body["messages"]) == [self.model.seen_message(message, person.id) for message in own]
        for message in history.body["messages"]:
            self._check_time(message)

    def _check_time(self, message: Any) -> None:
        """Of two states of a message the later one has the later time; a quote is a part of the message it is of."""
        state = {name: value for name, value in message.items() if name not in {"status", "updatedAt", "quote"}}
        earlier, time = self._times.get(message["id"], (state, message["updatedAt"]))
        assert message["updatedAt"] == time if state == earlier else message["updatedAt"] > time
        self._times[message["id"]] = (state, message["updatedAt"])

    def _asker(self, person: Person) -> Callable[..., Any]:
        return lambda path, query: self.ask(person, "GET", path, **query).body
