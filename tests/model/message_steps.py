"""Steps of the machine that send, change and read messages."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults, initialize, multiple, rule

from tests.model.base import Answer, World
from tests.model.chat_steps import ACTOR, PERSON, ChatSteps
from tests.model.state import Chat, Message, seen
from tests.support.server import Server

TEXT = st.sampled_from(["Привет!", "2 < 3 && 5 > 4", "std::vector<int>", "Hello", "again", " "])
KEY = st.sampled_from([None, None, "k1", "k2", "k3"])
EMOJI = st.sampled_from(["👍", "❤️", "🇫🇮"])
BY_SOCKET = st.booleans()


class MessageSteps(ChatSteps):
    """Messages, reactions, pins, marks, drafts; and what is read of them, page by page."""

    def __init__(self, server: Server, tally: "Counter[tuple[str, str]]") -> None:
        super().__init__(server, tally)
        for chat in self.model.chats:
            self.say(chat, 0, "Hello", by_socket=False)

    @initialize(target=World.messages)
    def first_messages(self) -> "MultipleResults[Message]":
        return multiple(*(message for chat in self.model.chats for message in chat.messages))

    @rule(
        target=World.messages,
        chat=World.chats,
        actor=ACTOR,
        text=TEXT,
        key=KEY,
        mentions=st.sets(PERSON, max_size=2),
        by_socket=BY_SOCKET,
    )
    def send(
        self, chat: Chat, actor: int, text: str, key: str | None, mentions: set[int], by_socket: bool
    ) -> "Message | MultipleResults[Message]":
        return self._send(chat, actor, text, key, mentions=mentions, by_socket=by_socket)

    @rule(target=World.messages, chat=World.chats, actor=ACTOR, text=TEXT, by_socket=BY_SOCKET)
    def say(self, chat: Chat, actor: int, text: str, by_socket: bool) -> "Message | MultipleResults[Message]":
        return self._send(chat, actor, text, by_socket=by_socket)

    @rule(target=World.messages, to=World.messages, chat=World.chats, elsewhere=st.booleans(), actor=ACTOR, text=TEXT)
    def reply(
        self, to: Message, chat: Chat, elsewhere: bool, actor: int, text: str
    ) -> "Message | MultipleResults[Message]":
        return self._send(chat if elsewhere else to.chat, actor, text, reply_to=to)

    def _send(
        self,
        chat: Chat,
        actor: int,
        text: str,
        key: str | None = None,
        *,
        mentions: Collection[int] = (),
        reply_to: Message | None = None,
        by_socket: bool = False,
    ) -> "Message | MultipleResults[Message]":
        me, ids = self.who(actor, chat), sorted(self.persons[one].id for one in mentions)
        body: dict[str, Any] = {"chatId": chat.id, "content": text, "mentions": ids}
        body |= {"clientMessageId": key} if key else {}
        body |= {"replyTo": reply_to.id} if reply_to else {}
        answer = self.act(me, "message:send", body) if by_socket else self.ask(me, "POST", "/messages", body)
        sent = self.agreed("send", answer, lambda: self.model.send(me.id, chat, text, key, reply_to, ids), chat)
        if sent is None:
            return multiple()
        message, is_new = sent
        assert answer.status in {201 if is_new else 200, None}
        if not is_new:
            self.tally["send", "repeated"] += 1
        message.id = message.id or answer.body["id"]
        self._shows_message(message, me.id, answer)
        return message if is_new else multiple()

    @rule(target=World.messages, chat=World.groups, turn=st.integers(0, 9))
    def take_up_a_story(self, chat: Chat, turn: int) -> "Message | MultipleResults[Message]":
        stories = [message for message in chat.messages if message.system is not None and message.id]
        return stories[turn % len(stories)] if stories else multiple()

    @rule(message=World.messages, actor=ACTOR, text=TEXT, by_socket=BY_SOCKET)
    def edit(self, message: Message, actor: int, text: str, by_socket: bool) -> None:
        me = self.who(actor, message.chat)
        if by_socket:
            answer = self.act(me, "message:edit", {"messageId": message.id, "content": text})
        else:
            answer = self.ask(me, "PUT", f"/messages/{message.id}", {"content": text})
        self.agreed("edit", answer, lambda: self.model.edit(me.id, message, text), message.chat)
        self._shows_message(message, me.id, answer)

    @rule(message=World.messages, actor=ACTOR, scope=st.sampled_from(["me", "everyone"]), by_socket=BY_SOCKET)
    def delete(self, message: Message, actor: int, scope: str, by_socket: bool) -> None:
        me = self.who(actor, message.chat)
        if by_socket:
            answer = self.act(me, "message:delete", {"messageId": message.id, "for": scope})
        else:
            answer = self.ask(me, "DELETE", f"/messages/{message.id}", **{"for": scope})
        verb = self.model.delete_for_me if scope == "me" else self.model.delete_for_everyone
        self.agreed(f"delete for {scope}", answer, lambda: verb(me.id, message), message.chat)

    @rule(message=World.messages, actor=ACTOR, emoji=EMOJI, remove=st.booleans(), by_socket=BY_SOCKET)
    def react(self, message: Message, actor: int, emoji: str, remove: bool, by_socket: bool) -> None:
        me = self.who(actor, message.chat)
        if by_socket:
            answer = self.act(me, "message:react", {"messageId": message.id, "emoji": emoji, "remove": remove})
        else:
            answer = self.ask(me, "DELETE" if remove else "PUT", f"/messages/{message.id}/reactions/{emoji}")
        verb = "unreact" if remove else "react"
        self.agreed(verb, answer, lambda: self.model.react(me.id, message, emoji, remove=remove), message.chat)
        if answer.code is None and answer.body:
            assert answer.body["reactions"] == message.reactions

    @rule(message=World.messages, actor=ACTOR, remove=st.booleans())
    def pin(self, message: Message, actor: int, remove: bool) -> None:
        me = self.who(actor, message.chat)
        answer = self.ask(me, "DELETE" if remove else "PUT", f"/messages/{message.id}/pin")
        verb = "unpin" if remove else "pin"
        self.agreed(verb, answer, lambda: self.model.pin(me.id, message, remove=remove), message.chat)
        if not remove:
            self._shows_message(message, me.id, answer)

    @rule(
        target=World.messages,
        source=World.messages,
        actor=ACTOR,
        chats=st.lists(World.chats, min_size=1, max_size=2),
        key=KEY,
    )
    def forward(self, source: Message, actor: int, chats: list[Chat], key: str | None) -> "MultipleResults[Message]":
        me = self.who(actor, source.chat)
        body = {"chatIds": [chat.id for chat in chats]} | ({"clientMessageId": key} if key else {})
        answer = self.ask(me, "POST", f"/messages/{source.id}/forward", body)
        done = self.agreed("forward", answer, lambda: self.model.forward(me.id, source, chats, key), chats[0])
        if done is None:
            return multiple()
        copies, is_new = done
        assert answer.status == (201 if is_new else 200)
        new = [copy for copy in copies if not copy.id]
        for copy, told in zip(copies, answer.body["messages"], strict=True):
            copy.id = copy.id or told["id"]
            assert seen(told) == self.model.seen_message(copy, me.id)
        return multiple(*new)

    @rule(
        chat=World.chats,
        actor=ACTOR,
        seq=st.none() | st.integers(0, 12),
        read=st.booleans(),
        by_socket=BY_SOCKET,
    )
    def mark(self, chat: Chat, actor: int, seq: int | None, read: bool, by_socket: bool) -> None:
        me, body = self.who(actor, chat), {} if seq is None else {"seq": seq}
        if by_socket:
            answer = self.act(me, "messages:read" if read else "message:delivered", {"chatId": chat.id, **body})
        else:
            answer = self.ask(me, "POST", f"/chats/{chat.id}/{'read' if read else 'delivered'}", body)
        self.agreed("mark", answer, lambda: self.model.mark(me.id, chat, seq, read=read), chat)
        self._shows_marks(chat, me.id, answer)

    @rule(message=World.messages, actor=ACTOR, read=st.booleans())
    def mark_message(self, message: Message, actor: int, read: bool) -> None:
        chat = message.chat
        me = self.who(actor, chat)
        answer = self.ask(me, "POST", f"/messages/{message.id}/{'read' if read else 'delivered'}")

        def predict() -> None:
            self.model.mark(me.id, chat, self.model.access(me.id, message).seq, read=read)

        self.agreed("mark_message", answer, predict, chat)
        self._shows_marks(chat, me.id, answer)

    @rule(chat=World.chats, actor=ACTOR, text=st.sampled_from(["", "begun"]), by_socket=BY_SOCKET)
    def draft(self, chat: Chat, actor: int, text: str, by_socket: bool) -> None:
        self._draft(chat, self.who(actor, chat).id, text, None, by_socket=by_socket)

    @rule(to=World.messages, chat=World.chats, elsewhere=st.booleans(), actor=ACTOR)
    def draft_a_reply(self, to: Message, chat: Chat, elsewhere: bool, actor: int) -> None:
        chat = chat if elsewhere else to.chat
        self._draft(chat, self.who(actor, chat).id, "begun", to, by_socket=False)

    def _draft(self, chat: Chat, user: int, text: str, reply_to: Message | None, *, by_socket: bool) -> None:
        me, body = self.person(user), {"content": text, "replyTo": reply_to.id if reply_to else None}
        if by_socket:
            answer = self.act(me, "draft:set", {"chatId": chat.id, **body})
        else:
            answer = self.ask(me, "PUT", f"/chats/{chat.id}/draft", body)
        self.agreed("draft", answer, lambda: self.model.draft(me.id, chat, text, reply_to))
        drafts = self.ask(me, "GET", "/drafts", limit=100).body["drafts"]
        told = [(draft["chatId"], draft["content"], draft["replyTo"]) for draft in drafts]
        assert told == self.model.drafts_of(me.id)

    def _shows_message(self, message: Message, user: int, answer: Answer) -> None:
        if answer.code is None:
            assert seen(answer.body) == self.model.seen_message(message, user)

    def _shows_marks(self, chat: Chat, user: int, answer: Answer) -> None:
        if answer.code is None:
            member = chat.members[user]
            assert answer.body == {
                "chatId": chat.id,
                "deliveredSeq": member.delivered,
                "readSeq": member.read,
                "unreadCount": chat.unread_of(user),
            }
