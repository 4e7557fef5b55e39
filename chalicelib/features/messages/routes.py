"""Messages over HTTP."""

from chalicelib.core import ratelimit
from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    Blocked,
    ClientMessageIdReused,
    Forbidden,
    MessageHeld,
    MessageIsDeleted,
    Muted,
    NotARecording,
    NotFound,
    RateLimited,
    RequestDeclined,
    SlowMode,
    TooManyReactions,
    TooManyScheduled,
    UnknownMention,
    UnknownReply,
    UnknownUser,
    UnusableAttachment,
    WordsRefused,
)
from chalicelib.core.http import Reply, Routes
from chalicelib.core.ids import Id
from chalicelib.core.paging import Page
from chalicelib.features.messages import (
    delete,
    drafts,
    edit,
    forward,
    history,
    listening,
    pins,
    reactions,
    receipts,
    scheduled,
    threads,
)
from chalicelib.features.messages.emoji import Emoji
from chalicelib.features.messages.schemas import (
    Copies,
    DeleteQuery,
    DeliveredInput,
    Draft,
    DraftInput,
    DraftList,
    EditInput,
    EditList,
    ForwardInput,
    HistoryQuery,
    MessageList,
    MessagesQuery,
    ReadInput,
    ReceiptList,
    ScheduleChange,
    ScheduledList,
    ScheduleInput,
    ScheduleQuery,
    SendInput,
    SharedQuery,
    ThreadList,
    ThreadPage,
    Watermarks,
)
from chalicelib.features.messages.search import MessageSearchQuery, search
from chalicelib.features.messages.send import policy, send
from chalicelib.features.messages.snippets import FoundMessages
from chalicelib.features.messages.sync import SyncAnswer, SyncQuery, sync
from chalicelib.realtime.shapes import Message, ReactionSummary, ScheduledMessage, ThreadRead, bare, people_of

routes = Routes("messages")

_SENDING = (
    NotFound,
    Forbidden,
    Blocked,
    Muted,
    RequestDeclined,
    ClientMessageIdReused,
    UnknownReply,
    UnknownMention,
    UnknownUser,
    UnusableAttachment,
    WordsRefused,
    MessageHeld,
    SlowMode,
)


@routes.post("/messages", status=201, creates=True, also=(200,), refuses=(*_SENDING, RateLimited))
def send_message(actor: Actor, body: SendInput) -> Reply[Message]:
    """Send a message (200 where this clientMessageId was stored before)."""
    sent = send(actor, body, "http")
    headers = ratelimit.headers(policy("http"), sent.allowance)
    return Reply(body=sent.message, status=201 if sent.created else 200, headers=headers)


@routes.get("/messages/search", refuses=(RateLimited,))
def search_messages(actor: Actor, query: MessageSearchQuery) -> Reply[FoundMessages]:
    """Messages of my chats by their words, stemmed in Russian and English, each also as a beginning."""
    found, headers = search(actor, query)
    return Reply(body=found, status=200, headers=headers)


@routes.post(
    "/scheduled-messages", status=201, creates=True, also=(200,), refuses=(*_SENDING, TooManyScheduled, RateLimited)
)
def schedule_message(actor: Actor, body: ScheduleInput) -> Reply[ScheduledMessage]:
    """Have a message sent at a time (200 where one with this clientMessageId waits already)."""
    kept = scheduled.schedule(actor, body)
    headers = ratelimit.headers(policy("http"), kept.allowance)
    return Reply(body=kept.message, status=201 if kept.created else 200, headers=headers)


@routes.get("/scheduled-messages")
def list_scheduled_messages(actor: Actor, query: ScheduleQuery) -> ScheduledList:
    """My messages that wait for their time, and those that could not be sent when it came."""
    return scheduled.waiting(actor, query)


@routes.patch("/scheduled-messages/{scheduled_id}", refuses=(NotFound,))
def change_scheduled_message(actor: Actor, scheduled_id: Id, body: ScheduleChange) -> ScheduledMessage:
    """Change a message of mine that waits, or when it is sent."""
    return scheduled.change(actor, scheduled_id, body)


@routes.delete("/scheduled-messages/{scheduled_id}", refuses=(NotFound,))
def cancel_scheduled_message(actor: Actor, scheduled_id: Id) -> None:
    """Take a message back before it is sent."""
    scheduled.cancel(actor, scheduled_id)


@routes.post("/scheduled-messages/{scheduled_id}/send-now", status=201, also=(200,), refuses=_SENDING)
def send_scheduled_message(actor: Actor, scheduled_id: Id) -> Reply[Message]:
    """Send a message that waits now (200 where a message with its clientMessageId was stored before)."""
    sent = scheduled.send_now(actor, scheduled_id)
    return Reply(body=sent.message, status=201 if sent.created else 200)


@routes.get("/messages", refuses=(NotFound,))
def get_messages(actor: Actor, query: MessagesQuery) -> MessageList:
    """Up to 100 messages by their ids.

    Ids of messages that do not exist, or that I may not see, are left out. With `chatId` in place of `ids` it answers
    what `GET /chats/{chat_id}/messages` does.
    """
    return history.messages(actor, query)


@routes.get("/messages/{message_id}", refuses=(NotFound,))
def get_message(actor: Actor, message_id: Id) -> Message:
    """One message."""
    return history.access_message(actor, message_id)


@routes.put(
    "/messages/{message_id}",
    refuses=(
        NotFound,
        Forbidden,
        Blocked,
        Muted,
        RequestDeclined,
        MessageIsDeleted,
        UnknownMention,
        WordsRefused,
        RateLimited,
    ),
)
def edit_message(actor: Actor, message_id: Id, body: EditInput) -> Reply[Message]:
    """Give one's own message another text."""
    edited = edit.edit(actor, message_id, body)
    return Reply(body=edited.message, status=200, headers=ratelimit.headers(edit.policy(), edited.allowance))


@routes.get("/messages/{message_id}/edits", refuses=(NotFound,))
def list_edits(actor: Actor, message_id: Id, query: Page) -> EditList:
    """What a message said before its edits."""
    return edit.edits(actor, message_id, query)


@routes.delete("/messages/{message_id}", refuses=(NotFound, Forbidden))
def delete_message(actor: Actor, message_id: Id, query: DeleteQuery) -> None:
    """Delete a message; again is as once."""
    delete.delete(actor, message_id, query.scope)


@routes.post(
    "/messages/{message_id}/forward",
    status=201,
    creates=True,
    also=(200,),
    refuses=(
        NotFound,
        Forbidden,
        Blocked,
        Muted,
        RequestDeclined,
        ClientMessageIdReused,
        MessageIsDeleted,
        UnusableAttachment,
        WordsRefused,
        SlowMode,
        RateLimited,
    ),
)
def forward_message(actor: Actor, message_id: Id, body: ForwardInput) -> Reply[Copies]:
    """Copy a message into other chats, all or none (200 where all these copies were stored before)."""
    forwarded = forward.forward(actor, message_id, body, "http")
    headers = ratelimit.headers(policy("http"), forwarded.allowance)
    copies = Copies(messages=[bare(message) for message in forwarded.messages], users=people_of(forwarded.messages))
    return Reply(body=copies, status=201 if forwarded.created else 200, headers=headers)


@routes.put(
    "/messages/{message_id}/reactions/{emoji}",
    refuses=(NotFound, Forbidden, Blocked, RequestDeclined, MessageIsDeleted, TooManyReactions, RateLimited),
)
def add_reaction(actor: Actor, message_id: Id, emoji: Emoji) -> Reply[ReactionSummary]:
    """React to a message; again is as once."""
    reacted = reactions.react(actor, message_id, emoji)
    headers = ratelimit.headers(reactions.policy(), reacted.allowance)
    return Reply(body=reacted.reactions, status=200, headers=headers)


@routes.delete("/messages/{message_id}/reactions/{emoji}", refuses=(NotFound, RateLimited))
def remove_reaction(actor: Actor, message_id: Id, emoji: Emoji) -> Reply[None]:
    """Take a reaction back; again is as once."""
    reacted = reactions.react(actor, message_id, emoji, remove=True)
    return Reply(body=None, status=204, headers=ratelimit.headers(reactions.policy(), reacted.allowance))


@routes.put(
    "/messages/{message_id}/pin", refuses=(NotFound, Forbidden, Blocked, Muted, RequestDeclined, MessageIsDeleted)
)
def pin_message(actor: Actor, message_id: Id) -> Message:
    """Pin a message; again is as once."""
    return pins.pin(actor, message_id)


@routes.delete("/messages/{message_id}/pin", refuses=(NotFound, Forbidden, Blocked, Muted, RequestDeclined))
def unpin_message(actor: Actor, message_id: Id) -> None:
    """Take a pinned message down; again is as once."""
    pins.pin(actor, message_id, remove=True)


@routes.get("/chats/{chat_id}/pins", refuses=(NotFound,))
def list_pins(actor: Actor, chat_id: Id, query: Page) -> MessageList:
    """A chat's pinned messages, the last pinned first."""
    return pins.pins(actor, chat_id, query)


@routes.get("/chats/{chat_id}/messages", refuses=(NotFound,))
def list_messages(actor: Actor, chat_id: Id, query: HistoryQuery) -> MessageList:
    """A chat's history: newest first, or oldest first with `after`."""
    return history.history(actor, chat_id, query)


@routes.get("/chats/{chat_id}/media", refuses=(NotFound,))
def list_shared(actor: Actor, chat_id: Id, query: SharedQuery) -> MessageList:
    """A chat's messages that hold files of a kind, the newest first."""
    return history.shared(actor, chat_id, query)


@routes.get("/chats/{chat_id}/threads", refuses=(NotFound,))
def list_threads(actor: Actor, chat_id: Id, query: Page) -> ThreadList:
    """A chat's threads, the one with the newest reply first."""
    return threads.threads(actor, chat_id, query)


@routes.get("/messages/{message_id}/thread", refuses=(NotFound,))
def get_thread(actor: Actor, message_id: Id, query: Page) -> ThreadPage:
    """The thread that a message is in, or the head of: the newest reply first."""
    return threads.thread(actor, message_id, query)


@routes.post("/messages/{message_id}/thread/read", refuses=(NotFound,))
def mark_thread_read(actor: Actor, message_id: Id, body: ReadInput) -> ThreadRead:
    """Mark a thread as read up to a message, without reading the chat."""
    return threads.mark_thread(actor, message_id, body.seq)


@routes.post("/chats/{chat_id}/read", refuses=(NotFound,))
def mark_read(actor: Actor, chat_id: Id, body: ReadInput) -> Watermarks:
    """Mark a chat as read up to a message."""
    return receipts.mark_read(actor, chat_id, body.seq)


@routes.post("/chats/{chat_id}/delivered", refuses=(NotFound,))
def mark_delivered(actor: Actor, chat_id: Id, body: DeliveredInput) -> Watermarks:
    """Mark a chat's messages as delivered up to one."""
    return receipts.mark_delivered(actor, chat_id, body.seq)


@routes.post("/messages/{message_id}/read", refuses=(NotFound,))
def mark_message_read(actor: Actor, message_id: Id) -> Watermarks:
    """Mark a chat as read up to this message."""
    return receipts.mark_message(actor, message_id, "read")


@routes.post("/messages/{message_id}/delivered", refuses=(NotFound,))
def mark_message_delivered(actor: Actor, message_id: Id) -> Watermarks:
    """Mark a chat's messages as delivered up to this one."""
    return receipts.mark_message(actor, message_id, "delivered")


@routes.post("/messages/{message_id}/listened", refuses=(NotFound, MessageIsDeleted, NotARecording))
def mark_listened(actor: Actor, message_id: Id) -> Message:
    """Note that I have listened to a voice message; again is as once."""
    return listening.listen(actor, message_id)


@routes.get("/messages/{message_id}/receipts", refuses=(NotFound,))
def list_receipts(actor: Actor, message_id: Id, query: Page) -> ReceiptList:
    """To whom a message was delivered, who has read it, and when, where that is known."""
    return receipts.receipts(actor, message_id, query)


@routes.put("/chats/{chat_id}/draft", refuses=(NotFound, UnknownReply))
def set_draft(actor: Actor, chat_id: Id, body: DraftInput) -> Draft:
    """Keep what I have begun to write in a chat, for all my devices; without content it is given up."""
    return drafts.set_draft(actor, chat_id, body)


@routes.get("/chats/{chat_id}/draft", refuses=(NotFound,))
def get_draft(actor: Actor, chat_id: Id) -> Draft:
    """What I have begun to write in a chat."""
    return drafts.draft_of(actor, chat_id)


@routes.get("/drafts")
def list_drafts(actor: Actor, query: Page) -> DraftList:
    """What I have begun to write, in all my chats."""
    return drafts.drafts(actor, query)


@routes.get("/sync")
def get_changes(actor: Actor, query: SyncQuery) -> SyncAnswer:
    """What changed since the cursor; without one, where things stand now."""
    return sync(actor, query)
