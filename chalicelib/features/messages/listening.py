"""Voice messages: who has listened to them."""

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.verdicts import Outcome, settled
from chalicelib.features.messages.receipts import MOST_TOLD
from chalicelib.realtime.publish import publish_updated
from chalicelib.realtime.shapes import Message, for_oneself


class _Outcome(Outcome, frozen=True, kw_only=True):
    answer: str | None
    message: str | None
    member_ids: list[int]


# All of it happens in the function: migrations/functions/listen_to_message.sql.
_LISTEN = "SELECT * FROM listen_to_message(%(message_id)s, %(user_id)s, %(most)s)"


def listen(actor: Actor, message_id: int) -> Message:
    """Notes that the actor has listened to a voice message, once, and tells every device of every member.

    Nothing is noted of who does not share what they read, nor in chats of more than a hundred members. Raises
    NotFound, MessageIsDeleted and NotARecording.
    """
    values = {"user_id": actor.user_id, "message_id": message_id, "most": MOST_TOLD}
    outcome = settled(lambda: db.the(_Outcome, _LISTEN, values, actor=actor))
    if outcome.answer is None:
        raise LookupError("a voice message did not come back")
    if outcome.message is not None:
        publish_updated(outcome.message, to=outcome.member_ids)
    return for_oneself(msgspec.json.decode(outcome.answer, type=Message), actor.user_id)
