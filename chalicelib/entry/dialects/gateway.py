"""System E, a messages API and a WebSocket gateway: `_id` and every other id in strings, history up to a time."""

import contextlib
import functools
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from chalicelib.core.context import Actor
from chalicelib.core.errors import MessageIsDeleted, NotFound
from chalicelib.entry.dialects.gateway_shapes import KINDS, chat, in_strings, message, user
from chalicelib.entry.dialects.reading import everybody, number, offset_of
from chalicelib.entry.dialects.words import (
    Action,
    Call,
    Dialect,
    Plain,
    Route,
    View,
    done,
    log_in,
    passed,
    reading,
)
from chalicelib.features.accounts.schemas import Admission, Verification
from chalicelib.features.chats.schemas import ChatList
from chalicelib.features.messages.forward import forward
from chalicelib.features.messages.schemas import ForwardInput, MessageList, SendInput, Watermarks
from chalicelib.features.messages.snippets import FoundMessages
from chalicelib.features.people.schemas import UserList
from chalicelib.features.uploads.avatars import file_of
from chalicelib.realtime.people import User
from chalicelib.realtime.shapes import Chat, Message
from chalicelib.realtime.vocabularies import Spoken

_DAY = 24


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


def _changed(answer: Plain, view: View) -> Plain:
    """A message with another text, or what was marked."""
    return _sent(answer, view) if "content" in answer else done(answer, view)


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
    limit, skip = number(call.query.get("limit"), 50), offset_of(call)
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


def _forward(actor: Actor, asked: SendInput, said: Plain) -> Message | None:
    """Their clients forward a message by sending its text once more, and say which one it was."""
    given = said.get("forwarded")
    first = number(str(given.get("originalMessageId")), None) if isinstance(given, dict) else None
    if first:
        # A message that is not there for who forwards it is sent as the text that they have.
        with contextlib.suppress(NotFound, MessageIsDeleted):
            return forward(actor, first, ForwardInput(chat_ids=[asked.chat_id]), "socket").messages[0]
    return None


def _send(call: Call) -> None:
    call.body = sending(call.body)


def _to_mark(body: Plain) -> str | None:
    """Where the body has a status, it says what became of the message, and changes nothing of it."""
    status = str(body.get("status"))
    if status == "sent":  # so is every message
        return "GET /messages/{message_id}"
    return f"POST /messages/{{message_id}}/{status}" if status in {"read", "delivered"} else None


def _create(call: Call) -> None:
    call.move(participantIds="participantId participantIds participants memberIds userId")
    if call.body.get("type", "personal") == "personal":
        call.body["type"] = "private"


def _create_group(call: Call) -> None:
    call.move(participantIds="memberIds participants participantIds")
    call.body["type"] = "group"


def _the_other(call: Call) -> None:
    call.query = {"userId": call.path.pop("user_id")}


def _checked(answer: Plain, view: View) -> Plain:
    """Whether there is a chat with somebody: clients look before they make one."""
    found = next(iter(answer["chats"]), None)
    return {"exists": found is not None, "chat": found and chat(found, view)}


def _change(call: Call) -> None:
    call.move(displayName="name displayName", avatarUrl="avatar avatarUrl")


def _change_group(call: Call) -> None:
    call.move(avatarUrl="avatar avatarUrl")


def _invite(call: Call) -> None:
    """Their invites last hours, and a day where nobody says how long."""
    hours = str(call.body.get("expiresIn") or _DAY)
    if re.fullmatch("[0-9]{1,5}", hours):
        call.body["expiresIn"] = int(hours) * 3600


def _invited(answer: Plain, view: View) -> Plain:
    link = f"{view.base.removesuffix('/api')}/#/join/{answer['token']}"
    return {"link": link, **{name: answer[name] for name in ("token", "expiresAt", "maxUses", "uses")}}


def _add(call: Call) -> None:
    call.move(userIds="userIds memberIds members participants participantIds userId memberId")


def events(name: str, data: Plain, view: View) -> Iterable[Spoken]:
    if name == "message:new":
        yield Spoken(name=name, data=message(data, view))
    elif name == "message:updated":
        # A reply, a vote or a pin changes a message too: their clients would show it as edited.
        if data["isEdited"]:
            yield Spoken(name="message:edited", data=message(data, view))
    elif name == "message:deleted":
        gone: Plain = {"messageId": str(data["messageId"]), "chatId": str(data["chatId"])}
        yield Spoken(name=name, data={**gone, "newLastMessage": _left(view)})
    elif name == "messages:read":
        ids = [str(one) for one in passed(data, view)]
        read = {"chatId": str(data["chatId"]), "readBy": str(data["userId"]), "messageIds": ids}
        yield Spoken(name=name, data=read)
    elif name in {"chat:created", "chat:joined", "chat:updated"}:
        yield Spoken(name=name, data=chat(data, view))
    elif name in {"typing:start", "typing:stop"}:
        typing: Plain = {name: str(value) for name, value in data.items() if name in {"chatId", "userId"}}
        yield Spoken(name=name, data=typing)
        yield Spoken(name="message:typing", data={**typing, "isTyping": name == "typing:start"})
    else:
        yield Spoken(name=name, data=in_strings(data))


def _left(view: View) -> Plain | None:
    """The newest message that is left, where one was deleted."""
    last = view.aside.last_message
    if last is None:
        return None
    people = {user["id"]: user for user in last["users"]}
    return message(last, msgspec.structs.replace(view, people={**view.people, **people}))


def _listed(answer: Plain, view: View) -> list[Any]:
    return [chat(one, view) for one in answer["chats"]]


HISTORY = Route(to="GET /chats/{chat_id}/messages", ask=_before)
# What clients call fields of ours.
WORDS = {
    "chatIds": "chatId",
    "content": "text",
    "messageType": "type",
    "attachments": "fileUrl",
    "beforeTime": "before",
}

DIALECT = Dialect(
    routes={
        "POST /auth/register": Route(to="POST /auth/register", words={"username": "name"}),
        "POST /auth/login": Route(to="POST /auth/login", ask=log_in),
        "POST /chats": Route(to="POST /chats", ask=_create),
        "POST /chats/find-or-check/{user_id}": Route(to="GET /chats", ask=_the_other, tell=_checked),
        "POST /chats/group": Route(to="POST /chats", ask=_create_group),
        "PATCH /chats/{chat_id}/info": Route(to="PATCH /chats/{chat_id}", ask=_change_group),
        "POST /chats/{chat_id}/members": Route(to="POST /chats/{chat_id}/participants", ask=_add),
        "DELETE /chats/{chat_id}/members/{user_id}": Route(to="DELETE /chats/{chat_id}/participants/{user_id}"),
        "PATCH /chats/{chat_id}/members/{user_id}/role": Route(to="PATCH /chats/{chat_id}/participants/{user_id}"),
        "PATCH /chats/{chat_id}/read": Route(to="POST /chats/{chat_id}/read"),
        "GET /chats/{chat_id}/messages": HISTORY,
        "GET /messages/chats/{chat_id}": HISTORY,
        "POST /chats/{chat_id}/invite-link": Route(to="POST /chats/{chat_id}/invites", ask=_invite, tell=_invited),
        "POST /chats/join/{token}": Route(to="POST /invites/{token}/join"),
        "POST /messages": Route(to="POST /messages", ask=_send, tell=_sent, words={"chatId": "chat"}),
        "PATCH /messages/{message_id}": Route(to="PUT /messages/{message_id}", instead=_to_mark, tell=_changed),
        "GET /users/search": Route(to="GET /users/search", ask=_search, instead=everybody),
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
        "message:send": Action(to="message:send", ask=sending, instead=_forward),
        "message:read": Action(to="messages:read", ask=reading),
        "messages:read": Action(to="messages:read", ask=reading),
    },
    events=events,
    others=lambda answer, _: in_strings(answer),
    words=WORDS,
    kinds=KINDS,
    extras=frozenset({"passed"}),
)
