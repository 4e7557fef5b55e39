"""History: newest first, backwards and forwards by keyset, for members; and one message."""

from typing import Any

import pytest

from chalicelib.core.paging import write_cursor
from tests.support.answers import refused_fields, told
from tests.support.people import Person, Register
from tests.support.server import Server


@pytest.fixture
def chat(alice: Person, person: Register) -> int:
    return alice.chat_with(person("bob"))


def _fill(server: Server, chat: int, count: int, content: str = "x") -> None:
    """Messages 1 to `count`, as though they had been sent."""
    server.sql(
        """
        WITH numbered AS (UPDATE chats SET last_seq = %s WHERE id = %s RETURNING id, last_seq, created_by)
        INSERT INTO messages (chat_id, seq, sender_id, message_type, content)
        SELECT id, seq, created_by, 'text', %s FROM numbered, generate_series(1, last_seq) seq
        """,
        count,
        chat,
        content,
    )


def _page(who: Person, chat: int, **query: Any) -> dict[str, Any]:
    answer = who.http.get(f"/chats/{chat}/messages", params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    assert set(page) == {"messages", "users", "hasMore", "nextCursor"}
    assert (page["nextCursor"] is not None) is page["hasMore"]
    return page


def _seqs(page: dict[str, Any]) -> list[int]:
    return [message["seq"] for message in page["messages"]]


def _walk(who: Person, chat: int, **query: Any) -> list[int]:
    """All the numbers that following the cursor gives, with the limit of the first page."""
    page = _page(who, chat, **query)
    found = _seqs(page)
    while page["hasMore"]:
        page = _page(who, chat, cursor=page["nextCursor"], limit=query.get("limit", 50))
        found += _seqs(page)
    return found


def test_the_newest_come_first_fifty_of_them(server: Server, alice: Person, chat: int) -> None:
    assert _page(alice, chat) == {"messages": [], "users": [], "hasMore": False, "nextCursor": None}
    _fill(server, chat, 50)
    assert (_seqs(_page(alice, chat)), _page(alice, chat)["hasMore"]) == (list(range(50, 0, -1)), False)
    alice.send(chat, "one more")
    assert (_seqs(_page(alice, chat)), _page(alice, chat)["hasMore"]) == (list(range(51, 1, -1)), True)


def test_before_and_after(server: Server, alice: Person, chat: int) -> None:
    _fill(server, chat, 9)
    for query, expected, more in (
        ({"before": 4}, [3, 2, 1], False),
        ({"before": 1}, [], False),
        ({"before": 0}, [], False),
        ({"before": 2**53 - 1, "limit": 3}, [9, 8, 7], True),
        ({"before": 4, "limit": 3}, [3, 2, 1], False),
        ({"before": 5, "limit": 3}, [4, 3, 2], True),
        ({"after": 0, "limit": 3}, [1, 2, 3], True),
        ({"after": 6, "limit": 3}, [7, 8, 9], False),
        ({"after": 9}, [], False),
        ({"after": 2**53 - 1}, [], False),
    ):
        page = _page(alice, chat, **query)
        assert (_seqs(page), page["hasMore"]) == (expected, more), query


def test_a_cursor_goes_on_in_its_direction(server: Server, alice: Person, chat: int) -> None:
    _fill(server, chat, 11)
    for limit in (1, 4, 100):
        assert _walk(alice, chat, limit=limit) == list(range(11, 0, -1))
        assert _walk(alice, chat, limit=limit, before=6) == [5, 4, 3, 2, 1]
        assert _walk(alice, chat, limit=limit, after=6) == [7, 8, 9, 10, 11]


def test_messages_that_come_meanwhile_move_no_page(server: Server, alice: Person, chat: int) -> None:
    _fill(server, chat, 6)
    backwards, forwards = _page(alice, chat, limit=4), _page(alice, chat, after=0, limit=4)
    for text in ("seven", "eight"):
        alice.send(chat, text)
    assert _seqs(_page(alice, chat, cursor=backwards["nextCursor"])) == [2, 1]
    assert _seqs(_page(alice, chat, cursor=forwards["nextCursor"])) == [5, 6, 7, 8]


def test_what_does_not_fit_into_one_answer_comes_in_several(server: Server, alice: Person, chat: int) -> None:
    _fill(server, chat, 100, "\x01" * 10_000)
    page = _page(alice, chat, limit=100)
    assert page["hasMore"]
    assert 1 < len(page["messages"]) < 100
    assert _walk(alice, chat, limit=100) == list(range(100, 0, -1))
    assert _walk(alice, chat, limit=100, after=0) == list(range(1, 101))


def test_the_path_of_reference_clients_is_the_same(server: Server, alice: Person, chat: int) -> None:
    _fill(server, chat, 5)
    for query in ({}, {"after": 0, "limit": 2}, {"before": 3}):
        paths = (f"/chats/{chat}/messages", f"/messages/chat/{chat}")
        ours, theirs = (alice.http.get(path, params=query).json() for path in paths)
        assert ours == theirs


def test_limits_have_bounds(alice: Person, chat: int) -> None:
    for name in ("limit", "before", "after"):
        for value, code in (
            ("-1", "out_of_range"),
            ("9" * 20, "out_of_range"),
            ("x", "wrong_type"),
            ("", "wrong_type"),
            ("1.5", "wrong_type"),
            ("1e1", "wrong_type"),
            ("\u0661", "wrong_type"),
            ("\x00", "forbidden_character"),
        ):
            answer = alice.http.get(f"/chats/{chat}/messages", params={name: value})
            assert refused_fields(answer) == [(name, code)], value
    for limit in (0, 101):
        answer = alice.http.get(f"/chats/{chat}/messages", params={"limit": limit})
        assert refused_fields(answer) == [("limit", "out_of_range")]


def test_one_direction_at_a_time(alice: Person, chat: int) -> None:
    cursor = write_cursor("before", 5)
    for query, field in (
        ("before=5&after=1", "after"),
        (f"before=5&cursor={cursor}", "cursor"),
        (f"after=5&cursor={cursor}", "cursor"),
    ):
        answer = alice.http.get(f"/chats/{chat}/messages?{query}")
        assert refused_fields(answer) == [(field, "contradiction")]


def test_cursors_that_this_list_did_not_make(alice: Person, chat: int) -> None:
    for cursor in (
        "",
        "x",
        "%",
        "é",
        write_cursor("before"),
        write_cursor("before", "5"),
        write_cursor("before", -1),
        write_cursor("before", 10**30),
        write_cursor("sideways", 5),
        write_cursor(5),
        write_cursor("2026-01-01T00:00:00Z", 5),
        write_cursor("before", 5, 5),
    ):
        answer = alice.http.get(f"/chats/{chat}/messages", params={"cursor": cursor})
        assert refused_fields(answer) == [("cursor", "wrong_form")], cursor
    answer = alice.http.get(f"/chats/{chat}/messages", params={"cursor": "x" * 201})
    assert refused_fields(answer) == [("cursor", "wrong_length")]


def test_a_cursor_of_another_chat_shows_nothing_of_it(server: Server, alice: Person, chat: int) -> None:
    other = alice.chat_with(alice)
    _fill(server, chat, 3)
    _fill(server, other, 9, "elsewhere")
    cursor = _page(alice, other, limit=2)["nextCursor"]
    page = _page(alice, chat, cursor=cursor)
    assert {message["chatId"] for message in page["messages"]} == {chat}


def test_history_is_for_members(server: Server, alice: Person, chat: int, person: Register) -> None:
    _fill(server, chat, 3)
    mallory = person("mallory")
    message = _page(alice, chat)["messages"][0]["id"]
    for path in ("/chats/{}/messages", "/messages/chat/{}"):
        there = told(mallory.http.get(path.format(chat), params={"after": 0}))
        assert there == told(mallory.http.get(path.format(999_999), params={"after": 0}))
        assert (there[0], there[1]["code"]) == (404, "not_found")
    there = told(mallory.http.get(f"/messages/{message}"))
    assert there == told(mallory.http.get("/messages/999999"))
    assert (there[0], there[1]["code"]) == (404, "not_found")
    assert alice.http.get(f"/messages/{message}").json() == _page(alice, chat)["messages"][0]


def test_what_is_no_message_id(alice: Person) -> None:
    for message_id in ("0", "-1", "x", "chat", "1.0", "9" * 30, "%00"):
        ((field, _),) = refused_fields(alice.http.get(f"/messages/{message_id}"))
        assert field == "message_id", message_id
