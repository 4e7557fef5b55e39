"""Lambda's Runtime API for one container: hands out events, and takes what the runtime client makes of the answers.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from local.events import INVOCATION_BYTES

_API = "/2018-06-01/runtime"
# Our functions' longest timeout.
_SECONDS = 60


class Outcome(NamedTuple):
    """What became of an event, or of the container's start: the answer's JSON value, or an error in words."""

    answer: Any = None
    error: str | None = None


class RuntimeApi(ThreadingHTTPServer):
    """Serves one container, which fetches one event after another."""

    daemon_threads = True

    def __init__(self, function_name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function_name}"
        self.events: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._serving = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._serving.start()

    @property
    def address(self) -> str:
        """What the container finds as AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        """Serves no longer. The container has ended."""
        self.events.put(None)
        self.shutdown()
        self.server_close()
        self._serving.join()


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RuntimeApi

    def do_GET(self) -> None:  # the library's name for it
        """The next event, once there is one."""
        assert self.path == f"{_API}/invocation/next", self.path
        event = self.server.events.get()
        if event is None:
            self.close_connection = True
            return
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + _SECONDS) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self.server.arn,
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
        }
        self._answer(200, event, headers)

    def do_POST(self) -> None:  # the library's name for it
        """An answer, or the error of an event or of the start."""
        said = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/response"):
            status, outcome = _read(said)
        else:
            assert self.path.endswith("/error"), self.path
            error = json.loads(said)
            status, outcome = 202, Outcome(error=f"{error['errorType']}: {error['errorMessage']}")
        self.server.outcomes.put(outcome)
        self._answer(status, b'{"status": "OK"}', {"Content-Type": "application/json"})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name for it
        pass

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _read(said: bytes) -> tuple[int, Outcome]:
    if len(said) > INVOCATION_BYTES:
        words = f"Response payload size exceeded maximum allowed payload size ({INVOCATION_BYTES} bytes)."
        return 413, Outcome(error=f"Function.ResponseSizeTooLarge: {words}")
    try:
        return 202, Outcome(json.loads(said.decode()))
    except ValueError as error:  # of JSON, and of UTF-8
        return 400, Outcome(error=f"Runtime.InvalidResponse: {error}")
