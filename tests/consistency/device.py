"""A device: acts at random by a seed, hears, loses its socket, comes back and syncs, as docs/protocol.md says."""

import itertools
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.exceptions import WebSocketException

from tests.consistency.record import Change, Record
from tests.support.hearing import Client
from tests.support.people import Person
from tests.support.socket import Socket

PATIENCE_SECONDS = 60.0
_LOST = (httpx.TransportError, WebSocketException, OSError, AssertionError)


@dataclass(frozen=True)
class Deed:
    """What a device is about to do, by whichever way."""

    kind: str
    chat_id: int
    subject: Any = None


class Device:
    """One device of a user. `run` acts until told to stop; `copy` is what it keeps."""

    def __init__(self, person: Person, number: int, chats: list[int], record: Record, seed: str) -> None:
        self.person = person
        self.name = f"{person.username}-{number}"
        self.emoji = "👍🔥"[number - 1]
        self.copy = self.fresh_copy()
        # What its user was told twice or out of order.
        self.told_wrongly: list[str] = []
        self._chats = chats
        self._record = record
        self._random = random.Random(f"{seed}:{self.name}")
        self._numbers = itertools.count(1)
        self._socket: Socket | None = None
        self._noted = 0

    def run(self, going_on: Callable[[], bool]) -> None:
        """Does one thing after the other."""
        deeds = (
            [self._send] * 12
            + [self._edit] * 3
            + [self._react] * 3
            + [self._delete] * 2
            + [self._read] * 4
            + [self.sync] * 3
            + [self._drop] * 1
        )
        self.sync()
        while going_on():
            self._random.choice(deeds)()
        if self._socket is not None:
            self._socket.close()

    def enters(self, chat_id: int) -> None:
        """From now on it acts in this chat too."""
        self._chats.append(chat_id)

    def finish(self) -> None:
        """Syncs for the last time, and then takes what had come before: late events must undo nothing."""
        self.sync()
        if self._socket is not None:
            self._note_events()

    def close(self) -> None:
        """Ends what still runs of it."""

    def sync(self) -> None:
        """Brings the copy up to date."""
        self.copy.sync()

    def fresh_copy(self) -> Client:
        """A copy that holds nothing yet."""
        return Client(self.person.id, self._get)

    def _send(self) -> None:
        chat_id = self._random.choice(self._chats)
        client_id = f"{self.name}-{next(self._numbers)}"
        body = {"chatId": chat_id, "content": f"{client_id} says", "clientMessageId": client_id}
        self._do(Deed("send", chat_id, client_id), ("POST", "/messages", body), ("message:send", body))

    def _edit(self) -> None:
        message = self._message(own=True)
        if message:
            body = {"content": f"edited {next(self._numbers)} by {self.name}"}
            self._do(
                Deed("edit", message["chatId"], (message["id"], body["content"])),
                ("PUT", f"/messages/{message['id']}", body),
                ("message:edit", {"messageId": message["id"], **body}),
            )

    def _delete(self) -> None:
        message = self._message(own=True)
        if message:
            self._do(
                Deed("delete", message["chatId"], message["id"]),
                ("DELETE", f"/messages/{message['id']}", None),
                ("message:delete", {"messageId": message["id"]}),
            )

    def _react(self) -> None:
        """Every device has an emoji of its own, so that what it did last is what must stand."""
        message = self._message(own=False)
        if message:
            remove = self._random.random() < 0.3
            frame = {"messageId": message["id"], "emoji": self.emoji, "remove": remove}
            self._do(
                Deed("unreact" if remove else "react", message["chatId"], (message["id"], self.emoji)),
                ("DELETE" if remove else "PUT", f"/messages/{message['id']}/reactions/{self.emoji}", None),
                ("message:react", frame),
            )

    def _read(self) -> None:
        chat_id = self._random.choice(self._chats)
        self._do(
            Deed("read", chat_id), ("POST", f"/chats/{chat_id}/read", {}), ("messages:read", {"chatId": chat_id})
        )

    def _drop(self) -> None:
        self._lose_socket()

    def _message(self, *, own: bool) -> dict[str, Any] | None:
        """A recent one that somebody wrote and that is not deleted."""
        known = [
            message
            for messages in self.copy.messages.values()
            for _, message in sorted(messages.items())[-60:]
            if (message.get("senderId") == self.person.id or not own)
            and not message.get("isDeleted")
            and message.get("messageType") != "system"
        ]
        return self._random.choice(known) if known else None

    def _do(self, deed: Deed, request: tuple[str, str, Any], frame: tuple[str, Any]) -> None:
        """Does it by one of the two ways until there is an answer that is final."""
        began = time.monotonic()
        answer = self._ask(deed, request, frame)
        change = Change(deed.kind, self.person.id, deed.chat_id, began, time.monotonic(), deed.subject, answer or {})
        if answer is None:
            self._record.refused(change)
        else:
            self._record.acknowledged(change)

    def _ask(self, deed: Deed, request: tuple[str, str, Any], frame: tuple[str, Any]) -> dict[str, Any] | None:
        """The answer, by either way; None for a refusal."""
        if self._random.random() < 0.5:
            return self._by_socket(*frame)
        method, path, body = request
        return self._insist(lambda: self.person.http.request(method, path, json=body), f"{deed.kind} {path}")

    def _by_socket(self, action: str, data: dict[str, Any]) -> dict[str, Any] | None:
        """Sends a frame until it is answered, over as many sockets as that takes; None for a refusal."""
        began, reason = time.monotonic(), "no try"
        while time.monotonic() - began < PATIENCE_SECONDS:
            try:
                frame = self._connected().request(action, data, timeout=3)
            except _LOST as lost:
                reason = f"{type(lost).__name__}: {lost}"
                self._lose_socket()
                time.sleep(0.05)
                continue
            self._note_events()
            if frame["type"] == "ack":
                return dict(frame["data"] or {})
            reason = frame["error"]["code"]
            if not frame["error"]["retryable"]:
                return None
            time.sleep(0.05)
        self._record.gives_up(f"{self.name}: {action} {data} ({reason[:300]})")
        return None

    def _insist(self, ask: Callable[[], httpx.Response], what: str) -> dict[str, Any] | None:
        """Asks until there is an answer that is final; None for a refusal."""
        began, reason = time.monotonic(), "no try"
        while time.monotonic() - began < PATIENCE_SECONDS:
            try:
                answer = ask()
            except _LOST as lost:
                reason = f"{type(lost).__name__}: {lost}"
                time.sleep(0.05)
                continue
            if answer.status_code < 300:
                return dict(answer.json()) if answer.content else {}
            if answer.status_code < 500 and answer.status_code != 429:
                return None
            reason = f"{answer.status_code} {answer.text}"
            time.sleep(0.05)
        self._record.gives_up(f"{self.name}: {what} ({reason[:300]})")
        return None

    def _get(self, path: str, query: Mapping[str, str | int]) -> dict[str, Any] | None:
        return self._insist(lambda: self.person.http.get(path, params=query), path)

    def _connected(self) -> Socket:
        if self._socket is None:
            self._socket = Socket(f"{self.person.socket_url}?token={self.person.access_token}")
            self._noted = 0
            self._socket.wait_for("hello", timeout=3)
            self.sync()
        return self._socket

    def _lose_socket(self) -> None:
        if self._socket is not None:
            self._note_events()
            self._socket.close()
            self._socket = None

    def _note_events(self) -> None:
        assert self._socket is not None
        frames = self._socket.frames[self._noted :]
        self._noted += len(frames)
        for frame in frames:
            if "eventId" in frame:
                self._record.hears(self.person.id, frame)
                self.copy.hear(frame)
