"""What comes of a change of a chat: its verdict, tried again while it is stale, and the chat as it is then.

A change of members, roles or rules takes the chat's row and raises `members_version`, on the condition that it still
is what the statement saw when it began. Where it is not, the statement changes nothing and answers the verdict
'stale'. What all see afterwards comes back from the same statement, by `chat_after`.
"""

from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec

from chalicelib.core.errors import (
    Blocked,
    Forbidden,
    Gone,
    GroupFull,
    LastOwner,
    NotAGroup,
    NotFound,
    Problem,
    Unavailable,
    UnknownUser,
)
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Chat, ChatSummary

# 'unchanged': all is as it was asked for already.
Verdict = Literal[
    "allowed",
    "unchanged",
    "stale",
    "not_found",
    "forbidden",
    "unknown_user",
    "blocked",
    "group_full",
    "not_group",
    "last_owner",
    "gone",
]

_REFUSALS: dict[str, type[Problem]] = {
    "not_found": NotFound,
    "forbidden": Forbidden,
    "unknown_user": UnknownUser,
    "blocked": Blocked,
    "group_full": GroupFull,
    "not_group": NotAGroup,
    "last_owner": LastOwner,
    "gone": Gone,
}
# Each try that finds itself stale saw another change succeed: as many as this may come to one chat at once.
_TRIES = 50


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a change: the chat as the actor sees it then, its members, and whom it added or took away."""

    verdict: Verdict
    chat: str | None = None
    member_ids: list[int] | None = None
    changed_ids: list[int] = []

    @property
    def seen(self) -> Chat:
        """The chat as the actor sees it."""
        return msgspec.json.decode(self.chat or "null", type=Chat)

    @property
    def summary(self) -> ChatSummary:
        """The chat as everybody sees it."""
        return msgspec.json.decode(self.chat or "null", type=ChatSummary)


Result = TypeVar("Result", bound=Change)


def settled(attempt: Callable[[], Result]) -> Result:
    """The outcome of a change, tried again while it is stale. Raises what its verdict stands for."""
    for _ in range(_TRIES):
        outcome = attempt()
        if outcome.verdict in {"allowed", "unchanged"}:
            return outcome
        if outcome.verdict != "stale":
            raise _REFUSALS[outcome.verdict]()
    raise Unavailable("The chat's members change too fast; try again.")


def tell_change(change: Change) -> None:
    """Tells all members how the chat is now; those who have just come know it already."""
    chat = change.summary
    newcomers = set(change.changed_ids)
    others = [user_id for user_id in change.member_ids or () if user_id not in newcomers]
    publish(events.chat_updated(chat), to=others, group=push_group(chat.id))


def push_group(chat_id: int) -> str:
    """Pushes about one chat keep their order."""
    return f"chat:{chat_id}"
