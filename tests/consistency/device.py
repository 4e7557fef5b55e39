"""A device: acts at random by a seed, loses its socket, comes back, and keeps a copy by sync alone."""

import itertools
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.exceptions import WebSocketException

from tests.consistency.record import Change, Record
from tests.support.people import Person
from tests.support.socket import Socket

PATIENCE_SECONDS = 60.0
_LOST = (httpx.TransportError, WebSocketException, OSError, AssertionError)


@dataclass
class Copy:
    """What a client keeps: messages by chat and seq, and the chats it is in."""

    messages: dict[int, dict[int, dict[str, Any]]] = field(default_factory=dict)
    chats: dict[int, dict[str, Any]] = field(default_factory=dict)

    def apply(self, event: dict[str, Any]) -> None:
        """Takes an event as the new state."""
        kind, data = event["type"], event["data"]
        if kind in {"message:new", "message:updated"}:
            self.messages.setdefault(data["chatId"], {})[data["seq"]] = data
        elif kind == "message:deleted":
            known = self.messages.setdefault(data["chatId"], {})
            gone = {"isDeleted": True, "content": "", "attachments": [], "reactions": {}}
            known[data["seq"]] = {**known.get(data["seq"], {"id": data["messageId"], "seq": data["seq"]}), **gone}
        elif kind in {"chat:created", "chat:updated"}:
            self.chats[data["id"]] = {**self.chats.get(data["id"], {}), **data}
        elif kind == "chat:left":
            self.chats.pop(data["chatId"], None)
            self.messages.pop(data["chatId"], None)


class Device:
    """One device of a user. `run` acts until told to stop; `copy` is what it knows by sync."""

    def __init__(self, person: Person, number: int, chats: list[int], record: Record, seed: int) -> None:
        self.person = person
        self.name = f"{person.username}-{number}"
        self.copy = Copy()
        self.cursor: str | None = None
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
            + [self._delete] * 2
            + [self._read] * 4
            + [self.sync] * 3
            + [self._drop] * 1
        )
        self.sync()
        while going_on():
            self._random.choice(deeds)()
        self._lose_socket()

    def sync(self) -> None:
        """Brings the copy up to date."""
        while True:
            answer = self._get("/sync", {"limit": 50} | ({"cursor": self.cursor} if self.cursor else {}))
            if answer is None:
                return
            fresh = self.cursor is None or answer.get("resyncRequired")
            self.cursor = answer["nextCursor"]
            if fresh:
                self._load()
            for event in answer["events"]:
                if event["type"] == "chat:created":
                    self.copy.apply(event)
                    self._load_chat(event["chatId"])
                else:
                    self.copy.apply(event)
            if not answer["hasMore"]:
                return

    def _load(self) -> None:
        self.copy = Copy()
        answer = self._get("/chats", {"limit": 100})
        for chat in (answer or {}).get("chats", []):
            self.copy.chats[chat["id"]] = chat
            self._load_chat(chat["id"])

    def _load_chat(self, chat_id: int) -> None:
        kept = self.copy.messages.setdefault(chat_id, {})
        after = 0
        while True:
            answer = self._get(f"/chats/{chat_id}/messages", {"after": after, "limit": 100})
            if answer is None:
                return
            for message in answer["messages"]:
                kept[message["seq"]] = message
                after = message["seq"]
            if not answer["hasMore"]:
                return

    def _send(self) -> None:
        chat_id = self._random.choice(self._chats)
        client_id = f"{self.name}-{next(self._numbers)}"
        body = {"chatId": chat_id, "content": f"{client_id} says", "clientMessageId": client_id}
        if self._random.random() < 0.5:
            self._by_socket("message:send", body, "send", chat_id, client_id)
        else:
            self._by_http("POST", "/messages", body, "send", chat_id, client_id)

    def _edit(self) -> None:
        message = self._own_message()
        if message:
            text = f"edited {next(self._numbers)} by {self.name}"
            path = f"/messages/{message['id']}"
            self._by_http("PUT", path, {"content": text}, "edit", message["chatId"], (message["id"], text))

    def _delete(self) -> None:
        message = self._own_message()
        if message:
            path = f"/messages/{message['id']}"
            self._by_http("DELETE", path, None, "delete", message["chatId"], message["id"])

    def _read(self) -> None:
        chat_id = self._random.choice(self._chats)
        self._by_http("POST", f"/chats/{chat_id}/read", {}, "read", chat_id)

    def _drop(self) -> None:
        self._lose_socket()

    def _own_message(self) -> dict[str, Any] | None:
        own = [
            message
            for messages in self.copy.messages.values()
            for message in messages.values()
            if message.get("senderId") == self.person.id and not message.get("isDeleted")
        ]
        return self._random.choice(own[-30:]) if own else None

    def _by_http(
        self, method: str, path: str, body: dict[str, Any] | None, kind: str, chat_id: int, subject: Any = None
    ) -> None:
        began = time.monotonic()
        answer = self._insist(lambda: self.person.http.request(method, path, json=body), f"{kind} {path}")
        if answer is not None:
            change = Change(kind, self.person.id, chat_id, began, time.monotonic(), subject, answer)
            self._record.acknowledged(change)

    def _by_socket(self, action: str, data: dict[str, Any], kind: str, chat_id: int, subject: Any) -> None:
        """Sends a frame until it is answered, over as many sockets as that takes."""
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
                change = Change(kind, self.person.id, chat_id, began, time.monotonic(), subject, frame["data"])
                self._record.acknowledged(change)
                return
            reason = frame["error"]["code"]
            if not frame["error"]["retryable"]:
                return
            time.sleep(0.05)
        self._record.gives_up(f"{self.name}: {action} {subject} ({reason[:300]})")

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
