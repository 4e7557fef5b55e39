"""Every answer tells who the people are whom it names, so that no client asks for them one by one."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.answers import refused_fields
from tests.support.naming import named
from tests.support.people import Person, Register
from tests.support.pictures import picture
from tests.support.server import Server

Wire = dict[str, Any]


@pytest.fixture
def cast(person: Register) -> list[Person]:
    return [person("alice"), person("bob"), person("carol")]


def _busy_group(cast: list[Person]) -> tuple[int, Wire]:
    """A group of three, and a message in it that names all of them."""
    alice, bob, carol = cast
    chat = alice.chat_with(bob, carol, name="Friends")
    first = carol.send(chat, "the first word")
    (copy,) = _ok(
        bob.http.post(f"/messages/{first['id']}/forward", json={"chatIds": [chat], "clientMessageId": "copy"})
    )["messages"]
    question = alice.send(chat, "Bob, a word?", mentions=[bob.id], replyTo=first["id"])
    carol.http.put(f"/messages/{question['id']}/reactions/👍").raise_for_status()
    assert copy["forwardedFrom"]["senderId"] == carol.id
    return chat, question


def _ok(answer: Any) -> Wire:
    assert answer.status_code < 300, answer.text
    found: Wire = answer.json()
    return found


_ANSWERS: dict[str, Callable[[Person, int, Wire], Any]] = {
    "the chat list": lambda who, _chat, _message: who.http.get("/chats"),
    "a chat": lambda who, chat, _message: who.http.get(f"/chats/{chat}"),
    "a change of a chat": lambda who, chat, _message: who.http.patch(f"/chats/{chat}", json={"description": "x"}),
    "history": lambda who, chat, _message: who.http.get(f"/chats/{chat}/messages"),
    "history forwards": lambda who, chat, _message: who.http.get(f"/chats/{chat}/messages?after=0"),
    "a message": lambda who, _chat, message: who.http.get(f"/messages/{message['id']}"),
    "search": lambda who, _chat, _message: who.http.get("/messages/search", params={"q": "word"}),
    "receipts": lambda who, _chat, message: who.http.get(f"/messages/{message['id']}/receipts"),
    "a pin": lambda who, _chat, message: who.http.put(f"/messages/{message['id']}/pin"),
    "an edit": lambda who, _chat, message: who.http.patch(f"/messages/{message['id']}", json={"content": "Bob!"}),
    "a reaction": lambda who, _chat, message: who.http.put(f"/messages/{message['id']}/reactions/🎉"),
    "a new role": lambda who, chat, message: who.http.patch(
        f"/chats/{chat}/participants/{message['mentions'][0]}", json={"role": "admin"}
    ),
    "a forward": lambda who, chat, message: who.http.post(
        f"/messages/{message['id']}/forward", json={"chatIds": [chat]}
    ),
    "a send": lambda who, chat, message: who.http.post(
        "/messages", json={"chatId": chat, "content": "x", "mentions": message["mentions"]}
    ),
}


@pytest.mark.parametrize("answer", _ANSWERS.values(), ids=_ANSWERS.keys())
def test_an_answer_tells_whom_it_names(cast: list[Person], answer: Callable[[Person, int, Wire], Any]) -> None:
    chat, message = _busy_group(cast)
    found = _ok(answer(cast[0], chat, message))
    users = found.pop("users")
    # A client knows its own user: one message names them without telling who they are.
    expected = named(found) - ({cast[0].id} if "content" in found else set())
    assert {user["id"] for user in users} == expected, "each of them, and nobody else"
    assert len(users) == len(expected), "once"
    names = {person.id: person.username for person in cast}
    for user in users:
        assert user == {
            "id": user["id"],
            "username": names[user["id"]],
            "displayName": names[user["id"]],
            "avatarUrl": None,
        }


def test_a_message_that_names_oneself_alone_is_the_same_wherever_it_is(cast: list[Person]) -> None:
    alice, bob, _ = cast
    chat = alice.chat_with(bob)
    sent = _ok(alice.http.post("/messages", json={"chatId": chat, "content": "hello"}))
    assert sent == _ok(alice.http.get(f"/messages/{sent['id']}")) == alice.history(chat)[0]
    seen = _ok(bob.http.get(f"/messages/{sent['id']}"))
    assert [user["id"] for user in seen.pop("users")] == [alice.id]
    assert seen == sent


def test_pinned_messages_tell_whom_they_name(cast: list[Person]) -> None:
    chat, message = _busy_group(cast)
    _ok(cast[0].http.put(f"/messages/{message['id']}/pin"))
    found = _ok(cast[1].http.get(f"/chats/{chat}/pins"))
    assert {user["id"] for user in found.pop("users")} == named(found) == {person.id for person in cast}
    assert "users" not in found["messages"][0], "beside the list, not in it"


def test_sync_tells_whom_its_events_name(cast: list[Person]) -> None:
    cursor = _ok(cast[1].http.get("/sync"))["nextCursor"]
    chat, message = _busy_group(cast)
    cast[2].http.post(f"/chats/{chat}/read", json={}).raise_for_status()
    cast[0].http.delete(f"/messages/{message['id']}").raise_for_status()
    found = _ok(cast[1].http.get("/sync", params={"cursor": cursor}))
    assert len(found["events"]) > 3
    assert {user["id"] for user in found["users"]} == named(found["events"]) == {person.id for person in cast}


def test_events_tell_whom_they_name(cast: list[Person], person: Register) -> None:
    alice, bob, carol = cast
    ears = bob.socket()
    chat, message = _busy_group(cast)
    carol.http.post(f"/chats/{chat}/delivered", json={}).raise_for_status()
    carol.http.post(f"/chats/{chat}/read", json={}).raise_for_status()
    alice.http.put(f"/messages/{message['id']}/pin").raise_for_status()
    alice.socket().act("typing:start", {"chatId": chat})
    dave = person("dave")
    alice.http.post(f"/chats/{chat}/participants", json={"userId": dave.id}).raise_for_status()
    alice.http.patch(f"/chats/{chat}/participants/{dave.id}", json={"role": "admin"}).raise_for_status()
    alice.http.delete(f"/chats/{chat}/participants/{dave.id}").raise_for_status()
    alice.http.delete(f"/messages/{message['id']}").raise_for_status()
    ears.wait_for("message:deleted")
    ears.wait_for("member:left")
    ears.wait_for("typing:start")
    heard = {frame["type"]: frame for frame in ears.frames if frame["type"] not in {"hello", "user:status"}}
    assert heard.keys() >= {
        "chat:created",
        "chat:updated",
        "message:new",
        "message:updated",
        "message:deleted",
        "message:reaction",
        "messages:read",
        "member:joined",
        "member:updated",
        "member:left",
        "typing:start",
    }
    for kind, frame in heard.items():
        assert {user["id"] for user in frame["users"]} == named(frame["data"]), kind
        assert "users" not in frame["data"], kind


def test_a_list_of_fifty_chats_is_drawn_from_one_answer(server: Server, alice: Person) -> None:
    server.sql(
        """
        WITH friends AS (
            INSERT INTO users (username, display_name, password_hash, avatar_id, avatar_link)
            SELECT 'friend' || n, 'Friend ' || n, 'x', %s, 'https://example.com/' || n || '.png'
            FROM generate_series(1, 50) n
            RETURNING id
        ),
        made AS (
            INSERT INTO chats (type, low_user_id, high_user_id, last_seq) SELECT 'private', %s, id, 1 FROM friends
            RETURNING id, high_user_id
        ),
        joined AS (
            INSERT INTO members (chat_id, user_id) SELECT id, high_user_id FROM made UNION ALL SELECT id, %s FROM made
        )
        INSERT INTO messages (chat_id, seq, sender_id, message_type, content)
        SELECT id, 1, high_user_id, 'text', 'hi' FROM made
        """,
        picture(alice),
        alice.id,
        alice.id,
    )
    page = _ok(alice.http.get("/chats?limit=50"))
    users = {user["id"]: user for user in page["users"]}
    drawn = set()
    for chat in page["chats"]:
        (peer,) = (one["userId"] for one in chat["participants"] if one["userId"] != alice.id)
        author = users[chat["lastMessage"]["senderId"]]
        drawn.add((users[peer]["displayName"], users[peer]["avatarUrl"], author["displayName"]))
    assert drawn == {(f"Friend {n}", f"https://example.com/{n}.png", f"Friend {n}") for n in range(1, 51)}


def test_people_by_their_ids(cast: list[Person]) -> None:
    alice, bob, carol = cast
    found = _ok(alice.http.get("/users", params={"ids": f"{carol.id},{bob.id},{carol.id},999999"}))
    assert [user["id"] for user in found["users"]] == [bob.id, carol.id], "each once, and those who exist"
    assert (found["hasMore"], found["nextCursor"]) == (False, None)
    assert found["users"][0] == _ok(alice.http.get(f"/users/{bob.id}"))
    hundred = ",".join(str(number) for number in range(1, 101))
    assert len(_ok(alice.http.get("/users", params={"ids": hundred}))["users"]) == 3


@pytest.mark.parametrize("ids", ["", ",", "x", "1,", "1,,2", "0", "-1", "1.5", "9" * 30, "1, 2", f"{2**53}"])
def test_what_are_no_ids(alice: Person, ids: str) -> None:
    ((field, _),) = refused_fields(alice.http.get("/users", params={"ids": ids}))
    assert field == "ids"


def test_more_than_a_hundred_ids_are_refused(alice: Person) -> None:
    ids = ",".join(str(number) for number in range(1, 102))
    assert refused_fields(alice.http.get("/users", params={"ids": ids})) == [("ids", "too_long")]
