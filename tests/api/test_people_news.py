"""A changed profile is told to those who know the user, what is a user's own to their devices: live and by sync."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.features.messages import scheduled
from tests.support.groups import changes
from tests.support.kept import Copy
from tests.support.people import Person, Register, of_session
from tests.support.pictures import picture
from tests.support.server import Server

Wire = dict[str, Any]


def _ok(who: Person, method: str, path: str, body: Any = None) -> Wire:
    answer = who.http.request(method, path, json=body)
    assert answer.status_code < 300, answer.text
    found: Wire = answer.json() if answer.content else {}
    return found


def _told(who: Person, cursor: str | None) -> list[tuple[str, Wire]]:
    return [(event["type"], event["data"]) for event in changes(who, cursor)[0]]


PROFILE = {
    "displayName": "Alice A.",
    "firstName": "Alice",
    "lastName": "A.",
    "statusText": "at sea",
}


def _share_a_group(alice: Person, other: Person) -> None:
    alice.chat_with(other, name="Friends")


def _share_a_private_chat(alice: Person, other: Person) -> None:
    alice.chat_with(other)


def _is_a_contact_of(alice: Person, other: Person) -> None:
    _ok(other, "POST", "/contacts", {"userId": alice.id})


@pytest.mark.parametrize(
    "meet", [_share_a_group, _share_a_private_chat, _is_a_contact_of], ids=lambda meet: meet.__name__.strip("_")
)
def test_who_knows_somebody_hears_of_their_profile(
    alice: Person, person: Register, meet: Callable[[Person, Person], None]
) -> None:
    bob, stranger = person("bob"), person("stranger")
    meet(alice, bob)
    ears, strange, own = bob.socket(), stranger.socket(), alice.socket()
    cursors = {who.id: changes(who)[1] for who in (alice, bob, stranger)}
    shown = _ok(alice, "PATCH", "/users/me", {**PROFILE, "avatarId": picture(alice)})["avatarUrl"]
    profile = {"id": alice.id, "username": "alice", "avatarUrl": shown, **PROFILE}
    assert ears.wait_for("user:updated")["data"] == profile
    assert own.wait_for("user:updated")["data"] == {**profile, "email": None}
    assert _told(bob, cursors[bob.id]) == [("user:updated", profile)]
    assert _told(alice, cursors[alice.id]) == [("user:updated", {**profile, "email": None})], "and no chat anew"
    assert _told(stranger, cursors[stranger.id]) == []
    strange.act("ping")
    assert strange.events("user:updated") == []


def test_one_who_shares_much_is_told_once(alice: Person, person: Register) -> None:
    bob = person("bob")
    for number in range(3):
        alice.chat_with(bob, name=f"group {number}")
    _is_a_contact_of(alice, bob)
    cursor = changes(bob)[1]
    _ok(alice, "PATCH", "/users/me", {"displayName": "A."})
    _ok(alice, "PATCH", "/users/me", {"displayName": "Alice again"})
    ((kind, data),) = _told(bob, cursor)
    assert (kind, data["displayName"]) == ("user:updated", "Alice again")


def test_what_changes_nothing_is_not_told(alice: Person, person: Register) -> None:
    bob = person("bob")
    alice.chat_with(bob)
    _ok(alice, "PATCH", "/users/me", PROFILE)
    ears, cursor = bob.socket(), changes(bob)[1]
    _ok(alice, "PATCH", "/users/me", PROFILE)
    assert _told(bob, cursor) == []
    ears.act("ping")
    assert ears.events("user:updated") == []


def test_an_email_address_is_told_to_its_owner_alone(alice: Person, person: Register) -> None:
    bob = person("bob")
    alice.chat_with(bob)
    own, ears, cursor = alice.socket(), bob.socket(), changes(bob)[1]
    _ok(alice, "PATCH", "/users/me", {"email": "alice@example.com"})
    assert own.wait_for("user:updated")["data"]["email"] == "alice@example.com"
    assert _told(bob, cursor) == []
    ears.act("ping")
    assert ears.events("user:updated") == []


def test_a_status_text_is_told_but_not_over_a_block(alice: Person, person: Register) -> None:
    bob, carol = person("bob"), person("carol")
    alice.chat_with(bob, carol, name="Friends")
    _ok(carol, "PUT", f"/blocks/{alice.id}")
    near, far = bob.socket(), carol.socket()
    cursors = {who.id: changes(who)[1] for who in (bob, carol)}
    _ok(alice, "PUT", "/users/me/status", {"status": "away", "statusText": "at sea"})
    assert near.wait_for("user:updated")["data"]["statusText"] == "at sea"
    assert far.wait_for("user:updated")["data"]["statusText"] == ""
    assert [data["statusText"] for _, data in _told(bob, cursors[bob.id])] == ["at sea"]
    assert [data["statusText"] for _, data in _told(carol, cursors[carol.id])] == [""]


def test_a_mute_before_a_new_name_is_still_told(alice: Person, person: Register) -> None:
    chat = alice.chat_with(person("bob"))
    cursor = changes(alice)[1]
    _ok(alice, "PUT", f"/chats/{chat}/mute", {})
    _ok(alice, "PATCH", "/users/me", {"displayName": "A."})
    told = dict(_told(alice, cursor))
    assert told["chat:updated"]["muted"] is True


def _without_profile(data: Wire) -> Wire:
    """Somebody may come online meanwhile."""
    return {name: value for name, value in data.items() if name != "user"}


def _add_contact(alice: Person, bob: Person) -> tuple[str, Wire]:
    return "contact:updated", _ok(alice, "POST", "/contacts", {"userId": bob.id, "name": "Bobby"})


def _rename_contact(alice: Person, bob: Person) -> tuple[str, Wire]:
    _add_contact(alice, bob)
    return "contact:updated", _ok(alice, "PATCH", f"/contacts/{bob.id}", {"name": "Robert"})


def _remove_contact(alice: Person, bob: Person) -> tuple[str, Wire]:
    _add_contact(alice, bob)
    _ok(alice, "DELETE", f"/contacts/{bob.id}")
    return "contact:removed", {"userId": bob.id}


def _block(alice: Person, bob: Person) -> tuple[str, Wire]:
    return "block:updated", _ok(alice, "PUT", f"/blocks/{bob.id}")


def _unblock(alice: Person, bob: Person) -> tuple[str, Wire]:
    _block(alice, bob)
    _ok(alice, "DELETE", f"/blocks/{bob.id}")
    return "block:removed", {"userId": bob.id}


def _choose_privacy(alice: Person, _bob: Person) -> tuple[str, Wire]:
    return "privacy:updated", _ok(alice, "PATCH", "/users/me/privacy", {"lastSeen": "nobody"})


def _schedule(alice: Person, bob: Person) -> tuple[str, Wire]:
    waiting = alice.schedule(alice.chat_with(bob), "later")
    (listed,) = _ok(alice, "GET", "/scheduled-messages")["scheduled"]
    assert listed["id"] == waiting
    return "scheduled:updated", listed


def _change_scheduled(alice: Person, bob: Person) -> tuple[str, Wire]:
    waiting = alice.schedule(alice.chat_with(bob), "later")
    changed = _ok(alice, "PATCH", f"/scheduled-messages/{waiting}", {"content": "much later"})
    del changed["users"]
    return "scheduled:updated", changed


def _cancel_scheduled(alice: Person, bob: Person) -> tuple[str, Wire]:
    waiting = alice.schedule(alice.chat_with(bob), "later")
    _ok(alice, "DELETE", f"/scheduled-messages/{waiting}")
    return "scheduled:removed", {"id": waiting}


def _send_scheduled(alice: Person, bob: Person) -> tuple[str, Wire]:
    waiting = alice.schedule(alice.chat_with(bob), "later")
    _ok(alice, "POST", f"/scheduled-messages/{waiting}/send-now")
    return "scheduled:removed", {"id": waiting}


_OWN = [
    _add_contact,
    _rename_contact,
    _remove_contact,
    _block,
    _unblock,
    _choose_privacy,
    _schedule,
    _change_scheduled,
    _cancel_scheduled,
    _send_scheduled,
]


@pytest.mark.parametrize("do", _OWN, ids=lambda do: do.__name__.strip("_"))
def test_what_is_ones_own_is_told_on_all_ones_devices(
    alice: Person, person: Register, do: Callable[[Person, Person], tuple[str, Wire]]
) -> None:
    bob = person("bob")
    alice.chat_with(bob)
    copy = Copy(alice.id, lambda path, query: alice.http.get(path, params=query).json())
    copy.sync()
    ears, theirs, cursor = alice.socket(), bob.socket(), changes(alice)[1]
    kind, answered = do(alice, bob)
    data = _without_profile(answered)
    assert ears.wait_for(kind, **data)
    told = [(each, what) for each, what in _told(alice, cursor) if not each.startswith(("message", "chat"))]
    assert [(each, _without_profile(what)) for each, what in told] == [(kind, data)], "the state of now, once"
    assert all(what.keys() == answered.keys() for _, what in told)
    copy.sync()
    fresh = Copy(alice.id, lambda path, query: alice.http.get(path, params=query).json())
    fresh.sync()
    assert copy.shown() == fresh.shown()
    theirs.act("ping")
    assert not [frame for frame in theirs.frames if frame.get("type") == kind], "nobody else hears of it"


def test_a_scheduled_message_that_is_due_leaves_the_other_devices(
    server: Server, alice: Person, person: Register
) -> None:
    bob = person("bob")
    chat = alice.chat_with(bob)
    waiting = [alice.schedule(chat, text) for text in ("one", "two")]
    ears = alice.socket()
    server.sql("UPDATE scheduled_messages SET send_at = now() WHERE id = %s", waiting[0])
    assert scheduled.sweep() == 1
    assert ears.wait_for("scheduled:removed")["data"] == {"id": waiting[0]}
    _ok(bob, "PUT", f"/blocks/{alice.id}")
    server.sql("UPDATE scheduled_messages SET send_at = now() WHERE id = %s", waiting[1])
    assert scheduled.sweep() == 0
    assert ears.wait_for("scheduled:updated", id=waiting[1])["data"]["refused"] == "blocked"


def test_a_copy_knows_the_names_of_now(alice: Person, person: Register) -> None:
    bob = person("bob")
    chat = alice.chat_with(bob, name="Friends")
    alice.send(chat, "hello")
    copy = Copy(bob.id, lambda path, query: bob.http.get(path, params=query).json())
    copy.sync()
    _ok(alice, "PATCH", "/users/me", {"displayName": "Alice A."})
    copy.sync(1)
    fresh = Copy(bob.id, lambda path, query: bob.http.get(path, params=query).json())
    fresh.sync()
    assert copy.shown()["users"] == fresh.shown()["users"]
    assert copy.users[alice.id]["displayName"] == "Alice A."


def test_another_session_of_the_same_user_hears_it(server: Server, alice: Person) -> None:
    login = {"username": "alice", "password": "correct horse battery"}
    other = of_session(server.url, alice.http.post("/auth/login", json=login).json())
    ears = other.socket()
    _ok(alice, "PATCH", "/users/me", {"displayName": "A."})
    assert ears.wait_for("user:updated")["data"]["displayName"] == "A."
    other.close()
