"""Which webhooks are told of an event, and what came of it: decided where the data is.

What is to be posted goes to the queue of a function outside the VPC, which has no way to the data.
"""

from datetime import timedelta
from typing import LiteralString

import msgspec

from chalicelib.core import context, db
from chalicelib.core.aws import queued, sqs
from chalicelib.core.config import settings
from chalicelib.features.webhooks.payloads import Post, Posted
from chalicelib.realtime import events, hooks
from chalicelib.realtime.event_data import WebhookDisabled
from chalicelib.realtime.hooks import Hooked, Tried
from chalicelib.realtime.publish import publish

# So many posts are remembered of a webhook.
MOST_REMEMBERED = 100
# A webhook is disabled where it has taken nothing for so long.
PATIENCE = timedelta(days=1)


class _Target(msgspec.Struct, frozen=True, rename="camel"):
    webhook_id: int
    url: str
    secret: str


class _Begun(msgspec.Struct, frozen=True):
    posts: str | None
    idle: list[int]


class _Ended(msgspec.Struct, frozen=True):
    keeper: int | None
    place: int | None
    disabled: str | None


_BEGIN: LiteralString = """
SELECT * FROM begin_webhook_posts(
    %(chat_id)s::bigint, %(keepers)s::bigint[], %(type)s, %(event_id)s, %(only)s::bigint, %(most)s
)
"""

_END: LiteralString = """
SELECT * FROM end_webhook_try(
    %(webhook_id)s, %(event_id)s, %(taken)s, %(status)s, %(last)s, %(patience)s::interval
)
"""


def tell(hooked: Hooked) -> None:
    """Has the webhooks posted that want this event. Raises AwsError, for another try: it may then be posted twice."""
    values = {
        "chat_id": hooked.chat_id,
        "keepers": hooked.keepers,
        "type": hooked.type,
        "event_id": hooked.event_id,
        "only": hooked.only,
        "most": MOST_REMEMBERED,
    }
    begun = db.the(_Begun, _BEGIN, values)
    hooks.forget(begun.idle, hooked.chat_id)
    targets = msgspec.json.decode(begun.posts or "[]", type=list[_Target])
    request_id = context.current().request_id
    for target in targets:
        post = Post(
            webhook_id=target.webhook_id,
            url=target.url,
            secret=target.secret,
            event_id=hooked.event_id,
            event=hooked.event,
            request_id=request_id,
        )
        sqs("SendMessage", {"QueueUrl": settings().notify_queue_url, "MessageBody": queued(Posted(webhook=post))})
    told = {"event_id": hooked.event_id, "type": hooked.type, "webhooks": len(targets)}
    context.current().step("hooked", told)


def note(tried: Tried) -> None:
    """Notes what a try came to. Whoever keeps a webhook is told where that has disabled it."""
    ended = db.the(_Ended, _END, {**msgspec.structs.asdict(tried), "patience": PATIENCE})
    if ended.keeper is not None and ended.disabled is not None:
        data = msgspec.json.decode(ended.disabled, type=WebhookDisabled)
        context.current().step("webhook_disabled", {"webhook_id": data.webhook_id, "reason": data.reason})
        publish(events.webhook_disabled(ended.place, data), to=[ended.keeper], group=f"user:{ended.keeper}")
