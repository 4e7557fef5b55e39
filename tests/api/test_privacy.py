"""What one lets others see: when one is there, by rule, contact and block, wherever one appears."""

from typing import Any

import pytest

from tests.support.answers import refusal, refused_fields
from tests.support.people import Person, Register
from tests.support.presence import come
from tests.support.server import Server

# What nobody has chosen yet.
_RULES = {"readReceipts": True, "lastSeen": "everyone", "calls": "everyone", "messages": "everyone"}
HIDDEN = {"status": "offline", "lastSeenAt": None}


def _privacy(who: Person, **change: Any) -> dict[str, Any]:
    answer = who.http.patch("/users/me/privacy", json=change)
    assert answer.status_code == 200, answer.text
    chosen: dict[str, Any] = answer.json()
    return chosen


def _contact(owner: Person, other: Person) -> None:
    assert owner.http.post("/contacts", json={"userId": other.id}).status_code == 201


def test_what_is_chosen_stays_and_what_is_absent_too(person: Register) -> None:
    alice = person("alice")
    assert alice.http.get("/users/me/privacy").json() == _RULES
    assert _privacy(alice, readReceipts=False) == _RULES | {"readReceipts": False}
    assert _privacy(alice, lastSeen="contacts") == _RULES | {"readReceipts": False, "lastSeen": "contacts"}
    assert _privacy(alice) == _RULES | {"readReceipts": False, "lastSeen": "contacts"}
    assert _privacy(alice, readReceipts=True, lastSeen="nobody") == _RULES | {"lastSeen": "nobody"}
    assert alice.http.get("/users/me/privacy").json() == _RULES | {"lastSeen": "nobody"}
    assert person("bob").http.get("/users/me/privacy").json() == _RULES


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"readReceipts": "no"}, "readReceipts", "wrong_type"),
        ({"readReceipts": None}, "readReceipts", "wrong_type"),
        ({"readReceipts": 0}, "readReceipts", "wrong_type"),
        ({"calls": "friends"}, "calls", "unknown_value"),
        ({"messages": "friends"}, "messages", "unknown_value"),
        ({"lastSeen": "friends"}, "lastSeen", "unknown_value"),
        ({"lastSeen": "contacts\0"}, "lastSeen", "unknown_value"),
        ({"lastSeen": None}, "lastSeen", "wrong_type"),
        ({"online": "everyone"}, "online", "unknown_field"),
    ],
)
def test_what_is_no_choice_is_refused_by_name(person: Register, body: dict[str, Any], field: str, code: str) -> None:
    alice = person("alice")
    assert refused_fields(alice.http.patch("/users/me/privacy", json=body)) == [(field, code)]
    assert alice.http.get("/users/me/privacy").json() == _RULES


def test_it_is_ones_own_alone(server: Server, person: Register) -> None:
    alice = person("alice")
    server.sql("UPDATE sessions SET ended_at = now() WHERE user_id = %s", alice.id)
    for answer in (alice.http.get("/users/me/privacy"), alice.http.patch("/users/me/privacy", json={})):
        assert refusal(answer) == (401, "session_ended")


def _looks(viewer: Person, subject: Person) -> list[dict[str, Any]]:
    """Everywhere one user appears in the eyes of another."""
    lists = [
        *viewer.http.get("/users").json()["users"],
        *viewer.http.get("/users/search", params={"q": subject.username}).json()["users"],
        *(contact["user"] for contact in viewer.http.get("/contacts").json()["contacts"]),
        *(block["user"] for block in viewer.http.get("/blocks").json()["blocks"]),
    ]
    asked = viewer.http.post("/presence/query", json={"userIds": [subject.id]}).json()["presences"]
    return [
        viewer.http.get(f"/users/{subject.id}").json(),
        *(user for user in lists if user["id"] == subject.id),
        *asked,
    ]


# The rule, whether the subject has the viewer as a contact, who blocked whom, and whether the viewer sees anything.
MATRIX = [
    ("everyone", False, None, True),
    ("everyone", True, None, True),
    ("contacts", False, None, False),
    ("contacts", True, None, True),
    ("nobody", False, None, False),
    ("nobody", True, None, False),
    ("everyone", True, "subject", False),
    ("everyone", True, "viewer", False),
    ("contacts", True, "subject", False),
    ("contacts", True, "viewer", False),
]


@pytest.mark.parametrize(("rule", "is_contact", "blocker", "sees"), MATRIX)
def test_who_sees_when_somebody_is_there(
    server: Server, person: Register, rule: str, is_contact: bool, blocker: str | None, sees: bool
) -> None:
    subject, viewer = person("subject"), person("viewer")
    subject.chat_with(viewer)
    _contact(viewer, subject)
    if is_contact:
        _contact(subject, viewer)
    subject.http.put("/users/me/status", json={"status": "busy", "statusText": "at work"})
    come(server, subject)
    _privacy(subject, lastSeen=rule)
    if blocker == "subject":
        assert subject.http.put(f"/blocks/{viewer.id}").is_success
    if blocker == "viewer":
        assert viewer.http.put(f"/blocks/{subject.id}").is_success
    looks = _looks(viewer, subject)
    assert len(looks) == (6 if blocker == "viewer" else 5)
    for look in looks:
        if sees:
            assert look["status"] == "busy"
            assert look["lastSeenAt"] is not None
        else:
            assert {name: look[name] for name in HIDDEN} == HIDDEN
        assert look["statusText"] == ("" if blocker else "at work")
    own = subject.http.get("/users/me").json()
    assert (own["status"], own["statusText"]) == ("busy", "at work"), "oneself sees all"


def test_the_answer_to_a_block_shows_what_is_left_to_see(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    come(server, bob)
    assert alice.http.get(f"/users/{bob.id}").json()["status"] == "online"
    first = alice.http.put(f"/blocks/{bob.id}").json()
    assert {name: first["user"][name] for name in HIDDEN} == HIDDEN
    assert alice.http.put(f"/blocks/{bob.id}").json() == first
    assert alice.http.get("/blocks").json()["blocks"] == [first]


def test_a_rule_counts_contacts_as_they_are_now(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    _privacy(alice, lastSeen="contacts")
    come(server, alice)
    seen = []
    for change in (lambda: _contact(alice, bob), lambda: alice.http.delete(f"/contacts/{bob.id}")):
        change()
        seen.append(bob.http.get(f"/users/{alice.id}").json()["status"])
    assert seen == ["online", "offline"]


def test_a_profile_that_only_looks_different_has_another_etag(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    come(server, alice)
    tag = bob.http.get(f"/users/{alice.id}").headers["etag"]
    _privacy(alice, lastSeen="nobody")
    answer = bob.http.get(f"/users/{alice.id}", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.json()["status"]) == (200, "offline")


def test_the_choice_and_its_copies_agree_however_they_race(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chats = [alice.chat_with(bob, name=str(number)) for number in range(3)]
    for shares in (False, True, False):
        _privacy(bob, readReceipts=shares)
        _privacy(bob, readReceipts=shares)
        chats.append(alice.chat_with(bob, name="another"))
        copies = server.sql("SELECT DISTINCT read_receipts FROM members WHERE user_id = %s", bob.id)
        assert copies == [(shares,)]
    assert server.sql("SELECT DISTINCT read_receipts FROM members WHERE user_id = %s", alice.id) == [(True,)]
