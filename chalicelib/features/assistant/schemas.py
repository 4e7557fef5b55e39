"""What the assistant is asked, and what asking answers."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.core.faults import TOLD
from chalicelib.core.ids import Timestamp
from chalicelib.features.messages.schemas import Moment
from chalicelib.realtime.event_data import AnswerId, AssistantTask

LanguageTag = Annotated[
    str,
    Meta(
        max_length=35,
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}(?!\s)$",
        description="a BCP 47 tag, as `ru` or `pt-BR`",
        extra={TOLD: "must be a language tag, such as ru or pt-BR"},
    ),
]
AnswerIdGiven = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22}(?!\s)$", description="what asking has answered")]
AnswerState = Annotated[Literal["waiting", "done", "failed"], Meta(title="AssistantAnswerState")]


class AskInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How to answer."""

    language: Annotated[LanguageTag | None, Meta(description="of the answer; without one, that of what is read")] = (
        None
    )
    keep: Annotated[
        bool, Meta(description="whether the answer is kept for ten minutes, to be fetched by who has no socket")
    ] = False


class SummaryInput(AskInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What of a chat to sum up: the newest messages, as far as they are unread, or were sent since a time."""

    limit: Annotated[int, Meta(ge=1, le=200, description="messages at most, the newest")] = 100
    since: Moment | None = None
    unread: Annotated[bool, Meta(description="only what I have not read")] = False


class TranslationInput(AskInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Into which language to translate."""

    language: LanguageTag


class Asked(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The assistant was asked. What it says comes to this session's sockets, as `assistant:*` events of this id."""

    answer_id: AnswerId
    task: AssistantTask


class KeptAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An answer that was asked to be kept, once it is there."""

    answer_id: AnswerId
    task: AssistantTask
    state: AnswerState
    text: Annotated[str | None, Meta(description="plain text; null until it is `done`")]
    code: Annotated[str | None, Meta(description="of the problem that it `failed` for")]
    expires_at: Timestamp
