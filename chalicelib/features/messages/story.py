"""System messages: a group tells what was done in it. `store_system_message` stores them with the change itself.

Nobody edits, deletes, forwards, pins or reacts to one, and for nobody is one unread.
"""

from collections.abc import Sequence

import msgspec

from chalicelib.features.messages.text import clean
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Message


def tell(stored: str | None, member_ids: Sequence[int]) -> None:
    """Tells the members a system message as the database has written it; None tells nothing."""
    if stored is None:
        return
    message = msgspec.json.decode(stored, type=Message)
    # Whoever changes a group has not read it by that.
    publish(events.message_new(message, unattended=True), to=member_ids, group=f"chat:{message.chat_id}")


def title(name: str | None) -> str | None:
    """A group's name as the text of a system message has it."""
    return None if name is None else clean(f"“{name}”")
