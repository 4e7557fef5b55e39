"""Amazon Bedrock's ConverseStream: frames of bytes, each with headers, a JSON payload and two checksums.

Sources: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html and, for the frames,
https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html
"""

import struct
import zlib
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

import msgspec

from chalicelib.core import aws, streaming
from chalicelib.core.config import settings
from chalicelib.core.streaming import Streamed, StreamError
from chalicelib.features.assistant.heard import SILENT_SECONDS, Heard, lost, refusal, unreadable
from chalicelib.features.assistant.questions import Question

# A frame: its length, that of its headers, the checksum of these two; the headers; the payload; the checksum of all
# before it. Numbers are big-endian.
_PRELUDE = struct.Struct(">III")
_SUM_BYTES = 4
_LONGEST_FRAME = 1024 * 1024
# The type of a header's value: of text it is followed by a length in two bytes. Bedrock sends no other.
_TEXT = 7
_STATUS = {
    "throttlingException": 429,
    "serviceUnavailableException": 503,
    "internalServerException": 500,
    "modelStreamErrorException": 500,
    "modelTimeoutException": 408,
    "modelNotReadyException": 429,
}


class _Frame(NamedTuple):
    headers: dict[str, str]
    payload: bytes


class _Delta(msgspec.Struct, frozen=True):
    text: str = ""


class _Usage(msgspec.Struct, frozen=True, rename="camel"):
    total_tokens: int = 0


class _Event(msgspec.Struct, frozen=True, rename="camel"):
    delta: _Delta = _Delta()
    stop_reason: str = ""
    usage: _Usage = _Usage()


def hear(question: Question, most_tokens: int, within: float) -> Generator[Heard]:
    """Asks and answers what is said, as it comes.

    Raises AssistantFailed, AssistantBusy, AssistantTimedOut and Unavailable.
    """
    where, call = aws.bedrock(settings().assistant_model, _body(question, most_tokens))
    try:
        with streaming.asked(where, call, silence=SILENT_SECONDS, within=within) as said:
            if said.status != 200:
                raise refusal(said.status, said.whole())
            yield from _heard(said)
    except StreamError as error:
        raise lost(error) from error


def _body(question: Question, most_tokens: int) -> dict[str, Any]:
    return {
        "system": [{"text": question.rules}],
        "messages": [{"role": "user", "content": [{"text": question.quoted}]}],
        "inferenceConfig": {"maxTokens": most_tokens},
    }


def _heard(said: Streamed) -> Iterator[Heard]:
    ended = False
    for headers, payload in _frames(said.pieces()):
        if headers.get(":message-type") != "event":
            kind = headers.get(":exception-type") or headers.get(":error-code", "")
            raise refusal(_STATUS.get(kind, 400), msgspec.json.encode({"__type": kind}))
        try:
            event = msgspec.json.decode(payload, type=_Event)
        except msgspec.MsgspecError as error:
            raise unreadable(type(error).__name__) from error
        if event.delta.text:
            yield Heard(text=event.delta.text)
        if event.stop_reason:
            ended = True
            yield Heard(is_cut=event.stop_reason == "max_tokens")
        if event.usage.total_tokens > 0:
            yield Heard(tokens=event.usage.total_tokens)
    if not ended:
        raise StreamError("the answer has no end")


def _frames(pieces: Iterator[bytes]) -> Iterator[_Frame]:
    received = b""
    for piece in pieces:
        received += piece
        while len(received) >= _PRELUDE.size:
            length, headers_length, checksum = _PRELUDE.unpack_from(received)
            fits = _PRELUDE.size + headers_length + _SUM_BYTES <= length <= _LONGEST_FRAME
            if not fits or zlib.crc32(received[: _PRELUDE.size - _SUM_BYTES]) != checksum:
                raise unreadable("no frame of an event stream")
            if len(received) < length:
                break
            frame, received = received[:length], received[length:]
            yield _frame(frame, headers_length)
    if received:
        raise StreamError("cut off within a frame")


def _frame(frame: bytes, headers_length: int) -> _Frame:
    body, checksum = frame[:-_SUM_BYTES], frame[-_SUM_BYTES:]
    if zlib.crc32(body) != int.from_bytes(checksum, "big"):
        raise unreadable("a frame with a wrong checksum")
    end = _PRELUDE.size + headers_length
    return _Frame(_headers(body[_PRELUDE.size : end]), body[end:])


def _headers(data: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    at = 0
    while at < len(data):
        name_end = at + 1 + data[at]
        start = name_end + 3
        if start > len(data) or data[name_end] != _TEXT:
            raise unreadable("a header that is no text")
        end = start + int.from_bytes(data[name_end + 1 : start], "big")
        headers[data[at + 1 : name_end].decode(errors="replace")] = data[start:end].decode(errors="replace")
        at = end
    return headers
