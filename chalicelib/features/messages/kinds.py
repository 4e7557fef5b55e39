"""Messages that are more than their text: locations, contacts and polls; and calls, which nobody sends."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

import msgspec

from chalicelib.core import clock, names
from chalicelib.core.errors import InvalidInput
from chalicelib.features.chats.schemas import check_future
from chalicelib.features.messages.schemas import CardInput, LocationInput, PollInput, SendInput
from chalicelib.features.messages.text import clean
from chalicelib.realtime.attachments import Attachment
from chalicelib.realtime.contents import ContactCard, Location, Poll, PollOption
from chalicelib.realtime.shapes import Call, Message, MessageType

# Each has a field of its name.
KINDS = ("location", "contact", "poll")
_SHOWN: Sequence[Literal["image", "audio", "video"]] = ("image", "audio", "video")
_LONGEST_POLL = timedelta(days=365)


class _Details(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What PostgreSQL keeps beside a message's text, as the wire has it."""

    location: Location | None = None
    contact: ContactCard | None = None
    poll: Poll | None = None
    call: Call | None = None
    listened_by: list[int] = []


def checked(message: SendInput) -> SendInput:
    """The message with the type that its fields make it. Raises InvalidInput where they do not fit together."""
    given = [kind for kind in KINDS if getattr(message, kind) is not None]
    if not given:
        if message.message_type in KINDS:
            raise InvalidInput.at(message.message_type, "missing", "is required in a message of this type")
        return message
    kind = given[0]
    others = [*given[1:], *(["attachments"] if message.attachments else [])]
    if message.message_type not in {"text", kind}:
        others.append("messageType")
    if others:
        raise InvalidInput.at(others[0], "contradiction", "cannot be given together with {other}", other=kind)
    return msgspec.structs.replace(
        message,
        message_type=kind,
        location=message.location and _checked_location(message.location),
        contact=message.contact and _checked_contact(message.contact),
        poll=message.poll and _checked_poll(message.poll, message.content),
    )


def kind_of(asked: MessageType, files: Sequence[Attachment]) -> MessageType:
    """What a message with these files is, as the SQL function `kind_of_files` has it."""
    if not files or asked == "file":
        return asked
    families = {file.content_type.partition("/")[0] for file in files}
    return next((kind for kind in _SHOWN if families == {kind}), "file")


def speaks(message: SendInput) -> bool:
    """Whether a message needs no text: what it is says enough."""
    return message.location is not None or message.contact is not None


def details_of(message: SendInput) -> str | None:
    """What is kept beside the text, as JSON; None of a message that is its text and files."""
    if message.location is not None:
        shown: msgspec.Struct = _Details(location=msgspec.convert(message.location, Location, from_attributes=True))
    elif message.contact is not None:
        shown = _Details(contact=msgspec.convert(message.contact, ContactCard, from_attributes=True))
    elif message.poll is not None:
        shown = _Details(poll=_new_poll(message.poll))
    else:
        return None
    return msgspec.json.encode(shown).decode()


def read_details(text: str | None) -> dict[str, Any]:
    """The fields of a message that only some kinds have, by their names."""
    details = _Details() if text is None else msgspec.json.decode(text, type=_Details)
    return msgspec.structs.asdict(details)


def message_words(message: Message) -> str:
    """What search finds a message by, as the SQL function of this name has it."""
    lines = [message.content]
    if message.location is not None:
        lines.append(message.location.name or "")
    if message.contact is not None:
        lines += [message.contact.name or "", message.contact.phone or ""]
    if message.poll is not None:
        lines += [option.text for option in message.poll.options]
    for file in message.attachments:
        lines += [file.filename, file.caption or ""]
    return "\n".join(line for line in lines if line)


def _checked_location(location: LocationInput) -> LocationInput:
    return msgspec.structs.replace(location, name=_cleaned("location.name", location.name))


def _checked_contact(contact: CardInput) -> CardInput:
    if contact.user_id is None:
        for field in ("name", "phone"):
            if getattr(contact, field) is None:
                raise InvalidInput.at(f"contact.{field}", "missing", "is required, or userId in its place")
    return msgspec.structs.replace(contact, name=_cleaned("contact.name", contact.name))


def _checked_poll(poll: PollInput, question: str) -> PollInput:
    if not question.strip():
        raise InvalidInput.at("content", "missing", "is required in a message of this type")
    options: list[str] = []
    for place, given in enumerate(poll.options):
        option = _cleaned(f"poll.options[{place}]", given) or ""
        if option in options:
            raise InvalidInput.at(f"poll.options[{place}]", "repeated", "must not repeat an option")
        options.append(option)
    if poll.closes_at is not None:
        check_future("poll.closesAt", poll.closes_at, _LONGEST_POLL)
    return msgspec.structs.replace(poll, options=options)


def _new_poll(poll: PollInput) -> Poll:
    return Poll(
        options=[PollOption(text=option, vote_count=0, voters=[]) for option in poll.options],
        is_multiple=poll.is_multiple,
        is_anonymous=poll.is_anonymous,
        voter_count=0,
        closes_at=None if poll.closes_at is None else clock.wire(poll.closes_at.timestamp()),
        closed_at=None,
    )


def _cleaned(field: str, text: str | None) -> str | None:
    """A name without HTML and without what no name may have. Raises InvalidInput where that leaves nothing to see."""
    if text is None:
        return None
    words = names.cleaned(clean(text))
    if not words or names.wrong_name(words) is not None:
        raise InvalidInput.at(field, "wrong_form", "must have a visible character")
    return words
