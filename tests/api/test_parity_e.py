"""Parity with system E, a messages API beside a WebSocket gateway: its REST paths and bodies, row by row.

Its sockets are in tests/ws/test_vocabularies.py and test_socketio.py.
"""

import itertools
import time
from typing import Any

import pytest

from tests.support.reference import Client, registered
from tests.support.server import Server


@pytest.fixture
def alice(server: Server) -> Client:
    return registered(server, "alice")


@pytest.fixture
def bob(server: Server) -> Client:
    return registered(server, "bob")


@pytest.fixture
def chat(alice: Client, bob: Client) -> int:
    return int(alice.ask("POST /api/chats", {"type": "private", "participantIds": [bob.id]}, status=201)["id"])


def _send(sender: Client, chat: int, text: str, **more: Any) -> dict[str, Any]:
    message: dict[str, Any] = sender.ask("POST /api/messages", {"chat": chat, "text": text, **more}, status=201)
    return message


def _texts(page: dict[str, Any]) -> list[str]:
    return [message["content"] for message in page["messages"]]


def test_send_by_http(alice: Client, bob: Client, chat: int) -> None:
    message = _send(alice, chat, "Привет")
    assert (message["chatId"], message["content"], message["senderId"]) == (chat, "Привет", alice.id)
    alice.ask("POST /api/messages", {"chat": chat, "text": "x", "content": "y"}, status=400)
    assert _texts(bob.ask(f"GET /api/chats/{chat}/messages")) == ["Привет"]


def test_send_by_http_30_per_minute(server: Server, alice: Client, bob: Client, chat: int) -> None:
    with server.settings(rate_limits=True):
        began = time.monotonic()
        for number in range(30):
            _send(alice, chat, str(number))
        # On a slow machine the allowance has grown meanwhile: half a message a second.
        for accepted in itertools.count(30):
            limited = alice.answer("POST /api/messages", {"chat": chat, "text": "one more"})
            if limited.status_code != 201:
                break
            assert accepted < 30 + (time.monotonic() - began) / 2
        assert limited.status_code == 429
        assert int(limited.headers["Retry-After"]) >= 1
        _send(bob, chat, "each user has their own")


@pytest.mark.parametrize("path", ["/api/chats/{}/messages", "/api/messages/chats/{}"])
def test_history(alice: Client, bob: Client, chat: int, path: str) -> None:
    for number in range(7):
        _send(alice, chat, str(number))
    at = f"GET {path.format(chat)}"
    page = bob.ask(f"{at}?limit=3")
    assert (_texts(page), page["hasMore"]) == (["6", "5", "4"], True)
    assert set(page) >= {"messages", "hasMore"}
    page = bob.ask(f"{at}?limit=3&skip=3")
    assert (_texts(page), page["hasMore"]) == (["3", "2", "1"], True)
    page = bob.ask(f"{at}?limit=3&skip=6")
    assert (_texts(page), page["hasMore"]) == (["0"], False)
    assert bob.ask(f"{at}?limit=3&skip=7")["messages"] == []
    assert bob.ask(f"{at}?limit=3&skip=9007199254740991")["messages"] == []
    assert _texts(bob.ask(f"{at}?limit=50&skip=0")) == ["6", "5", "4", "3", "2", "1", "0"]


@pytest.mark.parametrize("query", ["skip=-1", "skip=x", "skip=1.5", "limit=0", "limit=101", "skip=1&before=3"])
def test_history_refuses_what_is_no_page(alice: Client, chat: int, query: str) -> None:
    answer = alice.answer(f"GET /api/messages/chats/{chat}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


def test_pages_by_skip_lose_nothing_that_is_there(alice: Client, bob: Client, chat: int) -> None:
    ids = [_send(alice, chat, str(number))["id"] for number in range(20)]
    for hidden in (ids[4], ids[11], ids[17]):
        bob.ask(f"DELETE /api/messages/{hidden}?for=me", status=204)
    seen: list[str] = []
    skip, more = 0, True
    while more:
        page = bob.ask(f"GET /api/messages/chats/{chat}?limit=4&skip={skip}")
        seen += _texts(page)
        skip, more = skip + 4, page["hasMore"]
    assert set(seen) == {str(number) for number in range(20)} - {"4", "11", "17"}


def test_delete(alice: Client, bob: Client, chat: int) -> None:
    message = _send(alice, chat, "oops")
    alice.ask(f"DELETE /api/messages/{message['id']}", status=204)
    [deleted] = bob.ask(f"GET /api/messages/chats/{chat}")["messages"]
    assert (deleted["isDeleted"], deleted["content"]) == (True, "")


def test_message(alice: Client, bob: Client, chat: int) -> None:
    longest = "я" * 10_000
    for kind, ours in (("text", "text"), ("image", "image"), ("file", "file"), ("voice", "audio")):
        message = _send(alice, chat, longest, type=kind)
        assert (message["senderId"], message["chatId"], message["messageType"]) == (alice.id, chat, ours)
        assert (message["content"], message["status"], message["isDeleted"]) == (longest, "sent", False)
        assert message["createdAt"] <= message["updatedAt"]
    too_long = alice.answer("POST /api/messages", {"chat": chat, "text": longest + "я"})
    assert too_long.status_code == 400
    assert [error["code"] for error in too_long.json()["errors"]] == ["wrong_length"]


def test_message_sent_delivered_read(alice: Client, bob: Client, chat: int) -> None:
    _send(alice, chat, "hello")

    def status() -> str:
        return str(alice.ask(f"GET /api/messages/chats/{chat}")["messages"][0]["status"])

    assert status() == "sent"
    bob.ask(f"POST /api/chats/{chat}/delivered")
    assert status() == "delivered"
    bob.ask(f"POST /api/chats/{chat}/read")
    assert status() == "read"


def test_only_participants_may_read_or_write(server: Server, alice: Client, chat: int) -> None:
    stranger = registered(server, "stranger")
    _send(alice, chat, "secret")
    stranger.ask(f"GET /api/chats/{chat}/messages", status=404)
    stranger.ask(f"GET /api/messages/chats/{chat}?limit=50", status=404)
    stranger.ask("POST /api/messages", {"chat": chat, "text": "hello?"}, status=404)


def test_last_message_of_a_chat_is_kept_up_to_date(alice: Client, bob: Client, chat: int) -> None:
    for text in ("one", "two"):
        message = _send(alice, chat, text)
        assert bob.ask("GET /api/chats")["chats"][0]["lastMessage"]["id"] == message["id"]
    alice.ask(f"PUT /api/messages/{message['id']}", {"text": "changed"})
    assert bob.ask("GET /api/chats")["chats"][0]["lastMessage"]["content"] == "changed"
    alice.ask(f"DELETE /api/messages/{message['id']}", status=204)
    assert bob.ask("GET /api/chats")["chats"][0]["lastMessage"]["isDeleted"] is True


def test_html_is_taken_out_of_message_text(alice: Client, chat: int) -> None:
    assert _send(alice, chat, "<b>bold</b> <script>alert(1)</script>and plain")["content"] == "bold and plain"
    assert _send(alice, chat, "2 < 3 && 5 > 4 <3")["content"] == "2 < 3 && 5 > 4 <3"
