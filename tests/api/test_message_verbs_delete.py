"""Deleting for everyone, and for oneself: what is left, and who may still read what."""

import pytest

from tests.support.answers import at_once, bare, refusal, refused_fields
from tests.support.people import Register
from tests.support.server import Server

NOTES = "Заметки".encode()


def test_a_deleted_message_keeps_its_place_and_loses_the_rest(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    upload = alice.upload(NOTES)
    first = alice.send(chat, "first")
    message = alice.send(chat, "secret", attachments=[upload], mentions=[bob.id], replyTo=first["id"])
    reply = bob.send(chat, "what?", replyTo=message["id"])
    alice.http.put(f"/messages/{message['id']}", json={"content": "secret!"}).raise_for_status()
    bob.http.put(f"/messages/{message['id']}/reactions/👍").raise_for_status()
    bob.http.put(f"/messages/{message['id']}/pin").raise_for_status()
    assert bob.http.get(f"/uploads/{upload}").status_code == 200

    assert alice.http.delete(f"/messages/{message['id']}").status_code == 204
    left = bob.http.get(f"/messages/{message['id']}").json()
    assert bare(left) == bare(message) | {
        "content": "",
        "attachments": [],
        "mentions": [],
        "isDeleted": True,
        "status": "read",
        "updatedAt": left["updatedAt"],
    }
    assert [one["id"] for one in bob.history(chat)] == [reply["id"], message["id"], first["id"]]
    assert bob.history(chat)[1] == bare(left)
    assert bob.http.get(f"/messages/{message['id']}/edits").json()["edits"] == []
    assert bob.http.get(f"/chats/{chat}/pins").json()["messages"] == []
    assert bob.http.get(f"/uploads/{upload}").status_code == 404
    assert alice.http.get(f"/uploads/{upload}").status_code == 200, "it still is hers"
    assert (
        server.sql("SELECT count(*) FROM message_edits") == server.sql("SELECT count(*) FROM attachments") == [(0,)]
    )
    assert "secret" not in str(server.sql("SELECT row_to_json(m)::text FROM messages m"))


def test_the_chat_list_shows_that_the_last_message_was_deleted(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    alice.send(chat, "first")
    message = alice.send(chat, "last")
    alice.http.delete(f"/messages/{message['id']}").raise_for_status()
    for last in (
        bob.http.get("/chats").json()["chats"][0]["lastMessage"],
        bob.http.get(f"/chats/{chat}").json()["lastMessage"],
    ):
        assert (last["id"], last["isDeleted"], last["content"]) == (message["id"], True, "")


def test_a_retried_send_does_not_bring_it_back(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    message = alice.send(chat, "oops", clientMessageId="m1")
    alice.http.delete(f"/messages/{message['id']}").raise_for_status()
    again = alice.http.post("/messages", json={"chatId": chat, "content": "oops", "clientMessageId": "m1"})
    assert (again.status_code, again.json()["content"], again.json()["isDeleted"]) == (200, "", True)
    assert len(bob.history(chat)) == 1


def test_owners_and_admins_delete_for_others(server: Server, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    group = alice.chat_with(bob, carol, name="three")
    of_alice, of_carol = alice.send(group, "mine"), carol.send(group, "rude")
    assert refusal(bob.http.delete(f"/messages/{of_carol['id']}")) == (403, "forbidden")
    server.sql("UPDATE members SET role = 'admin' WHERE user_id = %s", bob.id)
    assert bob.http.delete(f"/messages/{of_carol['id']}").status_code == 204
    assert bob.http.delete(f"/messages/{of_alice['id']}").status_code == 204
    assert [message["isDeleted"] for message in carol.history(group)] == [True, True]
    assert server.sql("SELECT DISTINCT deleted_by FROM messages WHERE message_type = 'text'") == [(bob.id,)]


def test_deleting_again_is_as_once(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    message = alice.send(chat, "hello")
    answers = at_once(lambda _: alice.http.delete(f"/messages/{message['id']}").status_code, 6)
    assert answers == [204] * 6
    (before,) = server.sql("SELECT updated_at FROM messages")
    assert alice.http.delete(f"/messages/{message['id']}", params={"for": "everyone"}).status_code == 204
    assert server.sql("SELECT updated_at FROM messages") == [before]


def test_what_i_delete_for_me_is_gone_for_me_alone(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    messages = [alice.send(chat, text) for text in ("one", "two", "three")]
    bob.http.post(f"/chats/{chat}/read", json={}).raise_for_status()
    for message in messages[1:]:
        answer = bob.http.delete(f"/messages/{message['id']}", params={"for": "me"})
        assert (answer.status_code, answer.content) == (204, b"")
        assert bob.http.delete(f"/messages/{message['id']}", params={"for": "me"}).status_code == 204
    assert [message["content"] for message in bob.history(chat)] == ["one"]
    assert [message["content"] for message in bob.history(chat, after=1)] == []
    assert bob.http.get(f"/messages/{messages[2]['id']}").status_code == 404
    for shown in (bob.http.get(f"/chats/{chat}").json(), bob.http.get("/chats").json()["chats"][0]):
        assert shown["lastMessage"]["content"] == "one"
        assert (shown["lastSeq"], shown["unreadCount"]) == (3, 0)
    assert [message["content"] for message in alice.history(chat)] == ["three", "two", "one"]


def test_pages_go_on_past_what_is_hidden(person: Register) -> None:
    alice = person("alice")
    chat = alice.chat_with(alice)
    messages = [alice.send(chat, str(number)) for number in range(1, 13)]
    for message in messages[3:9]:
        alice.http.delete(f"/messages/{message['id']}", params={"for": "me"}).raise_for_status()
    both: list[tuple[dict[str, int], list[str]]] = [
        ({}, ["12", "11", "10", "3", "2", "1"]),
        ({"after": 0}, ["1", "2", "3", "10", "11", "12"]),
    ]
    for query, texts in both:
        first = alice.http.get(f"/chats/{chat}/messages", params={**query, "limit": 4}).json()
        assert (len(first["messages"]), first["hasMore"]) == (4, True)
        rest = alice.history(chat, cursor=first["nextCursor"], limit=4)
        assert [message["content"] for message in [*first["messages"], *rest]] == texts


def test_expired_messages_are_not_shown(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    alice.send(chat, "stays")
    gone = alice.send(chat, "goes")
    server.sql("UPDATE messages SET expires_at = now() WHERE id = %s", gone["id"])
    for who in (alice, bob):
        assert [message["content"] for message in who.history(chat)] == ["stays"]
        assert who.http.get(f"/messages/{gone['id']}").status_code == 404
        assert who.http.get("/chats").json()["chats"][0]["lastMessage"]["content"] == "stays"


@pytest.mark.parametrize("query", [{"for": "them"}, {"for": ""}, {"scope": "me"}, {"for": "me", "chatId": "1"}])
def test_other_scopes_are_refused(person: Register, query: dict[str, str]) -> None:
    alice = person("alice")
    message = alice.send(alice.chat_with(name="notes"), "hello")
    assert refused_fields(alice.http.delete(f"/messages/{message['id']}", params=query))
    assert alice.http.get(f"/messages/{message['id']}").json() == message


def test_a_deleted_row_holds_no_content_whatever_writes_it(server: Server, person: Register) -> None:
    import psycopg

    alice = person("alice")
    message = alice.send(alice.chat_with(name="notes"), "hello")
    with pytest.raises(psycopg.errors.CheckViolation):
        server.sql("UPDATE messages SET deleted_at = now() WHERE id = %s", message["id"])
