"""What one makes of a chat for oneself: muted, pinned, archived; and the order of the list that comes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.answers import refused_fields
from tests.support.groups import changes
from tests.support.people import Person
from tests.support.server import Server

PLAIN = {
    "muted": False,
    "mutedUntil": None,
    "pinned": False,
    "archived": False,
    "markedUnread": False,
    "hidden": False,
    "notifyOf": "all",
    "isRequest": False,
}


def _personal(who: Person, chat: int) -> dict[str, Any]:
    shown = who.http.get(f"/chats/{chat}").json()
    return {name: shown[name] for name in PLAIN}


def _ids(who: Person, **query: Any) -> list[int]:
    answer = who.http.get("/chats", params=query)
    assert answer.status_code == 200, answer.text
    return [chat["id"] for chat in answer.json()["chats"]]


def _soon(**time: float) -> str:
    moment = datetime.now(UTC) + timedelta(**time)
    return moment.replace(microsecond=0).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize(("what", "flag"), [("mute", "muted"), ("pin", "pinned"), ("archive", "archived")])
def test_each_is_done_and_taken_back_by_one_for_oneself(alice: Person, bob: Person, what: str, flag: str) -> None:
    chat = alice.chat_with(bob)
    _, cursor = changes(alice)
    _, bobs = changes(bob)
    for number in range(2):
        done = alice.http.put(f"/chats/{chat}/{what}", json={})
        assert (done.status_code, done.json()) == (200, {"chatId": chat, **PLAIN, flag: True})
        assert _personal(alice, chat) == {**PLAIN, flag: True}
        events, cursor = changes(alice, cursor)
        assert [(event["type"], event["data"][flag]) for event in events] == [("chat:updated", True)][number:]
    assert _personal(bob, chat) == PLAIN
    for number in range(2):
        assert alice.http.delete(f"/chats/{chat}/{what}").status_code == 204
        assert _personal(alice, chat) == PLAIN
        events, cursor = changes(alice, cursor)
        assert [(event["type"], event["data"][flag]) for event in events] == [("chat:updated", False)][number:]
    assert [event["type"] for event in changes(bob, bobs)[0] if event["type"].startswith("chat:")] == []


def test_what_a_chat_notifies_of_is_chosen_by_one_for_oneself(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    _, cursor = changes(alice)
    for number in range(2):
        chosen = alice.http.put(f"/chats/{chat}/notifications", json={"notifyOf": "mentions"})
        assert (chosen.status_code, chosen.json()) == (200, {"chatId": chat, **PLAIN, "notifyOf": "mentions"})
        assert _personal(alice, chat) == {**PLAIN, "notifyOf": "mentions"}
        events, cursor = changes(alice, cursor)
        assert [(event["type"], event["data"]["notifyOf"]) for event in events] == [("chat:updated", "mentions")][
            number:
        ]
    assert _personal(bob, chat) == PLAIN
    assert alice.http.put(f"/chats/{chat}/mute", json={}).json() == {
        "chatId": chat,
        **PLAIN,
        "muted": True,
        "notifyOf": "mentions",
    }
    for bad in ({}, {"notifyOf": None}, {"notifyOf": "some"}, {"notifyOf": 1}):
        answer = alice.http.put(f"/chats/{chat}/notifications", json=bad)
        assert [field for field, _ in refused_fields(answer)] == ["notifyOf"]


def test_muting_until_a_time_ends_with_it(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    until = _soon(hours=8)
    assert alice.http.put(f"/chats/{chat}/mute", json={"until": until}).json()["mutedUntil"] == until
    assert _personal(alice, chat) == {**PLAIN, "muted": True, "mutedUntil": until}
    later = _soon(days=3650)
    assert alice.http.put(f"/chats/{chat}/mute", json={"until": later}).json()["mutedUntil"] == later
    assert alice.http.put(f"/chats/{chat}/mute", json={"until": None}).json()["mutedUntil"] is None
    assert _personal(alice, chat) == {**PLAIN, "muted": True}
    server.sql("UPDATE members SET muted_until = now() - interval '1 second'")
    assert _personal(alice, chat) == PLAIN


BAD_BODIES: list[tuple[Any, str, str]] = [
    ({"until": "2020-01-01T00:00:00Z"}, "until", "out_of_range"),
    ({"until": "9999-12-31T23:59:59-12:00"}, "until", "out_of_range"),
    ({"until": "2027-01-01T00:00:00"}, "until", "wrong_type"),
    ({"until": "for ever"}, "until", "wrong_type"),
    ({"until": 9_999_999_999}, "until", "wrong_type"),
    ({"until": "infinity"}, "until", "wrong_type"),
    ({"seconds": 5}, "seconds", "unknown_field"),
    ([], "body", "wrong_type"),
]


def test_what_is_no_time_is_refused_by_name(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    answers = [alice.http.put(f"/chats/{chat}/mute", json=body) for body, _, _ in BAD_BODIES]
    assert [refused_fields(answer) for answer in answers] == [[(field, code)] for _, field, code in BAD_BODIES]
    assert _personal(alice, chat) == PLAIN


def test_pinned_chats_are_first_the_last_pinned_at_the_top(alice: Person, bob: Person) -> None:
    chats = [alice.chat_with(bob, name=str(number)) for number in range(6)]
    alice.send(chats[0], "newest")
    assert _ids(alice) == [chats[0], *chats[:0:-1]]
    for number in (2, 4, 1):
        alice.http.put(f"/chats/{chats[number]}/pin")
    assert _ids(alice) == [chats[number] for number in (1, 4, 2, 0, 5, 3)]
    alice.http.put(f"/chats/{chats[2]}/pin")
    alice.send(chats[5], "newest of all")
    assert _ids(alice) == [chats[number] for number in (1, 4, 2, 5, 0, 3)], "pinned ones stay where they are"
    alice.http.delete(f"/chats/{chats[4]}/pin")
    assert _ids(alice) == [chats[number] for number in (1, 2, 5, 0, 4, 3)]
    assert _ids(bob) == [chats[number] for number in (5, 0, 4, 3, 2, 1)]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_go_on_from_pinned_to_others(server: Server, alice: Person, limit: int) -> None:
    chats = [alice.chat_with(name=str(number)) for number in range(9)]
    for number in (3, 7, 5, 0):
        alice.http.put(f"/chats/{chats[number]}/pin")
    # Two pinned at the very same moment, and some without a difference in their newest message either.
    server.sql("UPDATE members SET pinned_at = now() WHERE chat_id = ANY(%s)", [chats[3], chats[7]])
    server.sql("UPDATE chats SET last_message_at = now() WHERE id = ANY(%s)", chats[1:7])
    expected = _ids(alice)
    assert expected[:4] == [chats[number] for number in (3, 7, 0, 5)]
    found: list[int] = []
    page: dict[str, Any] = {"hasMore": True, "nextCursor": None}
    while page["hasMore"]:
        cursor = {"cursor": page["nextCursor"]} if page["nextCursor"] else {}
        page = alice.http.get("/chats", params={"limit": limit, **cursor}).json()
        found += [chat["id"] for chat in page["chats"]]
    assert found == expected
    assert sorted(found) == chats


def test_archived_chats_are_listed_apart(alice: Person, bob: Person) -> None:
    chats = [alice.chat_with(bob, name=str(number)) for number in range(4)]
    for number in (1, 2):
        alice.http.put(f"/chats/{chats[number]}/archive")
    alice.http.put(f"/chats/{chats[1]}/pin")
    assert _ids(alice, archived="true") == [chats[1], chats[2]]
    assert _ids(alice, archived="false") == [chats[3], chats[0]]
    assert _ids(alice) == [chats[1], chats[3], chats[2], chats[0]]
    bob.send(chats[2], "news")
    assert _ids(alice, archived="false") == [chats[3], chats[0]], "news leaves it in the archive"
    assert refused_fields(alice.http.get("/chats", params={"archived": "maybe"})) == [("archived", "wrong_type")]


def test_what_was_made_of_it_ends_with_the_membership(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    for what in ("mute", "pin", "archive"):
        bob.http.put(f"/chats/{chat}/{what}", json={})
    alice.http.put(f"/chats/{chat}/pin")
    bob.http.post(f"/chats/{chat}/leave")
    alice.http.post(f"/chats/{chat}/participants", json={"userId": bob.id})
    assert _personal(bob, chat) == PLAIN
