"""Drafts: what is begun on one device goes on on another."""

from typing import Any

import httpx
import pytest

from tests.support.answers import at_once, refusal, refused_fields, told
from tests.support.people import Person, Register
from tests.support.server import Server


def _set(person: Person, chat: int, content: str, **more: Any) -> dict[str, Any]:
    answer = person.http.put(f"/chats/{chat}/draft", json={"content": content, **more})
    assert answer.status_code == 200, answer.text
    draft: dict[str, Any] = answer.json()
    return draft


def _get(person: Person, chat: int) -> dict[str, Any]:
    draft: dict[str, Any] = person.http.get(f"/chats/{chat}/draft").raise_for_status().json()
    return draft


def _listed(person: Person, **query: Any) -> dict[str, Any]:
    page: dict[str, Any] = person.http.get("/drafts", params=query).raise_for_status().json()
    return page


def test_a_draft_is_what_was_written_last(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    assert _get(alice, chat) == {"chatId": chat, "content": "", "replyTo": None, "updatedAt": None}
    asked = bob.send(chat, "Придёшь?")
    first = _set(alice, chat, "Да, но", replyTo=asked["id"])
    assert (first["chatId"], first["content"], first["replyTo"]) == (chat, "Да, но", asked["id"])
    second = _set(alice, chat, "Да, но позже")
    assert (second["content"], second["replyTo"]) == ("Да, но позже", None)
    assert second["updatedAt"] > first["updatedAt"]
    assert _get(alice, chat) == second
    assert _listed(alice) == {"drafts": [second], "hasMore": False, "nextCursor": None}


def test_nobody_else_sees_it(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    ears = bob.socket()
    _set(alice, chat, "secret")
    assert _get(bob, chat)["content"] == ""
    assert _listed(bob)["drafts"] == []
    ears.act("ping")
    assert ears.events("draft:updated") == []
    assert _of_sync(bob, _cursor(bob)) == []


def test_an_empty_one_is_given_up(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    asked = bob.send(chat, "?")
    _set(alice, chat, "begun", replyTo=asked["id"])
    ended = _set(alice, chat, "", replyTo=asked["id"])
    assert (ended["content"], ended["replyTo"]) == ("", None)
    assert _get(alice, chat) == ended
    assert _listed(alice)["drafts"] == []


def test_html_is_taken_out_and_other_text_stays(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    assert _set(alice, chat, "<img src=x onerror=alert(1)>hi")["content"] == "hi"
    for text in ("2 < 3 && 5 > 4", "<3", "std::vector<int>", "  spaces\n"):
        assert _set(alice, chat, text)["content"] == text


def test_other_devices_hear_of_it(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    phone, desk = alice.socket(), alice.socket()
    draft = phone.act("draft:set", {"chatId": chat, "content": "from the phone"})
    assert draft == _get(alice, chat)
    for device in (phone, desk):
        event = device.wait_for("draft:updated", content="from the phone")
        assert event["data"] == draft
        assert event["chatId"] == chat
    _set(alice, chat, "")
    assert desk.wait_for("draft:updated", content="")["data"]["chatId"] == chat


def test_a_device_that_was_away_learns_by_sync(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    cursor = _cursor(alice)
    _set(alice, chat, "one")
    draft = _set(alice, chat, "two")
    assert _of_sync(alice, cursor) == [draft]
    cursor = _cursor(alice)
    assert _of_sync(alice, cursor) == []
    ended = _set(alice, chat, "")
    assert _of_sync(alice, cursor) == [ended]


def test_two_devices_at_once_leave_the_later_one(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    ears = alice.socket()
    answers = at_once(lambda number: _set(alice, chat, f"draft {number}"), 6)
    assert len({answer["updatedAt"] for answer in answers}) == 6, "each has a time of its own"
    last = max(answers, key=lambda answer: str(answer["updatedAt"]))
    assert _get(alice, chat) == last
    for answer in answers:
        ears.wait_for("draft:updated", content=answer["content"])


def test_the_list_comes_in_pages(person: Register) -> None:
    alice = person("alice")
    chats = [alice.chat_with(name=f"group {number}") for number in range(5)]
    for chat in chats:
        _set(alice, chat, f"in {chat}")
    _set(alice, chats[2], "")
    found: list[int] = []
    page = _listed(alice, limit=2)
    while True:
        found += [draft["chatId"] for draft in page["drafts"]]
        if not page["hasMore"]:
            break
        page = _listed(alice, limit=2, cursor=page["nextCursor"])
    assert found == [chats[0], chats[1], chats[3], chats[4]]
    assert refused_fields(alice.http.get("/drafts", params={"cursor": "x"})) == [("cursor", "wrong_form")]
    assert refused_fields(alice.http.get("/drafts", params={"limit": 101})) == [("limit", "out_of_range")]


def test_a_stranger_learns_of_no_chat(person: Register) -> None:
    alice, bob, mallory = person("alice"), person("bob"), person("mallory")
    chat = alice.chat_with(bob)
    for ask in (_ask_get, _ask_set):
        answer = ask(mallory, chat)
        assert refusal(answer) == (404, "not_found")
        assert told(answer) == told(ask(mallory, chat + 1000))
    mouth = mallory.socket()
    assert mouth.refused("draft:set", {"chatId": chat, "content": "x"})["code"] == "not_found"


def test_who_was_removed_has_no_draft_there(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob, name="two")
    _set(bob, chat, "too late")
    alice.http.delete(f"/chats/{chat}/participants/{bob.id}").raise_for_status()
    assert refusal(_ask_get(bob, chat)) == refusal(_ask_set(bob, chat)) == (404, "not_found")
    assert _listed(bob)["drafts"] == []


def test_a_reply_is_to_a_message_of_the_chat(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat, other = alice.chat_with(bob), alice.chat_with(name="notes")
    elsewhere = alice.send(other, "elsewhere")["id"]
    for reply_to in (elsewhere, elsewhere + 1000):
        answer = alice.http.put(f"/chats/{chat}/draft", json={"content": "x", "replyTo": reply_to})
        assert refusal(answer) == (422, "unknown_reply")


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "content", "missing"),
        ({"content": None}, "content", "wrong_type"),
        ({"content": "a" * 10_001}, "content", "wrong_length"),
        ({"content": "\x00"}, "content", "forbidden_character"),
        ({"content": "x", "replyTo": 0}, "replyTo", "out_of_range"),
        ({"content": "x", "replyTo": 2**64}, "replyTo", "out_of_range"),
        ({"content": "x", "updatedAt": "2026-01-01T00:00:00.000Z"}, "updatedAt", "unknown_field"),
    ],
)
def test_wrong_input_is_refused_by_name(person: Register, body: dict[str, Any], field: str, code: str) -> None:
    alice = person("alice")
    chat = alice.chat_with(name="notes")
    assert refused_fields(alice.http.put(f"/chats/{chat}/draft", json=body)) == [(field, code)]


def test_an_ended_session_can_do_nothing(server: Server, person: Register) -> None:
    alice = person("alice")
    chat = alice.chat_with(name="notes")
    server.sql("UPDATE sessions SET ended_at = now()")
    for answer in (_ask_get(alice, chat), _ask_set(alice, chat), alice.http.get("/drafts")):
        assert refusal(answer) == (401, "session_ended")
    assert server.sql("SELECT content FROM drafts") == []


def _ask_get(person: Person, chat: int) -> httpx.Response:
    return person.http.get(f"/chats/{chat}/draft")


def _ask_set(person: Person, chat: int) -> httpx.Response:
    return person.http.put(f"/chats/{chat}/draft", json={"content": "x"})


def _cursor(person: Person) -> str:
    return str(person.http.get("/sync").json()["nextCursor"])


def _of_sync(person: Person, cursor: str) -> list[dict[str, Any]]:
    events = person.http.get("/sync", params={"cursor": cursor}).raise_for_status().json()["events"]
    return [event["data"] for event in events if event["type"] == "draft:updated"]
