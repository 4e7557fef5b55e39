"""What the databases of other messengers call their tables and columns.

A column is looked for under each of its names, whatever their case and underscores: `created_at` is `createdAt` too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Names = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The tables of one messenger: what each is called, and under which names its columns are looked for."""

    users: Names
    chats: Names
    participants: Names
    messages: Names
    reads: Names


# By their names in chalicelib's dialects: `flutter` and `conversations`.
DIALECTS: Mapping[str, Dialect] = {
    "flutter": Dialect(
        users=("users",),
        chats=("chats",),
        participants=("chat_participants", "participants", "chat_members"),
        messages=("messages",),
        reads=("message_reads", "message_read_status", "read_receipts"),
    ),
    "conversations": Dialect(
        users=("users",),
        chats=("conversations",),
        participants=("conversation_participants",),
        messages=("messages",),
        reads=("message_reads",),
    ),
}

_TIMES = {"created_at": ("created_at",), "updated_at": ("updated_at",)}

# What each table is read for. The first name is what the column is called from here on.
USER_COLUMNS: Mapping[str, Names] = {
    "id": ("id",),
    "username": ("username",),
    "name": ("name", "display_name", "full_name"),
    "first_name": ("first_name",),
    "last_name": ("last_name",),
    "email": ("email",),
    "hash": ("password_hash", "password"),
    "avatar": ("avatar_url", "avatar"),
    "status": ("status_text", "status", "bio"),
    "last_seen": ("last_seen", "last_seen_at"),
    **_TIMES,
}
CHAT_COLUMNS: Mapping[str, Names] = {
    "id": ("id",),
    "type": ("type", "chat_type"),
    "is_group": ("is_group",),
    "name": ("name", "title"),
    "description": ("description",),
    "avatar": ("avatar_url", "avatar"),
    "created_by": ("created_by", "creator_id", "owner_id"),
    **_TIMES,
}
PARTICIPANT_COLUMNS: Mapping[str, Names] = {
    "chat": ("chat_id", "conversation_id"),
    "user": ("user_id",),
    "role": ("role",),
    "is_admin": ("is_admin",),
    "joined_at": ("joined_at", "created_at"),
    "left_at": ("left_at",),
    "last_read_at": ("last_read_at",),
}
MESSAGE_COLUMNS: Mapping[str, Names] = {
    "id": ("id",),
    "chat": ("chat_id", "conversation_id"),
    "sender": ("sender_id", "user_id"),
    "content": ("content", "text"),
    "media": ("media_url", "file_url", "attachment_url"),
    "media_name": ("file_name", "media_name"),
    "reply_to": ("reply_to_id", "reply_to", "reply_to_message_id"),
    "is_read": ("is_read",),
    "is_deleted": ("is_deleted",),
    "deleted_at": ("deleted_at",),
    "edited_at": ("edited_at",),
    "created_at": ("created_at", "sent_at", "timestamp"),
}
READ_COLUMNS: Mapping[str, Names] = {
    "message": ("message_id",),
    "user": ("user_id",),
    "status": ("status",),
    "read_at": ("read_at", "created_at"),
}
