"""The state of conversations in plain Python, and how each member sees it on the wire, times left out."""

import itertools
from dataclasses import dataclass, field
from typing import Any

Wire = dict[str, Any]

RANKED = ("owner", "admin")


@dataclass
class Member:
    """A member of a chat: their role, their marks, and what they made of the chat for themselves."""

    joined: int
    role: str = "member"
    delivered: int = 0
    read: int = 0
    muted: bool = False
    muted_until: str | None = None
    pinned: int = 0
    archived: bool = False
    hidden_seq: int = -1


@dataclass(eq=False)
class Message:
    """A message; `id` is the service's choice, and known from its answer. `made` and `pinned` are ticks."""

    chat: "Chat"
    seq: int
    sender: int
    content: str
    made: int
    key: str | None = None
    reply_to: int | None = None
    mentions: list[int] = field(default_factory=list)
    origin: tuple[int, int] | None = None
    id: int = 0
    reactions: dict[str, list[int]] = field(default_factory=dict)
    edits: list[str] = field(default_factory=list)
    edited: bool = False
    deleted: bool = False
    pinned: int = 0
    hidden_from: set[int] = field(default_factory=set)
    system: Wire | None = None

    def empty(self) -> None:
        """Deletes it for everyone: it keeps its place."""
        self.content, self.mentions, self.origin, self.reactions, self.edits = "", [], None, {}, []
        self.edited, self.deleted, self.pinned = False, True, 0


@dataclass(eq=False)
class Invite:
    """A link into a group; `id` and `token` are the service's choice."""

    chat: "Chat"
    maker: int
    most_uses: int | None
    uses: int = 0
    revoked: bool = False
    id: int = 0
    token: str = ""


@dataclass(eq=False)
class Chat:
    """A chat; `id` is the service's choice. Who is `barred` was removed by another; `moved` is a tick."""

    type: str
    maker: int
    moved: int
    name: str | None = None
    id: int = 0
    is_public: bool = False
    who_can_send: str = "members"
    who_can_add: str = "admins"
    members: dict[int, Member] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    barred: set[int] = field(default_factory=set)
    drafts: dict[int, tuple[str, int | None]] = field(default_factory=dict)
    ended: bool = False

    @property
    def last_seq(self) -> int:
        """The number of the newest message."""
        return len(self.messages)

    def owners(self) -> set[int]:
        """Who owns the group."""
        return {user for user, member in self.members.items() if member.role == "owner"}

    def shown_to(self, user: int) -> list[Message]:
        """The messages that are there for a member."""
        return [message for message in self.messages if user not in message.hidden_from]

    def unread_of(self, user: int) -> int:
        """How many messages there are for a member to be read."""
        read = self.members[user].read
        return sum(
            message.seq > read and message.sender != user and not message.deleted and message.system is None
            for message in self.shown_to(user)
        )

    def is_hidden_from(self, user: int) -> bool:
        """Whether a member has deleted it for themselves, and nothing came since."""
        return self.last_seq <= self.members[user].hidden_seq


@dataclass
class State:
    """Everything there is. `users` are their usernames; `quiet` are those who do not share what they have read."""

    users: dict[int, str] = field(default_factory=dict)
    chats: list[Chat] = field(default_factory=list)
    invites: list[Invite] = field(default_factory=list)
    blocks: set[tuple[int, int]] = field(default_factory=set)
    quiet: set[int] = field(default_factory=set)
    _ticks: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def tick(self) -> int:
        """A time later than all before."""
        return next(self._ticks)

    def blocked(self, one: int, other: int) -> bool:
        """Whether either has blocked the other."""
        return (one, other) in self.blocks or (other, one) in self.blocks

    def sending_refusal(self, user: int, chat: Chat) -> str | None:
        """Why a member may not write, as chats tell it."""
        if chat.type == "private" and self.blocked(min(chat.members), max(chat.members)):
            return "blocked"
        if chat.who_can_send == "admins" and chat.members[user].role == "member":
            return "only_admins"
        return None

    def listed(self, user: int) -> list[Chat]:
        """A user's chats as they are listed."""
        own = [chat for chat in self.chats if user in chat.members and not chat.is_hidden_from(user)]
        return sorted(own, key=lambda chat: (chat.members[user].pinned, chat.moved), reverse=True)

    def seen_chat(self, chat: Chat, user: int) -> Wire:
        """A chat as its member sees it."""
        me, shown = chat.members[user], chat.shown_to(user)
        return {
            "id": chat.id,
            "type": chat.type,
            "name": chat.name,
            "description": "",
            "avatarUrl": None,
            "createdBy": chat.maker,
            "isPublic": chat.is_public,
            "settings": {
                "whoCanSend": chat.who_can_send,
                "whoCanAdd": chat.who_can_add,
                "messageSeconds": None,
                "slowModeSeconds": None,
            },
            "participantCount": len(chat.members),
            "participants": [
                {
                    "userId": other,
                    "role": member.role,
                    "deliveredSeq": member.delivered,
                    "readSeq": member.read if other == user or not {other, user} & self.quiet else 0,
                }
                for other, member in sorted(chat.members.items())
            ],
            "lastSeq": chat.last_seq,
            "lastMessage": self.seen_message(shown[-1], user) if shown else None,
            "deliveredSeq": me.delivered,
            "readSeq": me.read,
            "unreadCount": chat.unread_of(user),
            "muted": me.muted,
            "mutedUntil": me.muted_until,
            "pinned": me.pinned > 0,
            "archived": me.archived,
            "markedUnread": False,
            "notifyOf": "all",
            "hidden": chat.is_hidden_from(user),
            "isRequest": False,
            "canSend": self.sending_refusal(user, chat) is None,
            "cannotSendReason": self.sending_refusal(user, chat),
        }

    def seen_message(self, message: Message, user: int) -> Wire:
        """A message as a member sees it."""
        return {
            "id": message.id,
            "chatId": message.chat.id,
            "seq": message.seq,
            "senderId": message.sender,
            "clientMessageId": message.key,
            "messageType": "text" if message.system is None else "system",
            "content": message.content,
            "attachments": [],
            "system": message.system,
            "replyTo": message.reply_to,
            "quote": message.reply_to and self._quote(message.chat, message.reply_to),
            "forwardedFrom": message.origin and {"messageId": message.origin[0], "senderId": message.origin[1]},
            "mentions": message.mentions,
            "reactions": message.reactions,
            "status": self._status(message, user),
            **dict.fromkeys(("location", "contact", "poll", "call")),
            "listenedBy": [],
            "isEdited": message.edited,
            "isDeleted": message.deleted,
            "isPinned": message.pinned > 0,
        }

    def _quote(self, chat: Chat, message_id: int) -> Wire:
        (quoted,) = (one for one in chat.messages if one.id == message_id)
        return {
            "messageId": quoted.id,
            "seq": quoted.seq,
            "senderId": quoted.sender,
            "messageType": "text" if quoted.system is None else "system",
            "content": quoted.content[:200],
            "isDeleted": quoted.deleted,
        }

    def seen_receipts(self, message: Message, user: int) -> list[Wire]:
        """What became of a message with each of those it was sent to."""
        receipts = []
        for other, member in sorted(message.chat.members.items()):
            shares = other == user or not {other, user} & self.quiet
            if other != message.sender and member.joined < message.made:
                read = message.seq <= (member.read if shares else 0)
                delivered = message.seq <= member.delivered
                receipts.append({"userId": other, "status": "read" if read else "delivered" if delivered else "sent"})
        return receipts

    def _status(self, message: Message, user: int) -> str:
        members = message.chat.members
        concerned = [members[user]]
        shared = True
        if message.sender == user:
            concerned = [member for other, member in members.items() if other != user]
            shared = not self.quiet.intersection(members)
        if concerned and shared and all(message.seq <= member.read for member in concerned):
            return "read"
        if concerned and all(message.seq <= member.delivered for member in concerned):
            return "delivered"
        return "sent"


def seen(wire: Any) -> Any:
    """What came over the wire, as the model has it: without times, people and threads, of a pin only whether it is
    there."""
    if isinstance(wire, list):
        return [seen(item) for item in wire]
    if not isinstance(wire, dict):
        return wire
    plain = {name: seen(value) for name, value in wire.items() if name not in _TIMES | _APART}
    if "pinnedAt" in wire:
        plain["isPinned"] = wire["pinnedAt"] is not None
    return plain


_APART = {"users", "thread", "threadId"}
_TIMES = {"createdAt", "updatedAt", "joinedAt", "expiresAt", "pinnedAt", "readAt", "editedAt"}
