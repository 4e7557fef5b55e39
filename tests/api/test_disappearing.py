"""Messages that disappear: gone from sight in time, and their content from the store soon after."""

import time
from datetime import datetime
from typing import Any

import psycopg
import pytest

from chalicelib.features.messages import expiry
from local.faults import Fault
from local.functions import FunctionError
from tests.support.answers import at_once, refusal
from tests.support.people import Person, Register
from tests.support.server import Server

NOTES = b"Remember the milk.\n"


def _let_live(person: Person, chat: int, seconds: int | None) -> None:
    person.http.patch(f"/chats/{chat}", json={"settings": {"messageSeconds": seconds}}).raise_for_status()


def _let_time_pass(server: Server) -> None:
    server.sql("UPDATE messages SET expires_at = expires_at - interval '1 hour'")


def _sweep(server: Server) -> None:
    server.stack.triggers.fire_schedule("sweep")


def _contents(person: Person, chat: int) -> list[str]:
    return [message["content"] for message in reversed(person.history(chat, limit=100))]


def _events(person: Person, cursor: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = person.http.get("/sync", params={"cursor": cursor}).json()["events"]
    return events


def _cursor(person: Person) -> str:
    return str(person.http.get("/sync").json()["nextCursor"])


@pytest.fixture
def pair(person: Register) -> tuple[Person, Person, int]:
    """Two people and their chat, in which messages live for an hour."""
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    _let_live(alice, chat, 3600)
    return alice, bob, chat


def test_a_message_says_when_it_will_be_gone(pair: tuple[Person, Person, int]) -> None:
    alice, bob, chat = pair
    message = alice.send(chat, "for an hour")
    lives = datetime.fromisoformat(message["expiresAt"]) - datetime.fromisoformat(message["createdAt"])
    assert lives.total_seconds() == 3600
    _let_live(bob, chat, None)
    assert alice.send(chat, "for ever")["expiresAt"] is None
    assert bob.history(chat)[1]["expiresAt"] == message["expiresAt"], "what was sent keeps its time"


def test_it_is_gone_in_time_without_a_sweep(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    _let_live(alice, chat, 5)
    message = alice.send(chat, "briefly")
    assert _contents(bob, chat) == ["briefly"]
    time.sleep(max(0.0, datetime.fromisoformat(message["expiresAt"]).timestamp() - time.time()) + 0.2)
    assert _contents(bob, chat) == []


def test_once_expired_nothing_shows_it(server: Server, pair: tuple[Person, Person, int]) -> None:
    alice, bob, chat = pair
    alice.http.patch(f"/chats/{chat}", json={"settings": {"messageSeconds": None}})
    alice.send(chat, "stays")
    _let_live(alice, chat, 3600)
    cursor = _cursor(bob)
    gone = alice.send(chat, "vanishes", attachments=[alice.upload(NOTES)])
    alice.http.put(f"/messages/{gone['id']}/pin").raise_for_status()
    _let_time_pass(server)
    for who in (alice, bob):
        assert _contents(who, chat) == ["stays"]
        assert who.history(chat, after=1) == []
        assert who.http.get(f"/chats/{chat}").json()["lastMessage"]["content"] == "stays"
        assert who.http.get("/chats").json()["chats"][0]["lastMessage"]["content"] == "stays"
        assert who.http.get("/messages/search", params={"q": "vanishes"}).json()["messages"] == []
        assert who.http.get(f"/chats/{chat}/pins").json()["messages"] == []
        assert refusal(who.http.get(f"/messages/{gone['id']}")) == (404, "not_found")
        assert refusal(who.http.put(f"/messages/{gone['id']}", json={"content": "x"})) == (404, "not_found")
    assert [event["data"]["content"] for event in _events(bob, cursor) if event["type"] == "message:new"] == []


def test_the_sweep_takes_its_content_and_leaves_its_place(server: Server, pair: tuple[Person, Person, int]) -> None:
    alice, bob, chat = pair
    file = alice.upload(NOTES)
    gone = alice.send(chat, "secret", attachments=[file], mentions=[bob.id])
    alice.http.put(f"/messages/{gone['id']}", json={"content": "edited secret"}).raise_for_status()
    bob.http.put(f"/messages/{gone['id']}/reactions/👍").raise_for_status()
    assert bob.http.get(f"/uploads/{file}").status_code == 200
    _let_time_pass(server)
    _let_live(alice, chat, None)
    kept = alice.send(chat, "kept")
    _sweep(server)
    [last, emptied] = bob.history(chat)
    assert last["id"] == kept["id"]
    assert (emptied["id"], emptied["seq"], emptied["isDeleted"], emptied["isEdited"]) == (gone["id"], 1, True, False)
    empty: dict[str, Any] = {
        "content": "",
        "attachments": [],
        "mentions": [],
        "reactions": {},
        "pinnedAt": None,
        "expiresAt": None,
    }
    assert {name: emptied[name] for name in empty} == empty
    assert emptied["updatedAt"] > gone["updatedAt"]
    assert bob.http.get(f"/uploads/{file}").status_code == 404
    for table in ("SELECT FROM message_edits", "SELECT FROM attachments"):
        with psycopg.connect(server.database_url) as connection:
            assert connection.execute(table).fetchall() == []
    assert server.sql("SELECT deleted_by FROM messages WHERE seq = 1") == [(None,)]


def test_the_members_hear_of_it_once(server: Server, pair: tuple[Person, Person, int]) -> None:
    alice, bob, chat = pair
    ears = [alice.socket(), bob.socket()]
    gone = alice.send(chat, "secret")
    cursor = _cursor(bob)
    told = {"chatId": chat, "messageId": gone["id"], "seq": gone["seq"], "deletedBy": None, "for": "everyone"}
    _let_time_pass(server)
    _sweep(server)
    for ear in ears:
        event = ear.wait_for("message:deleted", messageId=gone["id"])
        assert (event["data"], event["chatId"], event["seq"]) == (told, chat, gone["seq"])
    events = _events(bob, cursor)
    assert [event["data"] for event in events if event["type"] == "message:deleted"] == [told]
    _sweep(server)
    for ear in ears:
        ear.act("ping")
        assert len(ear.events("message:deleted")) == 1
    assert _events(bob, _cursor(bob)) == []


def test_what_was_deleted_before_its_time_is_not_told_again(server: Server, pair: tuple[Person, Person, int]) -> None:
    alice, bob, chat = pair
    gone = alice.send(chat, "secret")
    alice.http.delete(f"/messages/{gone['id']}").raise_for_status()
    cursor = _cursor(bob)
    _let_time_pass(server)
    _sweep(server)
    assert _events(bob, cursor) == []
    [tombstone] = bob.history(chat)
    assert tombstone["isDeleted"], "a deleted message keeps its place after its time too"


def test_others_stay(server: Server, pair: tuple[Person, Person, int]) -> None:
    alice, bob, chat = pair
    other = alice.chat_with(bob, name="two")
    alice.send(other, "for ever")
    alice.send(chat, "expires")
    _let_time_pass(server)
    alice.send(chat, "fresh")
    _sweep(server)
    assert _contents(bob, other) == ["for ever"]
    assert _contents(bob, chat) == ["", "fresh"]


def test_sweeps_at_once_and_writers_do_not_wait_for_each_other(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chats = [alice.chat_with(bob), *(alice.chat_with(bob, name=str(number)) for number in range(3))]
    for chat in chats:
        _let_live(alice, chat, 3600)
        for number in range(10):
            alice.send(chat, str(number))
    _let_time_pass(server)

    def act(number: int) -> int:
        if number < 3:
            return expiry.sweep()
        for chat in chats if number % 2 else reversed(chats):
            bob.send(chat, "meanwhile")
        return 0

    assert sum(at_once(act, 6)) == 40, "each was emptied by one of the sweeps"
    for chat in chats:
        seqs = [message["seq"] for message in bob.messages(chat, after=0)]
        assert seqs == list(range(1, len(seqs) + 1))
        assert _contents(bob, chat) == [""] * 10 + ["meanwhile"] * 3


def test_a_large_backlog_is_taken_in_bites(server: Server, pair: tuple[Person, Person, int]) -> None:
    alice, bob, chat = pair
    server.sql(
        "INSERT INTO messages (chat_id, seq, sender_id, message_type, content, expires_at)"
        " SELECT %s, n, %s, 'text', 'x', now() - interval '1 minute' FROM generate_series(1, 450) n",
        chat,
        alice.id,
    )
    server.sql("UPDATE chats SET last_seq = 450 WHERE id = %s", chat)
    assert expiry.sweep() == 450
    assert server.sql("SELECT count(*) FROM messages WHERE deleted_at IS NULL OR expires_at IS NOT NULL") == [(0,)]
    assert bob.http.get(f"/chats/{chat}").json()["lastSeq"] == 450


def test_a_killed_sweep_is_finished_by_the_next(server: Server, pair: tuple[Person, Person, int]) -> None:
    alice, bob, chat = pair
    gone = alice.send(chat, "secret")
    cursor = _cursor(bob)
    _let_time_pass(server)
    with psycopg.connect(server.database_url) as connection:
        connection.execute("SELECT FROM chats WHERE id = %s FOR UPDATE", (chat,))
        server.faults.arm(Fault.KILL_AT, of="sweep", value=0.5)
        with pytest.raises(FunctionError):
            _sweep(server)
    _sweep(server)
    assert _contents(bob, chat) == [""]
    told = [event["data"]["messageId"] for event in _events(bob, cursor) if event["type"] == "message:deleted"]
    assert told == [gone["id"]]


def test_its_index_finds_what_is_due(server: Server, pair: tuple[Person, Person, int]) -> None:
    alice, _, chat = pair
    server.sql(
        "INSERT INTO messages (chat_id, seq, sender_id, message_type, content, expires_at)"
        " SELECT %s, n, %s, 'text', 'x', CASE WHEN n %% 100 = 0 THEN now() + interval '1 day' END"
        " FROM generate_series(1, 20000) n",
        chat,
        alice.id,
    )
    server.sql("ANALYZE messages")
    plan = server.sql(
        "EXPLAIN SELECT m.chat_id, m.seq, m.edited_at FROM messages m"
        " WHERE m.expires_at <= now() ORDER BY m.expires_at LIMIT 200"
    )
    assert any("messages_expiring" in line[0] for line in plan), plan
