"""The local SQS: moto's queues, with a long poll that waits without a thread and that a new message ends at once."""

import asyncio
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import msgspec
from moto.sqs.models import sqs_backends

from local.aws_moto import Moto
from local.events import ACCOUNT_ID
from local.wsgi import Answer

LONGEST_WAIT = 20.0
_NOTHING = b"{}"

# Goes moto's whole way with a body.
Whole = Callable[[bytes], Answer]

# After these a waiting receiver may find something: a new message, or the next one of a FIFO group.
_WAKING = frozenset(
    {
        "SendMessage",
        "SendMessageBatch",
        "DeleteMessage",
        "DeleteMessageBatch",
        "ChangeMessageVisibility",
        "ChangeMessageVisibilityBatch",
    }
)

# Characters that SQS stores as U+FFFD.
_NOT_STORED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class AwsQueues:
    """All queues. Every method runs in the event loop, so that one call ends before the next begins."""

    def __init__(self, moto: Moto, on_sent: Callable[[str, list[str]], None]) -> None:
        """`on_sent` hears of the bodies that a queue was given."""
        self._moto = moto
        self._on_sent = on_sent
        self._waiting: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)
        self._wakes = 0

    async def answer(self, action: str, body: bytes, whole: Whole) -> Answer:
        """Answers one request. `whole` takes one with another body the whole way."""
        if action == "ReceiveMessage":
            payload = json.loads(body or b"{}")
            wait = min(LONGEST_WAIT, float(payload.get("WaitTimeSeconds") or 0))
            return await self.receive(payload, wait, whole)
        payload = self._moto.short("sqs", action, body)
        if payload is not None:
            return self.call(action, payload)
        payload = _decoded(body)
        _store_known_characters(payload)
        answer = whole(json.dumps(payload).encode() if "MessageBody" in payload or "Entries" in payload else body)
        self._done(action, payload)
        return answer

    def call(self, action: str, payload: dict[str, Any]) -> Answer:
        """Goes the short way, with anything but a ReceiveMessage."""
        _store_known_characters(payload)
        answer = self._moto.call("sqs", action, payload)
        self._done(action, payload)
        return answer

    async def receive(
        self, payload: dict[str, Any], wait: float, whole: Whole, *, wakes: int | None = None
    ) -> Answer:
        """A ReceiveMessage that waits up to so many seconds, and no longer than until there were more `wakes`."""
        loop = asyncio.get_running_loop()
        name = _queue(payload)
        body = msgspec.json.encode({**payload, "WaitTimeSeconds": 0})
        until = loop.time() + wait
        while True:
            answer = self._look(name, body, whole)
            left = until - loop.time()
            if answer.body != _NOTHING or left <= 0 or (wakes is not None and wakes < self._wakes):
                return answer
            await self._change(name, left)

    def held(self, name: str) -> list[str]:
        """The ids of all messages a queue holds: visible, delayed or in flight."""
        queue = self._queues().get(name)
        return [message.id for message in queue._messages] if queue is not None else []

    def wake(self, wakes: int) -> None:
        """Ends every `receive` that knows of fewer wakes."""
        self._wakes = max(self._wakes, wakes)
        self.look_again()

    def look_again(self) -> None:
        """Makes everybody who waits look at the queue again."""
        for name in list(self._waiting):
            self._tell(name)

    def _look(self, name: str, body: bytes, whole: Whole) -> Answer:
        queue = self._queues().get(name)
        dead_letters = queue.dead_letter_queue if queue is not None else None
        dead = len(dead_letters._messages) if dead_letters is not None else 0
        if queue is not None:
            # moto forgets messages in flight that are visible again one by one while it receives: the first of
            # several in a group would be passed over for the last.
            queue.pending_messages.difference_update([item for item in queue.pending_messages if item.visible])
        payload = self._moto.short("sqs", "ReceiveMessage", body)
        answer = whole(body) if payload is None else self._moto.call("sqs", "ReceiveMessage", payload)
        if dead_letters is not None and len(dead_letters._messages) > dead:
            self._tell(dead_letters.name)
        return answer

    async def _change(self, name: str, seconds: float) -> None:
        """Waits so long at most for something to happen in a queue."""
        loop = asyncio.get_running_loop()
        changed = loop.create_future()
        timer = loop.call_later(min(seconds, self._next_visible(name)), _finish, changed)
        self._waiting[name].add(changed)
        try:
            await changed
        finally:
            timer.cancel()
            self._waiting[name].discard(changed)

    def _next_visible(self, name: str) -> float:
        """In how many seconds a delay or a visibility timeout ends: nobody says so then."""
        queue = self._queues().get(name)
        now = time.time() * 1000
        times = [max(item.visible_at, item.delayed_until) for item in queue._messages] if queue is not None else []
        return min((moment - now for moment in times if moment >= now), default=float("inf")) / 1000 + 0.002

    def _done(self, action: str, payload: dict[str, Any]) -> None:
        name = _queue(payload)
        if action.startswith("SendMessage"):
            sent = (payload, *payload.get("Entries", ()))
            self._on_sent(name, [message["MessageBody"] for message in sent if "MessageBody" in message])
        if action in _WAKING:
            self._tell(name)

    def _tell(self, name: str) -> None:
        for changed in self._waiting[name]:
            _finish(changed)

    def _queues(self) -> Any:
        return sqs_backends[ACCOUNT_ID][self._moto.region].queues


def _finish(changed: "asyncio.Future[None]") -> None:
    if not changed.done():
        changed.set_result(None)


def _decoded(body: bytes) -> dict[str, Any]:
    payload = json.loads(body) if body.startswith(b"{") else {}
    return payload if isinstance(payload, dict) else {}


def _queue(payload: dict[str, Any]) -> str:
    return str(payload.get("QueueUrl", "")).rpartition("/")[2]


def _store_known_characters(payload: dict[str, Any]) -> None:
    """Makes of a message's body what SQS makes of it, where moto would keep it as it is."""
    for message in (payload, *payload.get("Entries", ())):
        if "MessageBody" in message:
            message["MessageBody"] = _NOT_STORED.sub("\ufffd", message["MessageBody"])
