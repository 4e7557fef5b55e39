"""HTTP answers, and those that API Gateway makes itself: infra/gateway_responses.json describes them."""

import json
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from starlette.types import Receive, Scope, Send

from local.events import request_id

RESPONSES = Path(__file__).parent.parent / "infra" / "gateway_responses.json"

_WITHOUT_BODY = frozenset({204, 304})


class Answer(NamedTuple):
    """Status, headers in order, and the body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    def fields(self) -> list[tuple[bytes, bytes]]:
        """The headers as they are sent, with the length of the body."""
        fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        if self.status not in _WITHOUT_BODY:
            fields.append((b"content-length", b"%d" % len(self.body)))
        return fields

    async def give(self, send: Send) -> None:
        """Sends it by ASGI."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.fields()})
        body = b"" if self.status in _WITHOUT_BODY else self.body
        await send({"type": "http.response.body", "body": body})


class DisconnectedError(Exception):
    """The client left before it had sent its whole request."""


async def read_body(receive: Receive, *, limit: int, patience: int) -> bytes | None:
    """A request's body, or None when it is over `limit` bytes. Raises DisconnectedError.

    Up to `patience` bytes are read, and thrown away, before that is told: many clients read no answer before they
    have sent all.
    """
    chunks: list[bytes] = []
    size = 0
    more = True
    while more and size <= patience:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
    return None if size > limit else b"".join(chunks)


class _ContextTemplate(Template):
    """`$context.requestId` is one name."""

    idpattern = r"context\.[A-Za-z.]+"


class GatewayResponses:
    """What a deployment puts into API Gateway, rendered as API Gateway renders it."""

    def __init__(self, path: Path = RESPONSES) -> None:
        described: dict[str, Any] = json.loads(path.read_text())
        self._headers: dict[str, str] = described["headers"]
        self._responses: dict[str, dict[str, Any]] = described["responses"]

    def answer(self, kind: str, request_id: str) -> Answer:
        """The answer for a gateway response type, such as THROTTLED; KeyError for a type that is not in the file."""
        entry = self._responses[kind]
        context = {"context.requestId": request_id}
        headers = [
            (name, value.strip("'") if value.startswith("'") else context[value])
            for name, value in {**self._headers, **entry.get("headers", {})}.items()
        ]
        headers += [("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", kind)]
        body = _ContextTemplate(json.dumps(entry["problem"])).substitute(context)
        return Answer(entry["status"], headers, body.encode())


class Nothing:
    """The ASGI app where no API is: API Gateway's answer for a path without a route."""

    def __init__(self, responses: GatewayResponses) -> None:
        self._responses = responses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._responses.answer("MISSING_AUTHENTICATION_TOKEN", request_id()).give(send)
