"""System D, a messenger of conversations: `reads` on messages, lists with `pagination`, unified events."""

from collections.abc import Iterable
from typing import Any

from chalicelib.core.config import settings
from chalicelib.entry.dialects.words import Action, Call, Dialect, Plain, Route, Tell, View, in_text
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
    told = {name: value for name, value in one.items() if name not in {"chatId", "users"}}
    return {
        **told,
        "conversationId": one["chatId"],
        "sender": user(view.person(one["senderId"]), view),
        "type": one["messageType"],
        "mediaUrl": view.link_of(one),
        "replyToId": one["replyTo"],
        "reads": _reads(one, view),
    }


def _reads(one: Plain, view: View) -> list[Plain]:
    """What became of a message with the one for whom it is told, or with the one to whom they sent it."""
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
        participantIds="participantIds participants otherUserId participantId userId userIds", name="name title"
    )
    others = call.body.get("participantIds")
    alone = not isinstance(others, list) or len(others) == 1
    call.body.setdefault("type", "private" if alone and not call.body.get("name") else "group")
    if call.body["type"] == "direct":
        call.body["type"] = "private"


def _send(call: Call) -> None:
    call.body = sending(call.body)


def sending(body: Plain) -> Plain:
    """A message to send, by either way."""
    ours = dict(body)
    ours["replyTo"] = body.get("replyToId") or body.get("replyTo")
    if body.get("mediaUrl"):
        ours["attachments"] = [file_of(str(body["mediaUrl"]), "mediaUrl")]
    ours["content"] = body.get("content") or ""
    return ours


def _before(call: Call) -> None:
    """Their `before` is a message, and so is the cursor that they were given."""
    before = call.query.pop("before", None) or call.query.pop("cursor", None)
    if before:
        call.query["beforeId"] = before


def _search(call: Call) -> None:
    call.query["chatId"] = call.path.pop("chat_id")


def events(name: str, data: Plain, view: View) -> Iterable[Spoken]:
    if name == "message:new":
        told = message(data, view)
        yield Spoken(name="message:new", data=told)
        yield Spoken(name="message:received", data=told, not_to=data["senderId"])
        unified = {"conversationId": data["chatId"], "message": told, "conversationUpdates": []}
        yield Spoken(name="message:unified", data=unified)
    elif name == "message:deleted":
        ids = {"conversationId": data["chatId"], "deletedMessageIds": [data["messageId"]], "conversationUpdates": []}
        yield Spoken(name="message:deleted", data={**_renamed(data), **ids})
    elif name in {"messages:read", "message:delivered"}:
        yield from _status(name, data)
    elif name in {"chat:created", "chat:updated"}:
        yield Spoken(name=f"conversation:{name.removeprefix('chat:')}", data=conversation(data, view))
    elif name == "message:updated":
        yield Spoken(name=name, data=message(data, view))
    elif name == "user:status":
        yield Spoken(name=name, data={**data, "lastSeen": data["lastSeenAt"]})
    else:
        yield Spoken(name=name, data=_renamed(data))


def _status(name: str, data: Plain) -> Iterable[Spoken]:
    status = "read" if name == "messages:read" else "delivered"
    update = {
        "messageId": data["messageId"],
        "userId": data["userId"],
        "status": status,
        "readAt": data.get("readAt"),
    }
    unified = {"conversationId": data["chatId"], "updates": [update], "conversationUpdates": []}
    if status == "read":
        unified["conversationUpdates"] = [{"userId": data["userId"], "unreadCount": 0}]
        yield Spoken(name="message:read", data=_renamed(data))
        yield Spoken(name="conversation:read", data=_renamed(data))
    else:
        yield Spoken(name=name, data=_renamed(data))
    yield Spoken(name="status:unified", data=unified)


def _renamed(data: Plain) -> Plain:
    return {"conversationId" if name == "chatId" else name: value for name, value in data.items()}


HISTORY = Route(to="GET /chats/{chat_id}/messages", ask=_before)

DIALECT = Dialect(
    routes={
        "POST /conversations": Route(to="POST /chats", ask=_create),
        "PATCH /conversations/{chat_id}": Route(to="PATCH /chats/{chat_id}"),
        "DELETE /conversations/{chat_id}": Route(to="DELETE /chats/{chat_id}"),
        "GET /conversations/{chat_id}/messages": HISTORY,
        "GET /messages/conversation/{chat_id}": HISTORY,
        "GET /messages/conversation/{chat_id}/search": Route(to="GET /messages/search", ask=_search),
        "POST /messages": Route(to="POST /messages", ask=_send),
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
        "message:read": Action(to="messages:read"),
        "presence:ping": Action(to="ping"),
    },
    events=events,
)
