"""What became of something that was sent to a connection."""

import enum


class Outcome(enum.Enum):
    """GONE: there is no such connection, forget it. FAILED: nobody knows; sync will tell."""

    POSTED = "posted"
    GONE = "gone"
    TOO_LARGE = "too_large"
    FAILED = "failed"
