"""Search: by stem and beginning, in two languages, and only in what the caller may see."""

from typing import Any

import pytest

from tests.support.people import Person, Register
from tests.support.server import Server


def _search(person: Person, q: str, **query: Any) -> list[str]:
    answer = person.http.get("/messages/search", params={"q": q, **query})
    assert answer.status_code == 200, answer.text
    return [message["content"] for message in answer.json()["messages"]]


@pytest.fixture
def talk(person: Register) -> tuple[Person, Person, int]:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    for who, text in (
        (alice, "Отправил вам сообщения о встречах"),
        (bob, "The meetings were running late"),
        (alice, "встреча перенесена, it's C:\\path\\'quoted' & <b>"),
        (bob, "100% ready: std::vector<int>"),
    ):
        who.send(chat, text)
    return alice, bob, chat


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("сообщение", [0]),
        ("ВСТРЕЧ", [2, 0]),
        ("встречи", [2, 0]),
        ("meeting", [1]),
        ("run", [1]),
        ("meet late", [1]),
        ("сооб", [0]),
        ("vec", [3]),
        ("path", [2]),
        ("quoted", [2]),
        ("100", [3]),
        ("meeting сообщение", []),
        ("nothing of it", []),
        ("и", []),
        ("' & | ! <-> :*", []),
    ],
)
def test_words_are_found_by_stem_and_beginning(talk: tuple[Person, Person, int], q: str, found: list[int]) -> None:
    alice, bob, chat = talk
    texts = [message["content"] for message in alice.history(chat, after=0)]
    if not any(character.isalnum() for character in q):
        answer = alice.http.get("/messages/search", params={"q": q})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "q")
        return
    for who in (alice, bob):
        assert _search(who, q) == [texts[index] for index in found]


def test_filters(server: Server, talk: tuple[Person, Person, int]) -> None:
    alice, bob, chat = talk
    other = alice.chat_with(bob, name="other")
    alice.send(other, "встреча там")
    bob.send(other, "о встрече")
    assert _search(alice, "встреча", chatId=other) == ["о встрече", "встреча там"]
    assert len(_search(alice, "встреча", chatId=chat)) == 2
    assert len(_search(alice, "встреча", senderId=alice.id)) == 3
    assert _search(alice, "встреча", senderId=bob.id) == ["о встрече"]
    assert _search(alice, "встреча", senderId=bob.id, chatId=chat) == []
    server.sql("UPDATE messages SET message_type = 'image' WHERE content = 'встреча там'")
    assert _search(alice, "встреча", messageType="image") == ["встреча там"]
    assert len(_search(alice, "встреча", messageType="text")) == 3
    assert alice.http.get("/messages/search", params={"q": "x", "since": "yesterday"}).status_code == 400


def test_dates_bound_from_and_to_before(server: Server, talk: tuple[Person, Person, int]) -> None:
    alice, _, chat = talk
    for day in (1, 2, 3):
        message = alice.send(chat, f"day {day}")["id"]
        server.sql("UPDATE messages SET created_at = %s::timestamptz WHERE id = %s", f"2026-03-0{day}Z", message)
    for since, until, found in ((1, 4, [3, 2, 1]), (2, 3, [2]), (2, None, [3, 2]), (None, 2, [1]), (3, 3, [])):
        bounds = {name: f"2026-03-0{day}T00:00:00Z" for name, day in (("since", since), ("until", until)) if day}
        assert _search(alice, "day", **bounds) == [f"day {day}" for day in found]


def test_only_what_the_caller_may_see(person: Register, talk: tuple[Person, Person, int]) -> None:
    alice, bob, chat = talk
    carol = person("carol")
    assert _search(carol, "встреча") == []
    assert _search(carol, "встреча", chatId=chat) == []
    group = alice.chat_with(bob, carol, name="three")
    alice.send(group, "тайная встреча")
    assert _search(carol, "встреча") == ["тайная встреча"]
    alice.http.delete(f"/chats/{group}/participants/{carol.id}")
    assert _search(carol, "встреча") == []
    assert _search(bob, "тайная") == ["тайная встреча"]


def test_it_finds_what_history_shows_whatever_became_of_it(person: Register) -> None:
    """To each what they may see: also after edits, deletions, a block, a removal and a return."""
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    private, group = alice.chat_with(bob), alice.chat_with(bob, carol, name="three")
    sent = {text: alice.send(group, f"word {text}")["id"] for text in ("kept", "edited", "deleted", "hidden")}
    private_id = bob.send(private, "word in private")["id"]

    def agree() -> None:
        for who in (alice, bob, carol):
            shown = [text for chat in (group, private) for text in _shown(who, chat) if text.startswith("word")]
            for order in ("newest", "rank"):
                assert sorted(_search(who, "word", order=order)) == sorted(shown)

    agree()
    alice.http.put(f"/messages/{sent['edited']}", json={"content": "another text"}).raise_for_status()
    alice.http.delete(f"/messages/{sent['deleted']}").raise_for_status()
    bob.http.delete(f"/messages/{sent['hidden']}", params={"for": "me"}).raise_for_status()
    agree()
    assert _search(bob, "word") == ["word in private", "word kept"]
    assert _search(carol, "word") == ["word hidden", "word kept"]
    assert (_search(bob, "edited"), _search(bob, "another")) == ([], ["another text"])
    assert _search(bob, "deleted") == []
    assert alice.http.put(f"/blocks/{bob.id}").is_success
    agree()
    assert _search(alice, "private") == _search(bob, "private") == ["word in private"], "a block takes no words back"
    alice.http.delete(f"/chats/{group}/participants/{carol.id}").raise_for_status()
    alice.send(group, "word without carol")
    agree()
    assert _search(carol, "word") == []
    alice.http.post(f"/chats/{group}/participants", json={"userId": carol.id}).raise_for_status()
    agree()
    bob.http.delete(f"/messages/{private_id}").raise_for_status()
    agree()
    alice.http.delete(f"/chats/{group}").raise_for_status()
    assert [_search(who, "word") for who in (alice, bob, carol)] == [[], [], []]


def _shown(who: Person, chat: int) -> list[str]:
    """What history shows of a chat; nothing to those who are not in it."""
    answer = who.http.get(f"/chats/{chat}/messages")
    assert answer.status_code in {200, 404}, answer.text
    return [message["content"] for message in answer.json().get("messages", [])]


@pytest.mark.parametrize("order", ["newest", "rank"])
def test_pages_hold_everything_once(talk: tuple[Person, Person, int], order: str) -> None:
    alice, bob, chat = talk
    group = alice.chat_with(bob, name="group")
    for number in range(8):
        alice.send(chat, f"page {number}" + " page" * (number % 3))
        bob.send(group, f"page {number}")
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        query: dict[str, str | int] = {"q": "pages", "limit": 3, "order": order, **cursor}
        page = alice.http.get("/messages/search", params=query).json()
        seen += [message["id"] for message in page["messages"]]
        if not page["hasMore"]:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert len(seen) == len(set(seen)) == 16
    if order == "newest":
        assert seen == sorted(seen, reverse=True)


def test_searches_of_all_kinds_share_one_allowance(server: Server, talk: tuple[Person, Person, int]) -> None:
    alice, _, _ = talk
    with server.settings(rate_limits=True, searches=2):
        answers = [
            alice.http.get(path, params={"q": "x"}) for path in ("/messages/search", "/chats/public", "/users/search")
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"searches";q=2;w=60'}
    assert [answer.headers["RateLimit"].split(";")[1] for answer in answers] == ["r=1", "r=0", "r=0"]
    assert int(answers[2].headers["Retry-After"]) > 0


def test_each_match_has_a_snippet_with_marks(talk: tuple[Person, Person, int]) -> None:
    alice, _, _ = talk
    answer = alice.http.get("/messages/search", params={"q": "встреча перенесена"}).json()
    [message] = answer["messages"]
    assert message["snippet"] == [
        {"text": "встреча", "isMatch": True},
        {"text": " ", "isMatch": False},
        {"text": "перенесена", "isMatch": True},
        {"text": ", it's C:\\path\\'quoted' & ", "isMatch": False},
    ]
