"""Chats over HTTP."""

from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    Blocked,
    Forbidden,
    Gone,
    GroupFull,
    LastOwner,
    NotAGroup,
    NotAPicture,
    NotFound,
    RateLimited,
    UnknownUser,
    WordsRefused,
    WritingRefused,
)
from chalicelib.core.http import Reply, Routes
from chalicelib.core.ids import Id
from chalicelib.core.paging import Page
from chalicelib.features.chats import (
    deletion,
    invites,
    joining,
    members,
    personal,
    properties,
    public,
    requests,
    roles,
    unread,
)
from chalicelib.features.chats.access import access_chat
from chalicelib.features.chats.create import create
from chalicelib.features.chats.listing import list_chats as list_my_chats
from chalicelib.features.chats.schemas import (
    ChatChange,
    ChatInput,
    ChatList,
    ChatPreview,
    ChatQuery,
    InviteInput,
    InviteList,
    InviteToken,
    MuteInput,
    NewInvite,
    NotifyInput,
    ParticipantsInput,
    PublicChatList,
    PublicChatQuery,
    RoleInput,
    Unread,
)
from chalicelib.realtime.shapes import Chat, ChatMember, ChatPersonal

routes = Routes("chats")


@routes.post(
    "/chats",
    status=201,
    creates=True,
    also=(200,),
    refuses=(UnknownUser, Blocked, WritingRefused, GroupFull, WordsRefused),
)
def create_chat(actor: Actor, body: ChatInput) -> Reply[Chat]:
    """Make a group, or find or make the private chat with a user (200 where it was there)."""
    chat, created = create(actor, body)
    return Reply(body=chat, status=201 if created else 200)


@routes.get("/chats", cached=True)
def list_chats(actor: Actor, query: ChatQuery) -> ChatList:
    """My chats: pinned ones first, then the one with the newest message."""
    return list_my_chats(actor, query)


@routes.get("/chats/public", refuses=(RateLimited,))
def find_public_chats(actor: Actor, query: PublicChatQuery) -> Reply[PublicChatList]:
    """Public groups, or those that have `q` in their names, the newest first."""
    found, headers = public.find(actor, query)
    return Reply(body=found, status=200, headers=headers)


@routes.get("/chats/{chat_id}/preview", refuses=(NotFound,))
def preview_public_chat(actor: Actor, chat_id: Id) -> ChatPreview:
    """What everybody may know of a public group."""
    return public.preview(actor, chat_id)


@routes.get("/chats/{chat_id}", cached=True, refuses=(NotFound,))
def get_chat(actor: Actor, chat_id: Id) -> Chat:
    """One of my chats, with all its participants."""
    return access_chat(actor, chat_id)


@routes.patch("/chats/{chat_id}", refuses=(NotFound, Forbidden, Blocked, NotAGroup, NotAPicture, WordsRefused))
def change_chat(actor: Actor, chat_id: Id, body: ChatChange) -> Chat:
    """Change a group's name, description, avatar or settings, or how long messages of a private chat live."""
    return properties.change(actor, chat_id, body)


@routes.delete("/chats/{chat_id}", refuses=(NotFound, Forbidden))
def delete_chat(actor: Actor, chat_id: Id) -> None:
    """End a group that I own, for all; or take a private chat off my list until its next message."""
    deletion.delete(actor, chat_id)


@routes.post(
    "/chats/{chat_id}/participants",
    creates=True,
    refuses=(NotFound, Forbidden, NotAGroup, UnknownUser, Blocked, GroupFull),
)
def add_participants(actor: Actor, chat_id: Id, body: ParticipantsInput) -> Chat:
    """Add users to a group."""
    user_ids = body.user_ids if body.user_id is None else [body.user_id, *body.user_ids]
    return members.add_members(actor, chat_id, user_ids)


@routes.patch("/chats/{chat_id}/participants/{user_id}", refuses=(NotFound, Forbidden, NotAGroup, LastOwner))
def change_role(actor: Actor, chat_id: Id, user_id: Id, body: RoleInput) -> ChatMember:
    """Give a member of a group another role."""
    return roles.set_role(actor, chat_id, user_id, body.role)


@routes.delete("/chats/{chat_id}/participants/{user_id}", refuses=(NotFound, Forbidden, NotAGroup, LastOwner))
def remove_participant(actor: Actor, chat_id: Id, user_id: Id) -> None:
    """Remove a member from a group, or leave it."""
    members.remove_member(actor, chat_id, user_id)


@routes.post("/chats/{chat_id}/leave", status=204, refuses=(NotFound, NotAGroup, LastOwner))
def leave_chat(actor: Actor, chat_id: Id) -> None:
    """Leave a group; with its last member it ends."""
    members.leave(actor, chat_id)


@routes.post("/chats/{chat_id}/join", refuses=(NotFound, Forbidden, Blocked, GroupFull))
def join_chat(actor: Actor, chat_id: Id) -> Chat:
    """Join a public group; again is as once."""
    return joining.join_public(actor, chat_id)


@routes.post("/chats/{chat_id}/invites", status=201, creates=True, refuses=(NotFound, NotAGroup, Forbidden))
def create_invite(actor: Actor, chat_id: Id, body: InviteInput) -> NewInvite:
    """Make a link by which others may join a group. Its token is in this answer alone."""
    return invites.make(actor, chat_id, body)


@routes.get("/chats/{chat_id}/invites", refuses=(NotFound,))
def list_invites(actor: Actor, chat_id: Id, query: Page) -> InviteList:
    """A group's invites, the newest first: all of them for owners and admins, one's own for others."""
    return invites.list_invites(actor, chat_id, query)


@routes.delete("/chats/{chat_id}/invites/{invite_id}", refuses=(NotFound,))
def revoke_invite(actor: Actor, chat_id: Id, invite_id: Id) -> None:
    """Take an invite back; again is as once."""
    invites.revoke(actor, chat_id, invite_id)


@routes.get("/invites/{token}", refuses=(NotFound, Gone))
def preview_invite(actor: Actor, token: InviteToken) -> ChatPreview:
    """The group that an invite leads to."""
    return invites.preview(actor, token)


@routes.post("/invites/{token}/join", refuses=(NotFound, Gone, Forbidden, Blocked, GroupFull))
def join_by_invite(actor: Actor, token: InviteToken) -> Chat:
    """Join the group that an invite leads to; again is as once."""
    return joining.join_by_invite(actor, token)


@routes.put("/chats/{chat_id}/mute", refuses=(NotFound,))
def mute_chat(actor: Actor, chat_id: Id, body: MuteInput) -> ChatPersonal:
    """Mute a chat, until a time or for ever."""
    return personal.mute(actor, chat_id, body)


@routes.delete("/chats/{chat_id}/mute", refuses=(NotFound,))
def unmute_chat(actor: Actor, chat_id: Id) -> None:
    """Mute a chat no longer."""
    personal.set_personal(actor, chat_id, "unmute")


@routes.put("/chats/{chat_id}/notifications", refuses=(NotFound,))
def set_chat_notifications(actor: Actor, chat_id: Id, body: NotifyInput) -> ChatPersonal:
    """Choose of what my devices are notified in a chat."""
    return personal.set_personal(actor, chat_id, "notify", notify_of=body.notify_of)


@routes.put("/chats/{chat_id}/pin", refuses=(NotFound,))
def pin_chat(actor: Actor, chat_id: Id) -> ChatPersonal:
    """Keep a chat at the top of my list."""
    return personal.set_personal(actor, chat_id, "pin")


@routes.delete("/chats/{chat_id}/pin", refuses=(NotFound,))
def unpin_chat(actor: Actor, chat_id: Id) -> None:
    """Let a chat take its place by its newest message again."""
    personal.set_personal(actor, chat_id, "unpin")


@routes.put("/chats/{chat_id}/archive", refuses=(NotFound,))
def archive_chat(actor: Actor, chat_id: Id) -> ChatPersonal:
    """Put a chat into my archive, where it stays whatever is sent."""
    return personal.set_personal(actor, chat_id, "archive")


@routes.delete("/chats/{chat_id}/archive", refuses=(NotFound,))
def unarchive_chat(actor: Actor, chat_id: Id) -> None:
    """Take a chat out of my archive."""
    personal.set_personal(actor, chat_id, "unarchive")


@routes.put("/chats/{chat_id}/unread", refuses=(NotFound,))
def mark_chat_unread(actor: Actor, chat_id: Id) -> ChatPersonal:
    """Mark a chat as unread, until I read it or write in it."""
    return personal.set_personal(actor, chat_id, "mark_unread")


@routes.delete("/chats/{chat_id}/unread", refuses=(NotFound,))
def unmark_chat_unread(actor: Actor, chat_id: Id) -> None:
    """Take the mark back; what is unread stays so."""
    personal.set_personal(actor, chat_id, "mark_seen")


@routes.post("/chats/{chat_id}/accept", refuses=(NotFound,))
def accept_request(actor: Actor, chat_id: Id) -> ChatPersonal:
    """Accept a chat that a stranger has begun; again is as once."""
    return requests.answer(actor, chat_id, accepts=True)


@routes.post("/chats/{chat_id}/decline", refuses=(NotFound,))
def decline_request(actor: Actor, chat_id: Id) -> ChatPersonal:
    """Decline a chat that a stranger has begun: it is hidden, and they cannot write in it; again is as once."""
    return requests.answer(actor, chat_id, accepts=False)


@routes.get("/unread")
def get_unread(actor: Actor) -> Unread:
    """How much there is to be read in all my chats, and in which of them I am mentioned."""
    return unread.unread(actor)
