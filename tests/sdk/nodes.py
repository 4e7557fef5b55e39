"""Node with the client library, which tests have run pieces of JavaScript."""

import contextlib
import itertools
import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.packages import node

SDK = Path(__file__).parents[2] / "web" / "sdk" / "node.js"
_DRIVER = Path(__file__).parent / "driver.mjs"
PATIENCE_SECONDS = 60.0


class JavaScriptError(Exception):
    """A piece of JavaScript threw. `code` is the error's, where it has one."""

    def __init__(self, stack: str, code: str | None) -> None:
        super().__init__(stack)
        self.code = code


class Node:
    """A process of Node. `run` may be called from many threads; the pieces then run at the same time."""

    def __init__(self, sdk: Path = SDK) -> None:
        self._ids = itertools.count(1)
        self._answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._writing = threading.Lock()
        self._process = subprocess.Popen(
            [node(), str(_DRIVER), sdk.as_uri()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def run(self, source: str, **values: Any) -> Any:
        """What the body of an async function returns. It sees the library's names, the values, and `kept`."""
        answer: queue.Queue[dict[str, Any]] = queue.Queue()
        with self._writing:
            number = next(self._ids)
            self._answers[number] = answer
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({"id": number, "source": source, "values": values}) + "\n")
            self._process.stdin.flush()
        message = answer.get(timeout=PATIENCE_SECONDS)
        if "error" in message:
            raise JavaScriptError(message["error"], message["code"])
        return message["result"]

    def kill(self) -> None:
        """Ends it at once, as a crash does."""
        self._process.kill()
        self._process.communicate()
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            self._answers.pop(message["id"]).put(message)
        for answer in self._answers.values():
            answer.put({"error": "Node has ended", "code": None})


_UNTIL = """
  const {me} = kept;
  const holds = () => (%s);
  for (let value; ; await me.next(%s)) if ((value = holds())) return value;
"""


def when(node: Node, event: str, condition: str, **values: Any) -> Any:
    """The value of a condition on `me`, once it is true. It is looked at now, and after each event of this name."""
    return node.run(_UNTIL % (condition, json.dumps(event)), **values)


@contextlib.contextmanager
def running(sdk: Path = SDK) -> Iterator[Node]:
    """A process of Node, which ends with the block."""
    process = Node(sdk)
    try:
        yield process
    finally:
        process.kill()
