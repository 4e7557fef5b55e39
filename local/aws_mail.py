"""SES of the local AWS: it sends nothing, and keeps what would be sent for whoever looks at `/outbox`.

Source: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
"""

import json
import time
import uuid
from typing import Any

from local.wsgi import Answer

PATH = "/v2/email/outbound-emails"
# The oldest are forgotten.
_MOST = 1000
_PHRASES = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests"}


class Mail:
    """The letters since the last reset, the newest first."""

    def __init__(self) -> None:
        self.letters: list[dict[str, Any]] = []

    def answer(self, path: str, body: bytes) -> Answer:
        """Takes a letter. Another call of SES is refused: the service makes none."""
        if path != PATH:
            return refusal(404, "NotFoundException", "The local SES sends single letters alone.")
        try:
            asked = json.loads(body)
            simple = asked["Content"]["Simple"]
            letter = {
                "from": asked["FromEmailAddress"],
                "to": asked["Destination"]["ToAddresses"],
                "subject": simple["Subject"]["Data"],
                "text": simple["Body"]["Text"]["Data"],
                "sentAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            }
        except (KeyError, TypeError, ValueError):
            return refusal(400, "BadRequestException", "The letter is not complete.")
        if not all(address.isascii() and "@" in address for address in letter["to"]):
            return refusal(400, "MessageRejected", "An address is not valid.")
        self.letters = [letter, *self.letters[: _MOST - 1]]
        answered = json.dumps({"MessageId": str(uuid.uuid4())}).encode()
        return Answer("200 OK", [("Content-Type", "application/json")], answered)


def refusal(status: int, code: str, message: str) -> Answer:
    """An error as SES and Chime write it: its name is in a header."""
    phrase = _PHRASES.get(status, "Internal Server Error")
    headers = [("Content-Type", "application/json"), ("x-amzn-errortype", code)]
    return Answer(f"{status} {phrase}", headers, json.dumps({"message": message}).encode())
