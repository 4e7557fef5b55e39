"""The rules of chats and their members."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec

from chalicelib.core import paging
from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    Blocked,
    Forbidden,
    GroupFull,
    InvalidInput,
    LastOwner,
    NotAGroup,
    NotFound,
    Problem,
    Unavailable,
    UnknownUser,
)
from chalicelib.core.ids import Id
from chalicelib.features.chats import store
from chalicelib.features.chats.access import FIRST_PARTICIPANTS, access_chat
from chalicelib.features.chats.schemas import ChatChange, ChatInput, ChatList
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Chat, ChatSummary

_REFUSALS: dict[str, type[Problem]] = {
    "not_found": NotFound,
    "forbidden": Forbidden,
    "unknown_user": UnknownUser,
    "blocked": Blocked,
    "group_full": GroupFull,
    "not_group": NotAGroup,
    "last_owner": LastOwner,
}
# A change is tried again when the members changed under it; each try sees what the others have committed.
_TRIES = 20

Result = TypeVar("Result", store.Change, store.PrivateChat)


class _ListKey(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """After which chat a list goes on: when it had its newest message, and its id."""

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    chat_id: Id


def create(actor: Actor, chat: ChatInput) -> tuple[Chat, bool]:
    """Makes a group, or finds or makes a private chat; answers whether it is new."""
    if chat.type == "private":
        return _create_private(actor, chat)
    if chat.name is None:
        raise InvalidInput.at("name", "missing", "A group needs a name")
    change = _settled(
        lambda: store.create_group(
            actor, name=chat.name or "", description=chat.description, user_ids=chat.participant_ids
        )
    )
    assert change.chat_id is not None
    return _announce_creation(actor, change.chat_id), True


def change(actor: Actor, chat_id: int, wanted: ChatChange) -> Chat:
    """Changes a group's name, description or avatar; for its owners and admins."""
    given = {
        name: value
        for name, value in msgspec.structs.asdict(wanted).items()
        if not isinstance(value, msgspec.UnsetType)
    }
    _settled(lambda: store.change_chat(actor, chat_id, given))
    return _announce_change(actor, chat_id)


def add_members(actor: Actor, chat_id: int, user_ids: list[int]) -> Chat:
    """Adds users to a group; for its owners and admins."""
    if not user_ids:
        raise InvalidInput.at("userIds", "missing", "Give userId or userIds")
    added = _settled(lambda: store.add_members(actor, chat_id, user_ids)).changed_ids
    chat, member_ids = access_chat(actor, chat_id, most_participants=FIRST_PARTICIPANTS)
    newcomers = msgspec.structs.replace(chat, delivered_seq=chat.last_seq, read_seq=chat.last_seq, unread_count=0)
    publish(events.chat_created(newcomers), to=added, group=_group(chat_id))
    others = [user_id for user_id in member_ids if user_id not in set(added)]
    publish(events.chat_updated(_summary(chat)), to=others, group=_group(chat_id))
    return chat


def remove_member(actor: Actor, chat_id: int, user_id: int) -> None:
    """Takes a member out of a group, or leaves it."""
    remaining = _settled(lambda: store.remove_member(actor, chat_id, user_id)).changed_ids
    publish(events.chat_left(chat_id), to=[user_id], group=_group(chat_id))
    publish(events.member_left(chat_id=chat_id, user_id=user_id), to=remaining, group=_group(chat_id))


def list_chats(actor: Actor, page: paging.Page) -> ChatList:
    """One page of the caller's chats."""
    after = paging.read_cursor(page.cursor, _ListKey)
    rows = store.list_chats(
        actor,
        before=(after.at, after.chat_id) if after else None,
        limit=page.limit + 1,
        most_participants=FIRST_PARTICIPANTS,
    )
    rows, has_more = paging.cut(rows, page.limit, lambda row: len(row.chat.encode()))
    return ChatList(
        chats=[msgspec.json.decode(row.chat, type=Chat) for row in rows],
        has_more=has_more,
        next_cursor=paging.write_cursor(rows[-1].at, rows[-1].chat_id) if has_more else None,
    )


def _create_private(actor: Actor, chat: ChatInput) -> tuple[Chat, bool]:
    peers = set(chat.participant_ids) - {actor.user_id}
    if len(peers) != 1:
        raise InvalidInput.at("participantIds", "wrong_length", "A private chat takes one other user")
    peer_id = peers.pop()
    found = _settled(lambda: store.private_chat(actor, peer_id))
    assert found.chat_id is not None
    if found.created:
        return _announce_creation(actor, found.chat_id), True
    return access_chat(actor, found.chat_id)[0], False


def _settled(attempt: Callable[[], Result]) -> Result:
    """The outcome of a change, tried again while it is stale. Raises what its verdict stands for."""
    for _ in range(_TRIES):
        outcome = attempt()
        if outcome.verdict == "allowed":
            return outcome
        if outcome.verdict != "stale":
            raise _REFUSALS[outcome.verdict]()
    raise Unavailable("The chat's members change too fast; try again.")


def _announce_creation(actor: Actor, chat_id: int) -> Chat:
    chat, member_ids = access_chat(actor, chat_id, most_participants=FIRST_PARTICIPANTS)
    publish(events.chat_created(chat), to=member_ids, group=_group(chat_id))
    return chat


def _announce_change(actor: Actor, chat_id: int) -> Chat:
    chat, member_ids = access_chat(actor, chat_id, most_participants=FIRST_PARTICIPANTS)
    publish(events.chat_updated(_summary(chat)), to=member_ids, group=_group(chat_id))
    return chat


def _summary(chat: Chat) -> ChatSummary:
    fields = {name: getattr(chat, name) for name in ChatSummary.__struct_fields__}
    return ChatSummary(**fields)


def _group(chat_id: int) -> str:
    return f"chat:{chat_id}"
