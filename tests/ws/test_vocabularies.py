"""Clients of reference systems B, D and E hear and say the names they know, on both kinds of connections."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from chalicelib.core import spellings
from chalicelib.core.ids import COMMON_ROOM_ID
from chalicelib.entry.actions import ACTIONS
from chalicelib.realtime.events import CATALOGUE
from chalicelib.realtime.vocabularies import VOCABULARIES
from tests.socketio.clients import Client, PythonClient
from tests.support.people import Person
from tests.support.server import Server
from tests.support.socket import Socket

Register = Callable[[str], Person]


@pytest.fixture
def client(server: Server) -> Iterator[Callable[..., Client]]:
    """Connects a person's python-socketio, in a vocabulary."""
    made: list[Client] = []

    def make(person: Person, vocabulary: str) -> Client:
        made.append(Client(PythonClient()))
        made[-1].log_in(server.origin, {"token": person.access_token, "vocabulary": vocabulary})
        return made[-1]

    yield make
    for one in made:
        one.stop()
    # Every connection is looked at again after 30 s, which no test waits for.
    server.stack.reset(database_url=server.database_url)


@pytest.fixture
def native() -> Iterator[Callable[..., Socket]]:
    """Connects a person's native client, in a vocabulary."""
    made: list[Socket] = []

    def make(person: Person, vocabulary: str) -> Socket:
        made.append(Socket(f"{person.socket_url}?token={person.access_token}&vocabulary={vocabulary}"))
        made[-1].wait_for("hello")
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_the_tables_name_what_there_is() -> None:
    for words in VOCABULARIES.values():
        assert set(words.actions.values()) <= ACTIONS.keys()
        assert not words.actions.keys() & ACTIONS.keys()
        assert words.events.keys() <= CATALOGUE.keys()
    fields = {name for action in ACTIONS.values() for name in action.data.__struct_encode_fields__}
    assert set(spellings.FIELDS.values()) | spellings.VALUES.keys() <= fields


def test_b_has_one_common_room(person: Register, client: Callable[..., Client]) -> None:
    alice, bob = person("alice"), person("bob")
    one, two = client(alice, "common-room"), client(bob, "common-room")
    one.emit("message", {"userId": bob.id, "content": "Привет всем"})
    for ears in (one, two):
        heard = ears.wait_for("message")
        assert set(heard) == {"id", "userId", "content", "timestamp"}
        assert (heard["userId"], heard["content"]) == (alice.id, "Привет всем")
        assert heard["timestamp"].endswith("Z")
    assert two.act("message", {"content": "hello"})["senderId"] == bob.id
    assert [message["content"] for message in alice.history(COMMON_ROOM_ID)] == ["hello", "Привет всем"]


def test_b_hears_other_chats_by_our_names(person: Register, client: Callable[..., Client]) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    ears = client(bob, "common-room")
    alice.send(chat, "only for you")
    assert ears.wait_for("message:new")["chatId"] == chat
    assert ears.events("message") == []


def test_b_on_a_native_connection(person: Register, native: Callable[..., Socket]) -> None:
    socket = native(person("alice"), "common-room")
    sent = socket.act("message", {"content": "first"})
    event = socket.wait_for("message", id=sent["id"])
    assert event["chatId"] == COMMON_ROOM_ID
    assert set(event["data"]) == {"id", "userId", "content", "timestamp"}


def test_d_by_socketio(person: Register, client: Callable[..., Client]) -> None:
    alice, bob = person("alice"), person("bob")
    one, two = client(alice, "conversations"), client(bob, "conversations")
    chat = alice.chat_with(bob)
    assert two.wait_for("conversation:created", id=chat)["type"] == "private"
    assert one.act("join:conversation", chat)["id"] == chat
    assert one.act("join:conversation", {"conversationId": chat})["id"] == chat
    assert one.act("leave:conversation", chat) == {}
    sent = one.act("message:send", {"conversationId": chat, "content": "hello"})
    assert sent["conversationId"] == chat
    for name in ("message:new", "message:received"):
        heard = two.wait_for(name, id=sent["id"])
        assert heard == {**sent, "conversationId": chat}
        assert "chatId" not in heard
    one.wait_for("message:new", id=sent["id"])
    two.emit("messages:read", {"conversationId": chat})
    for name in ("message:read", "conversation:read"):
        assert one.wait_for(name, conversationId=chat)["userId"] == bob.id
    assert alice.http.delete(f"/messages/{sent['id']}").is_success
    two.wait_for("message:deleted", conversationId=chat)
    assert one.events("message:received") == [], "the sender has not received it"


def test_d_on_a_native_connection(person: Register, native: Callable[..., Socket]) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    ears = native(bob, "conversations")
    sent = alice.send(chat, "hello")
    event = ears.wait_for("message:received", id=sent["id"])
    assert event["data"]["conversationId"] == chat
    assert (event["chatId"], event["seq"], event["eventId"]) == (chat, 1, f"message:{sent['id']}")
    assert ears.act("join:conversation", {"conversationId": chat})["id"] == chat
    assert ears.refused("join:room")["code"] == "unknown_action"


def test_e_by_socketio(person: Register, client: Callable[..., Client]) -> None:
    alice, bob = person("alice"), person("bob")
    one, two = client(alice, "gateway"), client(bob, "gateway")
    chat = alice.chat_with(bob)
    two.wait_for("chat:created", id=chat)
    assert one.call("chat:join", {"chatId": chat})["success"] is True
    sent = one.act("message:send", {"chatId": chat, "text": "<b>hello</b>"})
    assert {"chat": chat, "sender": alice.id, "text": "hello", "type": "text"}.items() <= sent.items()
    assert two.wait_for("message:new", id=sent["id"])["text"] == "hello"
    voice = one.act("message:send", {"chatId": chat, "text": "a note", "type": "voice"})
    assert two.wait_for("message:new", id=voice["id"])["type"] == "voice"
    for is_typing in (True, False):
        assert one.act("message:typing", {"chatId": chat, "isTyping": is_typing}) == {}
        assert two.wait_for("message:typing", isTyping=is_typing) == {
            "chatId": chat,
            "userId": alice.id,
            "isTyping": is_typing,
        }
    assert one.events("message:typing") == [], "to all but the typist"
    assert one.call("chat:leave", {"chatId": chat}) == {"success": True}
    refusal = one.call("chat:join", {"chatId": chat + 1})
    assert (refusal["success"], refusal["error"]["code"]) == (False, "not_found")
    assert one.act("message:send", {"chatId": chat, "text": "still a member"})["seq"] == 3


def test_one_event_in_every_manner(
    person: Register, client: Callable[..., Client], native: Callable[..., Socket]
) -> None:
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
