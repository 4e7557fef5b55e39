"""System E, a messages API and a WebSocket gateway: `_id` and every other id in strings, history up to a time."""

import functools
from collections.abc import Iterable
from typing import Any

from chalicelib.entry.dialects.reading import number
from chalicelib.entry.dialects.words import Action, Call, Dialect, Plain, Route, View, done, in_text
from chalicelib.features.accounts.schemas import Admission, Verification
from chalicelib.features.chats.schemas import ChatList
from chalicelib.features.messages.schemas import MessageList, Watermarks
from chalicelib.features.messages.snippets import FoundMessages
from chalicelib.features.people.schemas import UserList
from chalicelib.features.uploads.avatars import file_of
from chalicelib.realtime.people import User
from chalicelib.realtime.shapes import Chat, Message
from chalicelib.realtime.vocabularies import Spoken

_KINDS = {"private": "personal", "audio": "voice"}


def user(one: Plain, _: View) -> Plain:
    return {
        "_id": str(one["id"]),
        "name": one["displayName"],
        "email": one.get("email"),
        "userId": one["username"],
        "avatar": one["avatarUrl"],
        "status": one.get("status", "offline"),
        "lastSeen": one.get("lastSeenAt"),
        "createdAt": one.get("createdAt"),
    }


def message(given: Plain, view: View) -> Plain:
    one = in_text(given, view)
    quoted = one.get("quote") or {}
    return {
        "_id": str(one["id"]),
        "id": str(one["id"]),
        "sender": user(view.person(one["senderId"]), view),
        "chat": str(one["chatId"]),
        "text": one["content"],
        "type": _KINDS.get(one["messageType"], one["messageType"]),
        "fileUrl": view.link_of(one),
        "status": one["status"],
        "isDeleted": one["isDeleted"],
        "replyTo": one["replyTo"] and {"_id": str(one["replyTo"]), "text": quoted.get("content", "")},
        "isEdited": one["isEdited"],
        "editedAt": one["updatedAt"] if one["isEdited"] else None,
        "createdAt": one["createdAt"],
        "updatedAt": one["updatedAt"],
    }


def chat(one: Plain, view: View) -> Plain:
    last = one.get("lastMessage")
    return {
        "_id": str(one["id"]),
        "id": str(one["id"]),
        "type": _KINDS.get(one["type"], one["type"]),
        "name": one["name"],
        "avatar": one["avatarUrl"],
        "participants": [user(view.person(each["userId"]), view) for each in one["participants"]],
        "createdBy": one["createdBy"] and str(one["createdBy"]),
        "lastMessage": (last and not last["isDeleted"] and message(last, view)) or None,
        "unreadCount": one.get("unreadCount", 0),
        "createdAt": one["createdAt"],
        "updatedAt": one["updatedAt"],
    }


def _admission(answer: Plain, view: View) -> Plain:
    token = {"access_token": answer["token"]} if "token" in answer else {}
    return {**answer, **token, "user": user(answer["user"], view)}


def _history(answer: Plain, view: View) -> Plain:
    """Oldest first, without what was deleted."""
    shown = [message(one, view) for one in reversed(answer["messages"]) if not one["isDeleted"]]
    return {"messages": shown, "hasMore": answer["hasMore"]}


def _found_messages(answer: Plain, view: View) -> Plain:
    return {"messages": [message(one, view) for one in answer["messages"]], "hasMore": answer["hasMore"]}


def _sent(answer: Plain, view: View) -> Plain:
    return {"success": True, "message": message(answer, view)}


def _found(answer: Plain, view: View, *, limit: int | None = 50, skip: int | None = 0) -> Plain:
    """Nobody counts all who match: `total` is how many there are at least."""
    users = [user(one, view) for one in answer["users"]]
    total = (skip or 0) + len(users) + answer["hasMore"]
    return {"users": users, "total": total, "limit": limit, "skip": skip, "hasMore": answer["hasMore"]}


def _before(call: Call) -> None:
    before = call.query.pop("before", "")
    if before:
        call.query["beforeTime"] = before


def _search(call: Call) -> None:
    call.query["q"] = call.query.get("query") or call.query.get("q") or ""
    limit, skip = number(call.query.get("limit"), 50), number(call.query.get("skip"), 0)
    call.tell = functools.partial(_found, limit=limit, skip=skip)


def sending(body: Plain) -> Plain:
    """A message to send, by either way."""
    ours = dict(body)
    reply = body.get("replyTo")
    ours["replyTo"] = reply.get("_id") if isinstance(reply, dict) else reply
    url = body.get("fileUrl") or body.get("mediaUrl")
    if url:
        ours["attachments"] = [file_of(str(url), "fileUrl")]
    return ours


def _send(call: Call) -> None:
    call.body = sending(call.body)


def _to_mark(body: Plain) -> str | None:
    """Where the body has a status, it says what became of the message, and changes nothing of it."""
    status = body.get("status")
    return f"POST /messages/{{message_id}}/{status}" if status in {"read", "delivered"} else None


def _create(call: Call) -> None:
    call.move(participantIds="participantIds participants participantId userId")
    if call.body.get("type", "personal") == "personal":
        call.body["type"] = "private"


def _the_other(call: Call) -> None:
    call.body = {"type": "private", "participantIds": call.path.pop("user_id")}


def _checked(answer: Plain, view: View) -> Plain:
    return {"exists": True, "chat": chat(answer, view)}


def _change(call: Call) -> None:
    call.move(displayName="name displayName", avatarUrl="avatar avatarUrl")


def events(name: str, data: Plain, view: View) -> Iterable[Spoken]:
    if name == "message:new":
        yield Spoken(name=name, data=message(data, view))
    elif name == "message:updated":
        # A reply, a vote or a pin changes a message too: their clients would show it as edited.
        if data["isEdited"]:
            yield Spoken(name="message:edited", data=message(data, view))
    elif name == "message:deleted":
        gone: Plain = {"messageId": str(data["messageId"]), "chatId": str(data["chatId"])}
        yield Spoken(name=name, data={**gone, "newLastMessage": None})
    elif name == "messages:read":
        ids = [] if data["messageId"] is None else [str(data["messageId"])]
        read = {"chatId": str(data["chatId"]), "readBy": str(data["userId"]), "messageIds": ids}
        yield Spoken(name=name, data=read)
    elif name in {"chat:created", "chat:joined", "chat:updated"}:
        yield Spoken(name=name, data=chat(data, view))
    elif name in {"typing:start", "typing:stop"}:
        typing: Plain = {name: str(value) for name, value in data.items() if name in {"chatId", "userId"}}
        yield Spoken(name=name, data=typing)
        yield Spoken(name="message:typing", data={**typing, "isTyping": name == "typing:start"})
    else:
        yield Spoken(name=name, data=_in_strings(data))


def _in_strings(data: Plain) -> Plain:
    """Every id as a string."""
    ids = {"id", "chatId", "userId", "messageId", "sessionId"}
    return {name: str(value) if name in ids and value is not None else value for name, value in data.items()}


def _listed(answer: Plain, view: View) -> list[Any]:
    return [chat(one, view) for one in answer["chats"]]


HISTORY = Route(to="GET /chats/{chat_id}/messages", ask=_before)

DIALECT = Dialect(
    routes={
        "POST /chats": Route(to="POST /chats", ask=_create),
        "POST /chats/find-or-check/{user_id}": Route(to="POST /chats", ask=_the_other, tell=_checked),
        "PATCH /chats/{chat_id}/read": Route(to="POST /chats/{chat_id}/read"),
        "GET /chats/{chat_id}/messages": HISTORY,
        "GET /messages/chats/{chat_id}": HISTORY,
        "POST /messages": Route(to="POST /messages", ask=_send, tell=_sent),
        "PATCH /messages/{message_id}": Route(to="PUT /messages/{message_id}", instead=_to_mark),
        "GET /users/search": Route(to="GET /users/search", ask=_search),
        "PATCH /users/me": Route(to="PATCH /users/me", ask=_change),
    },
    answers={
        Admission: _admission,
        Verification: _admission,
        User: user,
        UserList: _found,
        Chat: chat,
        ChatList: _listed,
        Message: message,
        MessageList: _history,
        FoundMessages: _found_messages,
        Watermarks: done,
    },
    actions={
        "user:join": Action(to="ping"),
        "message:send": Action(to="message:send", ask=sending),
        "message:read": Action(to="messages:read"),
    },
    events=events,
)
