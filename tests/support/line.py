"""A bare connection to the Socket.IO endpoint: packets as they are on the wire."""

import json
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from chalicelib.realtime.packets import NOOP
from tests.support.people import Person
from tests.support.server import Server

HANDSHAKE = "EIO=4&transport=websocket"


class Line:
    """A bare connection."""

    def __init__(self, server: Server, query: str = HANDSHAKE) -> None:
        self._connection: ClientConnection = connect(f"{server.socket_url}/?{query}", legacy=True)

    def say(self, text: str) -> None:
        """Sends a packet."""
        self._connection.send(text)

    def hear(self, *, timeout: float = 20) -> str:
        """The next packet that says something."""
        text = self.hear_any(timeout=timeout)
        return self.hear(timeout=timeout) if text == NOOP else text

    def hear_any(self, *, timeout: float = 20) -> str:
        """The next packet. Real clients end the session at an empty one."""
        text = self._connection.recv(timeout)
        assert isinstance(text, str)
        assert text, "an empty packet"
        return text

    def hear_past_events(self) -> str:
        """The next packet that is no event: somebody's coming or going may be told at any time."""
        while (text := self.hear()).startswith("42"):
            pass
        return text

    def hear_event(self) -> tuple[str, dict[str, Any]]:
        """The next packet, which is an event."""
        name, data = json.loads(self.hear().removeprefix("42"))
        return name, data

    def log_in(self, person: Person) -> str:
        """Opens the namespace and waits for hello; answers the connection's id."""
        sid = str(json.loads(self.hear().removeprefix("0"))["sid"])
        self.say(f"40{json.dumps({'token': person.access_token})}")
        assert json.loads(self.hear().removeprefix("40")) == {"sid": sid}
        assert self.hear_event()[0] == "hello"
        return sid

    def is_closed(self, *, timeout: float = 20) -> bool:
        """Whether the server closes the connection, and says nothing before."""
        try:
            self.hear(timeout=timeout)
        except ConnectionClosed:
            return True
        except TimeoutError:
            return False
        return False

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()
