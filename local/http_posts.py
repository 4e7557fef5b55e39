"""The short way of a post to `@connections`, by which one event goes to each of hundreds of sockets."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from uvicorn.server import ServerState

from local.responses import Answer


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
        lines = [b"HTTP/1.1 %d %s" % (answer.status, HTTPStatus(answer.status).phrase.encode())]
        lines += [b"%s: %s" % field for field in (*self.server_state.default_headers, *answer.fields())]
        self.transport.write(b"\r\n".join([*lines, b"", answer.body]))
        self._used_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._keep_alive(self.timeout_keep_alive)

    def _keep_alive(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)
