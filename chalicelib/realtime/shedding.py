"""Load shedding: what may be lost goes first, so that messages do not wait behind it.

Each level drops what the levels below it drop, and one kind more: 1 typing, 2 presence, 3 receipts (their watermarks
stay in sync). Messages and all other events go through at every level.

Three things raise the level. A push that waited in the queue is judged by its own wait, since a chat may be late
where the others are not. A container that was throttled by API Gateway, or could not reach the queue, keeps the
level that this means for a while. `shed_level` in the settings is the operator's own, and the least in force.
"""

from collections.abc import Mapping

from chalicelib.core import clock
from chalicelib.core.config import settings

LEVELS: Mapping[str, int] = {
    "typing:start": 1,
    "typing:stop": 1,
    "user:status": 2,
    "message:delivered": 3,
    "messages:read": 3,
}
# From which multiples of `shed_wait_seconds` in the queue levels 1, 2 and 3 are in force: 2, 5 and 15 seconds by
# default. Clients end an indicator after 6 by themselves.
WAITS = (1.0, 2.5, 7.5)
# The same by the share of posts that were throttled, once there are enough of them to tell.
THROTTLED_SHARES = (0.01, 0.05, 0.20)
ENOUGH_POSTS = 50
# So long a container remembers.
HOLD_SECONDS = 10.0


class _Container:
    """What one has seen."""

    level = 0
    until = 0.0
    posts = 0
    throttled = 0
    since = 0.0


_container = _Container()


def level(waited: float = 0.0) -> int:
    """The level in force, for a push that waited in the queue for so many seconds."""
    remembered = _container.level if clock.now() < _container.until else 0
    return max(settings().shed_level, remembered, _reached(waited / settings().shed_wait_seconds, WAITS))


def sheds(kind: str, waited: float = 0.0) -> bool:
    """Whether an event of this type is to be dropped now."""
    least = LEVELS.get(kind)
    return least is not None and least <= level(waited)


def note_posts(posts: int, throttled: int) -> None:
    """Posts were made, and API Gateway answered so many times that they are too many."""
    now = clock.now()
    if now >= _container.since + HOLD_SECONDS:
        _container.since, _container.posts, _container.throttled = now, 0, 0
    _container.posts += posts
    _container.throttled += throttled
    if _container.posts >= ENOUGH_POSTS:
        _remember(_reached(_container.throttled / _container.posts, THROTTLED_SHARES))


def note_lost() -> None:
    """The queue does not take pushes: what may be lost must not wait for it in vain."""
    _remember(len(WAITS))


def forget() -> None:
    """Takes back what this container remembers: for tests."""
    _container.level, _container.until, _container.since = 0, 0.0, 0.0


def _remember(seen: int) -> None:
    now = clock.now()
    if seen and (seen >= _container.level or now >= _container.until):
        _container.level, _container.until = seen, now + HOLD_SECONDS


def _reached(measured: float, steps: tuple[float, ...]) -> int:
    return sum(measured >= step for step in steps)
