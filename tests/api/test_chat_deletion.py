"""Deleting: a group for all its members, a private chat for oneself."""

import pytest

from chalicelib.features.chats import deletion
from tests.support.answers import at_once, refusal
from tests.support.groups import changes, invite, set_role
from tests.support.people import Person, Register
from tests.support.server import Server


def _listed(who: Person) -> list[int]:
    return [chat["id"] for chat in who.http.get("/chats").json()["chats"]]


def test_a_deleted_group_is_gone_for_everybody(alice: Person, bob: Person, person: Register) -> None:
    carol = person("carol")
    chat = alice.chat_with(bob, name="group")
    alice.http.patch(f"/chats/{chat}", json={"isPublic": True})
    token = invite(alice, chat)["token"]
    message = alice.send(chat, "last words")["id"]
    cursors = {who.id: changes(who)[1] for who in (alice, bob)}
    assert alice.http.delete(f"/chats/{chat}").status_code == 204
    for who in (alice, bob):
        assert [event["type"] for event in changes(who, cursors[who.id])[0]] == ["chat:left"]
        assert _listed(who) == []
        for path in (f"/chats/{chat}", f"/chats/{chat}/messages", f"/messages/{message}", f"/chats/public/{chat}"):
            assert refusal(who.http.get(path)) == (404, "not_found")
        assert refusal(who.http.delete(f"/chats/{chat}")) == (404, "not_found")
    assert refusal(carol.http.post(f"/chats/{chat}/join")) == (404, "not_found")
    assert refusal(carol.http.get(f"/invites/{token}")) == (410, "gone")
    assert refusal(carol.http.post(f"/invites/{token}/join")) == (410, "gone")
    assert chat not in [found["id"] for found in carol.http.get("/chats/public").json()["chats"]]


def test_what_it_leaves_is_taken_away_bit_by_bit(
    server: Server, alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "_BITE", 3)
    chat, other = alice.chat_with(bob, name="group"), alice.chat_with(bob, name="other")
    for text in "abcd":
        alice.send(chat, text)
    alice.send(other, "stays")
    assert deletion.sweep() == 0
    alice.http.delete(f"/chats/{chat}")
    assert [deletion.sweep() for _ in range(3)] == [3, 3, 0], (
        "that it was made and two messages; two and the chat; nothing"
    )
    assert server.sql("SELECT count(*) FROM messages WHERE chat_id = %s", chat) == [(0,)]
    assert server.sql("SELECT count(*) FROM chats WHERE id = %s", chat) == [(0,)]
    assert [message["content"] for message in bob.history(other)] == ["stays"]


def test_the_schedule_takes_it_away(server: Server, alice: Person) -> None:
    chat = alice.chat_with(name="group")
    alice.http.delete(f"/chats/{chat}")
    server.stack.triggers.fire_schedule("sweep")
    server.settle()
    assert server.sql("SELECT count(*) FROM chats WHERE id = %s", chat) == [(0,)]


def test_two_owners_delete_it_once(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    set_role(alice, chat, bob, "owner")
    answers = at_once(lambda number: (alice, bob)[number].http.delete(f"/chats/{chat}"), 2)
    assert sorted(answer.status_code for answer in answers) == [204, 404]


def test_no_message_comes_into_a_deleted_group(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")

    def act(number: int) -> int:
        if number == 0:
            return alice.http.delete(f"/chats/{chat}").status_code
        return bob.http.post("/messages", json={"chatId": chat, "content": "x"}).status_code

    statuses = at_once(act, 8)
    assert statuses[0] == 204
    assert set(statuses[1:]) <= {201, 404}
    stored = server.sql("SELECT count(*) FROM messages WHERE chat_id = %s AND message_type = 'text'", chat)
    assert stored == [(statuses.count(201),)]


def test_a_private_chat_goes_from_ones_own_list_until_its_next_message(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    bob.send(chat, "hello")
    alice.http.put(f"/chats/{chat}/pin")
    _, cursor = changes(alice)
    assert alice.http.delete(f"/chats/{chat}").status_code == 204
    assert (_listed(alice), _listed(bob)) == ([], [chat])
    events, cursor = changes(alice, cursor)
    assert [(event["type"], event["data"]["hidden"], event["data"]["pinned"]) for event in events] == [
        ("chat:updated", True, False)
    ]
    assert alice.http.get(f"/chats/{chat}").json()["hidden"] is True
    assert alice.http.delete(f"/chats/{chat}").status_code == 204, "again is as once"
    assert changes(alice, cursor)[0] == []

    bob.send(chat, "are you there?")
    assert _listed(alice) == [chat]
    assert alice.http.get(f"/chats/{chat}").json()["hidden"] is False
    (updated,) = (event["data"] for event in changes(alice, cursor)[0] if event["type"] == "chat:updated")
    assert updated["hidden"] is False
    assert [message["content"] for message in bob.history(chat)] == ["are you there?", "hello"], "bob's are untouched"


def test_who_wants_it_back_gets_the_same_chat(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    alice.http.delete(f"/chats/{chat}")
    _, cursor = changes(alice)
    assert bob.chat_with(alice) == chat
    assert _listed(alice) == [], "the other's looking at it brings nothing back"
    assert alice.chat_with(bob) == chat
    assert _listed(alice) == [chat]
    (updated,) = (event["data"] for event in changes(alice, cursor)[0] if event["type"] == "chat:updated")
    assert updated["hidden"] is False
