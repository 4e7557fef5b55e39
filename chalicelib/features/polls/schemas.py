"""What polls take and answer."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.ids import Id, Seq, Timestamp
from chalicelib.realtime.contents import MOST_OPTIONS, Poll
from chalicelib.realtime.shapes import Naming

Choice = Annotated[int, Meta(ge=0, le=MOST_OPTIONS - 1)]


class VoteInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """For which options, counted from 0, in place of an earlier vote; for none, to take it back."""

    options: Annotated[list[Choice], Meta(max_length=MOST_OPTIONS)]


class PollAnswer(Naming, frozen=True, kw_only=True, rename="camel"):
    """A poll as it stands at `updatedAt`, and what the caller voted for."""

    chat_id: Id
    message_id: Id
    seq: Seq
    poll: Poll
    updated_at: Timestamp
    votes: Annotated[list[Choice], Meta(description="the caller's own")]
