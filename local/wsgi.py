"""Calling WSGI applications from WSGI layers."""

import hashlib
import io
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import quote

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_IN_MEMORY = 1024 * 1024
_CHUNK = 64 * 1024
_BODY = "local.body"

# In an environ: the client did not say how long its body was going to be.
CHUNKED = "local.chunked"


@dataclass(frozen=True)
class Answer:
    """A whole response: `status` as in "204 No Content"."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Is it a 2xx?"""
        return self.status.startswith("2")

    def send(self, start_response: StartResponse) -> list[bytes]:
        """Makes it the answer of the application that was called with `start_response`."""
        start_response(self.status, self.headers)
        return [self.body]


@dataclass(frozen=True)
class Body:
    """A request's body, read to its end so that it can be hashed and read again."""

    file: IO[bytes]
    size: int

    def sha256(self) -> str:
        """The hash in hex."""
        digest = hashlib.sha256()
        self.file.seek(0)
        while chunk := self.file.read(_CHUNK):
            digest.update(chunk)
        self.file.seek(0)
        return digest.hexdigest()

    def read(self) -> bytes:
        """All of it."""
        self.file.seek(0)
        content = self.file.read()
        self.file.seek(0)
        return content


def call(application: Application, environ: Environ) -> Answer:
    """Runs an application to its end."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
        started[:] = [(status, headers)]

    chunks = application(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    status, headers = started[0]
    return Answer(status, headers, body)


def make_environ(method: str, path: str, headers: Mapping[str, str], body: IO[bytes] | bytes = b"") -> Environ:
    """A request that an application has not seen yet. `path` is unquoted; a file is sent from its beginning."""
    if isinstance(body, bytes):
        body = io.BytesIO(body)
    size = body.seek(0, io.SEEK_END)
    body.seek(0)
    environ: Environ = {
        _BODY: Body(body, size),
        "REQUEST_METHOD": method,
        "PATH_INFO": path.encode().decode("latin-1"),
        "RAW_URI": quote(path),
        "REQUEST_URI": quote(path),
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(size),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in {"Host": "127.0.0.1", **headers}.items():
        variable = name.upper().replace("-", "_")
        environ[variable if variable == "CONTENT_TYPE" else f"HTTP_{variable}"] = value
    return environ


def request_headers(environ: Environ) -> dict[str, str]:
    """The request's headers, named in lower case, their values as the client's UTF-8."""
    headers = {}
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            headers[name[5:].replace("_", "-").lower()] = value
        elif name in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value:
            headers[name.replace("_", "-").lower()] = value
    return {name: value.encode("latin-1", "replace").decode("utf-8", "replace") for name, value in headers.items()}


def raw_path(environ: Environ) -> str:
    """The path as the client sent it, still quoted, without the query."""
    return str(environ.get("RAW_URI") or quote(environ["PATH_INFO"], encoding="latin-1")).partition("?")[0]


def read_body(environ: Environ) -> Body:
    """Reads the body, once, and leaves the environ so that applications can read it again."""
    known = environ.get(_BODY)
    if isinstance(known, Body):
        return known
    file: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # the next application reads it
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        environ[CHUNKED] = True
        shutil.copyfileobj(stream, file)
    else:
        left = int(environ.get("CONTENT_LENGTH") or 0)
        while left and (chunk := stream.read(min(left, _CHUNK))):
            file.write(chunk)
            left -= len(chunk)
    body = environ[_BODY] = Body(file, file.tell())
    file.seek(0)
    environ["wsgi.input"] = file
    environ["CONTENT_LENGTH"] = str(body.size)
    for name in ("HTTP_TRANSFER_ENCODING", "HTTP_EXPECT", "wsgi.input_terminated"):
        environ.pop(name, None)
    return body
