"""Cursors lead on from where a page ended, and from nowhere else; pages are all the rows, in order."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.core.errors import InvalidInput
from chalicelib.core.ids import Id
from chalicelib.core.paging import DEFAULT_LIMIT, PAGE_BYTES, Page, cut, read_cursor, write_cursor

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
KINDS: list[Any] = [tuple[Id], tuple[str, Id], tuple[Literal["before", "after"], Id], tuple[Moment, Id]]

IDS = st.integers(1, 2**53 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(IDS, TEXTS, st.sampled_from(["before", "after"]), MOMENTS)
def test_a_cursor_holds_its_key(number: int, text: str, word: str, moment: datetime) -> None:
    keys: list[tuple[Any, ...]] = [(number,), (text, number), (word, number), (moment, number)]
    for kind, key in zip(KINDS, keys, strict=True):
        cursor = write_cursor(*key)
        assert read_cursor(cursor, kind) == key
        assert cursor.isascii()
        assert cursor.replace("-", "").replace("_", "").isalnum(), "it stands in an address as it is"


def _refused(cursor: str, kind: Any) -> bool:
    """Whether a list refuses a cursor; anything but its own refusal is raised."""
    try:
        read_cursor(cursor, kind)
    except InvalidInput as refused:
        return [(error.field, error.code) for error in refused.errors] == [("cursor", "wrong_form")]
    return False


def test_cursors_of_other_lists_are_refused() -> None:
    cursors = [
        write_cursor(5),
        write_cursor("name", 5),
        write_cursor("before", 5),
        write_cursor(datetime(2026, 1, 1, tzinfo=UTC), 5),
    ]
    taken = [[not _refused(cursor, kind) for kind in KINDS] for cursor in cursors]
    assert taken == [
        [True, False, False, False],
        [False, True, False, False],
        [False, True, True, False],
        [False, True, False, True],
    ], "any text may be a name; nothing else fits where it does not belong"


def test_no_cursor_is_the_beginning() -> None:
    assert read_cursor(None, tuple[Id]) is None


@pytest.mark.parametrize("key", [(0,), (-1,), (2**53,), (10**30,), (1.5,), ("1",), (None,), (1, 1), (), ({},), ([],)])
def test_keys_that_no_row_has_are_refused(key: tuple[Any, ...]) -> None:
    assert _refused(write_cursor(*key), tuple[Id])


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
@example("")
@example("=")
@example("é")
@example("\ud800")
@example("\x00")
@example("W10")
@example("W1tb" * 50)
def test_whatever_is_no_cursor_is_refused(text: str) -> None:
    for kind in KINDS:
        _refused(text, kind)


@given(st.lists(st.integers(0, PAGE_BYTES * 2), max_size=30), st.integers(1, 10))
def test_pages_are_all_rows_in_order(rows: list[int], limit: int) -> None:
    seen: list[int] = []
    more = True
    while more:
        page, more = cut(rows[len(seen) : len(seen) + limit + 1], limit, lambda row: row)
        assert len(page) <= limit
        assert sum(page) <= PAGE_BYTES or len(page) == 1, "one row goes alone where it is large"
        assert page or not more
        seen += page
    assert seen == rows


def test_without_sizes_only_the_limit_counts() -> None:
    assert cut([1, 2, 3], 2) == ([1, 2], True)
    assert cut([1, 2], 2) == ([1, 2], False)
    assert cut([], 2) == ([], False)


def test_what_a_list_takes() -> None:
    assert msgspec.convert({}, Page) == Page(limit=DEFAULT_LIMIT, cursor=None)
    for query in ({"limit": 0}, {"limit": 101}, {"cursor": "x" * 201}, {"skip": 1}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(query, Page)
