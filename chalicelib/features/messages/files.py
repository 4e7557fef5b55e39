"""What a sender says of the files on a message: captions, and what a client has measured of sound and video."""

import msgspec

from chalicelib.core.errors import InvalidInput
from chalicelib.features.messages.schemas import MOST_CHARACTERS, AttachmentDetails, SendInput
from chalicelib.features.messages.text import clean

_TOO_LONG = "must have, with the content, at most {limit:character|characters} of captions"


def checked(message: SendInput) -> SendInput:
    """The message with captions that have no HTML.

    Raises InvalidInput for what is said of a file that is not on it, or of one twice; and where the captions have,
    with the content, more characters than a content may have: a message has to fit into a frame.
    """
    said: list[AttachmentDetails] = []
    for place, one in enumerate(message.attachment_details):
        field = f"attachmentDetails[{place}].id"
        if one.id not in message.attachments:
            raise InvalidInput.at(field, "unknown_value", "must be among {other}", other="attachments")
        if any(other.id == one.id for other in said):
            raise InvalidInput.at(field, "repeated", "must not name an attachment twice")
        said.append(msgspec.structs.replace(one, caption=clean(one.caption or "").strip() or None))
    if said and len(message.content) + sum(len(one.caption or "") for one in said) > MOST_CHARACTERS:
        raise InvalidInput.at("attachmentDetails", "wrong_length", _TOO_LONG, limit=MOST_CHARACTERS)
    return msgspec.structs.replace(message, attachment_details=said)


def described(message: SendInput) -> str | None:
    """What is kept of each file, by its id, as JSON; None where nothing was said of any."""
    said = {}
    for one in message.attachment_details:
        told = {"caption": one.caption, "duration": one.duration, "waveform": one.waveform}
        said[str(one.id)] = {name: value for name, value in told.items() if value is not None}
    return msgspec.json.encode(said).decode() if said else None
