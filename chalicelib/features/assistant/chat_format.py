"""The chat format of OpenAI, which vLLM, Ollama, llama.cpp and most others speak: server-sent events of JSON.

Source: https://platform.openai.com/docs/api-reference/chat
"""

from collections.abc import Generator, Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec

from chalicelib.core import streaming
from chalicelib.core.config import settings
from chalicelib.core.exchanges import Call, Location
from chalicelib.core.streaming import Streamed, StreamError
from chalicelib.features.assistant.heard import SILENT_SECONDS, Heard, lost, refusal, unreadable
from chalicelib.features.assistant.questions import Question

_PATH = "/chat/completions"
# What bounds an answer is called the first of these nearly everywhere. Who knows the second alone says so.
_LIMITS = ("max_tokens", "max_completion_tokens")
_EVENT = b"data:"
_END = b"[DONE]"


class _Said(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    delta: _Said = _Said()
    message: _Said = _Said()
    finish_reason: str | None = None


class _Usage(msgspec.Struct, frozen=True):
    total_tokens: int = 0


class _Chunk(msgspec.Struct, frozen=True):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: Any = None


def hear(question: Question, most_tokens: int, within: float) -> Generator[Heard]:
    """Asks and answers what is said, as it comes.

    Raises AssistantFailed, AssistantBusy, AssistantTimedOut and Unavailable.
    """
    for limit in _LIMITS:
        where, call = _call(question, {limit: most_tokens})
        try:
            with streaming.asked(where, call, silence=SILENT_SECONDS, within=within) as said:
                if said.status == 200:
                    yield from _heard(said)
                    return
                refused = said.whole()
                if said.status != 400 or limit == _LIMITS[-1] or _LIMITS[-1].encode() not in refused:
                    raise refusal(said.status, refused)
        except StreamError as error:
            raise lost(error) from error


def _where() -> Location:
    chosen = urlsplit(settings().assistant_url)
    path = chosen.path.rstrip("/")
    return Location(chosen.scheme, chosen.netloc, path if path.endswith(_PATH) else path + _PATH)


def _call(question: Question, limit: dict[str, int]) -> tuple[Location, Call]:
    where = _where()
    asked: dict[str, Any] = {
        "model": settings().assistant_model,
        "messages": [
            {"role": "system", "content": question.rules},
            {"role": "user", "content": question.quoted},
        ],
        **limit,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    headers = {"host": where.host, "content-type": "application/json", "accept": "text/event-stream"}
    if settings().assistant_key:
        headers["authorization"] = f"Bearer {settings().assistant_key}"
    return where, Call("POST", "", headers, msgspec.json.encode(asked))


def _heard(said: Streamed) -> Iterator[Heard]:
    if said.content_type == "application/json":  # an endpoint that does not stream says all at once
        yield from _read(said.whole())
        return
    for line in _lines(said.pieces()):
        if not line.startswith(_EVENT):
            continue  # a comment that keeps the connection, or a field of no use here
        data = line.removeprefix(_EVENT).strip()
        if data == _END:
            return
        yield from _read(data)
    raise StreamError("the answer has no end")


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line.rstrip(b"\r") for line in lines)
    yield rest


def _read(data: bytes) -> Iterator[Heard]:
    try:
        chunk = msgspec.json.decode(data, type=_Chunk)
    except msgspec.MsgspecError as error:
        raise unreadable(type(error).__name__) from error
    if chunk.error is not None:
        raise refusal(500, data)
    for choice in chunk.choices[:1]:
        yield Heard(
            text=choice.delta.content or choice.message.content or "", is_cut=choice.finish_reason == "length"
        )
    if chunk.usage is not None and chunk.usage.total_tokens > 0:
        yield Heard(tokens=chunk.usage.total_tokens)
