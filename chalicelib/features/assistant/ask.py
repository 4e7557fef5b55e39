"""Asking the assistant: what is to be read is read with the rights of who asks; a function of its own does the rest.

A model takes seconds. No request waits for one, and no function with the data has a way to one: the question goes by
a queue to the function `assistant`, which tells the answer to the session that asked (answering.py).
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.core import clock, context, db, ids
from chalicelib.core.assistant_errors import AssistantOff, NothingToRead
from chalicelib.core.aws import AwsError, queued, sqs
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import MessageIsDeleted
from chalicelib.features.assistant import budget, kept, questions
from chalicelib.features.assistant.questions import MOST_ANSWER_TOKENS, Job, Line, Said
from chalicelib.features.assistant.schemas import Asked, AskInput, KeptAnswer, SummaryInput, TranslationInput
from chalicelib.features.messages import history, missed
from chalicelib.features.messages.schemas import HistoryQuery
from chalicelib.realtime.event_data import AssistantTask
from chalicelib.realtime.shapes import Message

# Whoever asks does not wait for longer; a question that is older is not put to the model any more.
PATIENCE_SECONDS = 120
_BEFORE_A_REPLY = 20

_SESSION = "SELECT 1"


def summary(actor: Actor, chat_id: int, wanted: SummaryInput) -> Asked:
    """What was said in a chat. Raises NotFound, AssistantOff, NothingToRead, AssistantSpent."""
    if wanted.unread:
        said = [_newest(each, wanted.limit) for each in missed.missed(actor, chat_id)]
    else:
        page = history.history(actor, chat_id, HistoryQuery(limit=wanted.limit))
        said = [questions.said(page)]
    return _ask(actor, "summary", wanted, [_since(wanted.since, one) for one in said])


def missed_messages(actor: Actor, wanted: AskInput) -> Asked:
    """What the actor has not read, in all chats. Raises AssistantOff, NothingToRead, AssistantSpent."""
    return _ask(actor, "missed", wanted, [_newest(each, missed.MOST_OF_EACH) for each in missed.missed(actor)])


def translation(actor: Actor, message_id: int, wanted: TranslationInput) -> Asked:
    """A message in another language. Raises NotFound, MessageIsDeleted and as the others do."""
    return _ask(actor, "translation", wanted, [_alone(history.access_message(actor, message_id))])


def opinion(actor: Actor, message_id: int, wanted: AskInput) -> Asked:
    """Whether a message may stay, for a moderator. Raises NotFound, MessageIsDeleted and as the others do."""
    return _ask(actor, "opinion", wanted, [_alone(history.access_message(actor, message_id))])


def replies(actor: Actor, chat_id: int, wanted: AskInput) -> Asked:
    """What could be said next in a chat. Raises NotFound, AssistantOff, NothingToRead, AssistantSpent."""
    page = history.history(actor, chat_id, HistoryQuery(limit=_BEFORE_A_REPLY))
    return _ask(actor, "replies", wanted, [questions.said(page)])


def answer(actor: Actor, answer_id: str) -> KeptAnswer:
    """An answer that was to be kept. Raises NotFound."""
    db.execute(_SESSION, {}, actor=actor)
    return kept.kept(actor.user_id, answer_id)


def _newest(chat: missed.Missed, most: int) -> Said:
    one = questions.said(chat.page, chat.name)
    return one._replace(messages=[line for line in one.messages if line.seq > chat.read_seq][-most:])


def _since(moment: datetime | None, said: Said) -> Said:
    if moment is None:
        return said
    first = clock.wire(moment.timestamp())
    return said._replace(messages=[line for line in said.messages if line.created_at >= first])


def _alone(message: Message) -> Said:
    if message.is_deleted:
        raise MessageIsDeleted()
    line = Line(
        seq=message.seq,
        sender_id=message.sender_id,
        message_type=message.message_type,
        content=message.content,
        is_deleted=False,
        created_at=message.created_at,
    )
    return Said([line], message.users or ())


def _ask(actor: Actor, task: AssistantTask, wanted: AskInput, chats: Sequence[Said]) -> Asked:
    # After the reading: who may not read is told so, whether there is an assistant or not.
    if not settings().assistant_model:
        raise AssistantOff()
    question = questions.question(task, wanted.language, actor.user_id, chats)
    if question is None:
        raise NothingToRead()
    taken = question.tokens + MOST_ANSWER_TOKENS
    day = budget.take(actor.user_id, taken)
    job = Job(
        asked=Asked(answer_id=ids.random_id(), task=task),
        user_id=actor.user_id,
        session_id=actor.session_id,
        question=question,
        keep=wanted.keep,
        for_moderators=False,
        day=day,
        taken=taken,
        until=clock.now() + PATIENCE_SECONDS,
        request_id=context.current().request_id,
        language=context.language(),
    )
    try:
        if job.keep:
            kept.expect(job.user_id, job.asked)
        enqueue(job)
    except AwsError:
        budget.settle(job.user_id, job.day, taken=taken, used=0)
        raise
    return job.asked


def enqueue(job: Job) -> None:
    """One answer at a time to each user: a group of the queue has one message in flight."""
    message = {
        "QueueUrl": settings().assistant_queue_url,
        "MessageBody": queued(job),
        "MessageGroupId": f"user:{job.user_id}",
        "MessageDeduplicationId": job.asked.answer_id,
    }
    sqs("SendMessage", message)
