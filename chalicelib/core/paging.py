"""Keyset paging: an opaque cursor holds the sort key of the last row that was given out."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec

from chalicelib.core.errors import InvalidInput
from chalicelib.core.faults import TOLD
from chalicelib.core.ids import MAX_ID

Limit = Annotated[int, msgspec.Meta(ge=1, le=100)]
Cursor = Annotated[str, msgspec.Meta(max_length=200)]
DEFAULT_LIMIT = 50
# A function answers at most 6 MB, after JSON within JSON has made up to six bytes of each one.
PAGE_BYTES = 1_000_000

# Of how many a client can ask at once.
MOST_IDS = 100
IdList = Annotated[
    str,
    msgspec.Meta(
        max_length=2000,
        pattern=r"^[0-9]+(,[0-9]+)*$",
        description="up to 100 ids, separated by commas",
        extra={TOLD: "must be ids, separated by commas"},
    ),
]

T = TypeVar("T")


class Page(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The query of every list."""

    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor | None = None


def write_cursor(*key: int | float | str | datetime) -> str:
    """The cursor after a row with this sort key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def read_cursor(cursor: str | None, kind: type[T]) -> T | None:
    """The sort key in a cursor, None where there is no cursor. Raises InvalidInput for one we did not write."""
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=kind)
    except (binascii.Error, ValueError):
        raise InvalidInput.at("cursor", "wrong_form", "is not a cursor that this list has made") from None


def read_list(field: str, given: str) -> list[int]:
    """The ids of an `IdList`, each once, in order. Raises InvalidInput."""
    ids = {int(each) for each in given.split(",")}
    if len(ids) > MOST_IDS:
        raise InvalidInput.at(field, "too_long", "must have at most {limit:item|items}", limit=MOST_IDS)
    if not all(1 <= each <= MAX_ID for each in ids):
        raise InvalidInput.at(field, "out_of_range", "must be ids, separated by commas")
    return sorted(ids)


def cut(
    rows: list[T], limit: int, size: Callable[[T], int] | None = None, *, room: int = PAGE_BYTES
) -> tuple[list[T], bool]:
    """The page out of `limit + 1` fetched rows, and whether more follow.

    Where rows can be large, `size` tells their bytes: the page ends before one answer, with `room` for so many, could
    not hold them.
    """
    if size is not None:
        for count, row in enumerate(rows[:limit]):
            room -= size(row)
            if room < 0 and count:
                return rows[:count], True
    return rows[:limit], len(rows) > limit
