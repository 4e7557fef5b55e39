"""Letters by email: given to a queue after the commit, and sent by SES from a function outside the VPC.

No request waits for SES, and no function with the data has a way there. Whoever asks for a letter finds out by this
module whether any are sent at all.
"""

import msgspec

from chalicelib.core import context
from chalicelib.core.aws import AwsError, queued, ses, sqs
from chalicelib.core.config import settings
from chalicelib.core.errors import MailOff
from chalicelib.core.logs import logger


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter in plain text. One `to` nobody is not sent: it is written so that it takes as long as any other."""

    to: str
    subject: str
    text: str


class _Posted(msgspec.Struct, frozen=True):
    """A letter in the queue, with the id of the request that it comes of."""

    letter: Letter
    request_id: str


def is_on() -> bool:
    """Whether letters are sent here."""
    return bool(settings().mail_from)


def check_is_on() -> None:
    """Raises MailOff."""
    if not is_on():
        raise MailOff()


def send(letter: Letter, *, needed: bool = False) -> None:
    """Has a letter sent once what it tells is committed.

    Where the queue does not take it, the request fails if the letter is `needed`: whoever asked can ask again.
    """
    context.current().after_commit(lambda: _enqueue(letter, needed=needed))


def deliver(body: str) -> None:
    """Sends a letter from the queue. Raises AwsError where SES may take it later; what it never takes is dropped."""
    posted = msgspec.json.decode(body, type=_Posted)
    current = context.current()
    current.adopt(posted.request_id)
    outcome = "unaddressed"
    if posted.letter.to:
        outcome = "sent"
        try:
            ses(_as_ses_has_it(posted.letter))
        except AwsError as error:
            if error.retryable:
                raise
            # An address that cannot be, or a sender that SES does not know: a try more changes neither.
            logger().error("letter refused", extra={"error": error.code})
            outcome = "refused"
    current.note("letter", outcome=outcome)


def _enqueue(letter: Letter, *, needed: bool) -> None:
    body = queued(_Posted(letter, context.current().request_id))
    try:
        sqs("SendMessage", {"QueueUrl": settings().mail_queue_url, "MessageBody": body})
    except AwsError as error:
        logger().error("letter lost", extra={"error": error.code})
        if needed:
            raise


def _as_ses_has_it(letter: Letter) -> dict[str, object]:
    def text(data: str) -> dict[str, str]:
        return {"Data": data, "Charset": "UTF-8"}

    return {
        "FromEmailAddress": settings().mail_from,
        "Destination": {"ToAddresses": [letter.to]},
        "Content": {"Simple": {"Subject": text(letter.subject), "Body": {"Text": text(letter.text)}}},
    }
