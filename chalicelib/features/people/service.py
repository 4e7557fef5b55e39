"""The rules of profiles, contacts and blocks."""

from typing import Annotated

import msgspec
from msgspec import UNSET

from chalicelib.core import ratelimit
from chalicelib.core.context import Actor
from chalicelib.core.errors import Blocked, NotFound, UnknownUser
from chalicelib.core.ids import MAX_ID, Id
from chalicelib.core.paging import Page, cut, read_cursor, write_cursor
from chalicelib.features.people import store
from chalicelib.features.people.schemas import (
    Block,
    BlockList,
    Contact,
    ContactList,
    ContactQuery,
    NewContact,
    ProfileChange,
    SearchQuery,
    User,
    UserList,
)
from chalicelib.realtime import events
from chalicelib.realtime.publish import presence_may_have_changed, publish, tell_status_anew


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


def users(actor: Actor, page: Page) -> UserList:
    """Everybody, in the order of registration."""
    found, more = cut(store.users(actor, after=_after(page), limit=page.limit + 1), page.limit)
    return UserList(users=found, has_more=more, next_cursor=write_cursor(found[-1].id) if more else None)


def search(actor: Actor, query: SearchQuery) -> tuple[UserList, dict[str, str]]:
    """Who matches, with the RateLimit headers. Raises RateLimited."""
    policy = ratelimit.searches()
    after = read_cursor(query.cursor, _SearchKey) or _SearchKey()
    allowance, matches = store.search(
        actor,
        query.q.strip(),
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
    """Changes the actor's own profile. Raises EmailTaken."""
    changed = store.change(actor, asked)
    if asked.status_text is not UNSET:
        presence_may_have_changed(actor.user_id)
    return changed


def contacts(actor: Actor, query: ContactQuery) -> ContactList:
    """The actor's contacts, or those of them whose name holds `q`."""
    q = query.q and query.q.strip()
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
    return addition.contact, addition.created


def rename_contact(actor: Actor, user_id: int, name: str | None) -> Contact:
    """Gives a contact another name. Raises NotFound."""
    contact = store.rename_contact(actor, user_id, name)
    if contact is None:
        raise NotFound("This user is not among your contacts.")
    return contact


def remove_contact(actor: Actor, user_id: int) -> None:
    """Forgets a contact, if it is one."""
    if store.remove_contact(actor, user_id):
        tell_status_anew(actor.user_id, [user_id])


def blocks(actor: Actor, page: Page) -> BlockList:
    """Whom the actor has blocked."""
    found, more = cut(store.blocks(actor, after=_after(page), limit=page.limit + 1), page.limit)
    return BlockList(blocks=found, has_more=more, next_cursor=write_cursor(found[-1].user_id) if more else None)


def block(actor: Actor, user_id: int) -> Block:
    """Blocks somebody, and each leaves the other's eyes; again is as once. Raises NotYourself, NotFound."""
    blocking = store.block(actor, user_id)
    if blocking is None:
        raise NotFound("There is no such user.")
    if blocking.shown:
        _leave(actor.user_id, eyes_of=user_id)
    if blocking.saw:
        _leave(user_id, eyes_of=actor.user_id)
    return blocking.block


def unblock(actor: Actor, user_id: int) -> None:
    """Takes a block back, if there is one, and each comes back into the other's eyes."""
    shown, sees = store.unblock(actor, user_id)
    if shown:
        tell_status_anew(actor.user_id, [user_id])
    if sees:
        tell_status_anew(user_id, [actor.user_id])


def _leave(user_id: int, *, eyes_of: int) -> None:
    event = events.user_status(user_id=user_id, status="offline", status_text="", last_seen_at=None)
    publish(event, to=[eyes_of], group=f"user:{user_id}")


def _after(page: Page) -> int:
    key = read_cursor(page.cursor, tuple[Id])
    return key[0] if key else 0
