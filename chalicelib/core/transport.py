"""Requests over kept HTTP connections, which this process makes itself: http.client takes ten times as long for one.

Apart from the clients, so that sockets and TLS are imported with the first of them.
"""

import functools
import select
import socket
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit

from chalicelib.core import http1, paths
from chalicelib.core.config import settings
from chalicelib.core.exchanges import Answer, Call, Location, NotExchangedError

# AWS closes a connection that was idle for some tens of seconds, and a frozen container does not hear of it.
IDLE_SECONDS = 30.0
# DynamoDB answers a batch with 16 MB at most.
_LONGEST_ANSWER = 17 * 1024 * 1024
_READ_BYTES = 16 * 1024

_ROOTS = Path(__file__).with_name("amazon_roots.pem")

# The container's idle connections by scheme and host, and when each was last used; the newest is last.
_idle: dict[tuple[str, str], list[tuple[socket.socket, float]]] = {}


def close_connections() -> None:
    """Closes the kept connections: for tests."""
    while _idle:
        _, lines = _idle.popitem()
        for line, _ in lines:
            line.close()


def tls_context() -> ssl.SSLContext:
    """How this process trusts the other end: Amazon's roots, or the settings' own CA file where there is one."""
    return _tls_context(settings().ca_file)


def exchange(where: Location, call: Call, patience: float) -> Answer:
    """One request and its answer; begun anew at once, on a new connection, where the kept one proves to be closed.

    `patience` is in seconds, for each time that the other end is waited for. Raises NotExchangedError.
    """
    return Exchange(where, call, patience).answer()


class Exchange:
    """A request that has been sent, on a connection of its own: several can be under way. `answer` must follow.

    Raises NotExchangedError, as `answer` does.
    """

    def __init__(self, where: Location, call: Call, patience: float) -> None:
        self._where = where
        self._patience = patience
        self._request = _written(where, call)
        self._is_bodiless = call.method == "HEAD"
        self._line: socket.socket
        self._is_kept = False
        try:
            self._send()
        except (OSError, http1.AnswerError) as error:
            raise _failure(where, error) from error

    def answer(self, patience: float | None = None) -> Answer:
        """Waits for the answer, so many seconds where another patience is given."""
        if patience is not None:
            self._patience = patience
        try:
            return self._read_on_kept() if self._is_kept else self._read()
        except (OSError, http1.AnswerError) as error:
            raise _failure(self._where, error) from error

    def _read_on_kept(self) -> Answer:
        """On a kept connection, which may be closed, or lead nowhere any more: then on a new one."""
        name, family = _name(self._where), self._line.family
        has_another = paths.has_another(name, family)
        try:
            return self._read(min(self._patience, paths.SILENT_SECONDS) if has_another else self._patience)
        except (ConnectionError, ssl.SSLError):
            pass
        except TimeoutError:
            if not has_another or self._patience <= paths.SILENT_SECONDS:
                raise
            self._patience -= paths.SILENT_SECONDS
            paths.went_silent(name, family)
            _close_idle(self._where)
        self._open()
        return self._read()

    def _send(self) -> None:
        kept = _take(self._where)
        if kept is None:
            self._open()
            return
        self._line, self._is_kept = kept, True
        try:
            kept.settimeout(self._patience)
            kept.sendall(self._request)
        except (ConnectionError, ssl.SSLError):
            kept.close()
            self._open()
        except OSError:
            kept.close()
            raise

    def _open(self) -> None:
        """Sends it on a new connection."""
        self._is_kept = False
        self._line = _opened(self._where, self._patience)
        try:
            self._line.sendall(self._request)
        except OSError:
            self._line.close()
            raise

    def _read(self, patience: float | None = None) -> Answer:
        received = b""
        answer = None
        try:
            self._line.settimeout(self._patience if patience is None else patience)
            while answer is None:
                data = self._line.recv(_READ_BYTES)
                if not data and not received:
                    raise ConnectionResetError("closed without an answer")
                received += data
                answer = http1.read_answer(
                    received, ended=not data, bodiless=self._is_bodiless, longest=_LONGEST_ANSWER
                )
        finally:
            if answer is not None and answer.keep:
                _idle.setdefault((self._where.scheme, self._where.host), []).append((self._line, time.time()))
            else:
                self._line.close()
        return Answer(answer.status, received, answer.body)


def _written(where: Location, call: Call) -> bytes:
    target = f"{where.path}?{call.query}" if call.query else where.path
    fields = "".join([f"{name}: {value}\r\n" for name, value in call.headers.items()])
    head = f"{call.method} {target} HTTP/1.1\r\n{fields}content-length: {len(call.body)}\r\n\r\n"
    return head.encode("latin-1") + call.body


def _failure(where: Location, error: Exception) -> NotExchangedError:
    refused = isinstance(error, ssl.SSLCertVerificationError)
    return NotExchangedError(f"{where.host}: {error!r}", certificate_refused=refused)


def _take(where: Location) -> socket.socket | None:
    """The connection that was used last, unless the other end has closed it, or may have done so unheard."""
    lines = _idle.get((where.scheme, where.host), [])
    while lines:
        line, used = lines.pop()
        if time.time() - used > IDLE_SECONDS:
            line.close()
            _close_idle(where)  # the others were used even longer ago
            return None
        if _is_quiet(line):
            return line
        line.close()
    return None


def _close_idle(where: Location) -> None:
    for line, _ in _idle.pop((where.scheme, where.host), []):
        line.close()


def _is_quiet(line: socket.socket) -> bool:
    """Nothing was asked on an idle connection: what can be read there is its end."""
    poll = select.poll()
    poll.register(line, select.POLLIN)
    return not poll.poll(0)


def _name(where: Location) -> str:
    return urlsplit(where.url).hostname or ""


def _opened(where: Location, patience: float) -> socket.socket:
    name = _name(where)
    usual = 443 if where.scheme == "https" else 80
    line = paths.connect(name, urlsplit(where.url).port or usual, patience)
    line.settimeout(patience)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if where.scheme != "https":
        return line
    try:
        return tls_context().wrap_socket(line, server_hostname=name)
    except OSError:
        line.close()
        raise


@functools.cache
def _tls_context(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=ca_file or _ROOTS)
    return context
