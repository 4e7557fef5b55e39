"""Chats over HTTP."""

from chalicelib.core.context import Actor
from chalicelib.core.http import Reply, Routes
from chalicelib.core.ids import Id
from chalicelib.core.paging import Page
from chalicelib.features.chats import service
from chalicelib.features.chats.access import access_chat
from chalicelib.features.chats.schemas import ChatChange, ChatInput, ChatList, ParticipantsInput
from chalicelib.realtime.shapes import Chat

routes = Routes("chats")


@routes.post("/chats", status=201, creates=True)
def create_chat(actor: Actor, body: ChatInput) -> Reply[Chat]:
    """Make a group, or find or make the private chat with a user (200 where it was there)."""
    chat, created = service.create(actor, body)
    return Reply(body=chat, status=201 if created else 200)


@routes.get("/chats", cached=True)
def list_chats(actor: Actor, query: Page) -> ChatList:
    """My chats, the one with the newest message first."""
    return service.list_chats(actor, query)


@routes.get("/chats/{chat_id}", cached=True)
def get_chat(actor: Actor, chat_id: Id) -> Chat:
    """One of my chats, with all its participants."""
    return access_chat(actor, chat_id)[0]


@routes.patch("/chats/{chat_id}")
def change_chat(actor: Actor, chat_id: Id, body: ChatChange) -> Chat:
    """Change a group's name, description or avatar."""
    return service.change(actor, chat_id, body)


@routes.post("/chats/{chat_id}/participants", creates=True)
def add_participants(actor: Actor, chat_id: Id, body: ParticipantsInput) -> Chat:
    """Add users to a group."""
    user_ids = body.user_ids if body.user_id is None else [body.user_id, *body.user_ids]
    return service.add_members(actor, chat_id, user_ids)


@routes.delete("/chats/{chat_id}/participants/{user_id}")
def remove_participant(actor: Actor, chat_id: Id, user_id: Id) -> None:
    """Remove a member from a group, or leave it."""
    service.remove_member(actor, chat_id, user_id)
