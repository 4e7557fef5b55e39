"""What the assistant can be asked by a frame on a socket; actions.py lists it among the others.

What asks it is imported when it is asked: a server without an assistant starts no slower.
"""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.core.context import Actor
from chalicelib.core.ids import Id
from chalicelib.features.assistant.schemas import Asked, AskInput, SummaryInput, TranslationInput


class ChatSummaryInput(SummaryInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The chat, and what of it to sum up."""

    chat_id: Id


class RepliesInput(AskInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The chat, and how to answer."""

    chat_id: Id


class MessageTranslationInput(
    TranslationInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """The message, and into which language to translate it."""

    message_id: Id


class OpinionInput(AskInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The message, and how to answer."""

    message_id: Id


def ask_for_summary(actor: Actor, data: ChatSummaryInput) -> Asked:
    """Have the assistant sum up a chat."""
    from chalicelib.features.assistant import ask

    return ask.summary(actor, data.chat_id, data)


def ask_what_was_missed(actor: Actor, data: AskInput) -> Asked:
    """Have the assistant sum up what one has not read, in all chats."""
    from chalicelib.features.assistant import ask

    return ask.missed_messages(actor, data)


def ask_for_replies(actor: Actor, data: RepliesInput) -> Asked:
    """Have the assistant suggest three replies, one a line."""
    from chalicelib.features.assistant import ask

    return ask.replies(actor, data.chat_id, data)


def ask_for_translation(actor: Actor, data: MessageTranslationInput) -> Asked:
    """Have the assistant translate a message."""
    from chalicelib.features.assistant import ask

    return ask.translation(actor, data.message_id, data)


def ask_for_opinion(actor: Actor, data: OpinionInput) -> Asked:
    """Have the assistant judge whether a message may stay."""
    from chalicelib.features.assistant import ask

    return ask.opinion(actor, data.message_id, data)


ASSISTANT: Mapping[str, Callable[..., Any]] = {
    "assistant:summary": ask_for_summary,
    "assistant:missed": ask_what_was_missed,
    "assistant:replies": ask_for_replies,
    "assistant:translation": ask_for_translation,
    "assistant:opinion": ask_for_opinion,
}
