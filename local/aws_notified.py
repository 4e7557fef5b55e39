"""The notifications of the local AWS: what the service gives to their queue, kept for whoever looks at `/outbox`.

They are sent besides, to the push services of the browsers that have subscribed.
"""

import json
import time
from collections.abc import Sequence
from typing import Any

# What the queue of notifications ends with, whatever the prefix is.
_QUEUE = "-notify"
# The oldest are forgotten.
_MOST = 1000


class Notified:
    """The notifications since the last reset, the newest first."""

    def __init__(self) -> None:
        self.notifications: list[dict[str, Any]] = []

    def take(self, queue: str, bodies: Sequence[str]) -> None:
        """Notes what was put into a queue, where it is that of notifications. Keys of devices are left out."""
        if not queue.endswith(_QUEUE):
            return
        sent_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        for notification in map(json.loads, bodies):
            if "webhook" in notification:
                continue
            shown = {
                "to": notification["userId"],
                "deviceId": notification["deviceId"],
                "endpoint": notification["token"],
                "urgency": notification["urgency"],
                "told": notification["told"],
                "sentAt": sent_at,
            }
            self.notifications = [shown, *self.notifications[: _MOST - 1]]
