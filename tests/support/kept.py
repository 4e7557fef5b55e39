"""What a client keeps of its user's chats: loaded once, then kept up to date by sync.

It does what docs/protocol.md tells a client to do, and nothing more: where it is stale, the service or the guide is
wrong. `tests/support/hearing.py` has what a client does with the events of a socket.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tests.support.naming import named

Wire = dict[str, Any]
# Answers what is at a path, None where that is refused.
Get = Callable[[str, Mapping[str, str | int]], Wire | None]

_PAGE = 100


class Copy:
    """A client's copy, which follows the rules of the protocol. `messages` are by chat and seq, drafts by chat.

    `users` are all those whom an answer or event named, by their id.
    """

    def __init__(self, user_id: int, get: Get) -> None:
        self.user_id = user_id
        self.chats: dict[int, Wire] = {}
        self.messages: dict[int, dict[int, Wire]] = {}
        self.drafts: dict[int, Wire] = {}
        # How far threads were read, by their heads, where that was told.
        self.threads: dict[int, Wire] = {}
        self.users: dict[int, Wire] = {}
        # Where logs of keys end, by user, as far as that was told.
        self.key_logs: dict[int, Wire] = {}
        # What is the user's own beside the chats: contacts, blocks and messages that wait by id, and the privacy.
        self.own: dict[str, Wire] = {}
        self.cursor: str | None = None
        self._get = get

    def sync(self, limit: int = 50) -> None:
        """Brings the copy up to date."""
        while self.step(limit):
            pass

    def step(self, limit: int) -> bool:
        """Takes one page of changes, or loads everything where there is no cursor yet; whether more follow."""
        answer = self._ask("/sync", {"limit": limit} | ({"cursor": self.cursor} if self.cursor else {}))
        if answer is None:
            return False
        fresh = self.cursor is None or answer.get("resyncRequired")
        self.cursor = answer["nextCursor"]
        if fresh:
            self._load()
        for event in answer["events"]:
            self._take(event)
        return bool(answer["hasMore"])

    def _take(self, event: Wire) -> None:
        """Takes an event of sync."""
        self._apply(event["type"], event["data"])

    def shown(self) -> Wire:
        """All that a client would show: what follows from something else it keeps is worked out from that."""
        return {
            "chats": {
                chat_id: {**chat, "lastMessage": None, "participants": {one["userId"]: one for one in marks}}
                for chat_id, chat in self.chats.items()
                if not chat["hidden"]
                for marks in [chat["participants"]]
            },
            "messages": {
                chat_id: [self._seen(message) for _, message in sorted(self.messages[chat_id].items())]
                for chat_id, chat in self.chats.items()
                if not chat["hidden"]
            },
            "users": {user_id: self.users[user_id] for user_id in named(list(self.chats.values()))},
            "own": {kind: _without_profiles(own) for kind, own in self.own.items()},
            "drafts": {
                chat_id: (draft["content"], draft["replyTo"])
                for chat_id, draft in self.drafts.items()
                if draft["content"]
            },
        }

    def _seen(self, message: Wire) -> Wire:
        seen = {
            **message,
            "status": self._status(message),
            "updatedAt": self._changed_at(message),
            "quote": message["replyTo"] and self._quote(message),
        }
        if message["isDeleted"]:
            del seen["updatedAt"]  # `message:deleted` does not tell it
        return seen

    def _quote(self, message: Wire) -> Wire:
        """By the message that is quoted, where that is kept: it may have changed since it was quoted."""
        quote: Wire = message["quote"]
        quoted = self.messages[message["chatId"]].get(quote["seq"])
        if quoted is None:
            return {name: value for name, value in quote.items() if name not in {"content", "isDeleted"}}
        return quote | {"content": quoted["content"][:200], "isDeleted": quoted["isDeleted"]}

    def _changed_at(self, message: Wire) -> str:
        changed_at: str = message["updatedAt"]
        return changed_at

    def _status(self, message: Wire) -> str:
        """By the marks of all others for one's own message, by one's own for another's."""
        chat, own = self.chats[message["chatId"]], message["senderId"] == self.user_id
        marks = [one for one in chat["participants"] if (one["userId"] == self.user_id) != own]
        for status, mark in (("read", "readSeq"), ("delivered", "deliveredSeq")):
            if marks and all(message["seq"] <= one[mark] for one in marks):
                return status
        return "sent"

    def _load(self) -> None:
        self.chats, self.messages, self.drafts = {}, {}, {}
        for requests in ("false", "true"):
            for chat in self._all("/chats", "chats", requests=requests) or ():
                self._new_chat(chat)
        self.drafts = {draft["chatId"]: draft for draft in self._all("/drafts", "drafts") or ()}
        for kind, (path, items, key) in _OWN.items():
            self.own[kind] = {one[key]: one for one in self._all(path, items) or ()}
        self.own["privacy"] = self._ask("/users/me/privacy", {}) or {}

    def _new_chat(self, chat: Wire) -> bool:
        """Keeps a chat that was not kept, with its history. False where the user was removed meanwhile.

        A part of the history would stay a part: sync tells who comes back only what changed since the cursor.
        """
        history = self._all(f"/chats/{chat['id']}/messages", "messages")
        if history is None:
            return False
        self.chats[chat["id"]] = chat
        self.messages[chat["id"]] = {message["seq"]: message for message in history}
        return True

    def _meet(self, chat_id: int) -> bool:
        """Loads a chat that something is told of and that is not kept: it may be new. False where it was left."""
        chat = self._ask(f"/chats/{chat_id}", {})
        return chat is not None and self._new_chat(chat)

    def _ask(self, path: str, query: Mapping[str, str | int]) -> Wire | None:
        """What is at a path, without the people whom it names: they are kept by themselves."""
        answer = self._get(path, query)
        if answer is not None:
            self._meet_people(answer.pop("users", []))
        return answer

    def _meet_people(self, users: list[Wire]) -> None:
        self.users |= {user["id"]: user for user in users}

    def _drop(self, chat_id: int) -> None:
        for kept in (self.chats, self.messages, self.drafts):
            kept.pop(chat_id, None)

    def _all(self, path: str, items: str, **narrowed: str) -> list[Wire] | None:
        """All pages of a list; None where one was refused."""
        found: list[Wire] = []
        query: dict[str, str | int] = {"limit": _PAGE, **narrowed}
        while (page := self._ask(path, query)) is not None:
            found += page[items]
            if not page["hasMore"]:
                return found
            query["cursor"] = page["nextCursor"]
        return None

    def _apply(self, kind: str, data: Wire) -> None:
        if kind.startswith(PERSONAL):
            self._apply_personal(kind, data)
            return
        chat_id = data["id"] if kind.startswith("chat:") and "id" in data else data["chatId"]
        if chat_id not in self.chats and kind.startswith("message") and not self._meet(chat_id):
            return
        match kind:
            case "chat:created" | "chat:updated" if chat_id in self.chats:
                self.chats[chat_id] = data
            case "chat:created" | "chat:updated":
                self._new_chat(data)
            case "chat:left":
                self._drop(chat_id)
            case "message:new" | "message:updated":
                self.messages[chat_id][data["seq"]] = data
            case "message:deleted":
                self._delete(data)
            case "message:delivered" | "messages:read":
                mark = "deliveredSeq" if kind == "message:delivered" else "readSeq"
                self._mark(chat_id, data["userId"], mark, data["seq"])
            case "draft:updated":
                self.drafts[chat_id] = data

    def _apply_personal(self, kind: str, data: Wire) -> None:
        """Takes what somebody is called now, or what is the user's own."""
        thing, _, what = kind.partition(":")
        if thing == "user":
            self.users[data["id"]] = {name: data[name] for name in ("id", "username", "displayName", "avatarUrl")}
        elif thing == "keys":
            self.key_logs[data["userId"]] = data["log"]
        elif thing == "privacy":
            self.own["privacy"] = data
        elif thing == "thread":
            self.threads[data["messageId"]] = data
        elif what == "removed":
            self.own[thing].pop(data[_OWN[thing][2]], None)
        else:
            self.own[thing][data[_OWN[thing][2]]] = data

    def _delete(self, data: Wire) -> None:
        """What the client does not hold is history, which has the message as it is by then."""
        known = self.messages[data["chatId"]]
        deleted = known.pop(data["seq"], None)
        if deleted is not None and data["for"] == "everyone":
            known[data["seq"]] = {**deleted, **_EMPTY}

    def _mark(self, chat_id: int, user_id: int, mark: str, seq: int) -> None:
        for participant in self.chats[chat_id]["participants"]:
            if participant["userId"] == user_id:
                participant[mark] = seq


def _without_profiles(own: Wire) -> Wire:
    """Without the profiles that contacts and blocks carry: what changes in them, presence among it, is told apart."""
    return {
        key: {name: value for name, value in one.items() if name != "user"} if isinstance(one, dict) else one
        for key, one in own.items()
    }


# What is a user's own: where it is loaded, the list's name there, and the key of each.
_OWN = {
    "contact": ("/contacts", "contacts", "userId"),
    "block": ("/blocks", "blocks", "userId"),
    "scheduled": ("/scheduled-messages", "scheduled", "id"),
}
PERSONAL = ("user:updated", "keys:", "contact:", "block:", "privacy:", "scheduled:", "thread:")

# What a deleted message is in place of what it was.
_EMPTY: Wire = {
    "content": "",
    "attachments": [],
    "forwardedFrom": None,
    "location": None,
    "contact": None,
    "poll": None,
    "thread": None,
    "mentions": [],
    "reactions": {},
    "isEdited": False,
    "isDeleted": True,
    "pinnedAt": None,
    "expiresAt": None,
}
