"""System A, a backend of a Flutter client: bare lists, history with the oldest first, people inside of chats."""

from collections.abc import Iterable
from typing import Any

from chalicelib.entry.dialects.words import (
    Action,
    Call,
    Dialect,
    Plain,
    Route,
    View,
    done,
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
        "avatar_url": one["avatarUrl"],
        "status": one.get("status", "offline"),
        "last_seen": one.get("lastSeenAt"),
        "created_at": one.get("createdAt"),
    }


def message(given: Plain, view: View) -> Plain:
    one = in_text(given, view)
    sender = view.person(one["senderId"])
    file = one["attachments"][0] if one["attachments"] else {}
    told = {name: value for name, value in one.items() if name != "users"}
    return {
        **told,
        "chat_id": one["chatId"],
        "sender_id": one["senderId"],
        "sender_username": sender["username"],
        "sender_avatar": sender["avatarUrl"],
        "message_type": one["messageType"],
        "fileUrl": view.link_of(one),
        "fileName": file.get("filename"),
        "fileSize": file.get("size"),
        "is_read": one["status"] == "read",
        "created_at": one["createdAt"],
    }


def history(answer: Plain, view: View) -> list[Plain]:
    """Oldest first, without what was deleted."""
    return [message(one, view) for one in reversed(answer["messages"]) if not one["isDeleted"]]


def _found(answer: Plain, view: View) -> list[Plain]:
    return [message(one, view) for one in answer["messages"]]


def chat(one: Plain, view: View) -> Plain:
    last = one.get("lastMessage") and in_text(one["lastMessage"], view)
    other = view.other_in(one)
    told = {name: value for name, value in one.items() if name != "users"}
    return {
        **told,
        "name": one["name"] or (other and (other["displayName"] or other["username"])),
        "avatar": one["avatarUrl"] or (other and other["avatarUrl"]),
        "created_by": one["createdBy"],
        "participants": [
            {**user(view.person(each["userId"]), view), "role": each["role"]} for each in one["participants"]
        ],
        "lastMessage": last and last["content"],
        "last_message": last and last["content"],
        "last_message_time": last and last["createdAt"],
        "unread_count": one.get("unreadCount", 0),
        "created_at": one["createdAt"],
        "updated_at": one["updatedAt"],
    }


def _admission(answer: Plain, view: View) -> Plain:
    return {**answer, "user": user(answer["user"], view)}


def sending(body: Plain) -> Plain:
    """A message to send, by either way."""
    ours = dict(body)
    url = ours.pop("fileUrl", None)
    if url:
        ours["attachments"] = [file_of(str(url), "fileUrl")]
    ours["content"] = body.get("content") or ""
    return ours


def _send(call: Call) -> None:
    call.body = sending(call.body)


def _create(call: Call) -> None:
    call.move(participantIds="participantIds participants participantId userId")
    of_a_type(call)


def _name(call: Call) -> None:
    call.move(avatarUrl="avatarUrl avatar avatar_url", displayName="displayName name")


def events(name: str, data: Plain, view: View) -> Iterable[Spoken]:
    if name in {"message:new", "message:updated"}:
        told = message(data, view)
        yield Spoken(name=name, data=told)
        if name == "message:new":
            last = {"content": told["content"], "created_at": data["createdAt"], "sender_id": data["senderId"]}
            yield Spoken(name="chat:updated", data={"chatId": data["chatId"], "lastMessage": told["content"], **last})
    elif name == "messages:read":
        yield Spoken(name=name, data={**data, "messageIds": passed(data, view)})
    elif name in {"typing:start", "typing:stop"}:
        yield Spoken(name=name, data={**data, "username": view.person(data["userId"])["username"]})
    elif name in {"chat:created", "chat:joined", "chat:updated"}:
        yield Spoken(name=name, data={"chatId": data["id"], **chat(data, view)})
    elif name == "user:status":
        yield Spoken(name=name, data={**data, "last_seen": data["lastSeenAt"]})
    else:
        yield Spoken(name=name, data=data)


def _users(answer: Plain, view: View) -> Any:
    return [user(one, view) for one in answer["users"]]


def _chats(answer: Plain, view: View) -> Any:
    return [chat(one, view) for one in answer["chats"]]


DIALECT = Dialect(
    routes={
        "POST /auth/login": Route(to="POST /auth/login", ask=log_in),
        "POST /chats": Route(to="POST /chats", ask=_create),
        "POST /messages": Route(to="POST /messages", ask=_send),
        "PATCH /users/me": Route(to="PATCH /users/me", ask=_name),
    },
    answers={
        Admission: _admission,
        Verification: _admission,
        User: user,
        UserList: _users,
        Chat: chat,
        ChatList: _chats,
        Message: message,
        MessageList: history,
        FoundMessages: _found,
        Watermarks: done,
    },
    actions={
        "message:send": Action(to="message:send", ask=sending),
        "messages:read": Action(to="messages:read", ask=reading),
    },
    events=events,
    words={"attachments": "fileUrl", "messageId": "messageIds messageId"},
    extras=frozenset({"passed"}),
    no_entry="Authentication error: the token is missing, expired or not valid",
)
