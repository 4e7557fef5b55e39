"""Polls: members vote for options, and whoever made one closes it."""

from collections.abc import Sequence

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotAPoll, NotFound
from chalicelib.core.ratelimit import Allowance
from chalicelib.core.verdicts import LimitedOutcome, settled_within
from chalicelib.features.messages.reactions import policy
from chalicelib.features.polls.schemas import PollAnswer
from chalicelib.realtime import events
from chalicelib.realtime.event_data import PollVoted
from chalicelib.realtime.publish import publish, publish_updated
from chalicelib.realtime.shapes import for_oneself


class Voted(msgspec.Struct, frozen=True, kw_only=True):
    """A poll as it stands now, and what is left of the allowance of who voted."""

    poll: PollAnswer
    allowance: Allowance


class _Outcome(LimitedOutcome, frozen=True, kw_only=True):
    results: str | None
    message: str | None
    member_ids: list[int]
    version: str | None


class _Row(msgspec.Struct, frozen=True):
    poll: str | None


# All of it happens in the function: migrations/functions/change_poll.sql.
_CHANGE = """
SELECT changed.*, pg_current_xact_id_if_assigned()::text AS version FROM change_poll(
    %(message_id)s, %(user_id)s, %(options)s::smallint[], %(closing)s,
    'reactions:' || %(user_id)s::bigint, %(burst)s
) changed
"""

_POLL = """
SELECT CASE WHEN (a.message).details ->> 'poll' IS NOT NULL THEN poll_text(a.message, %(user_id)s) END AS poll
FROM access_message(%(message_id)s, %(user_id)s) a
"""


def vote(actor: Actor, message_id: int, options: Sequence[int]) -> Voted:
    """Votes for these options, in place of an earlier vote, once, and tells every device of every member.

    The actor's own devices are told what was voted for where the poll is anonymous, since the message does not tell.
    Votes and reactions have one allowance. Raises NotFound, MessageIsDeleted, NotAPoll, PollClosed, UnknownOption,
    OneOption, Blocked and RateLimited.
    """
    outcome, voted = _change(actor, message_id, sorted(set(options)), closing=False)
    answer = voted.poll
    if outcome.message is not None and answer.poll.is_anonymous:
        own = PollVoted(chat_id=answer.chat_id, message_id=answer.message_id, seq=answer.seq, votes=answer.votes)
        publish(events.poll_voted(own, version=outcome.version), to=[actor.user_id], group=f"user:{actor.user_id}")
    return voted


def close(actor: Actor, message_id: int) -> Voted:
    """Ends a poll, once, and tells every device of every member.

    Raises NotFound, MessageIsDeleted, NotAPoll, RateLimited, and Forbidden for who did not make it.
    """
    _, closed = _change(actor, message_id, [], closing=True)
    return closed


def poll(actor: Actor, message_id: int) -> PollAnswer:
    """A poll, and what the actor voted for. Raises NotFound and NotAPoll."""
    row = db.one(_Row, _POLL, {"user_id": actor.user_id, "message_id": message_id}, actor=actor)
    if row is None:
        raise NotFound("There is no such message.")
    if row.poll is None:
        raise NotAPoll()
    return for_oneself(msgspec.json.decode(row.poll, type=PollAnswer), actor.user_id)


def _change(actor: Actor, message_id: int, options: list[int], *, closing: bool) -> tuple[_Outcome, Voted]:
    values = {"user_id": actor.user_id, "message_id": message_id, "options": options, "closing": closing}
    outcome = settled_within(
        policy(), lambda burst: db.the(_Outcome, _CHANGE, {**values, "burst": burst}, actor=actor)
    )
    if outcome.results is None:
        raise LookupError("a change of a poll answered no poll")
    if outcome.message is not None:
        publish_updated(outcome.message, to=outcome.member_ids)
    answer = msgspec.json.decode(outcome.results, type=PollAnswer)
    return outcome, Voted(poll=for_oneself(answer, actor.user_id), allowance=outcome)
