"""Presence: chosen, leased, debounced; told to those who may know, and to nobody else."""

import time
from typing import Any

import pytest

from tests.support.answers import refusal, refused_fields
from tests.support.people import Person, Register
from tests.support.presence import come, heard, noticed
from tests.support.server import Server


@pytest.fixture
def pair(person: Register) -> tuple[Person, Person]:
    """Two who share a private chat."""
    alice, bob = person("alice"), person("bob")
    alice.chat_with(bob)
    return alice, bob


def _set(who: Person, status: str, **more: str) -> dict[str, Any]:
    answer = who.http.put("/users/me/status", json={"status": status, **more})
    assert answer.status_code == 200, answer.text
    chosen: dict[str, Any] = answer.json()
    return chosen


def _seen(viewer: Person, subject: Person) -> tuple[str, str | None]:
    user = viewer.http.get(f"/users/{subject.id}").json()
    return user["status"], user["lastSeenAt"]


def test_a_chosen_status_is_told_to_others_and_to_ones_own_devices(
    server: Server, pair: tuple[Person, Person]
) -> None:
    alice, bob = pair
    ears, phone, desk = come(server, bob, alice, alice)
    assert phone.act("presence:set", {"status": "away", "statusText": "lunch"}) == {
        "status": "away",
        "statusText": "lunch",
    }
    for device in (ears, desk, phone):
        told = device.wait_for("user:status", userId=alice.id, status="away")["data"]
        assert told["statusText"] == "lunch"
        assert told["lastSeenAt"] is not None
    assert _seen(bob, alice)[0] == "away"
    assert alice.http.put("/users/status", json={"status": "busy"}).json() == {
        "status": "busy",
        "statusText": "lunch",
    }
    ears.wait_for("user:status", userId=alice.id, status="busy", statusText="lunch")
    assert alice.http.get("/users/me/status").json() == {"status": "busy", "statusText": "lunch"}


def test_a_choice_shows_only_while_a_device_is_there(server: Server, pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    (ears,) = come(server, bob)
    _set(alice, "busy")
    server.settle()
    assert heard(ears, alice) == []
    assert _seen(bob, alice)[0] == alice.http.get("/users/me").json()["status"] == "offline"
    phone, desk = alice.socket(), alice.socket()
    ears.wait_for("user:status", userId=alice.id, status="busy")
    phone.close()
    server.settle()
    assert heard(ears, alice) == ["busy"], "one device of two going is not going"
    desk.close()
    ears.wait_for("user:status", userId=alice.id, status="offline")
    assert alice.http.get("/users/me/status").json()["status"] == "busy", "and the choice stays"


@pytest.mark.parametrize("word", ["invisible", "offline"])
def test_who_is_invisible_leaves_no_trace(server: Server, pair: tuple[Person, Person], word: str) -> None:
    alice, bob = pair
    ears, phone = come(server, bob, alice)
    assert phone.act("presence:set", {"status": word})["status"] == "invisible"
    gone = ears.wait_for("user:status", userId=alice.id, status="offline")["data"]
    phone.wait_for("user:status", userId=alice.id, status="invisible")
    assert alice.http.get("/users/me").json()["status"] == "invisible"
    phone.close()
    noticed(server, alice, False)
    (phone,) = come(server, alice)
    assert _seen(bob, alice) == ("offline", gone["lastSeenAt"]), "nor does their last time move"
    assert (
        bob.http.post("/presence/query", json={"userIds": [alice.id]}).json()["presences"][0]["status"] == "offline"
    )
    before = len(heard(ears, alice))
    phone.act("presence:set", {"status": "online"})
    ears.wait_for("user:status", userId=alice.id, status="online", statusText="")
    assert len(heard(ears, alice)) == before + 1
    assert set(heard(ears, alice)) == {"online", "offline"}


def test_a_text_is_told_however_it_is_set(server: Server, pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    ears, _ = come(server, bob, alice)
    assert alice.http.patch("/users/me", json={"statusText": "в отпуске"}).status_code == 200
    assert ears.wait_for("user:status", userId=alice.id, statusText="в отпуске")["data"]["status"] == "online"
    alice.http.patch("/users/me", json={"statusText": "в отпуске"})
    alice.http.patch("/users/me", json={"firstName": "Alice"})
    server.settle()
    assert len(heard(ears, alice)) == 2


def test_many_choices_are_told_as_the_first_and_the_last(server: Server, pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    ears, phone = come(server, bob, alice)
    with server.settings(presence_debounce_seconds=1):
        time.sleep(1)
        for status in ("busy", "away", "online", "away", "busy", "invisible", "away"):
            phone.act("presence:set", {"status": status})
        ears.wait_for("user:status", userId=alice.id, status="busy")
        ears.wait_for("user:status", userId=alice.id, status="away")
        server.settle()
    assert heard(ears, alice) == ["online", "busy", "away"]
    assert heard(phone, alice)[-1] == "away", "one's own devices hear each"


def test_what_was_taken_back_in_time_is_not_told(server: Server, pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    ears, phone = come(server, bob, alice)
    with server.settings(presence_debounce_seconds=1):
        for status in ("busy", "online", "busy", "online"):
            phone.act("presence:set", {"status": status})
        time.sleep(1.2)
        server.settle()
    assert heard(ears, alice)[-1] == "online"
    assert len(heard(ears, alice)) <= 3


def test_a_reconnect_is_not_seen(server: Server, pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    ears, phone = come(server, bob, alice)
    with server.settings(presence_debounce_seconds=1):
        for _ in range(3):
            phone.close()
            phone = alice.socket()
        time.sleep(1.2)
        server.settle()
    assert heard(ears, alice) == ["online"]


def test_only_contacts_and_private_peers_hear(server: Server, person: Register) -> None:
    alice, peer, keeper, kept, fellow = (person(name) for name in ("alice", "peer", "keeper", "kept", "fellow"))
    alice.chat_with(peer)
    alice.chat_with(fellow, name="group")
    keeper.http.post("/contacts", json={"userId": alice.id})
    alice.http.post("/contacts", json={"userId": kept.id})
    ears = {who.username: who.socket() for who in (peer, keeper, kept, fellow)}
    (phone,) = come(server, alice)
    phone.act("presence:set", {"status": "busy"})
    for name in ("peer", "keeper"):
        ears[name].wait_for("user:status", userId=alice.id, status="busy")
    server.settle()
    for name in ("kept", "fellow"):
        ears[name].act("ping")
        assert heard(ears[name], alice) == []


# The rule, whether alice has bob as a contact, who blocked whom; what bob hears.
@pytest.mark.parametrize(
    ("rule", "is_contact", "blocker", "hears"),
    [
        ("everyone", False, None, True),
        ("contacts", False, None, False),
        ("contacts", True, None, True),
        ("nobody", True, None, False),
        ("everyone", True, "alice", False),
        ("everyone", True, "bob", False),
    ],
)
def test_who_may_not_see_hears_nothing(
    server: Server, pair: tuple[Person, Person], rule: str, is_contact: bool, blocker: str | None, hears: bool
) -> None:
    alice, bob = pair
    bob.http.post("/contacts", json={"userId": alice.id})
    if is_contact:
        alice.http.post("/contacts", json={"userId": bob.id})
    alice.http.patch("/users/me/privacy", json={"lastSeen": rule})
    if blocker:
        who, whom = (alice, bob) if blocker == "alice" else (bob, alice)
        assert who.http.put(f"/blocks/{whom.id}").is_success
    ears, phone = come(server, bob, alice)
    phone.act("presence:set", {"status": "busy", "statusText": "secret"})
    phone.close()
    noticed(server, alice, False)
    ears.act("ping")
    assert heard(ears, alice) == (["online", "busy", "offline"] if hears else [])


def test_a_new_rule_is_told_to_whom_it_moves(server: Server, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    for peer in (bob, carol):
        alice.chat_with(peer)
    alice.http.post("/contacts", json={"userId": carol.id})
    bobs, carols, _ = come(server, bob, carol, alice)
    for rule in ("contacts", "nobody", "contacts", "everyone"):
        assert alice.http.patch("/users/me/privacy", json={"lastSeen": rule}).status_code == 200
    bobs.wait_for("user:status", userId=alice.id, status="offline", lastSeenAt=None)
    server.settle()
    assert heard(bobs, alice) == ["online", "offline", "online"]
    assert heard(carols, alice) == ["online", "offline", "online"]


def test_a_block_takes_each_out_of_the_others_eyes(server: Server, pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    bobs, alices = come(server, bob, alice)
    assert alice.http.put(f"/blocks/{bob.id}").is_success
    bobs.wait_for("user:status", userId=alice.id, status="offline", lastSeenAt=None)
    alices.wait_for("user:status", userId=bob.id, status="offline", lastSeenAt=None)
    assert alice.http.put(f"/blocks/{bob.id}").is_success
    server.settle()
    assert heard(bobs, alice) == ["online", "offline"], "again is as once"


def test_who_is_unblocked_is_seen_again_and_sees(server: Server, pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    bobs, alices = come(server, bob, alice)
    for blocker, blocked in ((alice, bob), (bob, alice)):
        assert blocker.http.put(f"/blocks/{blocked.id}").is_success
    assert bob.http.delete(f"/blocks/{alice.id}").is_success
    server.settle()
    assert heard(bobs, alice)[-1] == "offline", "one block of the two is left"
    assert heard(alices, bob)[-1] == "offline"
    for _ in range(2):
        assert alice.http.delete(f"/blocks/{bob.id}").is_success
        server.settle()
        assert heard(bobs, alice) == ["online", "offline", "online"]
        assert heard(alices, bob)[-2:] == ["offline", "online"]


@pytest.mark.parametrize("listed", [True, False])
def test_a_block_taken_back_shows_a_stranger_nothing(server: Server, person: Register, listed: bool) -> None:
    """Who has the other in their address book hears of them; that one does not hear back."""
    alice, bob = person("alice"), person("bob")
    if listed:
        bob.http.post("/contacts", json={"userId": alice.id}).raise_for_status()
    assert alice.http.put(f"/blocks/{bob.id}").is_success
    bobs, alices = come(server, bob, alice)
    assert alice.http.delete(f"/blocks/{bob.id}").is_success
    server.settle()
    assert heard(bobs, alice) == (["online"] if listed else [])
    assert heard(alices, bob) == []


def test_who_is_shown_to_contacts_alone_comes_and_goes_with_them(server: Server, pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    assert alice.http.patch("/users/me/privacy", json={"lastSeen": "contacts"}).is_success
    bobs, phone = come(server, bob, alice)
    assert heard(bobs, alice) == []
    for _ in range(2):
        answer = alice.http.post("/contacts", json={"userId": bob.id}, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 201
        server.settle()
        assert heard(bobs, alice) == ["online"]
    for _ in range(2):
        assert alice.http.delete(f"/contacts/{bob.id}").is_success
        server.settle()
        assert heard(bobs, alice) == ["online", "offline"]
    assert bobs.events("user:status")[-1]["data"]["lastSeenAt"] is None
    phone.close()
    noticed(server, alice, False)
    assert heard(bobs, alice) == ["online", "offline"]


@pytest.mark.parametrize("rule", ["everyone", "nobody"])
def test_contacts_move_nothing_by_another_rule(server: Server, pair: tuple[Person, Person], rule: str) -> None:
    alice, bob = pair
    assert alice.http.patch("/users/me/privacy", json={"lastSeen": rule}).is_success
    bobs, _ = come(server, bob, alice)
    before = heard(bobs, alice)
    assert alice.http.post("/contacts", json={"userId": bob.id}).is_success
    assert alice.http.delete(f"/contacts/{bob.id}").is_success
    server.settle()
    assert heard(bobs, alice) == before


def test_a_stranger_hears_nothing_of_a_block(server: Server, person: Register) -> None:
    alice, stranger = person("alice"), person("stranger")
    ears, _ = come(server, stranger, alice)
    assert alice.http.put(f"/blocks/{stranger.id}").is_success
    server.settle()
    ears.act("ping")
    assert ears.events("user:status") == []


def test_asking_who_is_there(server: Server, person: Register) -> None:
    alice, contact, peer, fellow, stranger = (person(n) for n in ("alice", "contact", "peer", "fellow", "stranger"))
    alice.http.post("/contacts", json={"userId": contact.id})
    alice.chat_with(peer)
    fellow.chat_with(alice, name="group")
    for who in (contact, peer, fellow, stranger):
        _set(who, "busy", statusText=who.username)
    phone, *_ = come(server, alice, contact, peer, fellow, stranger)
    asked = [stranger.id, fellow.id, 999_999, contact.id, alice.id, peer.id, fellow.id]
    found = phone.act("presence:get", {"userIds": asked})["presences"]
    assert [(one["userId"], one["status"], one["statusText"]) for one in found] == [
        (stranger.id, "offline", ""),
        (fellow.id, "busy", "fellow"),
        (999_999, "offline", ""),
        (contact.id, "busy", "contact"),
        (alice.id, "online", ""),
        (peer.id, "busy", "peer"),
    ]
    assert [one["lastSeenAt"] is None for one in found] == [True, False, True, False, False, False]
    assert alice.http.post("/presence/query", json={"userIds": asked}).json() == {"presences": found}


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "userIds", "missing"),
        ({"userIds": []}, "userIds", "wrong_length"),
        ({"userIds": list(range(1, 102))}, "userIds", "wrong_length"),
        ({"userIds": [0]}, "userIds[0]", "out_of_range"),
        ({"userIds": [1, 2**53]}, "userIds[1]", "out_of_range"),
        ({"userIds": ["1"]}, "userIds[0]", "wrong_type"),
        ({"userIds": [1], "limit": 1}, "limit", "unknown_field"),
    ],
)
def test_what_is_no_question_is_refused_by_name(
    person: Register, body: dict[str, Any], field: str, code: str
) -> None:
    alice = person("alice")
    assert refused_fields(alice.http.post("/presence/query", json=body)) == [(field, code)]
    problem = alice.socket().refused("presence:get", body)
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "status", "missing"),
        ({"statusText": "x"}, "status", "missing"),
        ({"status": "gone"}, "status", "unknown_value"),
        ({"status": None}, "status", "wrong_type"),
        ({"status": "away", "statusText": "x" * 201}, "statusText", "wrong_length"),
        ({"status": "away", "statusText": None}, "statusText", "wrong_type"),
        ({"status": "away", "statusText": "a\0b"}, "statusText", "forbidden_character"),
        ({"status": "away", "lastSeenAt": "2026-01-01T00:00:00.000Z"}, "lastSeenAt", "unknown_field"),
    ],
)
def test_what_is_no_status_is_refused_by_name(person: Register, body: dict[str, Any], field: str, code: str) -> None:
    alice = person("alice")
    for path in ("/users/me/status", "/users/status"):
        assert refused_fields(alice.http.put(path, json=body)) == [(field, code)]
    problem = alice.socket().refused("presence:set", body)
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]


def test_an_ended_session_chooses_nothing(server: Server, person: Register) -> None:
    alice = person("alice")
    mouth = alice.socket()
    server.sql("UPDATE sessions SET ended_at = now() WHERE user_id = %s", alice.id)
    assert mouth.refused("presence:set", {"status": "busy"})["code"] == "session_ended"
    assert mouth.refused("presence:get", {"userIds": [alice.id]})["code"] == "session_ended"
    assert refusal(alice.http.put("/users/me/status", json={"status": "busy"})) == (401, "session_ended")
    assert server.sql("SELECT status FROM users WHERE id = %s", alice.id) == [("online",)]
