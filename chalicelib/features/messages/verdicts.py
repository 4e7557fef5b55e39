"""How a verb on a message ends: by the verdict that its statement gave, tried again while that is stale.

Such a statement finds the message by `access_message`, so that what is not the actor's to know of is not there, and
takes the chat's row before the message's. It writes on the condition that the chat's members, and what of the message
its verdict depends on, still are what it saw when it began. Where they are not, it changes nothing and answers the
verdict 'stale'.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from chalicelib.core.errors import (
    Blocked,
    ClientMessageIdReused,
    Forbidden,
    MessageIsDeleted,
    NotFound,
    Problem,
    TooManyReactions,
    TooManyScheduled,
    Unavailable,
    UnknownMention,
    UnknownReply,
    UnusableAttachment,
)

REFUSALS: dict[str, type[Problem]] = {
    "not_found": NotFound,
    "forbidden": Forbidden,
    "blocked": Blocked,
    "deleted": MessageIsDeleted,
    "unknown_reply": UnknownReply,
    "unknown_mention": UnknownMention,
    "unusable_attachment": UnusableAttachment,
    "too_many_reactions": TooManyReactions,
    "too_many_scheduled": TooManyScheduled,
    "reused": ClientMessageIdReused,
}
# Each try sees what the others have committed.
TRIES = 20


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement answers: 'allowed', 'unchanged' where all was so already, 'stale', or why it refuses."""

    verdict: str


Result = TypeVar("Result", bound=Outcome)


def settled(attempt: Callable[[], Result]) -> Result:
    """The outcome of a change, tried again while it is stale. Raises what its verdict stands for."""
    for _ in range(TRIES):
        outcome = attempt()
        if outcome.verdict in REFUSALS:
            raise REFUSALS[outcome.verdict]()
        if outcome.verdict != "stale":
            return outcome
    raise Unavailable("The chat changes too fast; try again.")
