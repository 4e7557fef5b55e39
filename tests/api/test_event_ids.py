"""What sync tells has the id of the live event that told the same, so that a client can leave out what it has."""

from typing import Any

from chalicelib.realtime.events import CATALOGUE
from tests.support.asking import KEYS
from tests.support.groups import changes
from tests.support.people import Person, Register

Wire = dict[str, Any]

# Of these sync tells what they have changed: as `message:updated` or `chat:updated`, if it outlasts them.
LIVE_ALONE = {
    *("hello", "message:reaction", "typing:start", "typing:stop", "user:status", "session:revoked"),
    *("chat:joined", "chat:personal", "chat:sending", "member:joined", "member:left", "member:updated"),
    *(kind for kind in CATALOGUE if kind.startswith(("call:", "assistant:"))),
    *("keys:low", "keys:message", "webhook:disabled"),
}


def _ok(who: Person, method: str, path: str, body: Any = None) -> Wire:
    answer = who.http.request(method, path, json=body)
    assert answer.status_code < 300, answer.text
    found: Wire = answer.json() if answer.content else {}
    return found


def _here(who: Person) -> str:
    return changes(who, None)[1]


def test_each_type_has_one_id_live_and_by_sync(person: Register) -> None:
    alice, bob, carol, dave, erin = (person(name) for name in ("alice", "bob", "carol", "dave", "erin"))
    chat, team, former = alice.chat_with(bob), alice.chat_with(bob, name="Team"), alice.chat_with(bob, name="Former")
    edited, deleted = (alice.send(chat, text) for text in ("edited", "deleted"))
    head = dave.send(dave.chat_with(bob), "head")
    poll = {"options": ["yes", "no"], "isAnonymous": True}
    question = alice.send(chat, "well?", messageType="poll", poll=poll)
    _ok(bob, "POST", f"/chats/{chat}/read", {})
    _ok(bob, "POST", "/contacts", {"userId": carol.id})
    _ok(bob, "PUT", f"/blocks/{erin.id}")
    waiting = bob.schedule(chat)
    cursor, ears = _here(bob), bob.socket()

    _ok(alice, "PUT", f"/messages/{edited['id']}", {"content": "better"})
    _ok(alice, "DELETE", f"/messages/{deleted['id']}")
    alice.send(chat, "news")
    reply = dave.send(head["chatId"], "reply", replyTo=head["id"])
    _ok(bob, "POST", f"/messages/{reply['id']}/thread/read", {})
    _ok(bob, "PUT", f"/chats/{chat}/draft", {"content": "and"})
    _ok(bob, "PUT", f"/messages/{question['id']}/vote", {"options": [0]})
    bob.send(chat, "read this")
    _ok(alice, "POST", f"/chats/{chat}/delivered", {})
    _ok(alice, "POST", f"/chats/{chat}/read", {})
    _ok(bob, "POST", "/contacts", {"userId": dave.id, "name": "D."})
    _ok(bob, "DELETE", f"/contacts/{carol.id}")
    _ok(bob, "PUT", f"/blocks/{carol.id}")
    _ok(bob, "DELETE", f"/blocks/{erin.id}")
    _ok(bob, "PATCH", "/users/me/privacy", {"lastSeen": "contacts"})
    bob.schedule(chat)
    _ok(bob, "DELETE", f"/messages/scheduled/{waiting}")
    _ok(alice, "PATCH", "/users/me", {"displayName": "Alice A."})
    _ok(bob, "PUT", "/keys", KEYS)
    alice.chat_with(bob, name="New")
    _ok(alice, "PATCH", f"/chats/{team}", {"name": "The team"})
    _ok(alice, "DELETE", f"/chats/{former}/participants/{bob.id}")
    ears.wait_for("chat:left")
    ears.act("ping")

    live = {(frame["type"], frame["eventId"]) for frame in list(ears.frames) if "eventId" in frame}
    told = changes(bob, cursor)[0]
    shared = {event["type"] for event in told if (event["type"], event["eventId"]) in live}
    assert {event["type"] for event in told} == shared
    assert shared | LIVE_ALONE == CATALOGUE.keys()
    again = {event["eventId"] for event in changes(bob, cursor)[0]}
    assert {event["eventId"] for event in told} == again, "asked again, the same is told by the same ids"


def test_another_state_has_another_id_though_it_looks_the_same(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    group = alice.chat_with(bob, name="Friends")
    ears, cursor = bob.socket(), _here(bob)
    for name in ("A.", "B.", "A."):
        _ok(bob, "POST", "/contacts", {"userId": alice.id, "name": name})
    bob.send(group, "read this")
    _ok(alice, "POST", f"/chats/{group}/read", {})
    for shares in (False, True):
        _ok(alice, "PATCH", "/users/me/privacy", {"readReceipts": shares})
    _ok(alice, "DELETE", f"/chats/{group}/participants/{bob.id}")
    _ok(alice, "POST", f"/chats/{group}/participants", {"userIds": [bob.id, carol.id]})
    ears.wait_for("chat:created")
    ears.act("ping")
    live = {frame["eventId"]: frame["data"] for frame in list(ears.frames) if "eventId" in frame}
    assert sum(name.startswith("contact:") for name in live) == 3
    told = {event["type"]: event for event in changes(bob, cursor)[0]}
    assert live[told["contact:updated"]["eventId"]]["name"] == "A."
    # Its devices may have dropped the chat, and what was hidden between is not what they have.
    for kind in ("messages:read", "chat:created", "message:new"):
        assert told[kind]["eventId"] not in live, kind
