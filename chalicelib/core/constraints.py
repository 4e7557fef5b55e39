"""What it means when PostgreSQL refuses."""

from collections.abc import Mapping

from chalicelib.core.errors import (
    AlreadyInCall,
    EmailTaken,
    EmailVerified,
    Forbidden,
    IdempotencyKeyReused,
    NotAPicture,
    NotYourself,
    SessionEnded,
    SlowMode,
    UnusableAttachment,
    UsernameTaken,
    WordsRefused,
)
from chalicelib.core.problems import Problem

# By the name of the constraint, and by the raised SQLSTATE.
CONSTRAINTS: Mapping[str, type[Problem]] = {
    "users_username": UsernameTaken,
    "users_email": EmailTaken,
    "sessions_family": IdempotencyKeyReused,
    "contacts_another": NotYourself,
    "blocks_another": NotYourself,
    "attachments_upload_id_fkey": UnusableAttachment,
    "call_parties_joined": AlreadyInCall,
    "users_avatar_id_fkey": NotAPicture,
    "chats_avatar_id_fkey": NotAPicture,
}
RAISED: Mapping[str, type[Problem]] = {
    "MS401": SessionEnded,
    "MS403": Forbidden,
    "MS422": NotAPicture,
    "MS423": EmailVerified,
    "MS424": WordsRefused,
    "MS430": SlowMode,
}
