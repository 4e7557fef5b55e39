"""Identifiers and the plain strings that clients may send."""

import secrets
from typing import Annotated

from msgspec import Meta

# JSON readers that keep numbers as doubles are exact up to here.
MAX_ID = 2**53 - 1

# The chat that everybody may use, as the migration has it.
COMMON_ROOM_ID = 1_000_000_000_000

Id = Annotated[int, Meta(ge=1, le=MAX_ID)]
Seq = Annotated[int, Meta(ge=0, le=MAX_ID)]
Timestamp = Annotated[str, Meta(description="RFC 3339, UTC, milliseconds", extra_json_schema={"format": "date-time"})]


# In a type's extra JSON Schema: the pattern that the documents show instead of the one that is checked.
DOCUMENTED_PATTERN = "x-documented-pattern"


def random_id() -> str:
    """An unguessable name, 22 characters of base64url (128 bits)."""
    return secrets.token_urlsafe(16)
