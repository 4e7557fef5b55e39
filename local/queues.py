"""The local SQS: moto's queues, made safe for many threads, with a long poll that a new message wakes at once."""

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from moto.sqs.models import sqs_backends

from local import wsgi
from local.events import ACCOUNT_ID
from local.wsgi import Answer, Environ

_TARGET = "AmazonSQS."
_LONGEST_WAIT = 20

# Messages become visible again without anybody saying so: a delay or a visibility timeout ends.
_LOOK_EVERY = 0.2

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


class QueueError(RuntimeError):
    """SQS refused a call that was made inside the process."""


class Queues:
    """One lock over all of moto's SQS: its own bookkeeping loses messages when threads send and delete at once."""

    def __init__(self, moto: wsgi.Application, region: str) -> None:
        self.region = region
        self._moto = moto
        self._changed = threading.Condition()
        self._closed = False
        self._resting = False

    def answer(self, environ: Environ) -> Answer:
        """A request that came over HTTP."""
        action = environ.get("HTTP_X_AMZ_TARGET", "").removeprefix(_TARGET)
        if action == "ReceiveMessage":
            return self._receive(environ)
        if action in {"SendMessage", "SendMessageBatch"}:
            environ = self._as_stored(action, environ)
        with self._changed:
            answer = wsgi.call(self._moto, environ)
            self._tell(action)
        return answer

    def call(self, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """A call from inside this process, which needs no signature. Raises QueueError."""
        return _decoded(action, self.answer(self._environ(action, payload)))

    def url(self, name: str) -> str:
        """What names a queue in `call`."""
        return f"http://127.0.0.1/{ACCOUNT_ID}/{name}"

    def held(self, name: str) -> set[str]:
        """The ids of all messages a queue holds: visible, delayed or in flight."""
        with self._changed:
            queue = None if self._resting else self._backend().queues.get(name)
            return {message.id for message in queue._messages} if queue is not None else set()

    def arn(self, name: str) -> str:
        """What names a queue in events."""
        return f"arn:aws:sqs:{self.region}:{ACCOUNT_ID}:{name}"

    def receive(
        self, name: str, *, most: int, wait: float, wanted: Callable[[], bool] = lambda: True
    ) -> list[dict[str, Any]]:
        """Up to `most` messages with all their attributes, waiting up to `wait` seconds and while `wanted` says so.

        `wake` makes it ask again. Raises QueueError.
        """
        payload = {
            "QueueUrl": self.url(name),
            "MaxNumberOfMessages": most,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        answer = self._poll(payload, wait, wanted, None)
        messages: list[dict[str, Any]] = _decoded("ReceiveMessage", answer).get("Messages", [])
        return messages

    def wake(self) -> None:
        """Makes every receiver look again, at its queue and at whether it is still wanted."""
        with self._changed:
            self._changed.notify_all()

    def rest(self, *, resting: bool) -> None:
        """While resting, receivers wait and find nothing: moto holds somebody else's queues."""
        with self._changed:
            self._resting = resting
            self._changed.notify_all()

    def lock(self) -> threading.Condition:
        """Held, it keeps every call waiting."""
        return self._changed

    def close(self) -> None:
        """Lets no receiver wait any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _as_stored(self, action: str, environ: Environ) -> Environ:
        """The request with what SQS would make of its messages, where moto would keep them as they are."""
        payload = json.loads(wsgi.read_body(environ).read() or b"{}")
        for message in (payload, *payload.get("Entries", ())):
            if "MessageBody" in message:
                message["MessageBody"] = _NOT_STORED.sub("\ufffd", message["MessageBody"])
        return self._environ(action, payload, environ)

    def _receive(self, environ: Environ) -> Answer:
        payload = json.loads(wsgi.read_body(environ).read() or b"{}")
        wait = min(_LONGEST_WAIT, float(payload.get("WaitTimeSeconds") or 0))
        return self._poll(payload, wait, lambda: True, environ)

    def _poll(
        self, payload: dict[str, Any], wait: float, wanted: Callable[[], bool], original: Environ | None
    ) -> Answer:
        payload["WaitTimeSeconds"] = 0
        until = time.monotonic() + wait
        with self._changed:
            while True:
                answer = self._look(payload, original)
                left = until - time.monotonic()
                found = not answer.ok or json.loads(answer.body).get("Messages")
                if found or left <= 0 or self._closed or not wanted():
                    return answer
                self._changed.wait(min(left, _LOOK_EVERY))

    def _look(self, payload: Mapping[str, Any], original: Environ | None) -> Answer:
        if self._resting:
            return Answer("200 OK", [], b"{}")
        self._free_groups(str(payload.get("QueueUrl", "")).rpartition("/")[2])
        return wsgi.call(self._moto, self._environ("ReceiveMessage", payload, original))

    def _free_groups(self, name: str) -> None:
        """Forgets messages in flight that are visible again.

        moto does so one by one while it receives: the first of several in a group would be passed over for the last.
        """
        queue = self._backend().queues.get(name)
        if queue is not None:
            visible = [message for message in queue.pending_messages if message.visible]
            queue.pending_messages.difference_update(visible)

    def _backend(self) -> Any:
        return sqs_backends[ACCOUNT_ID][self.region]

    def _tell(self, action: str) -> None:
        if action in _WAKING:
            self._changed.notify_all()

    def _environ(self, action: str, payload: Mapping[str, Any], original: Environ | None = None) -> Environ:
        scope = f"local/20000101/{self.region}/sqs/aws4_request"
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"{_TARGET}{action}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        }
        if original is not None:
            headers["Host"] = original["HTTP_HOST"]
        return wsgi.make_environ("POST", "/", headers, json.dumps(payload).encode())


def _decoded(action: str, answer: Answer) -> dict[str, Any]:
    if not answer.ok:
        raise QueueError(f"{action}: {answer.status} {answer.body.decode(errors='replace')}")
    result: dict[str, Any] = json.loads(answer.body or b"{}")
    return result
