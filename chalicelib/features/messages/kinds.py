"""Messages that are more than their text: locations and contacts."""

from typing import Any

import msgspec

from chalicelib.core import names
from chalicelib.core.errors import InvalidInput
from chalicelib.features.messages.schemas import CardInput, LocationInput, SendInput
from chalicelib.features.messages.text import clean
from chalicelib.realtime.shapes import ContactCard, Location

# Each has a field of its name.
KINDS = ("location", "contact")


class _Details(msgspec.Struct, frozen=True, kw_only=True):
    """What PostgreSQL keeps beside a message's text, as the wire has it."""

    location: Location | None = None
    contact: ContactCard | None = None


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
    )


def speaks(message: SendInput) -> bool:
    """Whether a message needs no text: what it is says enough."""
    return message.location is not None or message.contact is not None


def details_of(message: SendInput) -> str | None:
    """What is kept beside the text, as JSON; None of a message that is its text and files."""
    if message.location is not None:
        shown: msgspec.Struct = _Details(location=msgspec.convert(message.location, Location, from_attributes=True))
    elif message.contact is not None:
        shown = _Details(contact=msgspec.convert(message.contact, ContactCard, from_attributes=True))
    else:
        return None
    return msgspec.json.encode(shown).decode()


def read_details(text: str | None) -> dict[str, Any]:
    """The fields of a message that only some kinds have, by their names."""
    details = _Details() if text is None else msgspec.json.decode(text, type=_Details)
    return msgspec.structs.asdict(details)


def _checked_location(location: LocationInput) -> LocationInput:
    return msgspec.structs.replace(location, name=_cleaned("location.name", location.name))


def _checked_contact(contact: CardInput) -> CardInput:
    if contact.user_id is None:
        for field in ("name", "phone"):
            if getattr(contact, field) is None:
                raise InvalidInput.at(f"contact.{field}", "missing", "is required, or userId in its place")
    return msgspec.structs.replace(contact, name=_cleaned("contact.name", contact.name))


def _cleaned(field: str, text: str | None) -> str | None:
    """A name without HTML and without what no name may have. Raises InvalidInput where that leaves nothing to see."""
    if text is None:
        return None
    words = names.cleaned(clean(text))
    if not words or names.wrong_name(words) is not None:
        raise InvalidInput.at(field, "wrong_form", "must have a visible character")
    return words
