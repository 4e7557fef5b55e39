"""Faults that a test asks of the local stack. One mechanism: a fault is armed, and what it strikes takes it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What can be made to go wrong. `of` names the victim; `value` is in seconds where it says so."""

    POST_GONE = "post_gone"  # @connections answers 410; of: connection id
    POST_THROTTLED = "post_throttled"  # @connections answers 429; of: connection id
    POST_LOST = "post_lost"  # @connections loses a post, and says so `value` seconds later; of: connection id
    DISCONNECT_LOST = "disconnect_lost"  # $disconnect is never sent; of: connection id
    DISCONNECT_LATE = "disconnect_late"  # $disconnect comes `value` seconds late; of: connection id
    TRIGGER_DOUBLED = "trigger_doubled"  # one batch is delivered twice; of: function name
    TRIGGER_REORDERED = "trigger_reordered"  # one batch is delivered out of order; of: function name
    KILL_BEFORE = "kill_before"  # the container dies before the handler starts; of: function name
    KILL_AFTER = "kill_after"  # it dies after the handler ran, its answer lost; of: function name
    KILL_AT = "kill_at"  # it dies `value` seconds into the handler; of: function name
    SERVICE_FAILING = "service_failing"  # a request is answered 500; of: dynamodb, sqs, s3 or chime
    SERVICE_THROTTLING = "service_throttling"  # a request is answered 429; of the same
    SERVICE_SLOW = "service_slow"  # a request is held for `value` seconds; of the same


@dataclass
class Armed:
    """A fault in force: for the next `times` occasions, all of them when None."""

    fault: Fault
    of: str | None
    times: int | None
    value: float


@dataclass
class Faults:
    """The faults in force, shared by the whole local stack and safe across threads."""

    _armed: list[Armed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _followers: list[Callable[[Armed | None], None]] = field(default_factory=list)

    def arm(self, fault: Fault, *, of: str | None = None, times: int | None = 1, value: float = 1.0) -> None:
        """Makes the next `times` occasions go wrong: all of them until `clear` when None, any victim without `of`."""
        armed = Armed(fault, of, times, value)
        with self._lock:
            self._armed.append(armed)
        for follower in self._followers:
            follower(armed)

    def take(self, fault: Fault, of: str = "") -> float:
        """The value of the oldest such fault armed for this victim, used up by one; 0.0 when there is none."""
        if not self._armed:  # the usual case costs no lock
            return 0.0
        with self._lock:
            for armed in self._armed:
                if armed.fault is fault and armed.of in {None, of}:
                    if armed.times is not None:
                        armed.times -= 1
                        if armed.times == 0:
                            self._armed.remove(armed)
                    return armed.value
        return 0.0

    @property
    def in_force(self) -> bool:
        """Is anything armed?"""
        return bool(self._armed)

    def clear(self) -> None:
        """Takes back all that is armed."""
        with self._lock:
            self._armed.clear()
        for follower in self._followers:
            follower(None)

    def follow(self, follower: Callable[[Armed | None], None]) -> None:
        """Another process hears of every fault that is armed, those in force included; None takes all back."""
        self._followers.append(follower)
        for armed in list(self._armed):
            follower(armed)

    def unfollow(self, follower: Callable[[Armed | None], None]) -> None:
        """It hears of nothing any more."""
        if follower in self._followers:
            self._followers.remove(follower)
