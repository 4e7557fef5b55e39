"""`make demo`: two users register with a running server and talk, and the talk's latencies are shown."""

import contextlib
import json
import os
import secrets
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from local import dotenv

CONVERSATION = (
    ("anna", "Привет! Как дела?"),
    ("boris", "Hi! All well. Did the build pass?"),
    ("anna", "It did: 2 < 3 && 5 > 4, as ever."),
    ("boris", "Then let us ship it <3"),
    ("anna", "Shipped. Tea?"),
    ("boris", "Five minutes."),
)
SECONDS = 10.0


@dataclass(frozen=True)
class Account:
    """With what somebody registers, and logs in later."""

    username: str
    password: str

    @classmethod
    def fresh(cls, name: str) -> "Account":
        """One that nobody has."""
        return cls(f"{name}-{secrets.token_hex(3)}", secrets.token_urlsafe(16))


@dataclass(frozen=True)
class Speaker:
    """A registered user with one open socket."""

    username: str
    user_id: int
    http: httpx.Client
    socket: ClientConnection

    def act(self, action: str, data: dict[str, Any]) -> None:
        """Sends a frame."""
        self.socket.send(json.dumps({"action": action, "id": action, "data": data}, ensure_ascii=False))

    def wait_for(self, kind: str, seq: int | None = None) -> dict[str, Any]:
        """The next frame of this type, and of this seq where one is given.

        Raises TimeoutError, and SystemExit where the server refused something.
        """
        while True:
            text = self.socket.recv(timeout=SECONDS)
            if not text:  # a route response without a body
                continue
            frame: dict[str, Any] = json.loads(text)
            if frame.get("type") == "error":
                raise SystemExit(f"refused: {frame['error']['detail']}")
            if "type" not in frame:  # what API Gateway says itself where a function fails
                raise SystemExit(f"refused: {frame.get('message', frame)}")
            if frame["type"] == kind and seq in {None, frame.get("seq")}:
                return frame


@contextlib.contextmanager
def joined(url: str, socket_url: str, account: Account) -> Iterator[Speaker]:
    """Registers a user, or logs in who is registered, and connects them with a ticket.

    Both URLs are the APIs' own, with the stage. Raises httpx.HTTPError and websockets' own errors.
    """
    with httpx.Client(base_url=url, timeout=SECONDS) as http:
        session = _admitted(http, account)
        http.headers["Authorization"] = f"Bearer {session['accessToken']}"
        ticket = http.post("/ws/tickets").raise_for_status().json()["ticket"]
        with connect(f"{socket_url}?ticket={ticket}") as socket:
            speaker = Speaker(account.username, session["user"]["id"], http, socket)
            speaker.wait_for("hello")
            yield speaker


def _admitted(http: httpx.Client, account: Account) -> dict[str, Any]:
    answer = http.post("/auth/register", json=asdict(account))
    if answer.status_code == httpx.codes.CONFLICT:
        answer = http.post("/auth/login", json=asdict(account))
    session: dict[str, Any] = answer.raise_for_status().json()
    return session


def talk(anna: Speaker, boris: Speaker) -> None:
    """Says the conversation line by line, and shows how long each took to be stored and to be heard."""
    body = {"type": "private", "participantIds": [boris.user_id]}
    chat = anna.http.post("/chats", json=body).raise_for_status().json()["id"]
    print(f"{anna.username} and {boris.username} share chat {chat}")
    stored, heard = [], []
    for number, (name, text) in enumerate(CONVERSATION, start=1):
        speaker, listener = (anna, boris) if name == "anna" else (boris, anna)
        began = time.perf_counter()
        speaker.act("message:send", {"chatId": chat, "content": text, "clientMessageId": f"demo-{number}"})
        speaker.wait_for("ack")
        stored.append(time.perf_counter() - began)
        event = listener.wait_for("message:new", seq=number)
        heard.append(time.perf_counter() - began)
        print(
            f"{event['seq']:>3}  {name:<6} {event['data']['content']:<36}"
            f" stored {stored[-1] * 1000:6.1f} ms   heard {heard[-1] * 1000:6.1f} ms"
        )
    print(f"median: stored {statistics.median(stored) * 1000:.1f} ms, heard {statistics.median(heard) * 1000:.1f} ms")


def main() -> int:
    """Talks once; 1 where no server answers."""
    dotenv.load()
    origin = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"
    url, socket_url = f"http://{origin}/api", f"ws://{origin}/api"
    try:
        httpx.get(f"{url}/health", timeout=SECONDS).raise_for_status()
    except httpx.HTTPError as error:
        print(f"No healthy server at {origin} ({error}). Start one with `make run`.", file=sys.stderr)
        return 1
    both = Account.fresh("anna"), Account.fresh("boris")
    with joined(url, socket_url, both[0]) as anna, joined(url, socket_url, both[1]) as boris:
        talk(anna, boris)
    return 0


if __name__ == "__main__":
    sys.exit(main())
