"""The rules of profiles, contacts and blocks."""

from typing import Annotated

import msgspec
from msgspec import UNSET

from chalicelib.core import ratelimit
from chalicelib.core.context import Actor
from chalicelib.core.errors import Blocked, NotFound, UnknownUser
from chalicelib.core.ids import MAX_ID, Id
from chalicelib.core.paging import Page, cut, read_cursor, read_list, write_cursor
from chalicelib.features.accounts.usernames import normal
from chalicelib.features.people import block_store, store
from chalicelib.features.people.schemas import (
    BlockList,
    ContactList,
    ContactQuery,
    NewContact,
    ProfileChange,
    SearchQuery,
    UserList,
    UsersQuery,
)
from chalicelib.features.people.telling import tell_own, tell_profile
from chalicelib.features.uploads import avatars
from chalicelib.realtime import events
from chalicelib.realtime.people import Block, Contact, User
from chalicelib.realtime.publish import presence_may_have_changed, publish, tell_status_anew
from chalicelib.realtime.shapes import CannotSendReason


class _SearchKey(msgspec.Struct, frozen=True, array_like=True):
    """The last one found: by a username in lower case, or otherwise, and then by id."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$")] = ""
    user_id: Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)] = 0


def me(actor: Actor) -> User:
    """The actor, email address included."""
    return user(actor, actor.user_id)


def user(actor: Actor, user_id: int) -> User:
    """One person as the actor sees them. Raises NotFound."""
    found = store.user(actor, user_id)
    if found is None:
        raise NotFound("There is no such user.")
    return found


def users(actor: Actor, query: UsersQuery) -> UserList:
    """Everybody, in the order of registration; or those with the ids that are asked for."""
    if query.ids is not None:
        return UserList(users=store.users_of(actor, read_list("ids", query.ids)), has_more=False, next_cursor=None)
    found, more = cut(store.users(actor, after=_after(query), limit=query.limit + 1), query.limit)
    return UserList(users=found, has_more=more, next_cursor=write_cursor(found[-1].id) if more else None)


def search(actor: Actor, query: SearchQuery) -> tuple[UserList, dict[str, str]]:
    """Who matches, with the RateLimit headers. Raises RateLimited."""
    policy = ratelimit.searches()
    after = read_cursor(query.cursor, _SearchKey) or _SearchKey()
    allowance, matches = store.search(
        actor,
        _sought(query.q),
        after_name=after.name,
        after_id=after.user_id,
        limit=query.limit + 1,
        policy=policy,
    )
    ratelimit.refuse_unless_allowed(policy, allowance)
    found, more = cut(matches, query.limit)
    cursor = write_cursor(found[-1].after_name, found[-1].after_id) if more else None
    answer = UserList(users=[match.user for match in found], has_more=more, next_cursor=cursor)
    return answer, ratelimit.headers(policy, allowance)


def change_me(actor: Actor, asked: ProfileChange) -> User:
    """Changes the actor's own profile.

    Raises UsernameTaken, EmailTaken, and for an avatar NotAPicture, or InvalidInput where it is a URL that leads
    elsewhere.
    """
    if asked.username is not UNSET:
        asked = msgspec.structs.replace(asked, username=normal(asked.username))
    changed, news = store.change(actor, asked, avatars.chosen(asked.avatar_id, asked.avatar_url))
    if news is not None:
        tell_profile(news)
    if asked.status_text is not UNSET:
        presence_may_have_changed(actor.user_id)
    return changed


def contacts(actor: Actor, query: ContactQuery) -> ContactList:
    """The actor's contacts, or those of them whose name holds `q`."""
    q = query.q and _sought(query.q)
    found, more = cut(store.contacts(actor, q=q, after=_after(query), limit=query.limit + 1), query.limit)
    return ContactList(contacts=found, has_more=more, next_cursor=write_cursor(found[-1].user_id) if more else None)


def add_contact(actor: Actor, new: NewContact) -> tuple[Contact, bool]:
    """The contact, and whether it is a new one. Raises NotYourself, UnknownUser, Blocked."""
    addition = store.add_contact(actor, new)
    if addition is None:
        raise UnknownUser()
    if addition.contact is None:
        raise Blocked()
    if addition.may_see:
        tell_status_anew(actor.user_id, [new.user_id])
    tell_own(actor.user_id, events.contact_updated(addition.contact, version=addition.version))
    return addition.contact, addition.created


def rename_contact(actor: Actor, user_id: int, name: str | None) -> Contact:
    """Gives a contact another name. Raises NotFound."""
    renamed = store.rename_contact(actor, user_id, name)
    if renamed is None:
        raise NotFound("This user is not among your contacts.")
    contact, version = renamed
    tell_own(actor.user_id, events.contact_updated(contact, version=version))
    return contact


def remove_contact(actor: Actor, user_id: int) -> None:
    """Forgets a contact, if it is one."""
    removal = store.remove_contact(actor, user_id)
    if removal is None:
        return
    tell_own(actor.user_id, events.contact_removed(user_id, version=removal.version))
    if removal.shown:
        tell_status_anew(actor.user_id, [user_id])


def blocks(actor: Actor, page: Page) -> BlockList:
    """Whom the actor has blocked."""
    found, more = cut(block_store.blocks(actor, after=_after(page), limit=page.limit + 1), page.limit)
    return BlockList(blocks=found, has_more=more, next_cursor=write_cursor(found[-1].user_id) if more else None)


def block(actor: Actor, user_id: int) -> Block:
    """Blocks somebody, and each leaves the other's eyes; again is as once. Raises NotYourself, NotFound."""
    blocking = block_store.block(actor, user_id)
    if blocking is None:
        raise NotFound("There is no such user.")
    if blocking.shown:
        _leave(actor.user_id, eyes_of=user_id)
    if blocking.saw:
        _leave(user_id, eyes_of=actor.user_id)
    tell_own(actor.user_id, events.block_updated(blocking.block, version=blocking.version))
    if blocking.closed_chat_id is not None:
        _tell_sending(blocking.closed_chat_id, "blocked", [actor.user_id, user_id])
    return blocking.block


def unblock(actor: Actor, user_id: int) -> None:
    """Takes a block back, if there is one, and each comes back into the other's eyes."""
    unblocked = block_store.unblock(actor, user_id)
    if unblocked is None:
        return
    tell_own(actor.user_id, events.block_removed(user_id, version=unblocked.version))
    if unblocked.opened_chat_id is not None:
        _tell_sending(unblocked.opened_chat_id, None, [actor.user_id, user_id])
    if unblocked.shown:
        tell_status_anew(actor.user_id, [user_id])
    if unblocked.sees:
        tell_status_anew(user_id, [actor.user_id])


def _tell_sending(chat_id: int, refusal: CannotSendReason | None, hearers: list[int]) -> None:
    publish(events.chat_sending(chat_id, refusal), to=hearers, group=f"chat:{chat_id}")


def _leave(user_id: int, *, eyes_of: int) -> None:
    event = events.user_status(user_id=user_id, status="offline", status_text="", last_seen_at=None)
    publish(event, to=[eyes_of], group=f"user:{user_id}")


def _sought(q: str) -> str:
    """What to look for: `@name` is how people write a username."""
    text = q.strip()
    return text.removeprefix("@").strip() or text


def _after(page: Page) -> int:
    key = read_cursor(page.cursor, tuple[Id])
    return key[0] if key else 0
