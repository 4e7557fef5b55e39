"""What system E's clients read: people, messages and chats, with `_id` and every other id in strings."""

from typing import Any

from chalicelib.entry.dialects.words import Plain, View, in_text

KINDS = {"private": "personal", "audio": "voice"}
# Fields that name somebody or something, and do not end in `Id`.
_REFERENCES = {"createdBy", "replyTo", "mentions"}


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
        "type": KINDS.get(one["messageType"], one["messageType"]),
        "fileUrl": view.link_of(one),
        "status": one["status"],
        "isDeleted": one["isDeleted"],
        "replyTo": one["replyTo"] and {"_id": str(one["replyTo"]), "text": quoted.get("content", "")},
        "forwarded": one["forwardedFrom"] and _forwarded(one["forwardedFrom"], view),
        "isEdited": one["isEdited"],
        "editedAt": one["updatedAt"] if one["isEdited"] else None,
        "createdAt": one["createdAt"],
        "updatedAt": one["updatedAt"],
    }


def _forwarded(of: Plain, view: View) -> Plain:
    first = {"originalMessageId": str(of["messageId"]), "originalCreatedAt": of["createdAt"]}
    return {"from": user(view.person(of["senderId"]), view), **first}


def chat(one: Plain, view: View) -> Plain:
    last = one.get("lastMessage")
    return {
        "_id": str(one["id"]),
        "id": str(one["id"]),
        "type": KINDS.get(one["type"], one["type"]),
        "name": one["name"],
        "avatar": one["avatarUrl"],
        "description": one["description"],
        "participants": [_participant(each, view) for each in one["participants"]],
        "createdBy": one["createdBy"] and str(one["createdBy"]),
        "lastMessage": (last and not last["isDeleted"] and message(last, view)) or None,
        "unreadCount": one.get("unreadCount", 0),
        "createdAt": one["createdAt"],
        "updatedAt": one["updatedAt"],
    }


def _participant(one: Plain, view: View) -> Plain:
    """A user; in groups their clients look for the same below `user`, beside the role."""
    person = user(view.person(one["userId"]), view)
    return {**person, "user": person, "role": one["role"]}


def in_strings(data: Any, name: str = "") -> Any:
    """Every id as a string."""
    if isinstance(data, dict):
        return {field: in_strings(value, field) for field, value in data.items()}
    if isinstance(data, list):
        return [in_strings(one, name) for one in data]
    is_id = type(data) is int and (name == "id" or name.endswith(("Id", "Ids")) or name in _REFERENCES)
    return str(data) if is_id else data
