"""The assistant over HTTP. Its answers come by socket, or are fetched where they were to be kept.

What asks it is imported when it is asked: a server without an assistant starts no slower.
"""

from chalicelib.core.assistant_errors import AssistantOff, AssistantSpent, NothingToRead
from chalicelib.core.context import Actor
from chalicelib.core.errors import MessageIsDeleted, NotFound
from chalicelib.core.http import Routes
from chalicelib.core.ids import Id
from chalicelib.features.assistant.schemas import (
    AnswerIdGiven,
    Asked,
    AskInput,
    KeptAnswer,
    SummaryInput,
    TranslationInput,
)

routes = Routes("assistant")

_ASKING = (AssistantOff, NothingToRead, AssistantSpent)


@routes.post("/chats/{chat_id}/summary", status=202, refuses=(NotFound, *_ASKING))
def ask_for_summary(actor: Actor, chat_id: Id, body: SummaryInput) -> Asked:
    """Have the assistant sum up a chat."""
    from chalicelib.features.assistant import ask

    return ask.summary(actor, chat_id, body)


@routes.post("/unread/summary", status=202, refuses=_ASKING)
def ask_what_was_missed(actor: Actor, body: AskInput) -> Asked:
    """Have the assistant sum up what I have not read, in all my chats."""
    from chalicelib.features.assistant import ask

    return ask.missed_messages(actor, body)


@routes.post("/chats/{chat_id}/suggested-replies", status=202, refuses=(NotFound, *_ASKING))
def ask_for_replies(actor: Actor, chat_id: Id, body: AskInput) -> Asked:
    """Have the assistant suggest three replies, one a line."""
    from chalicelib.features.assistant import ask

    return ask.replies(actor, chat_id, body)


@routes.post("/messages/{message_id}/translation", status=202, refuses=(NotFound, MessageIsDeleted, *_ASKING))
def ask_for_translation(actor: Actor, message_id: Id, body: TranslationInput) -> Asked:
    """Have the assistant translate a message."""
    from chalicelib.features.assistant import ask

    return ask.translation(actor, message_id, body)


@routes.post("/messages/{message_id}/opinion", status=202, refuses=(NotFound, MessageIsDeleted, *_ASKING))
def ask_for_opinion(actor: Actor, message_id: Id, body: AskInput) -> Asked:
    """Have the assistant judge whether a message may stay."""
    from chalicelib.features.assistant import ask

    return ask.opinion(actor, message_id, body)


@routes.get("/assistant/answers/{answer_id}", refuses=(NotFound,))
def get_answer(actor: Actor, answer_id: AnswerIdGiven) -> KeptAnswer:
    """An answer of the assistant that was to be kept."""
    from chalicelib.features.assistant import ask

    return ask.answer(actor, answer_id)
