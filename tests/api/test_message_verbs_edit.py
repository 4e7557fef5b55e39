"""Editing: what is kept, what is refused, and what two at once come to."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.answers import at_once, bare, refusal, refused_fields
from tests.support.people import Person, Register
from tests.support.server import Server


def _edit(who: Person, message_id: int, content: str, **more: Any) -> dict[str, Any]:
    answer = who.http.put(f"/messages/{message_id}", json={"content": content, **more})
    assert answer.status_code == 200, answer.text
    return bare(answer.json())


def _edits(who: Person, message_id: int, **query: Any) -> dict[str, Any]:
    answer = who.http.get(f"/messages/{message_id}/edits", params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def test_an_edit_is_seen_wherever_the_message_is(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    message = alice.send(chat, "hello")
    bob.http.post(f"/chats/{chat}/read", json={}).raise_for_status()
    edited = _edit(alice, message["id"], "Привет!")
    assert edited == message | {
        "content": "Привет!",
        "isEdited": True,
        "status": "read",
        "updatedAt": edited["updatedAt"],
    }
    assert edited["updatedAt"] > message["updatedAt"]
    for who in (alice, bob):
        assert who.history(chat) == [edited]
        assert bare(who.http.get(f"/messages/{message['id']}").json()) == edited
        assert who.http.get(f"/chats/{chat}").json()["lastMessage"] == edited
        assert who.http.get("/chats").json()["chats"][0]["lastMessage"] == edited


def test_what_it_said_before_stays_readable(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "one")
    times = [_edit(alice, message["id"], text)["updatedAt"] for text in ("two", "three", "four")]
    page = _edits(bob, message["id"])
    assert page == {
        "edits": [
            {"content": text, "editedAt": at}
            for text, at in zip(("three", "two", "one"), reversed(times), strict=True)
        ],
        "hasMore": False,
        "nextCursor": None,
    }


def test_edits_come_in_pages(person: Register) -> None:
    alice = person("alice")
    message = alice.send(alice.chat_with(name="notes"), "0")
    for number in range(1, 6):
        _edit(alice, message["id"], str(number))
    found: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = _edits(alice, message["id"], **query)
        found += [edit["content"] for edit in page["edits"]]
        if not page["hasMore"]:
            break
        query["cursor"] = page["nextCursor"]
    assert found == ["4", "3", "2", "1", "0"]
    assert _edits(alice, alice.send(message["chatId"], "never edited")["id"])["edits"] == []
    bad = alice.http.get(f"/messages/{message['id']}/edits", params={"cursor": "nonsense"})
    assert refused_fields(bad) == [("cursor", "wrong_form")]


def test_the_same_text_is_no_edit(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    assert _edit(alice, message["id"], "hello") == message
    assert _edits(alice, message["id"])["edits"] == []


def test_mentions_stay_unless_others_are_given(person: Register) -> None:
    alice, bob, carol, stranger = person("alice"), person("bob"), person("carol"), person("stranger")
    chat = alice.chat_with(bob, carol, name="three")
    message = alice.send(chat, "hello, bob", mentions=[bob.id])
    assert message["mentions"] == [bob.id]
    assert _edit(alice, message["id"], "hello there, bob")["mentions"] == [bob.id]
    assert _edit(alice, message["id"], "hello, all", mentions=[carol.id, bob.id, carol.id])["mentions"] == [
        carol.id,
        bob.id,
    ]
    only_mentions = _edit(alice, message["id"], "hello, all", mentions=[])
    assert (only_mentions["mentions"], only_mentions["isEdited"]) == ([], True)
    assert [edit["content"] for edit in _edits(alice, message["id"])["edits"]] == ["hello there, bob", "hello, bob"]
    answer = alice.http.put(f"/messages/{message['id']}", json={"content": "x", "mentions": [bob.id, stranger.id]})
    assert refusal(answer) == (422, "unknown_mention")


def test_something_must_be_left(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    for blank in ("", " \n\t"):
        answer = alice.http.put(f"/messages/{message['id']}", json={"content": blank})
        assert refused_fields(answer) == [("content", "missing")]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "content", "missing"),
        ({"content": None}, "content", "wrong_type"),
        ({"content": 1}, "content", "wrong_type"),
        ({"content": "x" * 10_001}, "content", "wrong_length"),
        ({"content": "a\x00b"}, "content", "forbidden_character"),
        ({"content": "x", "senderId": 2}, "senderId", "unknown_field"),
        ({"content": "x", "isEdited": False}, "isEdited", "unknown_field"),
        ({"content": "x", "mentions": [0]}, "mentions[0]", "out_of_range"),
        ({"content": "x", "mentions": [2**63]}, "mentions[0]", "out_of_range"),
        ({"content": "x", "mentions": list(range(1, 52))}, "mentions", "wrong_length"),
    ],
)
def test_bad_bodies_are_refused(person: Register, body: dict[str, Any], field: str, code: str) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    assert refused_fields(alice.http.put(f"/messages/{message['id']}", json=body)) == [(field, code)]


def test_the_longest_text_fits(person: Register) -> None:
    alice = person("alice")
    message = alice.send(alice.chat_with(name="notes"), "short")
    assert _edit(alice, message["id"], "я" * 10_000)["content"] == "я" * 10_000


def test_html_is_taken_out_and_code_is_not(person: Register) -> None:
    alice = person("alice")
    message = alice.send(alice.chat_with(name="notes"), "hello")
    edited = _edit(alice, message["id"], '<b>bold</b><img src=x onerror="alert(1)">')
    assert (edited["content"], edited["isEdited"]) == ("bold", True)
    plain = "2 < 3 && 5 > 4, <3, std::vector<int> // code"
    assert _edit(alice, message["id"], plain)["content"] == plain
    answer = alice.http.put(f"/messages/{message['id']}", json={"content": "<b></b>"})
    assert refused_fields(answer) == [("content", "missing")]


def test_who_may_no_longer_write_edits_nothing(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob, name="two")
    message = bob.send(chat, "hello")
    server.sql("UPDATE chats SET who_can_send = 'admins' WHERE id = %s", chat)
    answer = bob.http.put(f"/messages/{message['id']}", json={"content": "buy now"})
    assert refusal(answer) == (403, "forbidden")
    assert bob.http.delete(f"/messages/{message['id']}").status_code == 204


def test_edits_at_once_are_all_kept(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "first")
    texts = [f"text {number}" for number in range(8)]
    edited = at_once(lambda number: _edit(alice, message["id"], texts[number]), len(texts))
    now = bob.http.get(f"/messages/{message['id']}").json()
    kept = [edit["content"] for edit in _edits(bob, message["id"])["edits"]]
    assert sorted([*kept, now["content"]]) == sorted(["first", *texts])
    assert kept[-1] == "first"
    assert len({one["updatedAt"] for one in edited}) == len(texts), "each state has a time of its own"
    assert now["updatedAt"] == max(one["updatedAt"] for one in edited)


def test_an_edit_and_a_deletion_at_once_leave_no_content(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)

    def race(message_id: int) -> None:
        path = f"/messages/{message_id}"
        work = (
            lambda: alice.http.put(path, json={"content": "resurrected"}),
            lambda: bob.http.put(f"{path}/reactions/👍"),
            lambda: bob.http.put(f"{path}/pin"),
            lambda: alice.http.delete(path),
        )
        *changes, deletion = at_once(lambda number: work[number]().status_code, len(work))
        assert set(changes) <= {200, 410}
        assert deletion == 204

    messages = [alice.send(chat, "secret")["id"] for _ in range(15)]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(race, messages))
    for message in bob.history(chat):
        assert (message["isDeleted"], message["content"], message["reactions"]) == (True, "", {})
        assert (message["pinnedAt"], message["isEdited"]) == (None, False)
    assert server.sql("SELECT count(*) FROM message_edits") == [(0,)]
    assert bob.http.get(f"/chats/{chat}/pins").json()["messages"] == []
