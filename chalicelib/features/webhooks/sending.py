"""Posts events to webhooks from the queue, in the function outside the VPC that sends notifications, too.

A post is signed as Standard Webhooks has it. What is not taken is tried again after pauses that grow.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from chalicelib.core import clock, context, outside, redelivery
from chalicelib.core.config import settings
from chalicelib.features.webhooks.payloads import Post, Posted
from chalicelib.realtime.hooks import Tried
from chalicelib.realtime.publish import webhook_tried

_POST_SECONDS = 8.0
# As maxReceiveCount of the queue in infra/stack.yaml.
MOST_TRIES = 5
# Each is four times as long as the one before: half a minute, two, eight, 32.
_FIRST_PAUSE = 30
_GROWTH = 4


def is_post(body: str) -> bool:
    """Whether a message of the queue is for a webhook."""
    return body.startswith('{"webhook":')


def send(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Posts a batch; answers the ids of the records that the queue is to bring again."""
    posts = [msgspec.json.decode(record["body"], type=Posted).webhook for record in records]
    with ThreadPoolExecutor(max_workers=len(records) or 1) as threads:
        statuses = list(threads.map(_status, posts))
    failed = []
    for record, post, status in zip(records, posts, statuses, strict=True):
        tries, taken = redelivery.tries(record), 200 <= status < 300
        # 410 says that there is nobody any more.
        last = tries >= MOST_TRIES or status == 410
        with context.begin(record["messageId"]) as current:
            current.adopt(post.request_id)
            outcome = "sent" if taken else "lost" if last else "later"
            current.note(
                "webhook", outcome=outcome, status=status, webhook_id=post.webhook_id, event_id=post.event_id
            )
            webhook_tried(
                Tried(webhook_id=post.webhook_id, event_id=post.event_id, taken=taken, status=status, last=last)
            )
            # A post that is given up is no dead letter: whoever looks after the webhook sees what became of it.
            if not taken and not last:
                redelivery.put_off(
                    settings().notify_queue_url, record, _FIRST_PAUSE * _GROWTH ** min(tries - 1, MOST_TRIES)
                )
                failed.append(str(record["messageId"]))
    return failed


def signature(secret: str, event_id: str, seconds: int, body: bytes) -> str:
    """What shows a receiver that a post is ours, of this time, and as it was sent."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{event_id}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _status(post: Post) -> int:
    """What the post was answered; 0 where nobody did, or the address leads to no public host."""
    body, now = bytes(post.event), int(clock.now())
    headers = {
        "content-type": "application/json",
        "user-agent": "messenger-webhooks",
        "webhook-id": post.event_id,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(post.secret, post.event_id, now, body),
    }
    try:
        return outside.post(post.url, headers, body, within=_POST_SECONDS).status
    except (outside.RefusedAddressError, outside.NoAnswerError):
        return 0
