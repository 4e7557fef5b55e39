"""Messages that wait: scheduled, listed, changed, taken back, sent before their time."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from tests.support.answers import at_once, bare, refusal, refused_fields, told
from tests.support.people import Person, Register
from tests.support.server import Server


def _at(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def _ask(person: Person, chat: int, content: str = "later", **more: Any) -> httpx.Response:
    body = {"chatId": chat, "content": content, "sendAt": _at(3600), **more}
    return person.http.post("/messages/scheduled", json=body)


def _schedule(person: Person, chat: int, content: str = "later", **more: Any) -> dict[str, Any]:
    answer = _ask(person, chat, content, **more)
    assert answer.status_code == 201, answer.text
    return bare(answer.json())


def _listed(person: Person, **query: Any) -> list[dict[str, Any]]:
    page: dict[str, Any] = person.http.get("/messages/scheduled", params=query).raise_for_status().json()
    assert page["hasMore"] is False
    found: list[dict[str, Any]] = page["scheduled"]
    return found


def _change(person: Person, scheduled: int, **changes: Any) -> httpx.Response:
    return person.http.patch(f"/messages/scheduled/{scheduled}", json=changes)


def _upload(server: Server, owner: Person, name: str = "a.txt") -> int:
    return int(
        server.sql(
            "INSERT INTO uploads (owner_id, key, filename, content_type, size, state, expires_at)"
            " VALUES (%s, %s, %s, 'text/plain', 3, 'ready', now()) RETURNING id",
            owner.id,
            f"{owner.id}/{name}",
            name,
        )[0][0]
    )


def test_a_message_waits_and_nobody_hears_of_it(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob, name="two")
    asked = bob.send(chat, "?")
    file = _upload(server, alice)
    moment = datetime.now(UTC) + timedelta(days=1)
    scheduled = _schedule(
        alice,
        chat,
        "<b>Завтра</b>",
        messageType="file",
        replyTo=asked["id"],
        mentions=[bob.id],
        attachments=[file],
        sendAt=moment.astimezone(timezone(timedelta(hours=3))).isoformat(),
    )
    assert scheduled["content"] == "Завтра"
    bare = dict.fromkeys(("width", "height", "placeholder", "thumbnails", "caption", "duration", "waveform"))
    attachment = {
        "id": file,
        "filename": "a.txt",
        "contentType": "text/plain",
        "size": 3,
        "state": "ready",
        "kind": "file",
        **bare,
    }
    assert scheduled["attachments"] == [attachment]
    expected = {"chatId": chat, "messageType": "file", "replyTo": asked["id"], "mentions": [bob.id]}
    assert {name: scheduled[name] for name in expected} == expected
    assert (scheduled["refused"], scheduled["clientMessageId"]) == (None, None)
    assert scheduled["sendAt"] == moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert _listed(alice) == [scheduled]
    assert _listed(bob) == []
    server.stack.triggers.fire_schedule("sweep")
    assert [message["content"] for message in bob.history(chat)] == ["?"]


def test_the_list_is_in_the_order_of_sending_and_paged(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    first, second = alice.chat_with(bob), alice.chat_with(name="notes")
    for hours, chat in ((3, first), (1, second), (2, first), (1, first)):
        _schedule(alice, chat, str(hours), sendAt=_at(hours * 3600))
    assert [one["content"] for one in _listed(alice)] == ["1", "1", "2", "3"]
    assert [one["content"] for one in _listed(alice, chatId=first)] == ["1", "2", "3"]
    found: list[str] = []
    page = alice.http.get("/messages/scheduled", params={"limit": 3}).json()
    found += [one["content"] for one in page["scheduled"]]
    page = alice.http.get("/messages/scheduled", params={"limit": 3, "cursor": page["nextCursor"]}).json()
    found += [one["content"] for one in page["scheduled"]]
    assert (found, page["hasMore"]) == (["1", "1", "2", "3"], False)
    assert refused_fields(alice.http.get("/messages/scheduled", params={"cursor": "x"})) == [("cursor", "wrong_form")]


@pytest.mark.parametrize("seconds", [-3600, 0, 50, 366 * 86_400])
def test_its_time_is_a_minute_to_a_year_ahead(person: Register, seconds: int) -> None:
    alice = person("alice")
    chat = alice.chat_with(name="notes")
    assert refused_fields(_ask(alice, chat, sendAt=_at(seconds))) == [("sendAt", "out_of_range")]
    scheduled = _schedule(alice, chat)
    assert refused_fields(_change(alice, scheduled["id"], sendAt=_at(seconds))) == [("sendAt", "out_of_range")]
    assert _listed(alice) == [scheduled]


def test_what_could_not_be_sent_is_refused_at_once(server: Server, person: Register) -> None:
    alice, bob, mallory = person("alice"), person("bob"), person("mallory")
    chat, group = alice.chat_with(bob), alice.chat_with(bob, name="two")
    there = _ask(mallory, chat)
    assert refusal(there) == (404, "not_found")
    assert told(there) == told(_ask(mallory, chat + 1000))
    elsewhere = alice.send(group, "elsewhere")["id"]
    assert refusal(_ask(alice, chat, replyTo=elsewhere)) == (422, "unknown_reply")
    assert refusal(_ask(alice, chat, mentions=[mallory.id])) == (422, "unknown_mention")
    assert refusal(_ask(alice, chat, attachments=[_upload(server, bob)])) == (422, "unusable_attachment")
    server.sql("UPDATE chats SET who_can_send = 'admins' WHERE id = %s", group)
    assert refusal(_ask(bob, group)) == (403, "forbidden")
    bob.http.put(f"/blocks/{alice.id}").raise_for_status()
    assert refusal(_ask(alice, chat)) == (403, "blocked")
    assert _listed(alice) == _listed(bob) == []


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"sendAt": None}, "sendAt", "wrong_type"),
        ({"sendAt": "tomorrow"}, "sendAt", "wrong_type"),
        ({"sendAt": "2026-12-24T18:00:00"}, "sendAt", "wrong_type"),
        ({"sendAt": 10**12}, "sendAt", "wrong_type"),
        ({"sendAt": "9999-12-31T23:59:59Z"}, "sendAt", "out_of_range"),
        ({"sendAt": "0001-01-01T00:00:00Z"}, "sendAt", "out_of_range"),
        ({"content": " "}, "content", "missing"),
        ({"content": "<br>"}, "content", "missing"),
        ({"content": "\x00"}, "content", "forbidden_character"),
        ({"content": "a" * 10_001}, "content", "wrong_length"),
        ({"chatId": 2**64}, "chatId", "out_of_range"),
        ({"chatId": -1}, "chatId", "out_of_range"),
        ({"attachments": [1, 1]}, "attachments", "repeated"),
        ({"senderId": 1}, "senderId", "unknown_field"),
    ],
)
def test_wrong_input_is_refused_by_name(person: Register, change: dict[str, Any], field: str, code: str) -> None:
    alice = person("alice")
    chat = alice.chat_with(name="notes")
    body = {"chatId": chat, "content": "later", "sendAt": _at(3600)} | change
    assert refused_fields(alice.http.post("/messages/scheduled", json=body)) == [(field, code)]
    assert _listed(alice) == []


def test_scheduling_it_again_is_the_same_message(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat, other = alice.chat_with(bob), alice.chat_with(name="notes")
    answers = at_once(lambda _: _ask(alice, chat, clientMessageId="m1"), 5)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(_listed(alice)) == 1
    assert refusal(_ask(alice, other, clientMessageId="m1")) == (409, "client_message_id_reused")


def test_an_idempotency_key_is_honoured(person: Register) -> None:
    alice = person("alice")
    chat = alice.chat_with(name="notes")
    body = {"chatId": chat, "content": "later", "sendAt": _at(3600)}
    first, again = (
        alice.http.post("/messages/scheduled", json=body, headers={"Idempotency-Key": "k1"}) for _ in range(2)
    )
    assert first.json() == again.json()
    assert len(_listed(alice)) == 1


def test_a_user_has_a_hundred_at_most_whoever_asks_at_once(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    server.sql(
        "INSERT INTO scheduled_messages (user_id, chat_id, message, send_at)"
        " SELECT %s, %s, %s::jsonb, now() + interval '1 hour' FROM generate_series(1, 97)",
        alice.id,
        chat,
        json.dumps({"content": "x", "messageType": "text", "attachments": [], "mentions": [], "replyTo": None}),
    )
    answers = at_once(lambda number: _ask(alice, chat, str(number)), 6)
    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 422, 422, 422]
    assert {refusal(answer)[1] for answer in answers if answer.status_code == 422} == {"too_many_scheduled"}
    assert server.sql("SELECT count(*) FROM scheduled_messages") == [(100,)]
    assert _ask(bob, chat).status_code == 201, "each user has their own"


def test_scheduling_counts_as_sending(server: Server, person: Register) -> None:
    alice = person("alice")
    chat = alice.chat_with(name="notes")
    with server.settings(rate_limits=True, sends_http=2):
        assert _ask(alice, chat).headers["RateLimit"].startswith('"send-http";r=1')
        alice.send(chat, "now")
        limited = _ask(alice, chat)
        assert refusal(limited) == (429, "rate_limited")
        assert int(limited.headers["Retry-After"]) > 0
    assert len(_listed(alice)) == 1


def test_it_can_be_changed_while_it_waits(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    scheduled = _schedule(alice, chat, "first", attachments=[_upload(server, alice)])
    at = _at(7200)
    changed = _change(alice, scheduled["id"], content="<i>second</i>", mentions=[bob.id], sendAt=at).json()
    assert (changed["content"], changed["mentions"]) == ("second", [bob.id])
    assert changed["sendAt"] > scheduled["sendAt"]
    assert _change(alice, scheduled["id"]).json() == changed, "nothing given, nothing changed"
    assert _change(alice, scheduled["id"], content="").json()["content"] == "", "it has a file"
    plain = _schedule(alice, chat)
    assert refused_fields(_change(alice, plain["id"], content=" ")) == [("content", "missing")]
    assert refused_fields(_change(alice, plain["id"], chatId=chat)) == [("chatId", "unknown_field")]
    assert refused_fields(_change(alice, plain["id"], content=None)) == [("content", "wrong_type")]


def test_it_can_be_taken_back(server: Server, person: Register) -> None:
    alice = person("alice")
    chat = alice.chat_with(name="notes")
    scheduled = _schedule(alice, chat)
    path = f"/messages/scheduled/{scheduled['id']}"
    assert alice.http.delete(path).status_code == 204
    assert refusal(alice.http.delete(path)) == (404, "not_found"), "who takes it back must learn if it was too late"
    assert _listed(alice) == []
    server.sql("UPDATE scheduled_messages SET send_at = now()")
    server.stack.triggers.fire_schedule("sweep")
    assert alice.history(chat) == []


def test_it_can_be_sent_before_its_time(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    ears = bob.socket()
    scheduled = _schedule(alice, chat, "sooner")
    answers = at_once(lambda _: alice.http.post(f"/messages/scheduled/{scheduled['id']}/send-now"), 4)
    assert sorted(answer.status_code for answer in answers) == [201, 404, 404, 404]
    sent = next(answer.json() for answer in answers if answer.status_code == 201)
    assert (sent["content"], sent["clientMessageId"]) == ("sooner", f"scheduled:{scheduled['id']}")
    assert ears.wait_for("message:new", id=sent["id"])["data"] == sent
    assert [message["id"] for message in bob.history(chat)] == [sent["id"]]
    assert _listed(alice) == []


def test_what_cannot_be_sent_now_goes_on_waiting(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    scheduled = _schedule(alice, chat)
    bob.http.put(f"/blocks/{alice.id}").raise_for_status()
    assert refusal(alice.http.post(f"/messages/scheduled/{scheduled['id']}/send-now")) == (403, "blocked")
    assert _listed(alice) == [scheduled]


def test_it_is_its_senders_alone(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    scheduled = _schedule(alice, alice.chat_with(bob))
    path = f"/messages/scheduled/{scheduled['id']}"

    def asked(path: str) -> list[httpx.Response]:
        return [bob.http.patch(path, json={"content": "x"}), bob.http.delete(path), bob.http.post(f"{path}/send-now")]

    for answer, nowhere in zip(asked(path), asked(f"/messages/scheduled/{scheduled['id'] + 1000}"), strict=True):
        assert refusal(answer) == (404, "not_found")
        assert told(answer) == told(nowhere)
    assert _listed(alice) == [scheduled]
    assert _listed(bob) == []


def test_an_ended_session_can_do_nothing(server: Server, person: Register) -> None:
    alice = person("alice")
    chat = alice.chat_with(name="notes")
    path = f"/messages/scheduled/{_schedule(alice, chat)['id']}"
    server.sql("UPDATE sessions SET ended_at = now()")
    answers = [
        _ask(alice, chat),
        alice.http.get("/messages/scheduled"),
        alice.http.patch(path, json={"content": "x"}),
    ]
    answers += [alice.http.delete(path), alice.http.post(f"{path}/send-now")]
    assert {refusal(answer) for answer in answers} == {(401, "session_ended")}
    assert server.sql("SELECT message ->> 'content' FROM scheduled_messages") == [("later",)]
    assert server.sql("SELECT seq FROM messages WHERE message_type = 'text'") == []
