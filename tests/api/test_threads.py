"""Threads: the replies under a message, their number, the last of them, and how far each member has read them."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.answers import at_once, refusal, refused_fields
from tests.support.kept import Copy
from tests.support.people import Person, Register
from tests.support.server import Server


@pytest.fixture
def group(alice: Person, bob: Person) -> int:
    return alice.chat_with(bob, name="Hikers")


def _ok(who: Person, method: str, path: str, body: Any = None) -> Any:
    answer = who.http.request(method, path, json=body).raise_for_status()
    return answer.json() if answer.content else None


def _thread(who: Person, message: Any, **query: Any) -> Any:
    return who.http.get(f"/messages/{message['id']}/thread", params=query).raise_for_status().json()


def _read(who: Person, message: Any, **body: Any) -> Any:
    return _ok(who, "POST", f"/messages/{message['id']}/thread/read", body)


def test_replies_and_replies_to_them_are_one_thread(alice: Person, bob: Person, group: int) -> None:
    ears = bob.socket()
    head = alice.send(group, "Where to?")
    assert (head["threadId"], head["thread"]) == (None, None)
    first = bob.send(group, "To the lake", replyTo=head["id"])
    alice.send(group, "something else")
    second = alice.send(group, "Why there?", replyTo=first["id"])
    assert [one["threadId"] for one in (first, second)] == [head["id"]] * 2
    told = ears.wait_for("message:updated", id=head["id"], updatedAt=bob.history(group, after=0)[0]["updatedAt"])
    assert told["data"]["thread"] == {
        "replyCount": 2,
        "lastReply": {
            "messageId": second["id"],
            "seq": second["seq"],
            "senderId": alice.id,
            "createdAt": second["createdAt"],
        },
    }
    stored = bob.history(group, after=0)[0]
    assert (stored["thread"], stored["threadId"]) == (told["data"]["thread"], None)
    page = _thread(bob, head)
    assert [one["id"] for one in page["messages"]] == [second["id"], first["id"]]
    assert page["message"]["thread"] == stored["thread"]
    assert {user["id"] for user in page["users"]} == {alice.id, bob.id}
    assert _thread(bob, second) == page, "by any message in it"
    assert [one["seq"] - head["seq"] for one in bob.history(group)] == [3, 2, 1, 0], "the chat has them too"


def test_a_thread_is_read_page_by_page(alice: Person, bob: Person, group: int) -> None:
    head = alice.send(group, "Where to?")
    replies = [bob.send(group, str(number), replyTo=head["id"])["id"] for number in range(5)]
    found, query = [], {"limit": 2}
    while True:
        page = _thread(alice, head, **query)
        found += [one["id"] for one in page["messages"]]
        if not page["hasMore"]:
            break
        query["cursor"] = page["nextCursor"]
    assert found == replies[::-1]
    lonely = alice.send(group, "nobody answers")
    assert _read(bob, lonely, seq=1)["unreadCount"] == 0
    alone = _thread(alice, lonely)
    assert (alone["messages"], alone["unreadCount"], alone["hasMore"]) == ([], 0, False)


def test_a_thread_has_its_own_mark(alice: Person, bob: Person, group: int) -> None:
    head = alice.send(group, "Where to?")
    first, second = (bob.send(group, text, replyTo=head["id"]) for text in ("one", "two"))
    other = bob.send(group, "another matter")
    assert _thread(alice, head)["unreadCount"] == 2
    assert _thread(bob, head)["unreadCount"] == 0, "one's own"
    devices = [alice.socket(), alice.socket()]
    ears = bob.socket()
    state = _read(alice, head, seq=first["seq"])
    assert state == {"chatId": group, "messageId": head["id"], "readSeq": first["seq"], "unreadCount": 1}
    for device in devices:
        assert device.wait_for("thread:read", messageId=head["id"])["data"] == state
    assert _read(alice, second, seq=1) == state, "it never goes back"
    assert devices[0].act("thread:read", {"messageId": second["id"]}) == state | {
        "readSeq": second["seq"],
        "unreadCount": 0,
    }
    chat = alice.http.get(f"/chats/{group}").json()
    assert (chat["readSeq"], chat["unreadCount"]) == (head["seq"], 3), "the chat is not read"
    bob.socket().act("ping")
    assert ears.events("thread:read") == []
    bob.send(group, "three", replyTo=second["id"])
    assert _thread(alice, head)["unreadCount"] == 1
    _ok(alice, "POST", f"/chats/{group}/read", {"seq": other["seq"] + 1})
    assert _thread(alice, head)["unreadCount"] == 0, "who has read the chat has read the thread"


def test_the_threads_of_a_chat(alice: Person, bob: Person, group: int) -> None:
    heads = [alice.send(group, str(number)) for number in range(3)]
    replies = [bob.send(group, "reply", replyTo=heads[place]["id"]) for place in (1, 0, 2)]
    alice.send(group, "no thread")
    found, query = [], {"limit": 2}
    while True:
        page = alice.http.get(f"/chats/{group}/threads", params=query).raise_for_status().json()
        found += page["threads"]
        assert {user["id"] for user in page["users"]} == {alice.id, bob.id}
        if not page["hasMore"]:
            break
        query["cursor"] = page["nextCursor"]
    assert [one["message"]["id"] for one in found] == [heads[place]["id"] for place in (2, 0, 1)]
    assert [one["lastReply"]["id"] for one in found] == [reply["id"] for reply in replies[::-1]]
    assert [one["message"]["thread"]["replyCount"] for one in found] == [1, 1, 1]
    assert [one["unreadCount"] for one in found] == [0, 0, 0], "alice wrote after them"


def test_what_is_deleted_counts_no_more(alice: Person, bob: Person, group: int) -> None:
    ears = bob.socket()
    head = alice.send(group, "Where to?")
    first, second = (bob.send(group, text, replyTo=head["id"]) for text in ("one", "two"))
    _ok(bob, "DELETE", f"/messages/{second['id']}")
    told = [event["data"]["thread"] for event in _until(ears, "message:updated", 3)]
    assert [thread["replyCount"] for thread in told] == [1, 2, 1]
    assert told[-1]["lastReply"]["messageId"] == first["id"]
    assert _thread(alice, head)["unreadCount"] == 1
    _ok(alice, "DELETE", f"/messages/{first['id']}?for=me")
    assert (_thread(alice, head)["unreadCount"], _thread(alice, head)["messages"]) == (0, [])
    assert len(_thread(bob, head)["messages"]) == 1
    _ok(bob, "DELETE", f"/messages/{first['id']}")
    assert _thread(alice, head)["message"]["thread"] is None
    assert alice.http.get(f"/chats/{group}/threads").json()["threads"] == []


def test_under_a_deleted_head_a_new_thread_begins(alice: Person, bob: Person, group: int, server: Server) -> None:
    head = alice.send(group, "Where to?")
    first = bob.send(group, "one", replyTo=head["id"])
    _read(alice, head)
    _ok(alice, "DELETE", f"/messages/{head['id']}")
    assert bob.history(group)[-1]["thread"] is None
    assert alice.http.get(f"/chats/{group}/threads").json()["threads"] == []
    second = alice.send(group, "two", replyTo=first["id"])
    assert second["threadId"] == first["id"]
    assert _thread(bob, second)["message"]["id"] == first["id"]
    assert bob.send(group, "three", replyTo=head["id"])["threadId"] is None
    assert server.sql("SELECT count(*) FROM thread_marks") == [(0,)]


def test_what_expires_leaves_its_thread(alice: Person, bob: Person, group: int, server: Server) -> None:
    head = alice.send(group, "Where to?")
    bob.send(group, "stays", replyTo=head["id"])
    _ok(alice, "PATCH", f"/chats/{group}", {"settings": {"messageSeconds": 60}})
    going = [bob.send(group, str(number), replyTo=head["id"]) for number in range(2)]
    server.sql("UPDATE messages SET expires_at = now() WHERE id = ANY(%s)", [one["id"] for one in going])
    assert len(_thread(alice, head)["messages"]) == 1
    server.stack.triggers.fire_schedule("sweep")
    server.settle()
    assert _thread(alice, head)["message"]["thread"]["replyCount"] == 1


def test_a_head_may_expire_with_its_replies(alice: Person, bob: Person, group: int, server: Server) -> None:
    _ok(alice, "PATCH", f"/chats/{group}", {"settings": {"messageSeconds": 60}})
    head = alice.send(group, "Where to?")
    first = bob.send(group, "one", replyTo=head["id"])
    for number in range(3):
        alice.send(group, str(number), replyTo=first["id"])
    server.sql("UPDATE messages SET expires_at = now() WHERE chat_id = %s", group)
    server.stack.triggers.fire_schedule("sweep")
    server.settle()
    assert [(one["isDeleted"], one["thread"]) for one in bob.history(group)] == [(True, None)] * 5
    assert server.sql("SELECT count(*) FROM threads") == [(0,)]


def test_threads_are_for_members(alice: Person, bob: Person, group: int, person: Register) -> None:
    mallory = person("mallory")
    head = alice.send(group, "Where to?")
    bob.send(group, "one", replyTo=head["id"])
    for message in (head["id"], 10**9):
        assert refusal(mallory.http.get(f"/messages/{message}/thread")) == (404, "not_found")
        assert refusal(mallory.http.post(f"/messages/{message}/thread/read", json={})) == (404, "not_found")
        assert mallory.socket().refused("thread:read", {"messageId": message})["code"] == "not_found"
    for chat in (group, 10**9):
        assert refusal(mallory.http.get(f"/chats/{chat}/threads")) == (404, "not_found")
    assert refused_fields(alice.http.post(f"/messages/{head['id']}/thread/read", json={"seq": -1})) == [
        ("seq", "out_of_range")
    ]
    assert refused_fields(alice.http.get(f"/messages/{head['id']}/thread", params={"cursor": "x"})) == [
        ("cursor", "wrong_form")
    ]


def test_all_replies_of_one_moment_count(alice: Person, bob: Person, group: int) -> None:
    head = alice.send(group, "Where to?")
    at_once(lambda number: (alice, bob)[number % 2].send(group, str(number), replyTo=head["id"]), 6)
    page = _thread(alice, head)
    assert page["message"]["thread"]["replyCount"] == len(page["messages"]) == 6
    assert page["message"]["thread"]["lastReply"]["seq"] == head["seq"] + 6


def _changes(alice: Person, bob: Person, group: int) -> Iterator[None]:
    head = alice.send(group, "Where to?")
    yield
    first = bob.send(group, "one", replyTo=head["id"])
    yield
    alice.send(group, "two", replyTo=first["id"])
    _read(bob, head)
    yield
    _ok(bob, "DELETE", f"/messages/{first['id']}")
    yield
    _ok(alice, "DELETE", f"/messages/{head['id']}")
    yield


def test_sync_tells_threads_and_marks(alice: Person, bob: Person, group: int) -> None:
    def get(path: str, query: Any) -> Any:
        return bob.http.get(path, params=dict(query)).json()

    copy = Copy(bob.id, get)
    copy.sync()
    for _ in _changes(alice, bob, group):
        copy.sync()
        fresh = Copy(bob.id, get)
        fresh.sync()
        assert copy.shown()["messages"] == fresh.shown()["messages"]


def test_marks_come_by_sync(alice: Person, bob: Person, group: int) -> None:
    head = alice.send(group, "Where to?")
    first, _ = (bob.send(group, text, replyTo=head["id"]) for text in ("one", "two"))
    cursor = alice.http.get("/sync").json()["nextCursor"]
    state = _read(alice, head, seq=first["seq"])
    events = alice.http.get("/sync", params={"cursor": cursor}).json()["events"]
    assert [event["data"] for event in events if event["type"] == "thread:read"] == [state]


def _until(ears: Any, kind: str, number: int) -> list[Any]:
    ears.act("ping")
    found = ears.events(kind)
    assert len(found) == number
    return list(found)
