"""`Idempotency-Key`: the same key and body get the same answer for a day, and do what they ask for once."""

from typing import Any

import httpx
import pytest

from chalicelib.core import db
from chalicelib.entry.blueprints import endpoints
from chalicelib.features.ops import cleanup
from local.faults import Fault
from tests.support.answers import at_once, refusal, refused_fields
from tests.support.people import Person
from tests.support.server import Server

REPLAYED = "Idempotent-Replayed"


def _post(who: Person, path: str, body: dict[str, Any], key: str = "k1") -> httpx.Response:
    return who.http.post(path, json=body, headers={"Idempotency-Key": key})


def _group(who: Person, *others: Person, name: str = "group", key: str = "k1") -> httpx.Response:
    ids = [other.id for other in others]
    return _post(who, "/chats", {"type": "group", "name": name, "participantIds": ids}, key)


def _told(answer: httpx.Response) -> tuple[int, str, str]:
    return answer.status_code, answer.text, answer.headers["content-type"]


def test_the_same_again_is_the_same_answer(server: Server, alice: Person, bob: Person) -> None:
    first = _group(alice, bob)
    assert (first.status_code, REPLAYED in first.headers) == (201, False)
    alice.http.patch(f"/chats/{first.json()['id']}", json={"name": "changed since"})
    for _ in range(2):
        again = _group(alice, bob)
        assert _told(again) == _told(first)
        assert again.headers[REPLAYED] == "true"
        assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert server.sql("SELECT count(*) FROM chats WHERE created_by IS NOT NULL") == [(1,)]
    assert _group(alice, bob, key="k2").json()["id"] != first.json()["id"]


def test_every_status_is_kept(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    message = {"chatId": chat, "content": "x", "clientMessageId": "m1"}
    alice.http.post("/messages", json=message)
    repeats = [_post(alice, "/messages", message) for _ in range(2)]
    assert [(answer.status_code, answer.headers.get(REPLAYED)) for answer in repeats] == [(200, None), (200, "true")]
    group = alice.chat_with(name="group")
    added = [_post(alice, f"/chats/{group}/participants", {"userId": bob.id}, "k2") for _ in range(2)]
    assert [answer.status_code for answer in added] == [200, 200]
    assert added[0].json() == added[1].json()


def test_another_body_or_another_path_is_refused(server: Server, alice: Person, bob: Person) -> None:
    one, two = alice.chat_with(name="one"), alice.chat_with(name="two")
    assert _post(alice, f"/chats/{one}/participants", {"userId": bob.id}).status_code == 200
    for path, body in (
        (f"/chats/{one}/participants", {"userIds": [bob.id]}),
        (f"/chats/{two}/participants", {"userId": bob.id}),
        ("/messages", {"chatId": one, "content": "x"}),
    ):
        assert refusal(_post(alice, path, body)) == (422, "idempotency_key_reused")
    assert server.sql("SELECT count(*) FROM members WHERE user_id = %s", bob.id) == [(1,)]
    assert server.sql("SELECT count(*) FROM messages WHERE message_type = 'text'") == [(0,)]


def test_of_many_at_once_one_acts(server: Server, alice: Person, bob: Person) -> None:
    ears = bob.socket()
    answers = at_once(lambda _: _group(alice, bob), 10)
    assert len({_told(answer) for answer in answers}) == 1
    assert sorted(answer.headers.get(REPLAYED, "") for answer in answers) == [""] + ["true"] * 9
    assert server.sql("SELECT count(*) FROM chats WHERE created_by IS NOT NULL") == [(1,)]
    ears.wait_for("chat:created", id=answers[0].json()["id"])
    server.settle()
    assert len(ears.events("chat:created")) == 1, "told once"


def test_a_message_is_told_once(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    ears = bob.socket()
    answers = [_post(alice, "/messages", {"chatId": chat, "content": "once"}) for _ in range(3)]
    assert len({_told(answer) for answer in answers}) == 1
    assert alice.send(chat, "next")["seq"] == 2
    ears.wait_for("message:new", content="next")
    server.settle()
    assert [event["data"]["content"] for event in ears.events("message:new")] == ["once", "next"]


def test_a_refusal_is_not_kept(server: Server, alice: Person, bob: Person) -> None:
    bob.http.put(f"/blocks/{alice.id}")
    assert refusal(_group(alice, bob)) == (403, "blocked")
    assert server.sql("SELECT count(*) FROM idempotency_keys") == [(0,)]
    bob.http.delete(f"/blocks/{alice.id}")
    passed = _group(alice, bob)
    assert (passed.status_code, REPLAYED in passed.headers) == (201, False)


def test_a_refused_send_leaves_nothing_behind(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    body = {"chatId": chat, "content": "x"}
    with server.settings(rate_limits=True, sends_http=1):
        assert alice.http.post("/messages", json=body).status_code == 201
        assert refusal(_post(alice, "/messages", body)) == (429, "rate_limited")
    assert _post(alice, "/messages", body).json()["seq"] == 2


def test_everybody_has_their_own_keys(alice: Person, bob: Person) -> None:
    mine, theirs = _group(alice), _group(bob)
    assert [answer.status_code for answer in (mine, theirs)] == [201, 201]
    assert theirs.json()["createdBy"] == bob.id
    assert REPLAYED not in theirs.headers


def test_a_key_is_kept_for_a_day(server: Server, alice: Person) -> None:
    first = _group(alice)
    server.sql("UPDATE idempotency_keys SET created_at = created_at - interval '23 hours 59 minutes'")
    assert _told(_group(alice)) == _told(first)
    server.sql("UPDATE idempotency_keys SET created_at = created_at - interval '2 minutes'")
    later = _group(alice, name="another body")
    assert (later.status_code, REPLAYED in later.headers) == (201, False)
    assert later.json()["id"] != first.json()["id"]
    assert _group(alice, name="another body").headers[REPLAYED] == "true"


def test_what_has_had_its_time_is_swept_away(server: Server, alice: Person, bob: Person) -> None:
    _group(alice)
    _group(bob)
    server.sql("UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE user_id = %s", alice.id)
    server.sql("UPDATE sessions SET expires_at = now() - interval '1 minute' WHERE user_id = %s", bob.id)
    server.sql(
        "INSERT INTO allowances VALUES ('old', now() - interval '2 hours'), ('new', now() + interval '1 hour')"
    )
    assert cleanup.clean() == 3
    assert server.sql("SELECT user_id FROM idempotency_keys") == [(bob.id,)]
    assert server.sql("SELECT user_id FROM sessions") == [(alice.id,)]
    assert server.sql("SELECT subject FROM allowances") == [("new",)]
    assert cleanup.clean() == 0


def test_the_answer_may_get_lost(server: Server, alice: Person, bob: Person) -> None:
    server.faults.arm(Fault.KILL_AFTER, of="api_handler")
    assert _group(alice, bob).status_code >= 500
    again = _group(alice, bob)
    assert (again.status_code, again.headers.get(REPLAYED)) == (201, "true")
    assert server.sql("SELECT count(*) FROM chats WHERE created_by IS NOT NULL") == [(1,)]


def test_a_key_does_not_outlive_the_session(server: Server, alice: Person) -> None:
    assert _group(alice).status_code == 201
    server.sql("UPDATE sessions SET ended_at = now()")
    assert refusal(_group(alice)) == (401, "session_ended")


def test_what_is_no_key(alice: Person) -> None:
    for key in ("", "x" * 201, "a\tb"):
        assert refused_fields(_group(alice, key=key)) == [("Idempotency-Key", "wrong_form")], key
    assert _group(alice, key="x" * 200).status_code == 201
    assert _group(alice, key="with spaces, \"quotes\" & 'more'").status_code == 201


def test_every_post_that_makes_something_takes_a_key() -> None:
    without = [
        endpoint.path
        for endpoint in endpoints()
        if endpoint.method == "POST" and endpoint.status == 201 and endpoint.input("body")
        if not endpoint.creates
    ]
    assert without == []


def test_in_a_transaction_a_refused_statement_does_not_spoil_the_others(server: Server) -> None:
    with db.transaction():
        db.execute("INSERT INTO allowances VALUES ('first', now())", {})
        with pytest.raises(Exception, match="first"):
            db.execute("INSERT INTO allowances VALUES ('first', now())", {})
        db.execute("INSERT INTO allowances VALUES ('second', now())", {})
    assert server.sql("SELECT subject FROM allowances ORDER BY 1") == [("first",), ("second",)]
