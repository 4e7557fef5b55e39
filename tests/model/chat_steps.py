"""Steps of the machine that make, join, leave and change chats."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults, initialize, multiple, rule

from tests.model.base import World
from tests.model.state import Chat, Invite, seen
from tests.support.server import Server

PERSON = st.integers(0, 3)
ACTOR = st.integers(0, 11)
# A chat that is gone is of little use to the steps that follow.
PARTINGS = st.sampled_from(["remove"] * 4 + ["leave"] * 2 + ["delete"])
SOME = st.sets(PERSON, min_size=1, max_size=3)


# What concerns groups is tried on private chats now and then.
GROUP = st.one_of(World.groups, World.groups, World.chats)


class ChatSteps(World):
    """Chats, members, invites, blocks."""

    def __init__(self, server: Server, tally: "Counter[tuple[str, str]]") -> None:
        super().__init__(server, tally)
        self.group(0, {1, 2, 3}, "Everybody")
        self.private(0, 1)

    @initialize(target=World.chats)
    def first_chats(self) -> "MultipleResults[Chat]":
        return multiple(*self.model.chats)

    @initialize(target=World.groups)
    def first_group(self) -> Chat:
        return self.model.chats[0]

    @rule(target=World.chats, actor=PERSON, peer=PERSON)
    def private(self, actor: int, peer: int) -> "Chat | MultipleResults[Chat]":
        one, other = self.persons[actor], self.persons[peer]
        answer = self.ask(one, "POST", "/chats", {"type": "private", "participantIds": [other.id]})
        made = self.agreed("private", answer, lambda: self.model.private(one.id, other.id))
        if made is None:
            return multiple()
        chat, is_new = made
        assert answer.status == (201 if is_new else 200)
        chat.id = chat.id or answer.body["id"]
        self._shows(chat, one.id, answer.body)
        return chat if is_new else multiple()

    @rule(
        targets=(World.chats, World.groups),
        actor=PERSON,
        others=st.sets(PERSON, max_size=3),
        name=st.sampled_from([None, "Team"]),
    )
    def group(self, actor: int, others: set[int], name: str | None) -> "Chat | MultipleResults[Chat]":
        owner, ids = self.persons[actor], [self.persons[other].id for other in others]
        body = {"type": "group", "participantIds": ids} | ({"name": name} if name else {})
        answer = self.ask(owner, "POST", "/chats", body)
        chat = self.agreed("group", answer, lambda: self.model.group(owner.id, ids, name))
        if chat is None:
            return multiple()
        assert answer.status == 201
        chat.id = answer.body["id"]
        self._shows(chat, owner.id, answer.body)
        return chat

    @rule(chat=GROUP, actor=ACTOR, others=SOME)
    def add(self, chat: Chat, actor: int, others: set[int]) -> None:
        me, ids = self.who(actor, chat), [self.persons[other].id for other in others]
        answer = self.ask(me, "POST", f"/chats/{chat.id}/participants", {"userIds": ids})
        self.agreed("add", answer, lambda: self.model.add(me.id, chat, ids), chat)
        if answer.code is None:
            self._shows(chat, me.id, answer.body)

    @rule(chat=GROUP, actor=ACTOR, whom=ACTOR, how=PARTINGS)
    def part(self, chat: Chat, actor: int, whom: int, how: str) -> None:
        me, leaver = self.who(actor, chat), self.who(whom, chat)
        match how:
            case "remove":
                answer = self.ask(me, "DELETE", f"/chats/{chat.id}/participants/{leaver.id}")
                self.agreed(how, answer, lambda: self.model.remove(me.id, chat, leaver.id), chat)
            case "leave":
                answer = self.ask(me, "POST", f"/chats/{chat.id}/leave")
                self.agreed(how, answer, lambda: self.model.remove(me.id, chat, me.id), chat)
            case "delete":
                answer = self.ask(me, "DELETE", f"/chats/{chat.id}")
                self.agreed("delete_chat", answer, lambda: self.model.delete_chat(me.id, chat), chat)

    @rule(chat=GROUP, actor=ACTOR, whom=ACTOR, role=st.sampled_from(["owner", "admin", "member"]))
    def set_role(self, chat: Chat, actor: int, whom: int, role: str) -> None:
        me, other = self.who(actor, chat), self.who(whom, chat)
        answer = self.ask(me, "PATCH", f"/chats/{chat.id}/participants/{other.id}", {"role": role})
        self.agreed("set_role", answer, lambda: self.model.set_role(me.id, chat, other.id, role), chat)

    @rule(
        chat=GROUP,
        actor=ACTOR,
        change=st.sampled_from(
            [
                ("name", "Renamed", {"name": "Renamed"}),
                ("is_public", True, {"isPublic": True}),
                ("is_public", False, {"isPublic": False}),
                ("who_can_send", "admins", {"settings": {"whoCanSend": "admins"}}),
                ("who_can_send", "members", {"settings": {"whoCanSend": "members"}}),
                ("who_can_add", "members", {"settings": {"whoCanAdd": "members"}}),
            ]
        ),
    )
    def change(self, chat: Chat, actor: int, change: tuple[str, object, Any]) -> None:
        me, (field, value, body) = self.who(actor, chat), change
        answer = self.ask(me, "PATCH", f"/chats/{chat.id}", body)
        self.agreed("change", answer, lambda: self.model.change(me.id, chat, field, value), chat)
        if answer.code is None:
            self._shows(chat, me.id, answer.body)

    @rule(
        chat=World.chats,
        actor=ACTOR,
        verb=st.sampled_from(["mute", "unmute", "pin", "unpin", "archive", "unarchive"]),
        for_ever=st.booleans(),
    )
    def personal(self, chat: Chat, actor: int, verb: str, for_ever: bool) -> None:
        me = self.who(actor, chat)
        until = None if for_ever or verb != "mute" else self.soon(timedelta(days=1))
        method, path = ("DELETE", verb[2:]) if verb.startswith("un") else ("PUT", verb)
        body = {"until": until} if verb == "mute" else None
        answer = self.ask(me, method, f"/chats/{chat.id}/{path}", body)
        self.agreed("personal", answer, lambda: self.model.personal(me.id, chat, verb, until), chat)

    @rule(target=World.invites, chat=GROUP, actor=ACTOR, most=st.sampled_from([None, 1, 2]))
    def make_invite(self, chat: Chat, actor: int, most: int | None) -> "Invite | MultipleResults[Invite]":
        me = self.who(actor, chat)
        answer = self.ask(me, "POST", f"/chats/{chat.id}/invites", {"maxUses": most} if most else {})
        invite = self.agreed("make_invite", answer, lambda: self.model.make_invite(me.id, chat, most))
        if invite is None:
            return multiple()
        invite.id, invite.token = answer.body["id"], answer.body["token"]
        return invite

    @rule(invite=World.invites, actor=ACTOR)
    def join_by_invite(self, invite: Invite, actor: int) -> None:
        me = self.who(actor, invite.chat)
        answer = self.ask(me, "POST", f"/invites/{invite.token}/join")
        self.agreed("join_by_invite", answer, lambda: self.model.join_by(me.id, invite), invite.chat)
        if answer.code is None:
            self._shows(invite.chat, me.id, answer.body)

    @rule(invite=World.invites, actor=ACTOR)
    def revoke_invite(self, invite: Invite, actor: int) -> None:
        me = self.who(actor, invite.chat)
        answer = self.ask(me, "DELETE", f"/chats/{invite.chat.id}/invites/{invite.id}")
        self.agreed("revoke_invite", answer, lambda: self.model.revoke(me.id, invite), invite.chat)

    @rule(chat=GROUP, actor=ACTOR)
    def list_invites(self, chat: Chat, actor: int) -> None:
        me = self.who(actor, chat)
        answer = self.ask(me, "GET", f"/chats/{chat.id}/invites", limit=100)
        own = self.agreed("list_invites", answer, lambda: self.model.own_invites(me.id, chat))
        if own is not None:
            told = [(invite["id"], invite["uses"], invite["isOpen"]) for invite in answer.body["invites"]]
            assert told == [(invite.id, invite.uses, self.model.is_open(invite)) for invite in own]

    @rule(chat=GROUP, actor=ACTOR)
    def join_public(self, chat: Chat, actor: int) -> None:
        me = self.who(actor, chat)
        answer = self.ask(me, "POST", f"/chats/{chat.id}/join")
        self.agreed("join_public", answer, lambda: self.model.join_public(me.id, chat), chat)

    @rule(actor=PERSON, other=PERSON, remove=st.booleans())
    def block(self, actor: int, other: int, remove: bool) -> None:
        me, them = self.persons[actor].id, self.persons[other].id
        answer = self.ask(self.persons[actor], "DELETE" if remove else "PUT", f"/blocks/{them}")
        verb = self.model.unblock if remove else self.model.block
        self.agreed("unblock" if remove else "block", answer, lambda: verb(me, them))

    @rule(actor=PERSON, shares=st.booleans())
    def share_reading(self, actor: int, shares: bool) -> None:
        me = self.persons[actor]
        answer = self.ask(me, "PATCH", "/users/me/privacy", {"readReceipts": shares})
        self.agreed("share_reading", answer, lambda: self.model.share_reading(me.id, shares=shares))

    def _shows(self, chat: Chat, user: int, answer: Any) -> None:
        self.meet_stories(chat)
        assert seen(answer) == self.model.seen_chat(chat, user)
