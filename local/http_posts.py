"""The short way of a post that comes whole: one event goes to each of hundreds of sockets by posts to `@connections`,
and the product's calls of DynamoDB and SQS are posts as well.
"""

import asyncio
import functools
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

from uvicorn.server import ServerState

from local.responses import Answer

_FIELD = re.compile(r"^([^\s:]+):[ \t]*([^\r\n]*)(?:\r\n|\Z)", re.MULTILINE)
# Headers that say something of how the request itself is to be read or answered.
_UNUSUAL = frozenset({"expect", "te", "trailer", "transfer-encoding", "upgrade"})


class Post(NamedTuple):
    """A request of the usual kind. Header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


class PostsAtOnce(asyncio.Protocol):
    """What uvicorn's HTTP protocols have in common here: a whole request in one read may be answered at once.

    That saves the request's parser, scope, task and events, which cost several times the post itself. `at_once`
    says None to whatever it does not know, which then goes uvicorn's way.
    """

    at_once: Callable[[bytes], Answer | None]

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    server_state: ServerState
    timeout_keep_alive: int
    timeout_keep_alive_task: asyncio.TimerHandle | None
    _used_at = 0.0

    def data_received(self, data: bytes) -> None:
        if self._is_between_requests() and (answer := self.at_once(data)) is not None:
            self._give(answer)
        else:
            super().data_received(data)

    def timeout_keep_alive_handler(self) -> None:
        """Is called so long after the last answer of uvicorn's, or the first of ours."""
        rest = self._used_at + self.timeout_keep_alive - self.loop.time()
        if rest > 0:
            self._keep_alive(rest)
        elif not self.transport.is_closing():
            self.transport.close()

    def _is_between_requests(self) -> bool:
        """Whether what comes next is the first byte of a request, and nothing is owed to the client."""
        raise NotImplementedError

    def _give(self, answer: Answer) -> None:
        fields = [b"%s: %s" % field for field in (*self.server_state.default_headers, *answer.fields())]
        self.transport.write(b"\r\n".join([_status_line(answer.status), *fields, b"", answer.body]))
        self._used_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._keep_alive(self.timeout_keep_alive)

    def _keep_alive(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)


@functools.cache
def _status_line(status: int) -> bytes:
    return b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode())


def whole_post(data: bytes) -> Post | None:
    """A post with a declared length and nothing after it, over a connection that is kept; None for all else."""
    head, _, body = data.partition(b"\r\n\r\n")
    request, _, lines = head.decode("latin-1").partition("\r\n")
    method, _, target = request.partition(" ")
    path, _, version = target.partition(" ")
    fields = _FIELD.findall(lines)
    headers = {name.lower(): value.rstrip(" \t") for name, value in fields}
    usual = (
        method == "POST"
        and len(headers) == len(fields) == lines.count("\n") + 1
        and version == "HTTP/1.1"
        and "?" not in path
        and headers.get("content-length") == str(len(body))
        and headers.get("connection", "keep-alive") == "keep-alive"
        and "host" in headers
        and _UNUSUAL.isdisjoint(headers)
    )
    return Post(path, headers, body) if usual else None
