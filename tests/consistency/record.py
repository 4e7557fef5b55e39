"""What happened in a run, as the clients saw it: the evidence that is checked afterwards."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Change:
    """Something a client did that was acknowledged. Times are monotonic seconds: asked, and acknowledged."""

    kind: str
    user_id: int
    chat_id: int
    began: float
    ended: float
    subject: Any = None
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Heard:
    """An event that reached a device."""

    user_id: int
    at: float
    event: dict[str, Any]


@dataclass
class Record:
    """All acknowledged changes and heard events of a run, from many threads."""

    changes: list[Change] = field(default_factory=list)
    doubtful: list[Change] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledged(self, change: Change) -> None:
        """A change that the service said yes to."""
        with self._lock:
            self.changes.append(change)

    def refused(self, change: Change) -> None:
        """A change that was refused in the end; a try before, whose answer was lost, may have done it."""
        with self._lock:
            self.doubtful.append(change)

    def hears(self, user_id: int, event: dict[str, Any]) -> None:
        """An event arrived."""
        with self._lock:
            self.heard.append(Heard(user_id, time.monotonic(), event))

    def gives_up(self, what: str) -> None:
        """Something was tried to the end of its time without an answer: a violation of its own."""
        with self._lock:
            self.given_up.append(what)

    def of(self, *kinds: str) -> list[Change]:
        """The acknowledged changes of these kinds, in order of their answers."""
        return [change for change in self.changes if change.kind in kinds]
