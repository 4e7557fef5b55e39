"""What a chat allows: who sends, who adds, how long messages live. A rule holds from the moment it is set."""

from typing import Any

import pytest

from tests.support.answers import at_once, refusal, refused_fields
from tests.support.groups import changes
from tests.support.people import Person
from tests.support.server import Server

YEAR = 365 * 24 * 60 * 60
DEFAULTS = {"whoCanSend": "members", "whoCanAdd": "admins", "messageSeconds": None, "slowModeSeconds": None}


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_each_rule_is_set_alone(alice: Person, bob: Person, method: str) -> None:
    chat = alice.chat_with(bob, name="group")
    expected: dict[str, Any] = dict(DEFAULTS)
    assert bob.http.get(f"/chats/{chat}").json()["settings"] == expected
    for change in (
        {"whoCanSend": "admins"},
        {"whoCanAdd": "members"},
        {"messageSeconds": 5},
        {"messageSeconds": YEAR, "whoCanSend": "members"},
        {"messageSeconds": None},
        {},
    ):
        expected |= change
        answer = alice.http.request(method, f"/chats/{chat}", json={"settings": change})
        assert (answer.status_code, answer.json()["settings"]) == (200, expected)
        assert bob.http.get(f"/chats/{chat}").json()["settings"] == expected


def test_all_at_once_and_nothing_at_all(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    change = {
        "name": "Новое",
        "description": "d",
        "isPublic": True,
        "settings": {"whoCanSend": "admins", "whoCanAdd": "members", "messageSeconds": 60, "slowModeSeconds": None},
    }
    changed = alice.http.put(f"/chats/{chat}", json=change).json()
    assert {name: changed[name] for name in change} == change
    _, cursor = changes(bob)
    nothings: list[dict[str, Any]] = [{}, {"settings": {}}]
    for nothing in nothings:
        assert alice.http.patch(f"/chats/{chat}", json=nothing).json() == changed
    assert changes(bob, cursor)[0] == []


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"settings": None}, "settings", "wrong_type"),
    ({"settings": {"whoCanSend": None}}, "settings.whoCanSend", "wrong_type"),
    ({"settings": {"whoCanSend": "nobody"}}, "settings.whoCanSend", "unknown_value"),
    ({"settings": {"whoCanAdd": 1}}, "settings.whoCanAdd", "wrong_type"),
    ({"settings": {"messageSeconds": 4}}, "settings.messageSeconds", "out_of_range"),
    ({"settings": {"messageSeconds": 0}}, "settings.messageSeconds", "out_of_range"),
    ({"settings": {"messageSeconds": -5}}, "settings.messageSeconds", "out_of_range"),
    ({"settings": {"messageSeconds": YEAR + 1}}, "settings.messageSeconds", "out_of_range"),
    ({"settings": {"messageSeconds": 10**40}}, "settings.messageSeconds", "out_of_range"),
    ({"settings": {"messageSeconds": 5.5}}, "settings.messageSeconds", "wrong_type"),
    ({"settings": {"messageSeconds": "5"}}, "settings.messageSeconds", "wrong_type"),
    ({"settings": {"owner": 1}}, "settings.owner", "unknown_field"),
    ({"isPublic": None}, "isPublic", "wrong_type"),
    ({"isPublic": 1}, "isPublic", "wrong_type"),
]


def test_what_is_no_rule_is_refused_by_name(alice: Person) -> None:
    chat = alice.chat_with(name="group")
    answers = [alice.http.patch(f"/chats/{chat}", json=change) for change, _, _ in BAD]
    assert [refused_fields(answer) for answer in answers] == [[(field, code)] for _, field, code in BAD]
    assert alice.http.get(f"/chats/{chat}").json()["settings"] == DEFAULTS


def test_where_admins_send_members_do_not(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="news")
    alice.http.patch(f"/chats/{chat}", json={"settings": {"whoCanSend": "admins"}})
    news = alice.send(chat, "news")
    assert refusal(bob.http.post("/messages", json={"chatId": chat, "content": "x"})) == (403, "forbidden")
    assert [message["content"] for message in bob.history(chat)] == ["news"]
    alice.http.patch(f"/chats/{chat}", json={"settings": {"whoCanSend": "members"}})
    assert bob.send(chat, "thanks")["seq"] == news["seq"] + 1


def test_no_message_comes_after_the_rule_against_it(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="news")
    rule = {"settings": {"whoCanSend": "admins"}}
    marks: list[int] = []

    def act(number: int) -> None:
        if number == 0:
            marks.append(alice.http.patch(f"/chats/{chat}", json=rule).json()["lastSeq"])
        else:
            bob.http.post("/messages", json={"chatId": chat, "content": "x"})

    at_once(act, 12)
    assert server.sql("SELECT last_seq FROM chats WHERE id = %s", chat) == [(marks[0],)]


def test_both_of_a_private_chat_choose_how_long_messages_live(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    _, cursor = changes(bob)
    changed = alice.http.patch(f"/chats/{chat}", json={"settings": {"messageSeconds": 3600}}).json()
    assert changed["settings"]["messageSeconds"] == 3600
    (updated,) = (event["data"] for event in changes(bob, cursor)[0] if event["type"] == "chat:updated")
    assert updated["settings"]["messageSeconds"] == 3600
    assert bob.send(chat, "soon gone")["expiresAt"] is not None
    assert bob.http.put(f"/chats/{chat}", json={"settings": {"messageSeconds": None}}).status_code == 200
    assert alice.send(chat, "for ever")["expiresAt"] is None
