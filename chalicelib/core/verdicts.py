"""How a change ends: by the verdict that its statement gave, tried again while that is stale.

Such a statement takes the chat's row, and after it what else it changes. It writes on the condition that the chat's
`members_version`, and what else its verdict depends on, still are what it saw when it began. Where they are not, it
changes nothing and answers the verdict 'stale'. What it took from an allowance stays taken: the next try takes
nothing.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from chalicelib.core.errors import (
    AnsweredElsewhere,
    Blocked,
    CallFull,
    CallIsARoom,
    CallIsOver,
    CallRefused,
    ClientMessageIdReused,
    Forbidden,
    Gone,
    GroupFull,
    HeldDecided,
    LastOwner,
    MessageHeld,
    MessageIsDeleted,
    Muted,
    NotAGroup,
    NotAPoll,
    NotARecording,
    NotARoom,
    NotFound,
    NotInCall,
    NotYourself,
    OneOption,
    PollClosed,
    ReportDecided,
    RequestDeclined,
    TooManyReactions,
    TooManyRules,
    TooManyScheduled,
    TooManyWebhooks,
    Unavailable,
    UnknownMention,
    UnknownOption,
    UnknownReply,
    UnknownUser,
    UnusableAttachment,
    WordsRefused,
    WritingRefused,
)
from chalicelib.core.problems import Problem
from chalicelib.core.ratelimit import Allowance, Policy, refuse_unless_allowed

REFUSALS: dict[str, type[Problem]] = {
    "not_found": NotFound,
    "forbidden": Forbidden,
    "blocked": Blocked,
    "muted": Muted,
    "writing_refused": WritingRefused,
    "request_declined": RequestDeclined,
    "gone": Gone,
    "unknown_user": UnknownUser,
    "group_full": GroupFull,
    "not_group": NotAGroup,
    "last_owner": LastOwner,
    "deleted": MessageIsDeleted,
    "unknown_reply": UnknownReply,
    "unknown_mention": UnknownMention,
    "unusable_attachment": UnusableAttachment,
    "too_many_reactions": TooManyReactions,
    "not_poll": NotAPoll,
    "not_recording": NotARecording,
    "poll_closed": PollClosed,
    "unknown_option": UnknownOption,
    "one_option": OneOption,
    "too_many_scheduled": TooManyScheduled,
    "call_refused": CallRefused,
    "call_full": CallFull,
    "call_ended": CallIsOver,
    "call_is_room": CallIsARoom,
    "not_room": NotARoom,
    "answered_elsewhere": AnsweredElsewhere,
    "not_in_call": NotInCall,
    "not_yourself": NotYourself,
    "reused": ClientMessageIdReused,
    "report_decided": ReportDecided,
    "words_refused": WordsRefused,
    "held": MessageHeld,
    "held_decided": HeldDecided,
    "too_many_rules": TooManyRules,
    "too_many_webhooks": TooManyWebhooks,
}
# Each try that finds itself stale saw another change succeed: as many as this may come to one chat at once.
TRIES = 50


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement answers: 'allowed', 'unchanged' where all was so already, 'stale', or why it refuses."""

    verdict: str


class LimitedOutcome(Allowance, frozen=True, kw_only=True):
    """The same with what it left of an allowance; 'allowed', and yet not allowed, where that was spent."""

    verdict: str


Result = TypeVar("Result", bound=Outcome)
LimitedResult = TypeVar("LimitedResult", bound=LimitedOutcome)


def settled(attempt: Callable[[], Result]) -> Result:
    """The outcome of a change, tried again while it is stale. Raises what its verdict stands for."""
    for _ in range(TRIES):
        outcome = attempt()
        if outcome.verdict in REFUSALS:
            raise REFUSALS[outcome.verdict]()
        if outcome.verdict != "stale":
            return outcome
    raise _too_fast()


def settled_within(limit: Policy | None, attempt: Callable[[int | None], LimitedResult | None]) -> LimitedResult:
    """The same for a change that takes from an allowance, once however often it is tried.

    `attempt` is given the burst to take from, None for taking nothing, and answers None where its statement was
    rolled back. Raises RateLimited where the allowance is spent.
    """
    taken: LimitedResult | None = None
    for _ in range(TRIES):
        outcome = attempt(None if limit is None or taken is not None else limit.burst)
        if outcome is None:
            continue
        if outcome.verdict in REFUSALS:
            raise REFUSALS[outcome.verdict]()
        if outcome.verdict == "stale":
            taken = taken or outcome
            continue
        if taken is not None:
            outcome = msgspec.structs.replace(outcome, remaining=taken.remaining)
        if limit is not None:
            refuse_unless_allowed(limit, outcome)
        return outcome
    raise _too_fast()


def _too_fast() -> Unavailable:
    return Unavailable("The chat changes too fast; try again.")
