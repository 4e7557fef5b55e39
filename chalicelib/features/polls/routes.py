"""Polls over HTTP."""

from chalicelib.core import ratelimit
from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    Blocked,
    Forbidden,
    MessageIsDeleted,
    NotAPoll,
    NotFound,
    OneOption,
    PollClosed,
    RateLimited,
    RequestDeclined,
    UnknownOption,
)
from chalicelib.core.http import Reply, Routes
from chalicelib.core.ids import Id
from chalicelib.features.messages.reactions import policy
from chalicelib.features.polls import vote
from chalicelib.features.polls.schemas import PollAnswer, VoteInput

routes = Routes("polls")


@routes.get("/messages/{message_id}/poll", refuses=(NotFound, NotAPoll))
def get_poll(actor: Actor, message_id: Id) -> PollAnswer:
    """A poll as it stands, and what I voted for."""
    return vote.poll(actor, message_id)


@routes.put(
    "/messages/{message_id}/vote",
    refuses=(
        NotFound,
        Blocked,
        RequestDeclined,
        MessageIsDeleted,
        NotAPoll,
        PollClosed,
        UnknownOption,
        OneOption,
        RateLimited,
    ),
)
def vote_in_poll(actor: Actor, message_id: Id, body: VoteInput) -> Reply[PollAnswer]:
    """Vote in a poll, in place of an earlier vote; again is as once."""
    return _reply(vote.vote(actor, message_id, body.options))


@routes.put(
    "/messages/{message_id}/poll/closed", refuses=(NotFound, Forbidden, MessageIsDeleted, NotAPoll, RateLimited)
)
def close_poll(actor: Actor, message_id: Id) -> Reply[PollAnswer]:
    """Close a poll of mine; again is as once."""
    return _reply(vote.close(actor, message_id))


def _reply(voted: vote.Voted) -> Reply[PollAnswer]:
    return Reply(body=voted.poll, status=200, headers=ratelimit.headers(policy(), voted.allowance))
