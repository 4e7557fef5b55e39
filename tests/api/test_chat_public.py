"""Public groups: found by their names, seen from outside, joined by everybody."""

from typing import Any

import pytest

from chalicelib.features.chats.common_room import common_room_id
from tests.support.answers import at_once, refusal, refused_fields, told
from tests.support.groups import changes, roles
from tests.support.people import Person, Register
from tests.support.pictures import picture
from tests.support.server import Server


def _public(who: Person, name: str, *others: Person) -> int:
    chat = who.chat_with(*others, name=name)
    assert who.http.patch(f"/chats/{chat}", json={"isPublic": True}).json()["isPublic"] is True
    return chat


def _found(who: Person, **query: Any) -> list[int]:
    """All ids that a search finds, but for the common room's, page by page."""
    found: list[int] = []
    page: dict[str, Any] = {"hasMore": True, "nextCursor": None}
    while page["hasMore"]:
        cursor = {"cursor": page["nextCursor"]} if page["nextCursor"] else {}
        answer = who.http.get("/chats/public", params={**query, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [chat["id"] for chat in page["chats"]]
    return [chat_id for chat_id in found if chat_id != common_room_id()]


def test_a_public_group_is_seen_from_outside(alice: Person, bob: Person) -> None:
    chat = _public(alice, "Hikers")
    alice.http.patch(f"/chats/{chat}", json={"description": "up", "avatarId": picture(alice)})
    alice.send(chat, "secret path")
    shown = bob.http.get(f"/chats/public/{chat}").json()
    assert shown == {
        "id": chat,
        "name": "Hikers",
        "description": "up",
        "avatarUrl": alice.http.get(f"/chats/{chat}").json()["avatarUrl"],
        "isPublic": True,
        "participantCount": 1,
        "isMember": False,
        "createdAt": shown["createdAt"],
    }
    assert bob.http.get("/chats/public", params={"q": "hikers"}).json()["chats"] == [shown]
    for path in (f"/chats/{chat}", f"/chats/{chat}/messages"):
        assert refusal(bob.http.get(path)) == (404, "not_found")
    assert alice.http.get(f"/chats/public/{chat}").json()["isMember"] is True


def test_everybody_may_join_it_once(alice: Person, bob: Person) -> None:
    chat = _public(alice, "Hikers")
    alice.send(chat, "before")
    _, cursor = changes(bob)
    for _ in range(2):
        joined = bob.http.post(f"/chats/{chat}/join")
        assert (joined.status_code, joined.json()["unreadCount"]) == (200, 0)
    assert roles(bob, chat) == {alice.id: "owner", bob.id: "member"}
    assert [message["content"] for message in bob.history(chat)] == ["before"]
    assert [event["type"] for event in changes(bob, cursor)[0]] == ["chat:created", "message:new"]
    bob.http.post(f"/chats/{chat}/leave")
    assert bob.http.post(f"/chats/{chat}/join").status_code == 200


def test_what_is_not_public_is_not_there(alice: Person, bob: Person) -> None:
    group, private = alice.chat_with(name="Hikers"), alice.chat_with(bob)
    carol_sees = [bob.http.get(f"/chats/public/{chat}") for chat in (group, private, 999_999)]
    assert {refusal(answer) for answer in carol_sees} == {(404, "not_found")}
    assert told(carol_sees[0]) == told(carol_sees[2])
    assert told(bob.http.post(f"/chats/{group}/join")) == told(bob.http.post("/chats/999999/join"))
    assert _found(bob) == []
    chat = _public(alice, "Hikers")
    alice.http.patch(f"/chats/{chat}", json={"isPublic": False})
    assert refusal(bob.http.post(f"/chats/{chat}/join")) == (404, "not_found")
    assert _found(bob) == []


def test_who_was_removed_or_blocked_stays_out(alice: Person, bob: Person, person: Register) -> None:
    carol = person("carol")
    chat = _public(alice, "Hikers", bob)
    alice.http.delete(f"/chats/{chat}/participants/{bob.id}")
    alice.http.put(f"/blocks/{carol.id}")
    assert refusal(bob.http.post(f"/chats/{chat}/join")) == (403, "forbidden")
    assert refusal(carol.http.post(f"/chats/{chat}/join")) == (403, "blocked")
    assert roles(alice, chat) == {alice.id: "owner"}


NAMES = [
    "Hikers",
    "Берлин и окрестности",
    "100% cotton",
    "under_score",
    "back\\slash",
    "Go",
    "I love Go",
    "gopher",
    "Ёлки, йога и пётр",
    "Café Zürich",
]
SEARCHES = {
    "hik": ["Hikers"],
    "IKER": ["Hikers"],
    "бер": ["Берлин и окрестности"],
    "ОКРЕСТ": ["Берлин и окрестности"],
    "и": ["Ёлки, йога и пётр", "Берлин и окрестности"],
    "елки": ["Ёлки, йога и пётр"],
    "ЁЛК": ["Ёлки, йога и пётр"],
    "Пе": ["Ёлки, йога и пётр"],
    "йога": ["Ёлки, йога и пётр"],
    "иога": [],
    "cafe": ["Café Zürich"],
    "CAFE\u0301": ["Café Zürich"],
    "ÇÀFÈ zuri": ["Café Zürich"],
    "ć": ["Café Zürich", "100% cotton"],
    "１００％": ["100% cotton"],
    "％％％": [],
    "0%": [],
    "100%": ["100% cotton"],
    "%": [],
    "%%%": [],
    "r_s": ["under_score"],
    "k\\s": ["back\\slash"],
    "go": ["gopher", "I love Go", "Go"],
    "g": ["gopher", "I love Go", "Go"],
    "love go": ["I love Go"],
    "нет такого": [],
    "' OR 1=1 --": [],
}


def test_they_are_found_by_what_is_in_their_names(alice: Person, bob: Person) -> None:
    chats = {_public(alice, name): name for name in NAMES}
    assert [chats[chat] for chat in _found(bob)] == NAMES[::-1], "the newest first"
    for q, expected in SEARCHES.items():
        assert [chats[chat] for chat in _found(bob, q=q)] == expected, q


@pytest.mark.parametrize("query", [{}, {"q": "club"}])
def test_pages_follow_each_other_without_a_gap(server: Server, alice: Person, query: dict[str, str]) -> None:
    server.sql(
        "INSERT INTO chats (type, name, is_public) SELECT 'group', 'club ' || n, n %% 4 <> 0"
        " FROM generate_series(1, 20) n WHERE %s <> 0",
        1,
    )
    expected = [chat for (chat,) in server.sql("SELECT id FROM chats WHERE is_public ORDER BY id DESC")][1:]
    for limit in (1, 4, 15, 100):
        assert _found(alice, limit=limit, **query) == expected


def test_a_query_that_is_none(alice: Person) -> None:
    refusals = {
        "q": ["", "  ", "x" * 101, "a\0b"],
        "limit": ["0", "101", "x"],
        "cursor": ["x", "W10", "WyJ4Il0", "Wy0xXQ", "WzEsMl0"],
        "isPublic": ["false"],
    }
    for name, values in refusals.items():
        for value in values:
            ((field, _),) = refused_fields(alice.http.get("/chats/public", params={name: value}))
            assert field == name, value


def test_searching_is_limited(server: Server, alice: Person) -> None:
    with server.settings(rate_limits=True, searches=3):
        answers = [alice.http.get("/chats/public", params={"q": "x"}) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
        assert int(answers[3].headers["retry-after"]) > 0


def test_a_group_that_fills_up_never_outgrows_its_limit(server: Server, alice: Person, person: Register) -> None:
    chat = _public(alice, "Hikers")
    others = [person(f"user{number}") for number in range(12)]
    with server.settings(group_size=5):
        answers = at_once(lambda number: others[number].http.post(f"/chats/{chat}/join"), 12)
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [422] * 8
    assert len(roles(alice, chat)) == 5


def test_nobody_joins_after_it_is_closed(alice: Person, person: Register) -> None:
    others = [person(f"user{number}") for number in range(6)]
    for _ in range(5):
        chat = _public(alice, "Hikers")
        counted: list[int] = []

        def act(number: int, chat: int = chat, counted: list[int] = counted) -> int:
            if number == 6:
                answer = alice.http.patch(f"/chats/{chat}", json={"isPublic": False})
                counted.append(answer.json()["participantCount"])
                return answer.status_code
            return others[number].http.post(f"/chats/{chat}/join").status_code

        statuses = at_once(act, 7)
        assert set(statuses[:6]) <= {200, 404}
        assert len(roles(alice, chat)) == statuses[:6].count(200) + 1 == counted[0]


def test_a_private_chat_can_never_be_public(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    assert refusal(alice.http.patch(f"/chats/{chat}", json={"isPublic": True})) == (422, "not_a_group")
    assert server.sql("SELECT is_public FROM chats WHERE id = %s", chat) == [(False,)]
