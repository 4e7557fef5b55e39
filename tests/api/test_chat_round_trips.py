"""What a verb on a chat costs: one round trip to PostgreSQL, pushes included."""

from collections.abc import Callable

from chalicelib.core import context
from chalicelib.core.paging import Page
from chalicelib.features.chats import (
    common_room,
    deletion,
    invites,
    joining,
    listing,
    members,
    personal,
    properties,
    public,
    roles,
)
from chalicelib.features.chats.create import create
from chalicelib.features.chats.schemas import (
    ChatChange,
    ChatInput,
    ChatQuery,
    InviteInput,
    MuteInput,
    PublicChatQuery,
    SettingsChange,
)
from tests.support.groups import invite
from tests.support.people import Register
from tests.support.sessions import actor_of
from tests.support.wire import Wire


def test_each_verb_is_one_round_trip(wire: Wire, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat, private = alice.chat_with(bob, name="group"), alice.chat_with(bob)
    doors = [carol.chat_with(name=str(number)) for number in range(2)]
    carol.http.patch(f"/chats/{doors[0]}", json={"isPublic": True})
    token, spare = invite(carol, doors[1])["token"], invite(alice, chat)["id"]
    me, she = actor_of(alice), bob.id
    rules = ChatChange(name="new", settings=SettingsChange(message_seconds=60))
    verbs: dict[str, Callable[[], object]] = {
        "create a group": lambda: create(me, ChatInput(type="group", name="new", participant_ids=[she])),
        "find a private chat": lambda: create(me, ChatInput(type="private", participant_ids=[she])),
        "create a private chat": lambda: create(me, ChatInput(type="private", participant_ids=[carol.id])),
        "list": lambda: listing.list_chats(me, ChatQuery(archived=False)),
        "change": lambda: properties.change(me, chat, rules),
        "change nothing": lambda: properties.change(me, chat, ChatChange()),
        "add": lambda: members.add_members(me, chat, [carol.id]),
        "set a role": lambda: roles.set_role(me, chat, she, "owner"),
        "set it again": lambda: roles.set_role(me, chat, she, "owner"),
        "remove": lambda: members.remove_member(me, chat, carol.id),
        "invite": lambda: invites.make(me, chat, InviteInput(max_uses=1)),
        "list invites": lambda: invites.list_invites(me, chat, Page()),
        "revoke": lambda: invites.revoke(me, chat, spare),
        "preview an invite": lambda: invites.preview(me, token),
        "join by invite": lambda: joining.join_by_invite(me, token),
        "join again": lambda: joining.join_by_invite(me, token),
        "join in public": lambda: joining.join_public(me, doors[0]),
        "enter the common room": lambda: common_room.enter(me),
        "find in public": lambda: public.find(me, PublicChatQuery(q="room")),
        "look through the public": lambda: public.find(me, PublicChatQuery()),
        "preview a public chat": lambda: public.preview(me, doors[0]),
        "mute": lambda: personal.mute(me, chat, MuteInput()),
        "pin": lambda: personal.set_personal(me, chat, "pin"),
        "archive": lambda: personal.set_personal(me, chat, "archive"),
        "delete a private chat": lambda: deletion.delete(me, private),
        "get it back": lambda: create(me, ChatInput(type="private", participant_ids=[she])),
        "delete a group": lambda: deletion.delete(me, chat),
        "leave": lambda: members.leave(me, doors[0]),
        "sweep": deletion.sweep,
    }
    for name, act in verbs.items():
        wire.reset()
        with context.begin() as current:
            act()
            current.committed()
        assert wire.round_trips == 1, name
        assert wire.connections == 0, name
