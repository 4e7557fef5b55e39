"""Looking at a chat: what clients do that have rooms. Everybody hears all their chats, so it changes nothing."""

from chalicelib.core.context import Actor
from chalicelib.features.chats.access import FIRST_PARTICIPANTS, access_chat
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Chat


def view(actor: Actor, chat_id: int) -> Chat:
    """The chat, and the event that clients with rooms wait for. Raises NotFound for who is not a member."""
    chat = access_chat(actor, chat_id, most_participants=FIRST_PARTICIPANTS)
    publish(events.chat_joined(chat), to=[actor.user_id], group=f"chat:{chat_id}")
    return chat
