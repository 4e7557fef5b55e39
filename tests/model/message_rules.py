"""The rules of messages: what each verb does to them, or why the service refuses."""

from collections.abc import Sequence

from tests.model.chat_rules import ChatRules, RefusedError, refuse
from tests.model.state import RANKED, Chat, Message


class Model(ChatRules):
    """The whole conversation."""

    def access(self, actor: int, message: Message) -> Message:
        """A message that is there for the actor."""
        self.member(message.chat, actor)
        refuse("not_found", when=actor in message.hidden_from)
        return message

    def write_refusal(self, actor: int, chat: Chat) -> str | None:
        """The code of the problem for a member who may not write."""
        refusal = self.sending_refusal(actor, chat)
        return "forbidden" if refusal == "only_admins" else refusal

    def send(
        self, actor: int, chat: Chat, content: str, key: str | None, reply_to: Message | None, mentions: Sequence[int]
    ) -> tuple[Message, bool]:
        """The stored message, and whether it is new."""
        refuse("invalid_input", when=not content.strip())
        self.member(chat, actor)
        earlier = self._earlier(actor, key)
        if earlier is not None:
            refuse("client_message_id_reused", when=earlier.chat is not chat)
            return earlier, False
        self._check_may_write(actor, chat)
        refuse("unknown_reply", when=reply_to is not None and reply_to.chat is not chat)
        refuse("unknown_mention", when=not chat.members.keys() >= set(mentions))
        message = self._stored(actor, chat, content, key)
        message.reply_to = reply_to.id if reply_to else None
        message.mentions = list(mentions)
        return message, True

    def _check_may_write(self, actor: int, chat: Chat) -> None:
        refusal = self.write_refusal(actor, chat)
        if refusal is not None:
            raise RefusedError(refusal)

    def _earlier(self, actor: int, key: str | None) -> Message | None:
        for chat in self.chats:
            for message in chat.messages:
                if key is not None and (message.sender, message.key) == (actor, key):
                    return message
        return None

    def _stored(self, actor: int, chat: Chat, content: str, key: str | None) -> Message:
        chat.moved = self.tick()
        message = Message(chat, chat.last_seq + 1, actor, content, chat.moved, key)
        chat.messages.append(message)
        me = chat.members[actor]
        me.delivered = me.read = message.seq
        return message

    def forward(
        self, actor: int, source: Message, chats: Sequence[Chat], key: str | None
    ) -> tuple[list[Message], bool]:
        """The copies in the order of the chats, and whether one of them is new."""
        refuse("invalid_input", when=len(set(chats)) < len(chats))
        keys = [None if key is None else f"{key}:{chat.id}" for chat in chats]
        earlier = [self._earlier(actor, one) for one in keys]
        for chat, copy in zip(chats, earlier, strict=True):
            self.member(chat, actor)
            if copy is None:
                self._check_may_write(actor, chat)
        if all(copy is not None for copy in earlier):
            return [copy for copy in earlier if copy is not None], False
        self.access(actor, source)
        refuse("message_deleted", when=source.deleted)
        refuse("forbidden", when=source.system is not None)
        copies: dict[Chat, Message] = {}
        # Of two chats the one with the higher id has its copy later.
        for chat, one, copy in sorted(zip(chats, keys, earlier, strict=True), key=lambda target: target[0].id):
            copies[chat] = copy or self._stored(actor, chat, source.content, one)
            if copy is None:
                copies[chat].origin = source.origin or (source.id, source.sender)
        return [copies[chat] for chat in chats], True

    def edit(self, actor: int, message: Message, content: str) -> None:
        """Gives one's own message another text."""
        self.access(actor, message)
        refuse("forbidden", when=message.sender != actor or message.system is not None)
        refuse("message_deleted", when=message.deleted)
        refuse("forbidden", when=message.origin is not None)
        self._check_may_write(actor, message.chat)
        refuse("invalid_input", when=not content.strip())
        if content != message.content:
            message.edits.append(message.content)
            message.content, message.edited = content, True

    def delete_for_everyone(self, actor: int, message: Message) -> None:
        """Takes a message's content from everybody."""
        self.access(actor, message)
        chat = message.chat
        commands = chat.type == "group" and chat.members[actor].role in RANKED
        refuse("forbidden", when=message.system is not None or (message.sender != actor and not commands))
        message.empty()

    def delete_for_me(self, actor: int, message: Message) -> None:
        """Hides a message from oneself."""
        self.member(message.chat, actor)
        refuse("forbidden", when=message.system is not None)
        message.hidden_from.add(actor)

    def react(self, actor: int, message: Message, emoji: str, *, remove: bool) -> None:
        """Reacts, or takes a reaction back."""
        self.access(actor, message)
        reacted = actor in message.reactions.get(emoji, ())
        if reacted == remove:
            refuse("forbidden", when=message.system is not None)
            refuse("message_deleted", when=message.deleted)
            refuse("blocked", when=not remove and self.write_refusal(actor, message.chat) == "blocked")
            if not remove:
                message.reactions.setdefault(emoji, []).append(actor)
            else:
                message.reactions[emoji].remove(actor)
                if not message.reactions[emoji]:
                    del message.reactions[emoji]

    def pin(self, actor: int, message: Message, *, remove: bool) -> None:
        """Pins a message, or takes it down."""
        self.access(actor, message)
        chat = message.chat
        refuse("forbidden", when=chat.type == "group" and chat.members[actor].role not in RANKED)
        if (message.pinned > 0) == remove:
            refuse("message_deleted", when=message.deleted)
            refuse("forbidden", when=message.system is not None)
            self._check_may_write(actor, chat)
            message.pinned = 0 if remove else self.tick()
            if chat.type == "group" and not remove:
                self.tell(actor, chat, "pinned", messageId=message.id)

    def pins(self, actor: int, chat: Chat) -> list[Message]:
        """A chat's pinned messages, the last pinned first."""
        self.member(chat, actor)
        pinned = [message for message in chat.shown_to(actor) if message.pinned]
        return sorted(pinned, key=lambda message: message.pinned, reverse=True)

    def history(self, actor: int, chat: Chat, way: str, start: int) -> list[Message]:
        """The messages a member finds going one `way` from a place."""
        self.member(chat, actor)
        shown = chat.shown_to(actor)
        match way:
            case "after":
                return [message for message in shown if message.seq > start]
            case "before":
                return [message for message in reversed(shown) if message.seq < start]
            case "skip":
                return [message for message in reversed(shown) if message.seq <= chat.last_seq - start]
        return shown[::-1]

    def mark(self, actor: int, chat: Chat, seq: int | None, *, read: bool) -> None:
        """Moves the marks forward, never beyond what was sent."""
        me = self.member(chat, actor)
        refuse("invalid_input", when=seq is not None and seq > chat.last_seq)
        wanted = chat.last_seq if seq is None else seq
        me.delivered = max(me.delivered, wanted)
        if read:
            me.read = max(me.read, wanted)

    def draft(self, actor: int, chat: Chat, content: str, reply_to: Message | None) -> None:
        """Keeps what somebody has begun to write."""
        self.member(chat, actor)
        reply_to = reply_to if content else None
        refuse("unknown_reply", when=reply_to is not None and reply_to.chat is not chat)
        chat.drafts[actor] = (content, reply_to.id if reply_to else None)

    def drafts_of(self, actor: int) -> list[tuple[int, str, int | None]]:
        """What a user has begun to write, by chat."""
        kept = [
            (chat.id, *chat.drafts[actor])
            for chat in self.chats
            if actor in chat.members and chat.drafts.get(actor, ("", None))[0]
        ]
        return sorted(kept)
