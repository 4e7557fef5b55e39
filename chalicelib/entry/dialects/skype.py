"""System C, a messenger like Skype: snake_case, wrapped answers, frames without Socket.IO, texts that come twice."""

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chalicelib.core import clock
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput, UnknownUser
from chalicelib.entry.dialects import skype_calls as calls
from chalicelib.entry.dialects.reading import everybody
from chalicelib.entry.dialects.skype_calls import in_our_case, in_their_case
from chalicelib.entry.dialects.words import Action, Call, Dialect, Plain, Route, Tell, View, done, in_text, of_a_type
from chalicelib.features.accounts.schemas import Admission, Verification
from chalicelib.features.calls.schemas import CallList
from chalicelib.features.chats.create import create
from chalicelib.features.chats.properties import change
from chalicelib.features.chats.schemas import ChatChange, ChatInput, ChatList
from chalicelib.features.messages.history import history
from chalicelib.features.messages.schemas import HistoryQuery, MessageList, SendInput, SentType, Watermarks
from chalicelib.features.messages.send import send
from chalicelib.features.messages.snippets import FoundMessages
from chalicelib.features.messages.text import clean
from chalicelib.features.people import service as people
from chalicelib.features.people.schemas import ContactList, SearchQuery, UserList
from chalicelib.realtime import shapes
from chalicelib.realtime.attachments import Attachment
from chalicelib.realtime.people import Contact, User
from chalicelib.realtime.shapes import Chat, Message
from chalicelib.realtime.vocabularies import Spoken

# What was sent by REST is known by this, and by being so new, when it comes once more as a frame.
_BY_REST = "rest:"
_TWICE_WITHIN = timedelta(seconds=10)
_LOOKED_AT = 10
_KINDS: Mapping[str, SentType] = {"image": "image", "audio": "audio", "video": "video"}


def user(one: Plain, _: View) -> Plain:
    first, _space, last = one["displayName"].partition(" ")
    return {
        "id": one["id"],
        "username": one["username"],
        "email": one.get("email"),
        "first_name": one.get("firstName", first),
        "last_name": one.get("lastName", last),
        "avatar": one["avatarUrl"],
        "status": one.get("status", "offline"),
        "last_seen": one.get("lastSeenAt"),
        "is_active": True,
        "created_at": one.get("createdAt"),
    }


def message(given: Plain, view: View) -> Plain:
    one = in_text(given, view)
    return {
        "id": one["id"],
        "chat_id": one["chatId"],
        "sender_id": one["senderId"],
        "sender": user(view.person(one["senderId"]), view),
        "content": one["content"],
        "type": one["messageType"],
        "reply_to_id": one["replyTo"],
        "status": one["status"],
        "is_edited": one["isEdited"],
        "edited_at": one["updatedAt"] if one["isEdited"] else None,
        "is_deleted": one["isDeleted"],
        "files": [_file(file, view) for file in one["attachments"]],
        "created_at": one["createdAt"],
        "updated_at": one["updatedAt"],
    }


def _file(one: Plain, view: View) -> Plain:
    described = {"file_name": one["filename"], "file_size": one["size"], "mime_type": one["contentType"]}
    return {"id": one["id"], "url": view.link(one["id"]), **described}


def chat(one: Plain, view: View) -> Plain:
    last = one.get("lastMessage")
    other = view.other_in(one)
    return {
        "id": one["id"],
        "name": one["name"] or (other and (other["displayName"] or other["username"])) or "",
        "description": one["description"],
        "type": "public" if one["isPublic"] else one["type"],
        "avatar": one["avatarUrl"] or (other and other["avatarUrl"]),
        "created_by": one["createdBy"],
        "members": [
            {"user_id": each["userId"], "role": each["role"], "user": user(view.person(each["userId"]), view)}
            for each in one["participants"]
        ],
        "settings": in_their_case(one["settings"]),
        "unread_count": one.get("unreadCount", 0),
        "last_message": last and message(last, view),
        "last_message_time": last and last["createdAt"],
        "created_at": one["createdAt"],
        "updated_at": one["updatedAt"],
    }


def contact(one: Plain, view: View) -> Plain:
    return {
        "id": one["userId"],
        "user_id": view.me,
        "contact_id": one["userId"],
        "nickname": one["name"] or "",
        "contact": user(one["user"], view),
    }


def wrapped(name: str, tell: Tell) -> Tell:
    """An answer in a wrapper: `{chat}`."""
    return lambda answer, view: {name: tell(answer, view)}


def listed(name: str, tell: Tell, *, oldest_first: bool = False) -> Tell:
    """A list in a wrapper: `{chats}`."""

    def told(answer: Plain, view: View) -> Plain:
        items = [tell(one, view) for one in answer[name]]
        return {name: items[::-1] if oldest_first else items, "has_more": answer["hasMore"]}

    return told


def _admission(answer: Plain, view: View) -> Plain:
    kept: Plain = {name: answer[name] for name in ("token", "valid") if name in answer}
    return {**kept, "user": user(answer["user"], view)}


def _plain(call: Call) -> None:
    call.body = in_our_case(call.body)
    call.move(avatarUrl="avatar", replyTo="replyToId", participantIds="memberIds")


def _create(call: Call) -> None:
    _plain(call)
    call.move(participantIds="memberIds participantIds userIds participants")
    of_a_type(call)
    if call.body["type"] == "public":
        call.body["type"] = "group"
        call.then = _publish


def _publish(actor: Actor, made: Any) -> Any:
    return change(actor, made.id, ChatChange(is_public=True))


def _send(call: Call) -> None:
    _plain(call)
    receiver = call.body.pop("receiverId", None)
    if receiver and not call.body.get("chatId"):
        chat, _ = create(call.actor, ChatInput(type="private", participant_ids=[_digits(receiver, "receiver_id")]))
        call.body["chatId"] = chat.id
    call.body.setdefault("clientMessageId", f"{_BY_REST}{secrets.token_hex(12)}")


def _digits(value: Any, field: str) -> int:
    if not re.fullmatch("[0-9]{1,15}", str(value)):
        raise InvalidInput.at(field, "wrong_type", "must be a number")
    return int(value)


def sent_already(actor: Actor, asked: SendInput, _: Plain) -> Message | None:
    """The message that a frame repeats: clients send a text by REST, and then once more for those who listen."""
    page = history(actor, asked.chat_id, HistoryQuery(limit=_LOOKED_AT))
    since = datetime.fromtimestamp(clock.now(), UTC) - _TWICE_WITHIN
    for one in msgspec.json.decode(msgspec.json.encode(page.messages), type=list[Message]):
        is_same = one.sender_id == actor.user_id and one.content == clean(asked.content)
        if is_same and (one.client_message_id or "").startswith(_BY_REST):
            return one if datetime.fromisoformat(one.created_at) >= since else None
    return None


def _history(call: Call) -> None:
    chat_id = call.query.pop("chat_id", None) or call.query.pop("chatId", None)
    if not chat_id:
        raise InvalidInput.at("chat_id", "missing", "is required")
    call.path["chat_id"] = chat_id


def _contact(call: Call) -> None:
    _plain(call)
    call.move(userId="contactId userId", name="nickname")
    username = call.body.pop("username", None)
    if username and not call.body.get("userId"):
        found, _ = people.search(call.actor, SearchQuery(q=str(username)[:100]))
        same = [one.id for one in found.users if one.username.lower() == str(username).lower()]
        if not same:
            raise UnknownUser()
        call.body["userId"] = same[0]


def sent_with(actor: Actor, file: Attachment, fields: Mapping[str, str]) -> Message | None:
    """An upload to a chat is a message there."""
    chat_id = fields.get("chat_id")
    if not chat_id:
        return None
    kind = file.content_type.partition("/")[0]
    asked = SendInput(
        chat_id=_digits(chat_id, "chat_id"),
        content=fields.get("content", ""),
        message_type=_KINDS.get(kind, "file"),
        attachments=[file.id],
    )
    return send(actor, asked, "http").message


def _typing(body: Plain) -> Plain:
    ours = in_our_case(body)
    return {**ours, "isTyping": ours.get("isTyping", True)}


def events(name: str, data: Plain, view: View) -> Iterable[Spoken]:
    if name == "message:new":
        yield Spoken(name="new_message", data={**message(data, view), "user_id": data["senderId"]})
    elif name == "message:updated":
        yield Spoken(name="message_updated", data=message(data, view))
    elif name in {"typing:start", "typing:stop"}:
        typing = {"chat_id": data["chatId"], "user_id": data["userId"], "is_typing": name == "typing:start"}
        yield Spoken(name="typing", data=typing)
    elif name == "user:status":
        status = {"user_id": data["userId"], "status": data["status"], "last_seen": data["lastSeenAt"]}
        yield Spoken(name="user_status", data=status)
    elif name == "messages:read":
        read = {"chat_id": data["chatId"], "message_id": data["messageId"], "user_id": data["userId"]}
        yield Spoken(name="message_read", data=read)
    elif name in {"chat:created", "chat:joined", "chat:updated"}:
        yield Spoken(name=name.replace(":", "_"), data=chat(data, view))
    elif name.startswith("call:"):
        yield from calls.events(name, data, view)
    else:
        yield Spoken(name=name.replace(":", "_"), data=in_their_case(data))


PLAIN = (
    "POST /auth/register",
    "PUT /users/me",
    "PUT /users/status",
    "PUT /chats/{chat_id}",
    "PUT /messages/{message_id}",
)

DIALECT = Dialect(
    routes={
        **{path: Route(to=path, ask=_plain) for path in PLAIN},
        "POST /chats": Route(to="POST /chats", ask=_create),
        "POST /chats/{chat_id}/members": Route(
            to="POST /chats/{chat_id}/participants", ask=_plain, words={"userIds": "userId"}
        ),
        "DELETE /chats/{chat_id}/members/{user_id}": Route(to="DELETE /chats/{chat_id}/participants/{user_id}"),
        "GET /users": Route(to="GET /users/search", instead=everybody),
        "GET /messages": Route(to="GET /chats/{chat_id}/messages", ask=_history),
        "POST /messages": Route(to="POST /messages", ask=_send),
        "POST /contacts": Route(to="POST /contacts", ask=_contact),
        "GET /contacts/search": Route(to="GET /contacts"),
        "PUT /contacts/{user_id}": Route(to="PATCH /contacts/{user_id}", ask=_contact),
        "PUT /contacts/{user_id}/block": Route(to="PUT /blocks/{user_id}", tell=lambda *_: done({}, View(me=0))),
        "PUT /contacts/{user_id}/unblock": Route(to="DELETE /blocks/{user_id}"),
    },
    answers={
        Admission: _admission,
        Verification: _admission,
        User: wrapped("user", user),
        UserList: listed("users", user),
        Chat: wrapped("chat", chat),
        ChatList: listed("chats", chat),
        Message: wrapped("message", message),
        MessageList: listed("messages", message, oldest_first=True),
        FoundMessages: listed("messages", message),
        Contact: wrapped("contact", contact),
        ContactList: listed("contacts", contact),
        shapes.Call: wrapped("call", calls.call),
        CallList: listed("calls", calls.call),
        Watermarks: done,
    },
    actions={
        "chat": Action(to="message:send", ask=in_our_case, instead=sent_already),
        "typing": Action(to="message:typing", ask=_typing),
        "message_read": Action(to="messages:read", ask=in_our_case),
        **calls.ACTIONS,
    },
    events=events,
    others=lambda answer, _: in_their_case(answer),
    words={"messageType": "type", "replyTo": "replyToId"},
    spell=calls.snake,
    has_frames=True,
    uploaded=sent_with,
)
