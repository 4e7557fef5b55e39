"""Other spellings of input, as reference clients write it: one table, for bodies over HTTP and data on sockets.

They are looked at only where the input was refused as it stood, so that who spells as we do pays nothing.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

# Taken for our field where a type has that one and not this.
FIELDS: Mapping[str, str] = {
    "chat": "chatId",
    "conversationId": "chatId",
    "text": "content",
    "type": "messageType",
}
VALUES: Mapping[str, Mapping[str, str]] = {"messageType": {"voice": "audio"}}


def respelt(body: bytes, kind: Any) -> bytes | None:
    """A JSON object in our spelling of the struct `kind`; None where nothing of it is spelt otherwise."""
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return None
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(given, dict):
        return None
    names = {field.encode_name for field in msgspec.structs.fields(kind)}
    ours: dict[str, Any] = {}
    for name, value in given.items():
        word = FIELDS.get(name, name)
        # Said in two spellings, the second stays as it is, and is refused by its name.
        fits = name not in names and word in names and word not in given and word not in ours
        ours[word if fits else name] = value
    for name in VALUES.keys() & ours.keys() & names:
        if isinstance(ours[name], str):
            ours[name] = VALUES[name].get(ours[name], ours[name])
    return msgspec.json.encode(ours) if ours != given else None
