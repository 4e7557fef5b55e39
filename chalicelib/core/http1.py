"""A parser for the answers of HTTP/1.1, to short requests over kept connections.

It knows just enough of RFC 9112 to read what AWS and the local AWS say. h11, which knows all of it, takes 42 µs for a
request and its answer, and http.client takes 100: more than all else that is done for one.
"""

import re
from typing import NamedTuple

# The answer to a post is some hundred bytes long. What is longer than this did not come from API Gateway.
LONGEST_ANSWER = 64 * 1024
# Whatever such answers say of a length, no body follows.
_BODILESS = frozenset({204, 304})

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9]\d\d)(?: |\r\n|$)")
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")


class Answer(NamedTuple):
    """One answer. `keep` says whether the connection can carry another request."""

    status: int
    body: bytes
    keep: bool


class AnswerError(ValueError):
    """What came is no HTTP/1.1 answer, or was cut off, or goes on for too long, or holds more than one answer."""


def read_answer(
    data: bytes, *, ended: bool = False, bodiless: bool = False, longest: int = LONGEST_ANSWER
) -> Answer | None:
    """The answer in `data`, which is all that came since the request was sent; None while some of it is missing.

    `ended` says that nothing more will come: that completes a body which has no length. `bodiless` is the answer to
    HEAD. Raises AnswerError, also for more than `longest` bytes.
    """
    found = _head(data)
    answer = None
    if found is not None:
        status, fields, start = found
        bodiless = bodiless or status in _BODILESS
        answer = _answer(status, fields, data[start:], ended=ended, bodiless=bodiless)
    if answer is None and ended:
        raise AnswerError("cut off")
    if answer is None and len(data) > longest:
        raise AnswerError("too long")
    return answer


def header_fields(data: bytes) -> dict[str, str]:
    """The header fields of an answer that `read_answer` has read, by their names in lower case."""
    found = _head(data)
    if found is None:
        return {}
    _, fields, end = found
    lines = data[end - 4 - len(fields) : end - 4].decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines)
    return {name.lower(): value.strip() for name, _, value in pairs}


def _head(data: bytes) -> tuple[int, bytes, int] | None:
    """Status and header fields, in lower case, and where the body begins. Passes over interim answers (1xx)."""
    start = 0
    while True:
        end = data.find(b"\r\n\r\n", start)
        if end < 0:
            return None
        line = _STATUS.match(data, start, end)
        if line is None:
            raise AnswerError("no status line")
        status = int(line[1])
        if status >= 200:
            return status, data[start:end].lower(), end + 4
        start = end + 4


def _answer(status: int, fields: bytes, rest: bytes, *, ended: bool, bodiless: bool) -> Answer | None:
    coding = _field(fields, b"\r\ntransfer-encoding:")
    length = _field(fields, b"\r\ncontent-length:")
    if bodiless:
        size, body = 0, b""
    elif coding:
        if coding != b"chunked":
            raise AnswerError("unknown transfer coding")
        read = _chunks(rest)
        if read is None:
            return None
        size, body = read
    elif length:
        if not length.isdigit():
            raise AnswerError("bad length")
        size = int(length)
        if len(rest) < size:
            return None
        body = rest[:size]
    else:
        return Answer(status, rest, keep=False) if ended else None
    if len(rest) > size:
        raise AnswerError("more than one answer")
    asked = _field(fields, b"\r\nconnection:")
    keep = b"keep-alive" in asked if fields.startswith(b"http/1.0") else b"close" not in asked
    return Answer(status, body, keep and not ended)


def _field(fields: bytes, name: bytes) -> bytes:
    """A field's value; the values of a repeated one are joined as RFC 9110 says."""
    at = fields.find(name)
    if at < 0:
        return b""
    values = []
    while at >= 0:
        start = at + len(name)
        end = fields.find(b"\r\n", start)
        values.append(fields[start : end if end >= 0 else len(fields)].strip())
        at = fields.find(name, start)
    return b", ".join(values)


def _chunks(data: bytes) -> tuple[int, bytes] | None:
    """How many bytes a chunked body takes up, and what it says; None while some of it is missing."""
    body = []
    at = 0
    while True:
        line = _CHUNK.match(data, at)
        if line is None:
            if data.find(b"\r\n", at) >= 0:
                raise AnswerError("bad chunk")
            return None
        size = int(line[1], 16)
        at = line.end()
        if size == 0:
            break
        if len(data) < at + size + 2:
            return None
        if data[at + size : at + size + 2] != b"\r\n":
            raise AnswerError("bad chunk")
        body.append(data[at : at + size])
        at += size + 2
    while not data.startswith(b"\r\n", at):  # trailer fields
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        at = end + 2
    return at + 2, b"".join(body)
