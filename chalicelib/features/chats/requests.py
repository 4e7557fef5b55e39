"""Message requests: private chats that strangers have begun, and that wait until they are accepted, declined or
answered. Who has begun one learns of a refusal alone."""

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound
from chalicelib.features.chats.personal import tell_devices
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import ChatPersonal


class _Answered(msgspec.Struct, frozen=True):
    personal: str | None
    moved: bool | None
    told_id: int | None


_ANSWER = "SELECT * FROM answer_request(chat => %(chat_id)s, actor => %(user_id)s, accepts => %(accepts)s)"


def answer(actor: Actor, chat_id: int, *, accepts: bool) -> ChatPersonal:
    """Accepts a request, or declines it: then it is hidden, and who has begun it cannot write any more.

    Again is as once, and a chat that is no request stays what it is. Raises NotFound for who is not a member.
    """
    values = {"chat_id": chat_id, "user_id": actor.user_id, "accepts": accepts}
    row = db.the(_Answered, _ANSWER, values, actor=actor)
    if row.personal is None:
        raise NotFound("There is no such chat.")
    personal = msgspec.json.decode(row.personal, type=ChatPersonal)
    if row.moved:
        tell_devices(actor, personal)
    if row.told_id is not None:
        told = events.chat_sending(chat_id, None if accepts else "request_declined")
        publish(told, to=[row.told_id], group=f"chat:{chat_id}")
    return personal
