"""Time as the wire writes it."""

import time
from datetime import UTC, datetime


def now() -> float:
    """Seconds since the epoch."""
    return time.time()


def wire(moment: float) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`, as every answer and event has it."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
