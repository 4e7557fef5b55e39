"""A native socket client for tests: frames in order, answers by their id, events to wait for."""

import itertools
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

Frame = dict[str, Any]


class Socket:
    """One connection. Everything that arrives is kept in `frames`, in order of arrival."""

    def __init__(self, url: str, **options: Any) -> None:
        self._connection = connect(url, open_timeout=20, legacy=True, **options)
        self.frames: list[Frame] = []
        self._arrived = threading.Condition()
        self._ids = itertools.count(1)
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def close_code(self) -> int | None:
        """The code the connection was closed with, None while it is open."""
        return self._connection.close_code if self._ended else None

    @property
    def subprotocol(self) -> str | None:
        """What was agreed on in the handshake."""
        chosen: str | None = self._connection.subprotocol
        return chosen

    def request(self, action: str, data: Frame | None = None, *, timeout: float = 20) -> Frame:
        """Sends a frame and answers its ack or error."""
        frame_id = f"c{next(self._ids)}"
        self.send_text(json.dumps({"action": action, "id": frame_id, "data": data or {}}, ensure_ascii=False))
        return self._wait(lambda frame: frame.get("id") == frame_id, f"the answer to {action}", timeout)

    def act(self, action: str, data: Frame | None = None) -> Any:
        """Sends a frame that must be acknowledged, and answers the ack's data."""
        answer = self.request(action, data)
        assert answer["type"] == "ack", answer
        return answer["data"]

    def refused(self, action: str, data: Frame | None = None) -> Frame:
        """Sends a frame that must be refused, and answers the problem."""
        answer = self.request(action, data)
        assert answer["type"] == "error", answer
        problem: Frame = answer["error"]
        return problem

    def send_text(self, text: str) -> None:
        """Sends any text at all."""
        self._connection.send(text)

    def events(self, kind: str) -> list[Frame]:
        """The events of a type that have arrived."""
        with self._arrived:
            return [frame for frame in self.frames if frame.get("type") == kind]

    def wait_for(self, kind: str, *, timeout: float = 20, **fields: Any) -> Frame:
        """The first event of a type whose data has these fields."""

        def fits(frame: Frame) -> bool:
            return frame.get("type") == kind and fields.items() <= (frame.get("data") or {}).items()

        return self._wait(fits, f"{kind} {fields or ''}", timeout)

    def wait_closed(self, *, timeout: float = 20) -> int | None:
        """Waits for the connection's end; answers its close code."""
        self._reader.join(timeout)
        assert self._ended, "the connection is still open"
        return self.close_code

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()
        self._reader.join(5)

    def _wait(self, fits: Callable[[Frame], bool], what: str, timeout: float) -> Frame:
        until = time.monotonic() + timeout
        seen = 0
        with self._arrived:
            while True:
                for frame in self.frames[seen:]:
                    if fits(frame):
                        return frame
                seen = len(self.frames)
                left = until - time.monotonic()
                if left <= 0 or self._ended:
                    raise AssertionError(f"never came: {what}; came last: {self.frames[-5:]}")
                self._arrived.wait(left)

    def _read(self) -> None:
        try:
            for text in self._connection:
                if not text:
                    continue
                with self._arrived:
                    self.frames.append(json.loads(text))
                    self._arrived.notify_all()
        except ConnectionClosed:
            pass
        finally:
            with self._arrived:
                self._ended = True
                self._arrived.notify_all()
