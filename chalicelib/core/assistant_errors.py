"""What the assistant refuses, and how it fails."""

from chalicelib.core.errors import RateLimited, Refused, Unavailable
from chalicelib.core.problems import Problem


class AssistantOff(Refused):
    code, title = "assistant_off", "This server has no assistant; ask those who run it"


class NothingToRead(Refused):
    code, title = "nothing_to_read", "There is no text here for the assistant to read"


class AssistantSpent(RateLimited):
    code, title = "assistant_spent", "The assistant has answered all that it may today; ask again tomorrow"


class AssistantFailed(Problem):
    status, code, title = 502, "assistant_failed", "The assistant gave no answer that can be used"


class AssistantBusy(Unavailable):
    code, title = "assistant_busy", "The assistant has too much to do; ask again in a minute"


class AssistantTimedOut(Unavailable):
    code, title = "assistant_timed_out", "The assistant took too long; ask again, or about less"
