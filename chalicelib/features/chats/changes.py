"""What comes of a change of a chat: a verdict, and the chat as it is then.

A change of members, roles or rules raises `members_version`. What all see afterwards comes back from the same
statement, by `chat_after`.
"""

from collections.abc import Sequence

import msgspec

from chalicelib.core.verdicts import Outcome
from chalicelib.features.messages import story
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import CannotSendReason, Chat, ChatSummary, Role


class Change(Outcome, frozen=True, kw_only=True):
    """What became of a change: the chat as the actor sees it then, its members, and whom it added or took away.

    `users` tells who those are, `told` is the message that tells the change in the chat, and `version` the
    transaction that made it.
    """

    chat: str | None = None
    told: str | None = None
    member_ids: list[int] | None = None
    changed_ids: Sequence[int] = ()
    users: str | None = None
    version: str | None = None

    @property
    def seen(self) -> Chat:
        """The chat as the actor sees it."""
        return msgspec.json.decode(self.chat or "null", type=Chat)

    @property
    def summary(self) -> ChatSummary:
        """The chat as everybody sees it, with the people whom that names."""
        chat = msgspec.json.decode(self.chat or "null", type=ChatSummary)
        named = {chat.created_by, *(participant.user_id for participant in chat.participants)}
        return msgspec.structs.replace(chat, users=[user for user in chat.users or () if user.id in named])


def tell_change(change: Change) -> None:
    """Tells all members what was done, and how the chat is now; those who have just come know that already."""
    story.tell(change.told, change.member_ids or ())
    chat = change.summary
    newcomers = set(change.changed_ids)
    others = [user_id for user_id in change.member_ids or () if user_id not in newcomers]
    publish(events.chat_updated(chat, version=change.version), to=others, group=push_group(chat.id))


def tell_sending(chat: ChatSummary, role: Role, hearers: Sequence[int]) -> None:
    """Tells those who have this role in a group now whether they may write in it."""
    refusal: CannotSendReason | None = None
    if chat.settings.who_can_send == "admins" and role == "member":
        refusal = "only_admins"
    publish(events.chat_sending(chat.id, refusal), to=hearers, group=push_group(chat.id))


def push_group(chat_id: int) -> str:
    """Pushes about one chat keep their order."""
    return f"chat:{chat_id}"
