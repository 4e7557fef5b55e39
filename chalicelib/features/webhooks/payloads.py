"""What waits in the queue of the function that posts: a webhook with the event that it is told."""

import msgspec

from chalicelib.core.ids import Id


class Post(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event for one webhook."""

    webhook_id: Id
    url: str
    secret: str
    event_id: str
    event: msgspec.Raw
    request_id: str


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a message: its name tells it from a notification, which has the same queue."""

    webhook: Post
