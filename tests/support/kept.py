"""What a client keeps of its user's chats: loaded once, then kept up to date by sync alone."""

from collections.abc import Callable, Mapping
from typing import Any

Wire = dict[str, Any]
# Answers what is at a path, None where that is refused.
Get = Callable[[str, Mapping[str, str | int]], Wire | None]

_PAGE = 100


class Copy:
    """A client's copy, which follows the rules of the protocol. `messages` are by chat and seq, drafts by chat."""

    def __init__(self, user_id: int, get: Get) -> None:
        self.user_id = user_id
        self.chats: dict[int, Wire] = {}
        self.messages: dict[int, dict[int, Wire]] = {}
        self.drafts: dict[int, Wire] = {}
        self.cursor: str | None = None
        self._get = get

    def sync(self, limit: int = 50) -> None:
        """Brings the copy up to date."""
        while self.step(limit):
            pass

    def step(self, limit: int) -> bool:
        """Takes one page of changes, or loads everything where there is no cursor yet; whether more follow."""
        answer = self._get("/sync", {"limit": limit} | ({"cursor": self.cursor} if self.cursor else {}))
        if answer is None:
            return False
        fresh = self.cursor is None or answer.get("resyncRequired")
        self.cursor = answer["nextCursor"]
        if fresh:
            self._load()
        for event in answer["events"]:
            self._apply(event["type"], event["data"])
        return bool(answer["hasMore"])

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
            "drafts": {
                chat_id: (draft["content"], draft["replyTo"])
                for chat_id, draft in self.drafts.items()
                if draft["content"]
            },
        }

    def _seen(self, message: Wire) -> Wire:
        seen = {**message, "status": self._status(message)}
        if message["isDeleted"]:
            del seen["updatedAt"]  # `message:deleted` does not tell it
        return seen

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
        for chat in self._all("/chats", "chats"):
            self._new_chat(chat)
        self.drafts = {draft["chatId"]: draft for draft in self._all("/drafts", "drafts")}

    def _new_chat(self, chat: Wire) -> None:
        self.chats[chat["id"]] = chat
        history = self._all(f"/chats/{chat['id']}/messages", "messages")
        self.messages[chat["id"]] = {message["seq"]: message for message in history}

    def _all(self, path: str, items: str) -> list[Wire]:
        found: list[Wire] = []
        query: dict[str, str | int] = {"limit": _PAGE}
        while (page := self._get(path, query)) is not None:
            found += page[items]
            if not page["hasMore"]:
                break
            query["cursor"] = page["nextCursor"]
        return found

    def _apply(self, kind: str, data: Wire) -> None:
        chat_id = data["id"] if kind.startswith("chat:") and "id" in data else data["chatId"]
        known = self.messages.setdefault(chat_id, {})
        match kind:
            case "chat:updated" if chat_id in self.chats:
                self.chats[chat_id] = data
            case "chat:created" | "chat:updated":
                self._new_chat(data)
            case "chat:left":
                for kept in (self.chats, self.messages, self.drafts):
                    kept.pop(chat_id, None)
            case "message:new" | "message:updated":
                known[data["seq"]] = data
            case "message:deleted":
                emptied = {**known.pop(data["seq"], {}), **_emptied(data)}
                if data["for"] == "everyone":
                    known[data["seq"]] = emptied
            case "message:delivered" | "messages:read":
                mark = "deliveredSeq" if kind == "message:delivered" else "readSeq"
                self._mark(chat_id, data["userId"], mark, data["seq"])
            case "draft:updated":
                self.drafts[chat_id] = data

    def _mark(self, chat_id: int, user_id: int, mark: str, seq: int) -> None:
        for participant in self.chats.get(chat_id, {}).get("participants", ()):
            if participant["userId"] == user_id:
                participant[mark] = seq


def _emptied(deletion: Wire) -> Wire:
    return {
        "id": deletion["messageId"],
        "chatId": deletion["chatId"],
        "seq": deletion["seq"],
        "content": "",
        "attachments": [],
        "forwardedFrom": None,
        "mentions": [],
        "reactions": {},
        "isEdited": False,
        "isDeleted": True,
        "pinnedAt": None,
        "expiresAt": None,
    }
