"""Profiles, contacts and blocks over HTTP."""

from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    Blocked,
    EmailTaken,
    NotAPicture,
    NotFound,
    NotYourself,
    RateLimited,
    UnknownUser,
    UsernameTaken,
)
from chalicelib.core.http import Reply, Routes
from chalicelib.core.ids import Id
from chalicelib.core.paging import Page
from chalicelib.features.people import privacy, service
from chalicelib.features.people.schemas import (
    BlockList,
    ContactChange,
    ContactList,
    ContactQuery,
    NewContact,
    PrivacyChange,
    ProfileChange,
    SearchQuery,
    UserList,
    UsersQuery,
)
from chalicelib.realtime.people import Block, Contact, Privacy, User

routes = Routes("people")


@routes.get("/users/me", cached=True)
def get_me(actor: Actor) -> User:
    """Who one is oneself, email address included."""
    return service.me(actor)


@routes.patch("/users/me", refuses=(UsernameTaken, EmailTaken, NotAPicture))
def change_me(actor: Actor, body: ProfileChange) -> User:
    """Changes one's own profile; what is absent stays."""
    return service.change_me(actor, body)


@routes.get("/users/me/privacy")
def get_privacy(actor: Actor) -> Privacy:
    """What one lets others see."""
    return privacy.privacy(actor)


@routes.patch("/users/me/privacy")
def change_privacy(actor: Actor, body: PrivacyChange) -> Privacy:
    """Choose what one lets others see."""
    return privacy.change_privacy(actor, body)


@routes.get("/users/search", refuses=(RateLimited,))
def search_users(actor: Actor, query: SearchQuery) -> Reply[UserList]:
    """Finds people by username and name: first those whose username begins with `q`."""
    found, headers = service.search(actor, query)
    return Reply(body=found, status=200, headers=headers)


@routes.get("/users/{user_id}", cached=True, refuses=(NotFound,))
def get_user(actor: Actor, user_id: Id) -> User:
    """One person."""
    return service.user(actor, user_id)


@routes.get("/users")
def list_users(actor: Actor, query: UsersQuery) -> UserList:
    """Everybody, in the order of registration; or those whose ids are given, as far as there are such."""
    return service.users(actor, query)


@routes.get("/contacts")
def list_contacts(actor: Actor, query: ContactQuery) -> ContactList:
    """One's contacts, or with `q` those whose name holds it."""
    return service.contacts(actor, query)


@routes.post("/contacts", status=201, creates=True, also=(200,), refuses=(NotYourself, UnknownUser, Blocked))
def add_contact(actor: Actor, body: NewContact) -> Reply[Contact]:
    """Adds a contact; 200 where it was one already, which then takes the name that is given."""
    contact, created = service.add_contact(actor, body)
    return Reply(body=contact, status=201 if created else 200)


@routes.patch("/contacts/{user_id}", refuses=(NotFound,))
def rename_contact(actor: Actor, user_id: Id, body: ContactChange) -> Contact:
    """Gives a contact another name, or none of one's own."""
    return service.rename_contact(actor, user_id, body.name)


@routes.delete("/contacts/{user_id}")
def remove_contact(actor: Actor, user_id: Id) -> None:
    """Forgets a contact; again is as once."""
    service.remove_contact(actor, user_id)


@routes.get("/blocks")
def list_blocks(actor: Actor, query: Page) -> BlockList:
    """Whom one has blocked."""
    return service.blocks(actor, query)


@routes.put("/blocks/{user_id}", refuses=(NotYourself, NotFound))
def block_user(actor: Actor, user_id: Id) -> Block:
    """Blocks somebody: neither can write to or add the other. Again is as once."""
    return service.block(actor, user_id)


@routes.delete("/blocks/{user_id}")
def unblock_user(actor: Actor, user_id: Id) -> None:
    """Takes a block back; again is as once."""
    service.unblock(actor, user_id)
