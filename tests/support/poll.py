"""A bare client of Engine.IO that polls: requests and packets as they are on the wire."""

import json
import time
from collections.abc import Mapping
from typing import Any

import httpx

from chalicelib.realtime import payloads
from chalicelib.realtime.packets import NOOP, Engine
from tests.support.people import Person
from tests.support.server import Server

_PATIENCE_SECONDS = 25


class Poll:
    """A session. `told` is what the server said when it opened it."""

    def __init__(
        self,
        server: Server,
        engine: Engine = 4,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._engine = engine
        self._http = httpx.Client(base_url=server.origin, headers=headers, timeout=40)
        self._query = {"EIO": str(engine), "transport": "polling"}
        self._waiting: list[str] = []
        (opening,) = self.poll(**(query or {}))
        self.told: dict[str, Any] = json.loads(opening.removeprefix("0"))
        self.sid: str = self.told["sid"]
        self._query["sid"] = self.sid

    def get(self, **query: str) -> httpx.Response:
        """Polls, whatever the answer is."""
        return self._http.get("/socket.io/", params={**self._query, **query})

    def poll(self, **query: str) -> list[str]:
        """Polls, and answers the packets that came."""
        answer = self.get(**query)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=UTF-8"), answer.text
        return payloads.read(answer.content, self._engine)

    def hear(self) -> str:
        """The next packet that says something."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while not self._waiting:
            assert time.monotonic() < until, "nothing came"
            self._waiting = [packet for packet in self.poll() if packet != NOOP]
        return self._waiting.pop(0)

    def hear_event(self, name: str) -> dict[str, Any]:
        """The data of the next event of a name; other packets before it are dropped."""
        while True:
            packet = self.hear()
            if packet.startswith("42"):
                heard, data = json.loads(packet[2:])
                if heard == name:
                    return dict(data)

    def send(self, body: str | bytes, **headers: str) -> httpx.Response:
        """Posts a body, whatever the answer is."""
        kind = {"Content-Type": "text/plain;charset=UTF-8", **headers}
        return self._http.post("/socket.io/", params=self._query, content=body, headers=kind)

    def say(self, *packets: str) -> None:
        """Posts packets, which must be taken."""
        answer = self.send(payloads.write(packets, self._engine))
        assert (answer.status_code, answer.text) == (200, "ok"), answer.text

    def log_in(self, person: Person) -> dict[str, Any]:
        """Opens the default namespace, and answers the data of hello."""
        self.say(f"40{json.dumps({'token': person.access_token})}")
        connected = json.loads(self.hear().removeprefix("40"))
        hello = self.hear_event("hello")
        assert connected == {"sid": hello["connectionId"]} != {"sid": self.sid}, "the session's own id is a secret"
        return hello

    def is_over(self) -> bool:
        """Whether the server says that the session ends, and takes no request after it. Events may come before."""
        while (last := self.hear()).startswith("42"):
            pass  # somebody's coming, told after its debounce
        answer = self.get()
        return (last, answer.status_code, answer.json()["code"]) == ("1", 400, 1)

    def close(self) -> None:
        """Closes the sockets; the session is not told."""
        self._http.close()
