"""Pins: who sees what is pinned, in which order."""

from typing import Any

from tests.support.answers import at_once, bare, refusal, refused_fields
from tests.support.people import Person, Register
from tests.support.server import Server


def _pin(who: Person, message_id: int) -> dict[str, Any]:
    answer = who.http.put(f"/messages/{message_id}/pin")
    assert answer.status_code == 200, answer.text
    message: dict[str, Any] = answer.json()
    return message


def _pinned(who: Person, chat_id: int, **query: Any) -> dict[str, Any]:
    answer = who.http.get(f"/chats/{chat_id}/pins", params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def test_the_last_pinned_comes_first(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    one, two, _ = (alice.send(chat, text) for text in ("one", "two", "three"))
    assert _pinned(bob, chat) == {"messages": [], "users": [], "hasMore": False, "nextCursor": None}
    second = _pin(bob, two["id"])
    assert bare(second) == bare(two) | {"pinnedAt": second["pinnedAt"], "updatedAt": second["updatedAt"]}
    assert second["pinnedAt"] is not None
    first = _pin(alice, one["id"])
    assert [message["id"] for message in _pinned(bob, chat)["messages"]] == [one["id"], two["id"]]
    assert _pinned(alice, chat)["messages"] == [bare(first), bare(second)]
    assert bob.http.get(f"/messages/{one['id']}").json()["pinnedAt"] == first["pinnedAt"]
    assert bob.http.delete(f"/messages/{one['id']}/pin").status_code == 204
    assert [message["id"] for message in _pinned(bob, chat)["messages"]] == [two["id"]]
    assert alice.http.get(f"/messages/{one['id']}").json()["pinnedAt"] is None


def test_pinning_again_is_as_once(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    answers = at_once(lambda _: _pin(bob, message["id"]), 6)
    assert len({answer["pinnedAt"] for answer in answers}) == 1
    assert bare(_pin(alice, message["id"])) == bare(answers[0])
    for _ in range(2):
        assert alice.http.delete(f"/messages/{message['id']}/pin").status_code == 204


def test_pins_come_in_pages(person: Register) -> None:
    alice = person("alice")
    chat = alice.chat_with(name="notes")
    ids = [alice.send(chat, str(number))["id"] for number in range(7)]
    for message_id in ids:
        _pin(alice, message_id)
    hidden = ids.pop(3)
    alice.http.delete(f"/messages/{hidden}", params={"for": "me"}).raise_for_status()
    found: list[int] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = _pinned(alice, chat, **query)
        found += [message["id"] for message in page["messages"]]
        if not page["hasMore"]:
            break
        query["cursor"] = page["nextCursor"]
    assert found == ids[::-1]
    bad = alice.http.get(f"/chats/{chat}/pins", params={"cursor": "e30"})
    assert refused_fields(bad) == [("cursor", "wrong_form")]


def test_only_members_see_what_is_pinned(person: Register) -> None:
    alice, bob, mallory = person("alice"), person("bob"), person("mallory")
    chat = alice.chat_with(bob, name="two")
    _pin(alice, alice.send(chat, "hello")["id"])
    assert refusal(mallory.http.get(f"/chats/{chat}/pins")) == (404, "not_found")
    assert len(_pinned(bob, chat)["messages"]) == 1
    alice.http.delete(f"/chats/{chat}/participants/{bob.id}").raise_for_status()
    assert refusal(bob.http.get(f"/chats/{chat}/pins")) == (404, "not_found")


def test_a_pin_keeps_the_status_that_each_member_sees(server: Server, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob, carol, name="three")
    message = bob.send(chat, "hello")
    alice.http.post(f"/chats/{chat}/read", json={}).raise_for_status()
    ears = carol.socket()
    assert _pin(alice, message["id"])["status"] == "read", "she has read it"
    assert ears.wait_for("message:updated", id=message["id"])["data"]["status"] == "sent", "carol has not"
