"""Messages over HTTP."""

from chalicelib.core import ratelimit
from chalicelib.core.context import Actor
from chalicelib.core.http import Reply, Routes
from chalicelib.core.ids import Id
from chalicelib.features.messages import history, receipts
from chalicelib.features.messages.schemas import HistoryQuery, MessageList, ReadInput, SendInput, Watermarks
from chalicelib.features.messages.search import MessageSearchQuery, search
from chalicelib.features.messages.send import policy, send
from chalicelib.features.messages.sync import SyncAnswer, SyncQuery, sync
from chalicelib.realtime.shapes import Message

routes = Routes("messages")


@routes.post("/messages", status=201, creates=True)
def send_message(actor: Actor, body: SendInput) -> Reply[Message]:
    """Send a message (200 where this clientMessageId was stored before)."""
    sent = send(actor, body, "http")
    headers = ratelimit.headers(policy("http"), sent.allowance)
    return Reply(body=sent.message, status=201 if sent.created else 200, headers=headers)


@routes.get("/messages/search")
def search_messages(actor: Actor, query: MessageSearchQuery) -> MessageList:
    """Messages of my chats by their words, stemmed in Russian and English, each also as a beginning."""
    return search(actor, query)


@routes.get("/messages/{message_id}")
def get_message(actor: Actor, message_id: Id) -> Message:
    """One message."""
    return history.access_message(actor, message_id)


@routes.get("/chats/{chat_id}/messages")
def list_messages(actor: Actor, chat_id: Id, query: HistoryQuery) -> MessageList:
    """A chat's history: newest first, or oldest first with `after`."""
    return history.history(actor, chat_id, query)


@routes.get("/messages/chat/{chat_id}")
def list_chat_messages(actor: Actor, chat_id: Id, query: HistoryQuery) -> MessageList:
    """A chat's history, under the path that reference clients know."""
    return history.history(actor, chat_id, query)


@routes.post("/chats/{chat_id}/read")
def mark_read(actor: Actor, chat_id: Id, body: ReadInput) -> Watermarks:
    """Mark a chat as read up to a message."""
    return receipts.mark_read(actor, chat_id, body.seq)


@routes.post("/messages/chat/{chat_id}/read")
def mark_chat_read(actor: Actor, chat_id: Id, body: ReadInput) -> Watermarks:
    """Mark a chat as read, under the path that reference clients know."""
    return receipts.mark_read(actor, chat_id, body.seq)


@routes.get("/sync")
def get_changes(actor: Actor, query: SyncQuery) -> SyncAnswer:
    """What changed since the cursor; without one, where things stand now."""
    return sync(actor, query)
