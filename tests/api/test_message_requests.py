"""Message requests: who may write first, and chats that wait until they are accepted, declined or answered."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.answers import refusal, refused_fields
from tests.support.groups import changes
from tests.support.kept import Copy
from tests.support.people import Person, Register
from tests.support.scene import in_an_hour

Wire = dict[str, Any]


@pytest.fixture
def bob(person: Register) -> Person:
    return person("bob")


def _lets(who: Person, rule: str) -> None:
    who.http.patch("/users/me/privacy", json={"messages": rule}).raise_for_status()


def _asked(asker: Person, asked: Person) -> int:
    """A request of one user to another one, with a message."""
    _lets(asked, "requests")
    chat = asker.chat_with(asked)
    asker.send(chat, "We have not met")
    return chat


def _listed(who: Person, **query: Any) -> list[int]:
    return [chat["id"] for chat in who.http.get("/chats", params=query).json()["chats"]]


def _answer(who: Person, chat: int, verb: str) -> Wire:
    answered: Wire = who.http.post(f"/chats/{chat}/{verb}").raise_for_status().json()
    return answered


def _write(who: Person, chat: int) -> Any:
    return who.http.post("/messages", json={"chatId": chat, "content": "hello"})


@pytest.mark.parametrize(
    ("rule", "is_contact", "outcome"),
    [
        ("everyone", False, "chat"),
        ("requests", False, "request"),
        ("requests", True, "chat"),
        ("contacts", False, "refused"),
        ("contacts", True, "chat"),
        ("nobody", True, "refused"),
    ],
)
def test_who_may_write_first(alice: Person, bob: Person, rule: str, is_contact: bool, outcome: str) -> None:
    _lets(alice, rule)
    if is_contact:
        alice.http.post("/contacts", json={"userId": bob.id}).raise_for_status()
    begun = bob.http.post("/chats", json={"type": "private", "participantIds": [alice.id]})
    if outcome == "refused":
        assert refusal(begun) == (403, "writing_refused")
        assert _listed(alice) == _listed(alice, requests=True) == []
        return
    chat = begun.json()["id"]
    assert begun.json()["isRequest"] is False, "who begins it is not told"
    assert alice.http.get(f"/chats/{chat}").json()["isRequest"] is (outcome == "request")
    assert (_listed(alice), _listed(alice, requests=True)) == (([chat], []) if outcome == "chat" else ([], [chat]))
    assert _listed(bob) == [chat]
    assert _write(bob, chat).status_code == 201


def test_a_rule_holds_for_what_is_begun_by_others_from_then_on(alice: Person, bob: Person, person: Register) -> None:
    before = bob.chat_with(alice)
    _lets(alice, "nobody")
    assert bob.chat_with(alice) == before
    assert _write(bob, before).status_code == 201
    carol = person("carol")
    assert _write(alice, alice.chat_with(carol)).status_code == 201
    assert alice.http.post("/chats", json={"type": "private", "participantIds": [alice.id]}).status_code == 201


def test_a_request_is_listed_apart_and_counts_as_nothing_unread(alice: Person, bob: Person) -> None:
    chat, friend = _asked(bob, alice), alice.chat_with(bob, name="known")
    assert (_listed(alice), _listed(alice, requests=True)) == ([friend], [chat])
    assert alice.http.get("/unread").json() == {
        "unreadCount": 0,
        "unreadChats": 0,
        "requestCount": 1,
        "missedCalls": 0,
        "chats": [],
    }
    fields = [("requests", "contradiction")]
    assert refused_fields(alice.http.get("/chats", params={"userId": bob.id, "requests": True})) == fields
    assert alice.http.get("/chats", params={"userId": bob.id}).json()["chats"][0]["isRequest"] is True


def test_who_asks_learns_neither_of_delivery_nor_of_reading(alice: Person, bob: Person) -> None:
    chat = _asked(bob, alice)
    for verb in ("delivered", "read"):
        marks = alice.http.post(f"/chats/{chat}/{verb}", json={}).json()
        assert (marks["deliveredSeq"], marks["readSeq"], marks["unreadCount"]) == (0, 0, 1)
    assert bob.http.get(f"/chats/{chat}").json()["lastMessage"]["status"] == "sent"
    _answer(alice, chat, "accept")
    alice.http.post(f"/chats/{chat}/read", json={}).raise_for_status()
    assert bob.http.get(f"/chats/{chat}").json()["lastMessage"]["status"] == "read"


def test_accepting_makes_it_a_chat_on_all_devices(alice: Person, bob: Person) -> None:
    chat = _asked(bob, alice)
    ears, theirs, cursor = alice.socket(), bob.socket(), changes(alice)[1]
    first = _answer(alice, chat, "accept")
    assert (first["isRequest"], first["hidden"], _answer(alice, chat, "accept")) == (False, False, first)
    ears.act("ping")
    assert [event["data"] for event in ears.events("chat:personal")] == [first]
    (told,) = (event["data"] for event in changes(alice, cursor)[0] if event["type"] == "chat:updated")
    assert (told["isRequest"], told["unreadCount"]) == (False, 1)
    theirs.act("ping")
    assert theirs.events("chat:sending") == [], "who asks is told nothing"
    assert (_listed(alice), alice.http.get("/unread").json()["unreadCount"]) == ([chat], 1)


def test_answering_accepts(alice: Person, bob: Person) -> None:
    chat = _asked(bob, alice)
    alice.send(chat, "Hello!")
    assert (_listed(alice), _listed(alice, requests=True)) == ([chat], [])
    assert bob.http.get(f"/chats/{chat}").json()["participants"][0]["readSeq"] == 2


def test_forwarding_into_it_answers_as_well(alice: Person, bob: Person) -> None:
    chat = _asked(bob, alice)
    note = alice.send(alice.chat_with(alice), "a note")
    alice.http.post(f"/messages/{note['id']}/forward", json={"chatIds": [chat]}).raise_for_status()
    assert alice.http.get(f"/chats/{chat}").json()["isRequest"] is False


def test_declining_closes_it_to_who_asked(alice: Person, bob: Person) -> None:
    chat = _asked(bob, alice)
    theirs, cursor = bob.socket(), changes(bob)[1]
    first = _answer(alice, chat, "decline")
    assert (first["hidden"], first["isRequest"], _answer(alice, chat, "decline")) == (True, True, first)
    closed = {"canSend": False, "cannotSendReason": "request_declined"}
    assert theirs.wait_for("chat:sending")["data"] == {"chatId": chat, **closed}
    (told,) = (event["data"] for event in changes(bob, cursor)[0] if event["type"] == "chat:updated")
    assert {name: told[name] for name in closed} == closed
    assert _listed(alice) == _listed(alice, requests=True) == []
    assert alice.http.get("/unread").json()["requestCount"] == 0
    assert bob.chat_with(alice) == chat, "it is found, and stays closed"
    note = bob.send(bob.chat_with(bob), "a note")
    said = alice.http.get(f"/chats/{chat}/messages").json()["messages"][0]["id"]
    for attempt in (
        _write(bob, chat),
        bob.http.post("/scheduled-messages", json={"chatId": chat, "content": "x", "sendAt": in_an_hour()}),
        bob.http.post(f"/messages/{note['id']}/forward", json={"chatIds": [chat]}),
        bob.http.patch(f"/messages/{said}", json={"content": "another text"}),
        bob.http.put(f"/messages/{said}/reactions/👍"),
        bob.http.put(f"/messages/{said}/pin"),
        bob.http.post("/calls", json={"chatId": chat}),
    ):
        assert refusal(attempt) == (403, "request_declined"), attempt.request.url
    assert theirs.refused("message:send", {"chatId": chat, "content": "hello"})["code"] == "request_declined"


def test_a_declined_request_can_be_accepted(alice: Person, bob: Person) -> None:
    chat = _asked(bob, alice)
    theirs = bob.socket()
    _answer(alice, chat, "decline")
    theirs.wait_for("chat:sending", canSend=False)
    accepted = _answer(alice, chat, "accept")
    theirs.wait_for("chat:sending", canSend=True)
    assert _write(bob, chat).status_code == 201
    assert _answer(alice, chat, "decline") == accepted, "it is no request any more"
    assert _write(bob, chat).status_code == 201


def test_who_answers_after_declining_opens_it_again(alice: Person, bob: Person) -> None:
    chat = _asked(bob, alice)
    _answer(alice, chat, "decline")
    alice.chat_with(bob)
    assert _listed(alice, requests=True) == [chat], "who opens it again finds it among the requests"
    assert refusal(_write(bob, chat)) == (403, "request_declined")
    alice.send(chat, "Sorry, hello")
    assert bob.http.get(f"/chats/{chat}").json()["canSend"] is True
    assert _write(bob, chat).status_code == 201


@pytest.mark.usefixtures("forgotten_timers")
def test_a_request_does_not_ring_and_its_messages_can_be_reported(alice: Person, bob: Person) -> None:
    chat = _asked(bob, alice)
    assert refusal(bob.http.post("/calls", json={"chatId": chat})) == (403, "call_refused")
    assert refusal(bob.http.post("/calls", json={"userId": alice.id})) == (403, "call_refused")
    said = alice.http.get(f"/chats/{chat}/messages").json()["messages"][0]["id"]
    report = {"subjectKind": "message", "subjectId": said, "reason": "spam"}
    assert alice.http.post("/reports", json=report).status_code == 201
    _answer(alice, chat, "accept")
    assert bob.http.post("/calls", json={"chatId": chat}).status_code == 201


def test_nobody_else_answers_a_request(alice: Person, bob: Person, person: Register) -> None:
    chat = _asked(bob, alice)
    for verb in ("accept", "decline"):
        assert refusal(person(f"carol.{verb}").http.post(f"/chats/{chat}/{verb}")) == (404, "not_found")
        assert _answer(bob, chat, verb)["hidden"] is False, "who asks answers nothing"
    assert alice.http.get(f"/chats/{chat}").json()["isRequest"] is True


def test_who_was_away_keeps_what_there_is(alice: Person, bob: Person) -> None:
    def copy() -> Copy:
        return Copy(alice.id, lambda path, query: alice.http.get(path, params=query).json())

    kept = copy()
    kept.sync()
    steps: tuple[Callable[[int], Any], ...] = (
        lambda _: _asked(bob, alice),
        lambda chat: _answer(alice, chat, "decline"),
        lambda chat: _answer(alice, chat, "accept"),
        lambda chat: alice.send(chat, "Hello!"),
    )
    for step in steps:
        step(max(kept.chats, default=0))
        kept.sync()
        fresh = copy()
        fresh.sync()
        # A list of chats names nobody of those that are hidden.
        assert {**kept.shown(), "users": {}} == {**fresh.shown(), "users": {}}
