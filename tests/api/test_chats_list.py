"""The list of chats: its order, its pages, what is cached of it, and one chat."""

from typing import Any

import pytest

from chalicelib.core.paging import write_cursor
from tests.support.answers import refusal, refused_fields, told
from tests.support.people import Person, Register
from tests.support.server import Server


def _page(who: Person, **query: Any) -> dict[str, Any]:
    answer = who.http.get("/chats", params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    assert set(page) == {"chats", "users", "hasMore", "nextCursor"}
    assert (page["nextCursor"] is not None) is page["hasMore"]
    return page


def _ids(page: dict[str, Any]) -> list[int]:
    return [chat["id"] for chat in page["chats"]]


def _make_chats(server: Server, owner: Person, count: int, *, content: str = "x") -> None:
    """Groups of one member with a message each, the times of these in fives: equal, or a microsecond apart."""
    server.sql(
        """
        WITH made AS (
            INSERT INTO chats (type, name, last_seq, last_message_at)
            SELECT 'group', 'chat ' || n, 1, now() + n %% 5 * interval '1 microsecond' FROM generate_series(1, %s) n
            RETURNING id
        ),
        joined AS (INSERT INTO members (chat_id, user_id, role) SELECT id, %s, 'owner' FROM made)
        INSERT INTO messages (chat_id, seq, sender_id, message_type, content) SELECT id, 1, %s, 'text', %s FROM made
        """,
        count,
        owner.id,
        owner.id,
        content,
    )


def _in_order(server: Server) -> list[int]:
    return [
        chat_id
        for (chat_id,) in server.sql("SELECT id FROM chats WHERE last_seq > 0 ORDER BY last_message_at DESC, id DESC")
    ]


def test_the_chat_with_the_newest_message_is_first(alice: Person, person: Register) -> None:
    bob, carol = person("bob"), person("carol")
    first, second, third = alice.chat_with(bob), alice.chat_with(carol), alice.chat_with(bob, name="both")
    assert _ids(_page(alice)) == [third, second, first], "before anybody writes the newest chat is first"
    sent = bob.send(first, "Привет")
    chats = _page(alice)["chats"]
    assert [chat["id"] for chat in chats] == [first, third, second]
    assert chats[0]["lastMessage"] == sent
    assert (chats[0]["lastSeq"], chats[0]["unreadCount"], chats[1]["unreadCount"]) == (1, 1, 0)
    assert chats[1]["lastMessage"]["system"]["action"] == "made"
    assert _ids(_page(carol)) == [second]
    assert _page(carol)["chats"][0]["lastMessage"] is None
    assert _ids(_page(bob)) == [first, third], "everybody has their own list"


@pytest.mark.parametrize("limit", [1, 7, 25])
def test_pages_follow_each_other_without_a_gap(server: Server, alice: Person, limit: int) -> None:
    _make_chats(server, alice, 25)
    found: list[int] = []
    page = _page(alice, limit=limit)
    while True:
        assert len(page["chats"]) <= limit
        found += _ids(page)
        if not page["hasMore"]:
            break
        page = _page(alice, limit=limit, cursor=page["nextCursor"])
    assert found == _in_order(server)
    assert len(found) == 25


def test_messages_that_come_meanwhile_disturb_no_page(server: Server, alice: Person) -> None:
    _make_chats(server, alice, 25)
    quiet = _in_order(server)
    seen, moved = quiet[2], quiet[20]
    page = _page(alice, limit=6)
    found = _ids(page)
    for chat in (seen, moved):
        alice.send(chat, "news")
    while page["hasMore"]:
        page = _page(alice, limit=6, cursor=page["nextCursor"])
        found += _ids(page)
    assert found == [chat for chat in quiet if chat != moved], "what moved up is found at the top"
    assert _ids(_page(alice, limit=2)) == [moved, seen]


def test_what_does_not_fit_into_one_answer_comes_in_several(server: Server, alice: Person) -> None:
    _make_chats(server, alice, 100, content="\x01" * 10_000)
    page = _page(alice, limit=100)
    found = _ids(page)
    assert page["hasMore"]
    while page["hasMore"]:
        page = _page(alice, limit=100, cursor=page["nextCursor"])
        found += _ids(page)
    assert found == _in_order(server)


def test_a_query_that_is_none(alice: Person) -> None:
    refusals = {
        "limit": ["0", "101", "-1", "x", "", "1.0", "1e1", "9" * 30],
        "cursor": [
            "",
            "x",
            "é",
            "x" * 201,
            "AAAA",
            write_cursor(1),
            write_cursor("before", 5),
            write_cursor("yesterday", 1),
            write_cursor("infinity", 1),
            write_cursor("\x00", 1),
            write_cursor("2026-01-01T00:00:00Z", "1"),
            write_cursor("2026-01-01T00:00:00Z", 10**30),
            write_cursor("2026-01-01T00:00:00Z", 1, 1),
            write_cursor("2026-01-01T00:00:00", 1),
        ],
        "skip": ["1"],
    }
    for name, values in refusals.items():
        for value in values:
            ((field, _),) = refused_fields(alice.http.get("/chats", params={name: value}))
            assert field == name, value
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-12:00"):
        assert alice.http.get("/chats", params={"cursor": write_cursor(moment, 1)}).status_code == 200


def test_a_list_shows_the_first_participants_and_a_chat_all_of_them(server: Server, alice: Person) -> None:
    chat = alice.chat_with(name="many")
    server.sql(
        """
        WITH new AS (
            INSERT INTO users (username, display_name, password_hash)
            SELECT 'user' || n, 'User', '' FROM generate_series(1, 30) n RETURNING id
        )
        INSERT INTO members (chat_id, user_id) SELECT %s, id FROM new
        """,
        chat,
    )
    (listed,) = _page(alice)["chats"]
    assert (listed["participantCount"], len(listed["participants"])) == (31, 20)
    whole = alice.http.get(f"/chats/{chat}").json()
    assert (whole["participantCount"], len(whole["participants"])) == (31, 31)
    assert whole["participants"][:20] == listed["participants"]


def test_an_unchanged_list_or_chat_is_not_sent_again(alice: Person, person: Register) -> None:
    bob = person("bob")
    chat = alice.chat_with(bob)
    for path in ("/chats", f"/chats/{chat}"):
        first = alice.http.get(path)
        tag = first.headers["etag"]
        assert first.headers["cache-control"] == "private, no-cache"
        for known in (tag, f"W/{tag}", f'"other", {tag}'):
            same = alice.http.get(path, headers={"If-None-Match": known})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        assert alice.http.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        bob.send(chat, "news")
        changed = alice.http.get(path, headers={"If-None-Match": tag})
        assert changed.status_code == 200
        assert changed.headers["etag"] != tag
        theirs = bob.http.get(path, headers={"If-None-Match": changed.headers["etag"]})
        assert theirs.status_code == 200, "who has read more sees something else"


def test_one_chat_is_for_its_members(alice: Person, person: Register) -> None:
    bob, mallory = person("bob"), person("mallory")
    chat = alice.chat_with(bob)
    assert alice.http.get(f"/chats/{chat}").json()["id"] == bob.http.get(f"/chats/{chat}").json()["id"] == chat
    there = mallory.http.get(f"/chats/{chat}")
    assert refusal(there) == (404, "not_found")
    assert told(there) == told(mallory.http.get("/chats/999999"))
    assert _page(mallory) == {"chats": [], "users": [], "hasMore": False, "nextCursor": None}


def test_what_is_no_chat_id(alice: Person) -> None:
    for chat_id in ("0", "-1", "x", "1.0", "1e3", "9" * 30, "%00", "%F0%9F%98%80", "1%2F2", " 1"):
        ((field, _),) = refused_fields(alice.http.get(f"/chats/{chat_id}"))
        assert field == "chat_id", chat_id
