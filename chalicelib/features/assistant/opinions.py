"""Opinions on messages that a rule on words has reported, for all moderators to read with the report.

They are asked for when a moderator first reads the report, and take from the tokens that this moderator has that day.
"""

import base64
import hashlib
from collections.abc import Mapping

from chalicelib.core import clock, context
from chalicelib.core.assistant_errors import AssistantSpent
from chalicelib.core.aws import AwsError
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.logs import logger
from chalicelib.features.assistant import ask, budget, kept, questions
from chalicelib.features.assistant.kept import KEPT_SECONDS
from chalicelib.features.assistant.questions import MOST_ANSWER_TOKENS, Job, Line, Said
from chalicelib.features.assistant.schemas import Asked, KeptAnswer

# Of how many reports one reading asks; the next reading asks for others.
_AT_ONCE = 10


def opinions(actor: Actor, reported: Mapping[int, str]) -> dict[int, KeptAnswer]:
    """What is thought of reported texts, by the ids of their reports. Where there is nothing yet, it is asked for.

    Whatever fails, the reports are there without it.
    """
    if not settings().assistant_model or not reported:
        return {}
    names = {report_id: _name(report_id) for report_id in reported}
    try:
        known = kept.opinions(list(names.values()))
        missing = [report_id for report_id, name in names.items() if name not in known]
        for report_id in missing[:_AT_ONCE]:
            asked = _ask(actor, names[report_id], reported[report_id])
            if asked is not None:
                known[names[report_id]] = asked
    except AssistantSpent:
        pass  # tomorrow there are tokens again
    except AwsError as error:
        logger().warning("no opinions", extra={"error": error.code})
        return {}
    return {report_id: known[name] for report_id, name in names.items() if name in known}


def _name(report_id: int) -> str:
    """The id of the answer: the same whoever asks, of the form that such ids have."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"report:{report_id}".encode()).digest()).decode()[:22]


def _ask(actor: Actor, name: str, text: str) -> KeptAnswer | None:
    line = Line(
        seq=1, sender_id=None, message_type="text", content=text, is_deleted=False, created_at=clock.wire(clock.now())
    )
    question = questions.question("opinion", context.language(), actor.user_id, [Said([line], ())])
    if question is None:
        return None
    taken = question.tokens + MOST_ANSWER_TOKENS
    job = Job(
        asked=Asked(answer_id=name, task="opinion"),
        user_id=actor.user_id,
        session_id=actor.session_id,
        question=question,
        keep=True,
        for_moderators=True,
        day=budget.take(actor.user_id, taken),
        taken=taken,
        until=clock.now() + KEPT_SECONDS,
        request_id=context.current().request_id,
        language=context.language(),
    )
    try:
        waiting = kept.expect(kept.MODERATORS, job.asked)
        ask.enqueue(job)
    except AwsError:
        budget.settle(job.user_id, job.day, taken=taken, used=0)
        raise
    return waiting
