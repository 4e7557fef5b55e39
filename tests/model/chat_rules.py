"""The rules of chats: who may make, join, leave and change them, and what comes of it.

Each verb changes the state as the service should, or raises `RefusedError` with the code that the service
should give.
"""

from collections.abc import Collection

from tests.model.state import RANKED, Chat, Invite, Member, Message, State, Wire

STATUSES = {
    "invalid_input": 400,
    "forbidden": 403,
    "blocked": 403,
    "not_found": 404,
    "client_message_id_reused": 409,
    "gone": 410,
    "message_deleted": 410,
    "not_yourself": 422,
    "unknown_reply": 422,
    "unknown_mention": 422,
    "not_a_group": 422,
    "last_owner": 422,
}


class RefusedError(Exception):
    """The service refuses, with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.status = STATUSES[code]


def refuse(code: str, *, when: bool) -> None:
    """Raises `RefusedError` where that is so."""
    if when:
        raise RefusedError(code)


class ChatRules(State):
    """Chats, their members, invites and blocks."""

    def member(self, chat: Chat, user: int) -> Member:
        """A user's membership, without which there is no such chat."""
        refuse("not_found", when=user not in chat.members)
        return chat.members[user]

    def private(self, actor: int, peer: int) -> tuple[Chat, bool]:
        """The one chat of two users, or of one with themselves, and whether it is new."""
        for chat in self.chats:
            if chat.type == "private" and chat.members.keys() == {actor, peer}:
                chat.members[actor].hidden_seq = -1
                return chat, False
        refuse("blocked", when=self.blocked(actor, peer))
        return self._made(Chat("private", actor, self.tick()), {actor: "member", peer: "member"}), True

    def group(self, actor: int, others: Collection[int], name: str | None) -> Chat:
        """A new group."""
        wanted = set(others) - {actor}
        refuse("blocked", when=any(self.blocked(actor, other) for other in wanted))
        chat = self._made(Chat("group", actor, self.tick(), name), dict.fromkeys(wanted, "member") | {actor: "owner"})
        self.tell(actor, chat, "made", wanted, name=name)
        for member in chat.members.values():
            member.delivered = member.read = chat.last_seq
        return chat

    def tell(self, actor: int, chat: Chat, action: str, users: Collection[int] = (), **more: object) -> None:
        """A system message about what somebody did in a group."""
        chat.moved = self.tick()
        told: Wire = {
            "action": action,
            "userIds": sorted(users),
            "userCount": len(users),
            "name": None,
            "changes": [],
            "role": None,
            "messageId": None,
            **more,
        }
        content = f"{self.users[actor]} {self._words(told)}"
        chat.messages.append(Message(chat, chat.last_seq + 1, actor, content, chat.moved, system=told))

    def _words(self, told: Wire) -> str:
        people = ", ".join(self.users[user] for user in told["userIds"])
        named = f" “{told['name']}”" if told["name"] else ""
        match told["action"]:
            case "made":
                return f"made the group{named}" + (f" with {people}" if people else "")
            case "renamed":
                return f"renamed the group to{named}"
            case "joined" | "left":
                return f"{told['action']} the group"
            case "role":
                return f"made {people} {'a' if told['role'] == 'member' else 'an'} {told['role']}"
            case "pinned":
                return "pinned a message"
        return f"{told['action']} {people}"

    def _made(self, chat: Chat, roles: dict[int, str]) -> Chat:
        joined = self.tick()
        chat.members = {user: Member(joined, role) for user, role in roles.items()}
        self.chats.append(chat)
        return chat

    def add(self, actor: int, chat: Chat, users: Collection[int]) -> None:
        """Adds users to a group, all or none."""
        me = self.member(chat, actor)
        refuse("not_a_group", when=chat.type != "group")
        refuse("forbidden", when=not may_add(chat, me))
        wanted = set(users) - chat.members.keys()
        refuse("blocked", when=any(self.blocked(actor, user) for user in wanted))
        refuse("forbidden", when=me.role == "member" and bool(wanted & chat.barred))
        for user in wanted:
            self._join(chat, user)
        if wanted:
            self.tell(actor, chat, "added", wanted)

    def _join(self, chat: Chat, user: int) -> None:
        # What tells that they came is no news to them.
        chat.members[user] = Member(self.tick(), delivered=chat.last_seq + 1, read=chat.last_seq + 1)
        chat.barred.discard(user)

    def remove(self, actor: int, chat: Chat, leaver: int) -> None:
        """Takes a member out, or leaves."""
        me, leaving = self.member(chat, actor), self.member(chat, leaver)
        refuse("not_a_group", when=chat.type != "group")
        if actor != leaver:
            refuse("forbidden", when=me.role == "member" or (me.role == "admin" and leaving.role != "member"))
        refuse("last_owner", when=chat.owners() == {leaver} and len(chat.members) > 1)
        del chat.members[leaver]
        chat.barred.discard(leaver)
        if actor != leaver:
            chat.barred.add(leaver)
        self._end_if_empty(chat)
        if chat.members:
            self.tell(actor, chat, "left" if actor == leaver else "removed", [leaver])

    def _end_if_empty(self, chat: Chat) -> None:
        if not chat.members:
            chat.ended, chat.is_public = True, False

    def set_role(self, actor: int, chat: Chat, user: int, role: str) -> None:
        """Gives a member another role."""
        me, other = self.member(chat, actor), self.member(chat, user)
        refuse("not_a_group", when=chat.type != "group")
        refuse("forbidden", when=me.role == "member")
        if me.role == "admin":
            refuse("forbidden", when=role == "owner" or (other.role != "member" and actor != user))
        refuse("last_owner", when=chat.owners() == {user} and role != "owner")
        if other.role != role:
            other.role = role
            self.tell(actor, chat, "role", [user], role=role)

    def change(self, actor: int, chat: Chat, field: str, value: object) -> None:
        """Changes one property or rule of a group."""
        me = self.member(chat, actor)
        refuse("not_a_group", when=chat.type != "group")
        refuse("forbidden", when=me.role == "member" or (field == "is_public" and me.role != "owner"))
        if field == "name" and chat.name != value:
            self.tell(actor, chat, "renamed", name=value, changes=["name"])
        setattr(chat, field, value)

    def delete_chat(self, actor: int, chat: Chat) -> None:
        """Ends a group; hides a private chat."""
        me = self.member(chat, actor)
        if chat.type == "private":
            me.hidden_seq, me.pinned = chat.last_seq, 0
            return
        refuse("forbidden", when=me.role != "owner")
        chat.barred -= chat.members.keys()
        chat.members.clear()
        self._end_if_empty(chat)

    def make_invite(self, actor: int, chat: Chat, most_uses: int | None) -> Invite:
        """Makes a link into a group."""
        me = self.member(chat, actor)
        refuse("not_a_group", when=chat.type != "group")
        refuse("forbidden", when=not may_add(chat, me))
        self.invites.append(Invite(chat, actor, most_uses))
        return self.invites[-1]

    def own_invites(self, actor: int, chat: Chat) -> list[Invite]:
        """The invites that a member may take back, the newest first."""
        me = self.member(chat, actor)
        return [
            invite
            for invite in reversed(self.invites)
            if invite.chat is chat and not invite.revoked and (me.role in RANKED or invite.maker == actor)
        ]

    def revoke(self, actor: int, invite: Invite) -> None:
        """Takes a link back; again is as once."""
        me = self.member(invite.chat, actor)
        refuse("not_found", when=me.role == "member" and invite.maker != actor)
        invite.revoked = True

    def is_open(self, invite: Invite) -> bool:
        """Whether a link still leads into its group."""
        maker = invite.chat.members.get(invite.maker)
        used_up = invite.most_uses is not None and invite.uses >= invite.most_uses
        return not invite.revoked and not used_up and maker is not None and may_add(invite.chat, maker)

    def join_by(self, actor: int, invite: Invite) -> None:
        """Joins by a link; who is a member stays as they are."""
        if actor not in invite.chat.members:
            refuse("gone", when=not self.is_open(invite))
            self._enter(actor, invite.chat, host=invite.maker)
            invite.uses += 1

    def join_public(self, actor: int, chat: Chat) -> None:
        """Joins a public group; who is a member stays as they are."""
        if actor not in chat.members:
            refuse("not_found", when=not chat.is_public)
            self._enter(actor, chat, host=actor)

    def _enter(self, actor: int, chat: Chat, *, host: int) -> None:
        refuse("forbidden", when=actor in chat.barred)
        refuse("blocked", when=any(self.blocked(actor, user) for user in chat.owners() | {host}))
        self._join(chat, actor)
        self.tell(actor, chat, "joined", [actor])

    def block(self, actor: int, other: int) -> None:
        """Blocks somebody."""
        refuse("not_yourself", when=actor == other)
        self.blocks.add((actor, other))

    def unblock(self, actor: int, other: int) -> None:
        """Takes a block back."""
        self.blocks.discard((actor, other))

    def share_reading(self, actor: int, *, shares: bool) -> None:
        """Lets others see what one has read, or no longer."""
        if shares:
            self.quiet.discard(actor)
        else:
            self.quiet.add(actor)

    def personal(self, actor: int, chat: Chat, verb: str, until: str | None) -> None:
        """Mutes, pins or archives a chat for oneself, or no longer."""
        me = self.member(chat, actor)
        match verb:
            case "mute" | "unmute":
                me.muted, me.muted_until = verb == "mute", until if verb == "mute" else None
            case "pin":
                me.pinned = me.pinned or self.tick()
            case "unpin":
                me.pinned = 0
            case "archive" | "unarchive":
                me.archived = verb == "archive"


def may_add(chat: Chat, me: Member) -> bool:
    """Whether a member may bring others."""
    return chat.type == "group" and (me.role in RANKED or chat.who_can_add == "members")
