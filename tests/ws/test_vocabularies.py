"""Clients of reference systems B, D and E hear and say the names they know, on both kinds of connections."""

from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from chalicelib.core import spellings
from chalicelib.core.ids import COMMON_ROOM_ID
from chalicelib.entry.actions import ACTIONS
from chalicelib.realtime.events import CATALOGUE
from chalicelib.realtime.vocabularies import VOCABULARIES
from tests.socketio.clients import Client
from tests.support.people import Register
from tests.support.socket import Socket

Connect = Callable[..., Client]
ConnectNative = Callable[..., Socket]


def test_the_tables_name_what_there_is() -> None:
    for words in VOCABULARIES.values():
        assert set(words.actions.values()) <= ACTIONS.keys()
        assert not words.actions.keys() & ACTIONS.keys()
        assert words.events.keys() <= CATALOGUE.keys()
    fields = {name for action in ACTIONS.values() for name in action.data.__struct_encode_fields__}
    assert set(spellings.FIELDS.values()) | spellings.VALUES.keys() <= fields


def test_b_hears_other_chats_by_our_names(person: Register, client: Connect) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    ears = client(bob, "common-room")
    alice.send(chat, "only for you")
    assert ears.wait_for("message:new")["chatId"] == chat
    assert ears.events("message") == []


def test_d_on_a_native_connection(person: Register, native: ConnectNative) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    ears = native(bob, "conversations")
    sent = alice.send(chat, "hello")
    event = ears.wait_for("message:received", id=sent["id"])
    assert event["data"]["conversationId"] == chat
    assert (event["chatId"], event["seq"], event["eventId"]) == (chat, 1, f"message:{sent['id']}")
    assert ears.act("join:conversation", {"conversationId": chat})["id"] == chat
    assert ears.refused("join:room")["code"] == "unknown_action"


COMMON = {"chat:updated", "message:delivered"}
TOLD = {
    None: {*COMMON, "chat:created", "message:new", "messages:read"},
    "conversations": {
        *COMMON,
        *("conversation:created", "message:new", "message:received", "message:read", "conversation:read"),
    },
    "gateway": {*COMMON, "chat:created", "message:new", "messages:read"},
    "common-room": {*COMMON, "chat:created", "message:new", "message", "messages:read"},
}
CHAT_FIELD = {None: "chatId", "conversations": "conversationId", "gateway": "chat", "common-room": "chatId"}


@pytest.mark.parametrize("vocabulary", TOLD)
def test_sync_tells_in_the_words_of_its_connection(
    person: Register, client: Connect, native: ConnectNative, vocabulary: str | None
) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    for who in (alice, bob):
        who.http.post(f"/chats/{COMMON_ROOM_ID}/join").raise_for_status()
    devices: list[Socket | Client] = [native(bob, vocabulary), client(bob, vocabulary)]
    cursor = devices[0].act("sync")["nextCursor"]
    theirs, own, to_all = alice.send(chat, "one"), bob.send(chat, "two"), alice.send(COMMON_ROOM_ID, "to all")
    group = alice.chat_with(bob, name="new")
    alice.http.post(f"/chats/{chat}/read").raise_for_status()
    field = CHAT_FIELD[vocabulary]
    for device in devices:
        events = device.act("sync", {"cursor": cursor})["events"]
        assert {event["type"] for event in events} == TOLD[vocabulary]
        assert {event["data"][field] for event in events if field in event["data"]} >= {chat}
        assert {event["chatId"] for event in events} == {chat, COMMON_ROOM_ID, group}, "what is around is ours"
        if vocabulary == "conversations":
            received = [one["data"] for one in events if one["type"] == "message:received"]
            assert [one["id"] for one in received if one["conversationId"] != group] == [
                theirs["id"],
                to_all["id"],
            ], "not one's own"
            [story] = [one for one in received if one["conversationId"] == group]
            assert (story["messageType"], story["content"]) == ("text", "alice made the group “new” with bob")
            reads = [one["data"] for one in events if one["type"] == "message:read"]
            [read] = [one for one in reads if one["conversationId"] == chat]
            assert (read["messageId"], read["userId"]) == (own["id"], alice.id)
        if vocabulary == "common-room":
            [said] = [one["data"] for one in events if one["type"] == "message"]
            assert said == {
                "id": to_all["id"],
                "userId": alice.id,
                "content": "to all",
                "timestamp": to_all["createdAt"],
            }


def test_one_event_in_every_manner(person: Register, client: Connect, native: ConnectNative) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    plain, renamed = bob.socket(), native(bob, "gateway")
    one, two = client(bob, "conversations"), client(bob, "gateway")
    sent = alice.send(chat, "hello")
    assert plain.wait_for("message:new", id=sent["id"])["data"] == sent
    assert renamed.wait_for("message:new", id=sent["id"])["data"]["text"] == "hello"
    assert one.wait_for("message:new", id=sent["id"])["conversationId"] == chat
    assert two.wait_for("message:new", id=sent["id"])["chat"] == chat


def test_an_unknown_vocabulary_is_refused(person: Register) -> None:
    alice = person("alice")
    with pytest.raises(InvalidStatus) as refused:
        Socket(f"{alice.socket_url}?token={alice.access_token}&vocabulary=klingon")
    assert refused.value.response.status_code == 400


@pytest.mark.parametrize(
    "spelling",
    [
        {"chat": 0, "text": "hello"},
        {"chatId": 0, "text": "hello", "type": "text"},
        {"conversationId": 0, "content": "hello", "messageType": "text"},
    ],
)
def test_every_spelling_by_http_and_by_socket(person: Register, spelling: dict[str, Any]) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    body = {name: chat if value == 0 else value for name, value in spelling.items()}
    answer = alice.http.post("/messages", json=body)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["chatId"], answer.json()["content"]) == (chat, "hello")
    assert alice.socket().act("message:send", body)["seq"] == 2


def test_a_field_in_two_spellings_is_refused(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    for twice in ({"chat": chat, "chatId": chat}, {"chat": chat, "conversationId": chat}):
        problem = alice.http.post("/messages", json={**twice, "content": "x"})
        assert problem.status_code == 400
        assert problem.json()["errors"][0]["code"] == "unknown_field"
    spelt = alice.http.post("/messages", json={"chat": "one", "text": "x"}).json()
    assert spelt["errors"][0]["field"] == "chatId"
    assert alice.http.post("/messages", json={"chat": chat, "text": "a\x00b"}).status_code == 400
    assert alice.http.post("/messages", json={"chat": chat, "text": "x", "sender": 7}).status_code == 400


def test_voice_is_audio(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    answer = alice.http.post("/messages", json={"chat": chat, "text": "a note", "type": "voice"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["messageType"] == "audio"
