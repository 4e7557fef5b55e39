"""A chat says whether its member can write in it, and tells when that changes: live and by sync."""

from typing import Any

from tests.support.answers import refusal
from tests.support.groups import changes
from tests.support.people import PASSWORD, Person, Register
from tests.support.server import Server

Wire = dict[str, Any]
MAY = (True, None)


def _said(chat: Wire) -> tuple[bool, str | None]:
    return chat["canSend"], chat["cannotSendReason"]


def _everywhere(who: Person, chat: int, cursor: str | None) -> tuple[bool, str | None]:
    """What the chat, the list of chats, sync and the attempt say; they must agree."""
    opened = _said(who.http.get(f"/chats/{chat}").json())
    (listed,) = [one for one in who.http.get("/chats").json()["chats"] if one["id"] == chat]
    told = [event["data"] for event in changes(who, cursor)[0] if event["type"] == "chat:updated"]
    assert [_said(one) for one in (listed, *told[-1:])] == [opened, opened]
    sent = who.http.post("/messages", json={"chatId": chat, "content": "hello"})
    assert (sent.status_code == 201) is opened[0], sent.text
    return opened


def test_a_block_closes_the_private_chat_to_both(alice: Person, person: Register) -> None:
    bob = person("bob")
    chat = alice.chat_with(bob)
    cursors = {who.id: changes(who)[1] for who in (alice, bob)}
    ears = [alice.socket(), bob.socket()]
    for method, blocker, expected in (
        ("PUT", alice, (False, "blocked")),
        ("PUT", alice, (False, "blocked")),
        ("PUT", bob, (False, "blocked")),
        ("DELETE", alice, (False, "blocked")),
        ("DELETE", bob, MAY),
    ):
        other = bob if blocker is alice else alice
        assert blocker.http.request(method, f"/blocks/{other.id}").status_code < 300
        for who in (alice, bob):
            assert _everywhere(who, chat, cursors[who.id]) == expected
    for listener in ears:
        listener.wait_for("chat:sending", canSend=True)
        told = [frame["data"] for frame in listener.events("chat:sending")]
        assert told == [
            {"chatId": chat, "canSend": False, "cannotSendReason": "blocked"},
            {"chatId": chat, "canSend": True, "cannotSendReason": None},
        ], "and nothing where nothing changed"


def test_rules_and_roles_decide_in_a_group(alice: Person, person: Register) -> None:
    bob, carol = person("bob"), person("carol")
    chat = alice.chat_with(bob, carol, name="News")
    cursors = {who.id: changes(who)[1] for who in (alice, bob, carol)}
    ears = {who.id: who.socket() for who in (alice, bob, carol)}
    silent = (False, "only_admins")

    def expect(*expected: tuple[bool, str | None]) -> None:
        assert [_everywhere(who, chat, cursors[who.id]) for who in (alice, bob, carol)] == list(expected)

    def rule(who_can_send: str) -> None:
        answer = alice.http.patch(f"/chats/{chat}", json={"settings": {"whoCanSend": who_can_send}})
        assert _said(answer.json()) == MAY

    def role(name: str) -> None:
        alice.http.patch(f"/chats/{chat}/participants/{bob.id}", json={"role": name})

    rule("admins")
    expect(MAY, silent, silent)
    role("admin")
    expect(MAY, MAY, silent)
    role("member")
    expect(MAY, silent, silent)
    rule("admins")
    rule("members")
    expect(MAY, MAY, MAY)
    role("admin")
    for who, told in ((alice, []), (bob, [False, True, False, True]), (carol, [False, True])):
        listener = ears[who.id]
        listener.wait_for("member:updated", role="admin")
        listener.act("ping")
        assert [frame["data"]["canSend"] for frame in listener.events("chat:sending")] == told


def test_nobody_can_write_to_a_user_who_was_deleted(server: Server, alice: Person, person: Register) -> None:
    bob = person("bob")
    chat, cursor, ears = alice.chat_with(bob), changes(alice)[1], alice.socket()
    bob.http.post("/users/me/deletion", json={"password": PASSWORD}).raise_for_status()
    alice.send(chat, "in the days of grace")
    server.sql("UPDATE users SET delete_after = now() - interval '1 second' WHERE id = %s", bob.id)
    server.stack.triggers.fire_schedule("sweep")
    told = ears.wait_for("chat:sending")["data"]
    assert told == {"chatId": chat, "canSend": False, "cannotSendReason": "deleted_user"}
    assert _everywhere(alice, chat, cursor) == (False, "deleted_user")
    refused = alice.http.post("/messages", json={"chatId": chat, "content": "hello"})
    assert refusal(refused) == (403, "forbidden")
