"""System D, a messenger of conversations: `reads` on messages, lists with `pagination`, unified events."""

from collections.abc import Iterable
from typing import Any

from chalicelib.core.config import settings
from chalicelib.entry.dialects.reading import sought
from chalicelib.entry.dialects.words import (
    Action,
    Call,
    Dialect,
    Plain,
    Route,
    Tell,
    View,
    arriving,
    in_text,
    log_in,
    of_a_type,
    passed,
    reading,
)
from chalicelib.features.accounts.schemas import Admission, Verification
from chalicelib.features.chats.schemas import ChatList
from chalicelib.features.messages.schemas import MessageList, Watermarks
from chalicelib.features.messages.snippets import FoundMessages
from chalicelib.features.people.schemas import UserList
from chalicelib.features.uploads.avatars import file_of
from chalicelib.realtime.people import User
from chalicelib.realtime.shapes import Chat, Message
from chalicelib.realtime.vocabularies import Spoken


def user(one: Plain, _: View) -> Plain:
    return {
        **one,
        "email": one.get("email"),
        "name": one["displayName"],
        "status": one.get("status", "offline"),
        "lastSeen": one.get("lastSeenAt"),
        "createdAt": one.get("createdAt"),
        "updatedAt": one.get("updatedAt") or one.get("createdAt"),
    }


def message(given: Plain, view: View) -> Plain:
    one = in_text(given, view)
    file = one["attachments"][0] if one["attachments"] else {}
    told = {name: value for name, value in one.items() if name not in {"chatId", "users"}}
    return {
        **told,
        "conversationId": one["chatId"],
        "sender": user(view.person(one["senderId"]), view),
        "type": one["messageType"],
        "mediaUrl": view.link_of(one),
        "mediaMimeType": file.get("contentType"),
        "mediaDuration": file.get("duration"),
        "replyToId": one["replyTo"],
        "reads": _reads(one, view),
    }


def _reads(one: Plain, view: View) -> list[Plain]:
    """Who has received or read a message; where that was not asked, what became of it with the one whom it is told.

    Of one's own in a conversation of two, that is the one to whom it was sent.
    """
    told: list[Plain] | None = one.get("reads")
    if told is not None:
        return told
    others = [user_id for user_id in view.people if user_id != view.me]
    reader = view.me if one["senderId"] != view.me else others[0] if len(others) == 1 else None
    if reader is None or one["status"] == "sent":
        return []
    return [{"userId": reader, "status": one["status"], "readAt": None}]


def conversation(one: Plain, view: View) -> Plain:
    last = one.get("lastMessage")
    told = {name: value for name, value in one.items() if name != "users"}
    return {
        **told,
        "participants": [
            {**user(view.person(each["userId"]), view), **each, "user": user(view.person(each["userId"]), view)}
            for each in one["participants"]
        ],
        "lastMessage": last and message(last, view),
    }


def page(name: str, tell: Tell, *, by_message: bool = False) -> Tell:
    """A list, as newer clients read it, or bare, for earlier ones. A history goes on before its last message."""

    def told(answer: Plain, view: View) -> Any:
        items = [tell(one, view) for one in answer[name]]
        if settings().dialect_bare_lists:
            return items
        after = str(items[-1]["id"]) if by_message and answer["hasMore"] else answer["nextCursor"]
        pagination = {
            "hasNext": answer["hasMore"],
            "hasPrevious": False,
            "nextCursor": after,
            "previousCursor": None,
        }
        return {"data": items, "pagination": pagination}

    return told


def read(answer: Plain, _: View) -> Plain:
    return {"success": True, "message": "Marked", "conversationId": answer["chatId"], **answer}


def _admission(answer: Plain, view: View) -> Plain:
    return {**answer, "user": user(answer["user"], view)}


def _create(call: Call) -> None:
    call.move(
        participantIds="otherUserId participantId userId participantIds participants userIds", name="name title"
    )
    of_a_type(call)
    if call.body["type"] == "direct":
        call.body["type"] = "private"


def _change(call: Call) -> None:
    call.move(displayName="displayName name", avatarUrl="avatarUrl avatar avatar_url")


def _send(call: Call) -> None:
    call.body = sending(call.body)


def sending(body: Plain) -> Plain:
    """A message to send, by either way."""
    ours = dict(body)
    ours["replyTo"] = body.get("replyToId") or body.get("replyTo")
    if body.get("mediaUrl"):
        file = file_of(str(body["mediaUrl"]), "mediaUrl")
        ours["attachments"] = [file]
        if body.get("mediaDuration"):
            ours["attachmentDetails"] = [{"id": file, "duration": body["mediaDuration"]}]
    ours["content"] = body.get("content") or ""
    return ours


def _before(call: Call) -> None:
    """Their `before` is a message, and so is the cursor that they were given."""
    before = call.query.pop("before", None) or call.query.pop("cursor", None)
    if before:
        call.query["beforeId"] = before


def _search(call: Call) -> None:
    if sought(call.query):
        call.query["chatId"] = call.path.pop("chat_id")


def _all_or_found(said: Plain) -> str | None:
    """Who looks for nothing yet sees the history."""
    return None if sought(said) else "GET /chats/{chat_id}/messages"


def events(name: str, data: Plain, view: View) -> Iterable[Spoken]:
    if name == "message:new":
        told = message(data, view)
        yield Spoken(name="message:new", data=told)
        yield Spoken(name="message:received", data=told, not_to=data["senderId"])
        unified = {"conversationId": data["chatId"], "message": told, "conversationUpdates": _updates(view)}
        yield Spoken(name="message:unified", data=unified)
    elif name == "message:deleted":
        ids = {"conversationId": data["chatId"], "deletedMessageIds": [data["messageId"]]}
        yield Spoken(name="message:deleted", data={**_renamed(data), **ids, "conversationUpdates": _updates(view)})
    elif name in {"messages:read", "message:delivered"}:
        yield from _status(name, data, view)
    elif name in {"chat:created", "chat:updated"}:
        yield Spoken(name=f"conversation:{name.removeprefix('chat:')}", data=conversation(data, view))
    elif name == "message:updated":
        yield Spoken(name=name, data=message(data, view))
    elif name == "user:status":
        yield Spoken(name=name, data={**data, "lastSeen": data["lastSeenAt"]})
    else:
        yield Spoken(name=name, data=_renamed(data))


def _status(name: str, data: Plain, view: View) -> Iterable[Spoken]:
    status = "read" if name == "messages:read" else "delivered"
    updates = [
        {"messageId": one, "userId": data["userId"], "status": status, "readAt": data.get("readAt")}
        for one in passed(data, view)
    ]
    unified = {"conversationId": data["chatId"], "updates": updates, "conversationUpdates": _updates(view)}
    if status == "read":
        yield Spoken(name="message:read", data=_renamed(data))
        yield Spoken(name="conversation:read", data=_renamed(data))
    else:
        yield Spoken(name=name, data=_renamed(data))
    yield Spoken(name="status:unified", data=unified)


def _updates(view: View) -> list[Plain]:
    """How much the hearer has to read, where it was counted: what others have not read is theirs alone to know."""
    unread = view.aside.unread.get(view.me)
    return [] if unread is None else [{"userId": view.me, "unreadCount": unread}]


def _renamed(data: Plain) -> Plain:
    return {"conversationId" if name == "chatId" else name: value for name, value in data.items()}


HISTORY = Route(to="GET /chats/{chat_id}/messages", ask=_before)
# What clients call fields of ours.
WORDS = {
    "chatId": "conversationId",
    "chat_id": "conversationId",
    "messageType": "type",
    "replyTo": "replyToId",
    "attachments": "mediaUrl",
    "attachmentDetails": "mediaDuration",
    "messageId": "messageIds messageId",
    "beforeId": "before cursor",
}

DIALECT = Dialect(
    routes={
        "POST /auth/register": Route(to="POST /auth/register", words={"username": "name"}),
        "POST /auth/login": Route(to="POST /auth/login", ask=log_in),
        "POST /conversations": Route(to="POST /chats", ask=_create),
        "PATCH /conversations/{chat_id}": Route(to="PATCH /chats/{chat_id}"),
        "DELETE /conversations/{chat_id}": Route(to="DELETE /chats/{chat_id}"),
        "GET /conversations/{chat_id}/messages": HISTORY,
        "GET /messages/conversation/{chat_id}": HISTORY,
        "GET /messages/conversation/{chat_id}/search": Route(
            to="GET /messages/search", ask=_search, instead=_all_or_found
        ),
        "POST /messages": Route(to="POST /messages", ask=_send),
        "PUT /auth/profile": Route(to="PATCH /users/me", ask=_change),
        "PATCH /users/me": Route(to="PATCH /users/me", ask=_change),
    },
    answers={
        Admission: _admission,
        Verification: _admission,
        User: user,
        UserList: page("users", user),
        Chat: conversation,
        ChatList: page("chats", conversation),
        Message: message,
        MessageList: page("messages", message, by_message=True),
        FoundMessages: page("messages", message),
        Watermarks: read,
    },
    actions={
        "conversation:join": Action(to="chat:join"),
        "join:conversation": Action(to="chat:join"),
        "conversation:leave": Action(to="chat:leave"),
        "leave:conversation": Action(to="chat:leave"),
        "message:send": Action(to="message:send", ask=sending),
        "message:read": Action(to="messages:read", ask=reading),
        "message:delivered": Action(to="message:delivered", ask=arriving),
        "presence:ping": Action(to="ping"),
    },
    events=events,
    words=WORDS,
    extras=frozenset({"reads", "unread", "passed"}),
)
