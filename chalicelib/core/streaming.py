"""An answer over HTTP that is read as it comes, for what takes seconds to say it: a model of the assistant.

Imported where it is used alone: whoever asks AWS for something short does so by transport.py.
"""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator

from chalicelib.core.config import settings
from chalicelib.core.exchanges import Call, Location

CONNECT_SECONDS = 5.0
_READ_BYTES = 16 * 1024
# No answer of a model is as long, with all that is said around it.
_LONGEST_ANSWER = 4 * 1024 * 1024


class StreamError(Exception):
    """No answer came, or it was cut off. `timed_out` says that it took too long."""

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out


class Streamed:
    """The status and the type of an answer, and its body piece by piece."""

    def __init__(self, where: Location, response: http.client.HTTPResponse, end: "_End") -> None:
        self.status = response.status
        self.content_type = (response.getheader("content-type") or "").partition(";")[0].strip().lower()
        self._where = where
        self._response = response
        self._end = end

    def pieces(self) -> Iterator[bytes]:
        """What comes, until the answer ends. Raises StreamError."""
        size = 0
        with _told(self._where, self._end):
            while data := self._response.read1(_READ_BYTES):
                size += len(data)
                if size > _LONGEST_ANSWER:
                    raise StreamError(f"{self._where.host}: the answer is too long")
                yield data
            # Where a body has no length its end looks like this one.
            if self._end.has_come:
                raise TimeoutError

    def whole(self) -> bytes:
        """All of a short answer, as an error is. Raises StreamError."""
        return b"".join(self.pieces())


class _End:
    """The moment by which an answer must be there, however slowly it trickles in."""

    def __init__(self, within: float) -> None:
        self.has_come = False
        self._line: socket.socket | None = None
        self._timer = threading.Timer(within, self._come)
        self._timer.daemon = True

    def watch(self, line: socket.socket) -> None:
        """From now on the line is shut when the moment comes."""
        self._line = line
        self._timer.start()

    def cancel(self) -> None:
        self._timer.cancel()

    def _come(self) -> None:
        self.has_come = True
        if self._line is not None:
            # The socket's own method: that of TLS would take from the reader what it reads by.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._line, socket.SHUT_RDWR)


@contextlib.contextmanager
def asked(where: Location, call: Call, *, silence: float, within: float) -> Iterator[Streamed]:
    """Sends a request and gives its answer once that has begun.

    `silence` is how many seconds may pass without a word, `within` how many until all is said. No redirect is
    followed. Raises StreamError, as reading the answer does.
    """
    connection = _connection(where)
    end = _End(within)
    try:
        with _told(where, end):
            connection.connect()
            connection.sock.settimeout(silence)
            end.watch(connection.sock)
            connection.request(call.method, where.path, body=call.body, headers=call.headers)
            response = connection.getresponse()
        yield Streamed(where, response, end)
    finally:
        end.cancel()
        connection.close()


def _connection(where: Location) -> http.client.HTTPConnection:
    if where.scheme != "https":
        return http.client.HTTPConnection(where.host, timeout=CONNECT_SECONDS)
    # Others than Amazon answer here too: the system's roots, or those that the settings name.
    context = ssl.create_default_context(cafile=settings().ca_file)
    return http.client.HTTPSConnection(where.host, timeout=CONNECT_SECONDS, context=context)


@contextlib.contextmanager
def _told(where: Location, end: _End) -> Iterator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = end.has_come or isinstance(error, TimeoutError)
        raise StreamError(f"{where.host}: {error!r}", timed_out=late) from error
