"""Parity with system C, a Skype-like messenger: its socket, row by row."""

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.people import Register
from tests.support.server import Server
from tests.support.socket import Socket


def _ws(server: Server, query: str) -> Socket:
    """Connects to `WS /ws`."""
    return Socket(f"{server.origin.replace('http://', 'ws://')}/ws{query}")


def test_ws_with_token(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    socket = _ws(server, f"?token={bob.access_token}")
    try:
        assert socket.wait_for("hello")["data"]["userId"] == bob.id
        sent = alice.send(chat, "live")
        assert socket.wait_for("message:new", id=sent["id"])["data"]["content"] == "live"
        alice.socket().act("typing:start", {"chatId": chat})
        assert socket.wait_for("typing:start", chatId=chat)["data"]["userId"] == alice.id
        assert socket.act("message:send", {"chatId": chat, "content": "and back"})["seq"] == 2
    finally:
        socket.close()


@pytest.mark.parametrize("query", ["", "?token=", "?token=forged"])
def test_ws_without_a_valid_token(server: Server, query: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        _ws(server, query)
    assert refused.value.response.status_code == 401
