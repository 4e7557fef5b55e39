"""Who may do what to a message: one ladder for all verbs."""

from collections.abc import Callable

import httpx
import pytest

from tests.support.answers import refusal, told
from tests.support.people import Person, Register
from tests.support.server import Server

Verb = Callable[[Person, int], httpx.Response]


def _forward(who: Person, message_id: int) -> httpx.Response:
    notes = who.chat_with(name="notes")
    return who.http.post(f"/messages/{message_id}/forward", json={"chatIds": [notes]})


VERBS: dict[str, Verb] = {
    "get": lambda who, message: who.http.get(f"/messages/{message}"),
    "edit": lambda who, message: who.http.put(f"/messages/{message}", json={"content": "changed"}),
    "edit by PATCH": lambda who, message: who.http.patch(f"/messages/{message}", json={"content": "changed"}),
    "edits": lambda who, message: who.http.get(f"/messages/{message}/edits"),
    "delete": lambda who, message: who.http.delete(f"/messages/{message}"),
    "delete for me": lambda who, message: who.http.delete(f"/messages/{message}", params={"for": "me"}),
    "react": lambda who, message: who.http.put(f"/messages/{message}/reactions/👍"),
    "unreact": lambda who, message: who.http.delete(f"/messages/{message}/reactions/👍"),
    "pin": lambda who, message: who.http.put(f"/messages/{message}/pin"),
    "unpin": lambda who, message: who.http.delete(f"/messages/{message}/pin"),
    "forward": _forward,
}
every_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)


def _only(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("verb", [VERBS[name] for name in names], ids=names)


@every_verb
def test_a_member_may_who_sent_it_and_owns_the_group(person: Register, verb: Verb) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob, name="two"), "hello")
    assert verb(alice, message["id"]).is_success


@every_verb
def test_a_stranger_learns_of_no_message(person: Register, verb: Verb) -> None:
    alice, bob, mallory = person("alice"), person("bob"), person("mallory")
    message = alice.send(alice.chat_with(bob), "hello")
    answer = verb(mallory, message["id"])
    assert refusal(answer) == (404, "not_found")
    assert told(answer) == told(verb(mallory, message["id"] + 1000))
    assert alice.http.get(f"/messages/{message['id']}").json() == message


@every_verb
def test_a_removed_member_has_lost_it(person: Register, verb: Verb) -> None:
    alice, bob = person("alice"), person("bob")
    group = alice.chat_with(bob, name="two")
    message = bob.send(group, "hello")
    alice.http.delete(f"/chats/{group}/participants/{bob.id}").raise_for_status()
    assert refusal(verb(bob, message["id"])) == (404, "not_found")
    assert [one["content"] for one in alice.history(group)] == ["hello"]


@every_verb
def test_an_ended_session_can_do_nothing(server: Server, person: Register, verb: Verb) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    notes = alice.chat_with(name="notes")
    server.sql("UPDATE sessions SET ended_at = now() WHERE user_id = %s", alice.id)
    if verb is _forward:
        answer = alice.http.post(f"/messages/{message['id']}/forward", json={"chatIds": [notes]})
    else:
        answer = verb(alice, message["id"])
    assert refusal(answer) == (401, "session_ended")
    assert bob.http.get(f"/messages/{message['id']}").json()["content"] == "hello"


@_only("get", "edit", "edits", "delete", "react", "unreact", "pin", "unpin", "forward")
def test_a_message_i_have_hidden_is_not_there_for_me(person: Register, verb: Verb) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    alice.http.delete(f"/messages/{message['id']}", params={"for": "me"}).raise_for_status()
    assert refusal(verb(alice, message["id"])) == (404, "not_found")
    assert bob.http.get(f"/messages/{message['id']}").json()["content"] == "hello"


@_only("get", "edit", "edits", "delete", "react", "unreact", "pin", "unpin", "forward")
def test_an_expired_message_is_not_there(server: Server, person: Register, verb: Verb) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    server.sql("UPDATE messages SET expires_at = now() WHERE id = %s", message["id"])
    assert refusal(verb(alice, message["id"])) == (404, "not_found")


@_only("edit", "edit by PATCH", "delete")
def test_only_who_sent_it_may(person: Register, verb: Verb) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    private = alice.send(alice.chat_with(bob), "hello")
    group = alice.send(alice.chat_with(bob, carol, name="three"), "hello")
    for message in (private, group):
        assert refusal(verb(bob, message["id"])) == (403, "forbidden")
        assert alice.http.get(f"/messages/{message['id']}").json() == message


@_only("pin", "unpin")
def test_members_of_a_group_pin_nothing(server: Server, person: Register, verb: Verb) -> None:
    alice, bob = person("alice"), person("bob")
    group = alice.chat_with(bob, name="two")
    message = bob.send(group, "hello")
    assert refusal(verb(bob, message["id"])) == (403, "forbidden")
    server.sql("UPDATE members SET role = 'admin' WHERE user_id = %s", bob.id)
    assert verb(bob, message["id"]).is_success


@_only("edit", "edit by PATCH", "react", "pin")
def test_a_block_ends_what_speaks_to_the_other(person: Register, verb: Verb) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    of_alice, of_bob = alice.send(chat, "hello")["id"], bob.send(chat, "hello")["id"]
    assert bob.http.put(f"/blocks/{alice.id}").is_success
    for who, message_id in ((alice, of_alice), (bob, of_bob)):
        assert refusal(verb(who, message_id)) == (403, "blocked")
    assert bob.http.delete(f"/blocks/{alice.id}").is_success
    assert verb(alice, of_alice).is_success


@_only("delete", "delete for me", "unreact", "get", "edits", "forward")
def test_a_block_leaves_what_is_ones_own(person: Register, verb: Verb) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    alice.http.put(f"/messages/{message['id']}/reactions/👍").raise_for_status()
    assert bob.http.put(f"/blocks/{alice.id}").is_success
    assert verb(alice, message["id"]).is_success


@_only("edit", "edit by PATCH", "react", "pin", "forward")
def test_a_deleted_message_stays_deleted(person: Register, verb: Verb) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    alice.http.delete(f"/messages/{message['id']}").raise_for_status()
    assert refusal(verb(alice, message["id"])) == (410, "message_deleted")


@_only("get", "edits", "delete", "delete for me", "unreact", "unpin")
def test_a_deleted_message_can_still_be_read_and_cleared_away(person: Register, verb: Verb) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    alice.http.delete(f"/messages/{message['id']}").raise_for_status()
    assert verb(alice, message["id"]).is_success


@_only("edit", "edit by PATCH", "delete", "react", "pin")
def test_a_change_is_news_of_its_chat(server: Server, person: Register, verb: Verb) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    message = alice.send(chat, "hello")
    before = _changed(server, chat)
    assert verb(alice, message["id"]).is_success
    changed = _changed(server, chat)
    assert changed[0] > before[0], "the chat's row"
    assert changed[1] == changed[0], "the message's row, in the same transaction"
    verb(alice, message["id"])
    assert _changed(server, chat) == changed, "what changes nothing is no news"


def _changed(server: Server, chat: int) -> tuple[int, int]:
    ((of_chat, of_message),) = server.sql(
        "SELECT c.changed::text::bigint, m.changed::text::bigint"
        " FROM chats c JOIN messages m ON m.chat_id = c.id WHERE c.id = %s",
        chat,
    )
    return int(of_chat), int(of_message)
