"""A client of docs/protocol.md: what it keeps by sync, and what it does with the events of its sockets.

Events come twice, late and out of order, or not at all. What is heard moves no cursor: the next sync tells it again.
"""

from collections.abc import Mapping

from tests.support.kept import PERSONAL, Copy, Get, Wire
from tests.support.people import Person
from tests.support.socket import Socket

# Nothing of what the copy keeps.
_PASSING = (
    "hello",
    "keys:low",
    "keys:message",
    "user:status",
    "typing:",
    "chat:joined",
    "session:revoked",
    "member:joined",
    "member:left",
)


class Client(Copy):
    """A copy that also hears. `hear` takes one event of any of the user's sockets."""

    def __init__(self, user_id: int, get: Get) -> None:
        super().__init__(user_id, get)
        self._heard: set[str] = set()
        # By which event each thing was stored last, where an event told all of it: sync need not tell that again.
        self._stored: dict[tuple[str, ...], str] = {}
        # Messages that the user deleted for themselves: an older event must not bring them back.
        self._gone: set[tuple[int, int]] = set()
        # `message:reaction` tells the reactions alone: its time says nothing of the rest of the message.
        self._reacted_at: dict[tuple[int, int], str] = {}

    def hear(self, event: Wire) -> None:
        """Takes an event, once."""
        kind, data = event["type"], event["data"]
        self._meet_people(event.get("users", []))
        if event["eventId"] in self._heard or kind.startswith(_PASSING):
            return
        self._heard.add(event["eventId"])
        if kind.startswith(PERSONAL):
            self._apply_personal(kind, data)
            self._note(event)
            return
        chat_id = data["chatId"] if "chatId" in data else data["id"]
        if kind == "draft:updated":
            self._hear_draft(data)
        elif chat_id not in self.chats:
            if kind != "chat:left":
                self._meet(chat_id)
        elif kind in {"chat:created", "chat:left"}:
            # It may be late; and what changed while the user was out was told to nobody here.
            self.sync()
        else:
            self._hear_of(event, self.chats[chat_id])

    def _take(self, event: Wire) -> None:
        """Takes what sync tells, but for what is stored already by the same event."""
        if self._stored.get(_thing(event)) != event["eventId"]:
            super()._take(event)
            self._note(event)

    def _note(self, event: Wire) -> None:
        self._stored[_thing(event)] = event["eventId"]

    def _drop(self, chat_id: int) -> None:
        super()._drop(chat_id)
        self._stored = {thing: stored for thing, stored in self._stored.items() if thing[1] != str(chat_id)}

    def _hear_of(self, event: Wire, chat: Wire) -> None:
        kind, data = event["type"], event["data"]
        match kind:
            case "message:new" | "message:updated":
                self._hear_message(event, chat)
            case "message:deleted" | "message:reaction":
                self._hear_of_message(kind, data)
            case "messages:read":
                self._raise("readSeq", chat, data["userId"], data["seq"])
            case "message:delivered":
                self._raise("deliveredSeq", chat, data["userId"], data["seq"])
            case "chat:updated" if chat["updatedAt"] <= data["updatedAt"]:
                self._hear_chat(chat, data)
                self._note(event)
            case "chat:personal" | "chat:sending":
                chat |= {name: value for name, value in data.items() if name != "chatId"}
            case "member:updated":
                for participant in chat["participants"]:
                    if participant["userId"] == data["userId"]:
                        participant["role"] = data["role"]
        chat["unreadCount"] = self._unread(chat)

    def _unread(self, chat: Wire) -> int:
        """What is there to be read: of what is kept, all but one's own, what was deleted and system messages."""
        return sum(
            message["seq"] > chat["readSeq"]
            and message["senderId"] != self.user_id
            and not message["isDeleted"]
            and message["messageType"] != "system"
            for message in self.messages[chat["id"]].values()
        )

    def _hear_draft(self, data: Wire) -> None:
        known = self.drafts.get(data["chatId"])
        if known is None or known["updatedAt"] < data["updatedAt"]:
            self.drafts[data["chatId"]] = data

    def _hear_message(self, event: Wire, chat: Wire) -> None:
        message = event["data"]
        self._fetch_up_to(message["seq"] - 1, chat["id"])
        if self._place(message):
            self._note(event)
        if event["type"] == "message:new":
            chat |= {"lastSeq": max(chat["lastSeq"], message["seq"]), "hidden": False}
            if message["senderId"] == self.user_id:
                chat["isRequest"] = False
            elif chat["cannotSendReason"] == "request_declined":
                chat |= {"canSend": True, "cannotSendReason": None}
            if not event.get("unattended"):
                self._raise("readSeq", chat, message["senderId"], message["seq"])
                if message["senderId"] == self.user_id:
                    chat["markedUnread"] = False

    def _fetch_up_to(self, seq: int, chat_id: int) -> None:
        """Closes the gap between what is there and a message that something is told of."""
        highest = max(self.messages[chat_id], default=0)
        query: dict[str, str | int] = {"after": highest, "limit": 100}
        while seq > highest:
            page = self._ask(f"/chats/{chat_id}/messages", query)
            for message in page["messages"] if page else ():
                self._place(message)
            if page is None or not page["hasMore"]:
                return
            query = {"cursor": page["nextCursor"], "limit": 100}

    def _place(self, message: Wire) -> bool:
        """Of two states of a message the later one holds, but for a deletion, which is final. Whether it is this."""
        place = message["chatId"], message["seq"]
        known = self.messages[message["chatId"]].get(message["seq"])
        if place in self._gone or (known is not None and known["isDeleted"]):
            return False
        if known is not None and not message["isDeleted"]:
            if known["updatedAt"] >= message["updatedAt"]:
                return False
            if self._reacted_at.get(place, "") > message["updatedAt"]:
                message = {**message, "reactions": known["reactions"]}
        self.messages[message["chatId"]][message["seq"]] = message
        return True

    def _hear_of_message(self, kind: str, data: Wire) -> None:
        place = data["chatId"], data["seq"]
        self._fetch_up_to(data["seq"], data["chatId"])
        known = self.messages[data["chatId"]].get(data["seq"])
        if kind == "message:deleted":
            if data["for"] == "me":
                self._gone.add(place)
            self._delete(data)
        elif known is not None and not known["isDeleted"] and self._changed_at(known) < data["updatedAt"]:
            known["reactions"] = data["reactions"]
            self._reacted_at[place] = data["updatedAt"]

    def _raise(self, mark: str, chat: Wire, user_id: int, seq: int) -> None:
        """Marks never move back. What was read was delivered as well."""
        kept = [one for one in chat["participants"] if one["userId"] == user_id]
        for marks in (*kept, *([chat] if user_id == self.user_id else [])):
            for name in (mark, "deliveredSeq"):
                marks[name] = max(marks[name], seq)

    def _hear_chat(self, chat: Wire, told: Wire) -> None:
        """Who joined since has received and read everything up to `lastSeq`; the others keep their marks."""
        kept = {(one["userId"], one["joinedAt"]): one for one in chat["participants"]}
        begins = {"deliveredSeq": told["lastSeq"], "readSeq": told["lastSeq"]}
        participants = [
            {**begins, **kept.get((one["userId"], one["joinedAt"]), {}), **one} for one in told["participants"]
        ]
        if told["type"] == "group":
            role = {one["userId"]: one["role"] for one in participants}.get(self.user_id)
            is_refused = told["settings"]["whoCanSend"] == "admins" and role == "member"
            chat |= {"canSend": not is_refused, "cannotSendReason": "only_admins" if is_refused else None}
        chat |= {**told, "lastSeq": max(chat["lastSeq"], told["lastSeq"]), "participants": participants}

    def _changed_at(self, message: Wire) -> str:
        return max(super()._changed_at(message), self._reacted_at.get((message["chatId"], message["seq"]), ""))


def _thing(event: Wire) -> tuple[str, ...]:
    """What an event is about: a chat, a message or whatever else there is one of."""
    kind, data = event["type"], event["data"]
    if kind.startswith(("message:new", "message:updated", "message:deleted")):
        return "message", str(data["chatId"]), str(data["seq"])
    if kind.startswith("chat:"):
        return "chat", str(data["chatId"] if "chatId" in data else data["id"])
    who = data.get("userId", data.get("id", ""))
    return kind.partition(":")[0], str(data.get("chatId", "")), str(data.get("messageId", "")), str(who)


class Listener(Client):
    """A client with a socket: it has everything there is, and from then on hears."""

    def __init__(self, person: Person) -> None:
        super().__init__(person.id, _by_http(person))
        self._socket: Socket = person.socket()
        self.sync()
        self._taken = len(self._socket.frames)

    def listen(self, *, reordered: bool = False) -> None:
        """Takes what has come since; `reordered`: the last first, and each twice."""
        self._socket.act("ping")  # its answer comes behind what was posted before
        heard = self._socket.frames[self._taken :]
        self._taken += len(heard)
        for event in heard[::-1] * 2 if reordered else heard:
            if "eventId" in event:
                self.hear(event)

    def lose_socket(self) -> None:
        """Hears nothing any more."""
        self._socket.close()


def _by_http(person: Person) -> Get:
    def get(path: str, query: Mapping[str, str | int]) -> Wire | None:
        answer = person.http.get(path, params=query)
        return answer.json() if answer.is_success else None

    return get
