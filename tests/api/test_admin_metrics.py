"""The numbers that admins see."""

from typing import Any

from local.faults import Fault
from tests.support.answers import refusal
from tests.support.people import Person
from tests.support.server import Server


def test_numbers_are_what_there_is(server: Server, alice: Person, bob: Person, carol: Person) -> None:
    assert refusal(alice.http.get("/admin/metrics")) == (403, "forbidden")
    server.sql("SELECT appoint_admin('alice')")
    chat = alice.chat_with(bob)
    for number in range(3):
        alice.send(chat, str(number))
    alice.http.put(f"/admin/users/{bob.id}/mute", json={"reason": "x"}).raise_for_status()
    alice.http.put(f"/admin/users/{bob.id}/ban", json={"reason": "x"}).raise_for_status()
    carol.http.post("/reports", json={"subjectKind": "user", "subjectId": bob.id, "reason": "spam"})
    alice.schedule(chat)
    server.sql("UPDATE scheduled_messages SET send_at = now() - interval '90 seconds'")
    server.sql("UPDATE reports SET created_at = now() - interval '1 hour'")

    def told() -> dict[str, Any]:
        answer = alice.http.get("/admin/metrics")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    numbers = told()
    # Other numbers of the sort are estimates, and come after a while.
    counted = {"moderators": 0, "admins": 1, "muted": 1, "banned": 1, "leaving": 0}
    assert counted.items() <= numbers["users"].items()
    assert numbers["reports"]["count"] == 1
    assert 3600 <= numbers["reports"]["oldestSeconds"] < 7200
    assert numbers["scheduled"]["count"] == 1
    assert numbers["scheduled"]["oldestSeconds"] >= 90
    assert numbers["exports"] == {"count": 0, "oldestSeconds": None}
    assert numbers["audit"]["count"] == 3
    assert numbers["database"]["bytes"] > 1_000_000
    assert numbers["deliveries"] is not None
    server.sql("ANALYZE users, messages")
    assert (told()["users"]["registered"], told()["messages"]["stored"]) == (3, 3)

    server.faults.arm(Fault.SERVICE_FAILING, of="sqs", times=None)
    assert told()["deliveries"] is None, "the others are told without the queue"
