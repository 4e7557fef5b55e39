"""A model for the assistant, on a port of this machine: in the chat format of OpenAI, and in Bedrock's frames."""

import contextlib
import http.server
import json
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Handler = http.server.BaseHTTPRequestHandler
# What a script writes of the answer, piece by piece, each as soon as it can be read.
Write = Callable[[bytes], None]


@dataclass
class Asked:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def rules(self) -> str:
        """What the model is told to do."""
        if "system" in self.body:
            return str(self.body["system"][0]["text"])
        return str(self.body["messages"][0]["content"])

    @property
    def quoted(self) -> list[dict[str, Any]]:
        """The messages that it is to read."""
        content = self.body["messages"][-1]["content"]
        text = content if isinstance(content, str) else content[0]["text"]
        first, *lines, last = text.split("\n")
        assert (first, last) == ("<messages>", "</messages>")
        return [json.loads(line) for line in lines]


@dataclass
class Model:
    """A running model. `script` says how the next questions are answered; `says` is a script of the usual kind."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    script: Callable[[Handler, Asked], None] = lambda _handler, _asked: None

    def says(self, *pieces: str, tokens: int = 50, reason: str = "stop") -> None:
        """Answers these pieces, in whichever format it is asked in."""

        def script(handler: Handler, asked: Asked) -> None:
            if asked.path.endswith("/converse-stream"):
                for data in bedrock_events(pieces, tokens=tokens, reason=reason):
                    begin(handler, 200, "application/vnd.amazon.eventstream")(data)
            else:
                for data in chat_events(pieces, tokens=tokens, reason=reason):
                    begin(handler, 200, "text/event-stream")(data)

        self.script = script

    def fails(self, status: int, body: object = None, content_type: str = "application/json") -> None:
        """Answers an error, or anything else."""

        def script(handler: Handler, _asked: Asked) -> None:
            begin(handler, status, content_type)(body if isinstance(body, bytes) else json.dumps(body).encode())

        self.script = script


def begin(handler: Handler, status: int, content_type: str) -> Write:
    """Writes the head of an answer, once, and answers what writes pieces of its body as chunks."""
    if not getattr(handler, "begun", False):
        handler.begun = True  # type: ignore[attr-defined]  # each request has a handler of its own
        handler.send_response(status)
        handler.send_header("content-type", content_type)
        handler.send_header("connection", "close")
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()

    def write(piece: bytes) -> None:
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        handler.wfile.flush()

    return write


def chat_events(pieces: tuple[str, ...], *, tokens: int, reason: str) -> Iterator[bytes]:
    """Server-sent events; what a model says is split anywhere."""
    yield b": keep-alive\r\n\r\n"
    for piece in pieces:
        chunk = {"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}
        data = b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n"
        yield data[:20]
        yield data[20:]
    yield b"data: " + json.dumps({"choices": [{"delta": {}, "finish_reason": reason}]}).encode() + b"\n\n"
    yield b"data: " + json.dumps({"choices": [], "usage": {"total_tokens": tokens}}).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


def bedrock_events(pieces: tuple[str, ...], *, tokens: int, reason: str) -> Iterator[bytes]:
    """Frames of an event stream; what a model says is split anywhere."""
    yield frame("messageStart", {"role": "assistant"})
    for piece in pieces:
        data = frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}})
        yield data[:9]
        yield data[9:]
    stopped = {"stop": "end_turn", "length": "max_tokens"}[reason]
    yield frame("contentBlockStop", {"contentBlockIndex": 0}) + frame("messageStop", {"stopReason": stopped})
    yield frame("metadata", {"usage": {"inputTokens": tokens, "outputTokens": 0, "totalTokens": tokens}})


def frame(kind: str, payload: object, *, message: str = "event") -> bytes:
    """One frame: https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html."""
    named = {":event-type" if message == "event" else ":exception-type": kind, ":message-type": message}
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in named.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    data = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return data + struct.pack(">I", zlib.crc32(data))


@contextlib.contextmanager
def running() -> Iterator[Model]:
    """A model that answers until the end of the block."""

    class _Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = Asked(
                path=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=json.loads(self.rfile.read(int(self.headers["content-length"]))),
            )
            model.asked.append(asked)
            with contextlib.suppress(ConnectionError):  # it may be given up meanwhile
                model.script(self, asked)
                if getattr(self, "begun", False):
                    self.wfile.write(b"0\r\n\r\n")
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    model = Model(url=f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
