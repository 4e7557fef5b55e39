"""What goes wrong in the cloud costs no message: what was acknowledged is there, once, and who lives hears it."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.core.migrations import migrate
from local.faults import Fault
from local.postgres import Postgres
from tests.support import people
from tests.support.people import Person, Register
from tests.support.server import Server
from tests.support.socket import Socket


@pytest.fixture
def pair(person: Register) -> tuple[Person, Person, int]:
    alice, bob = person("alice"), person("bob")
    return alice, bob, alice.chat_with(bob)


def _id_of(socket: Socket) -> str:
    return str(socket.wait_for("hello")["data"]["connectionId"])


def _message(chat: int, number: int = 1) -> dict[str, Any]:
    return {"chatId": chat, "content": f"message {number}", "clientMessageId": f"m{number}"}


@pytest.mark.parametrize("inline_publish_limit", [0, 20], ids=["queued", "inline"])
def test_one_dead_socket_costs_the_others_nothing(
    server: Server, pair: tuple[Person, Person, int], inline_publish_limit: int
) -> None:
    alice, bob, chat = pair
    phone, desk = bob.socket(), bob.socket()
    server.faults.arm(Fault.POST_GONE, of=_id_of(phone), times=None)
    with server.settings(inline_publish_limit=inline_publish_limit):
        alice.send(chat, "first")
        desk.wait_for("message:new", content="first")
        server.settle()
        server.faults.clear()
        alice.send(chat, "second")
        desk.wait_for("message:new", content="second")
    assert phone.events("message:new") == [], "a connection that is gone is forgotten"
    assert len(bob.history(chat)) == 2


def test_a_socket_that_is_not_open_yet_is_not_taken_for_a_dead_one(
    server: Server, pair: tuple[Person, Person, int]
) -> None:
    alice, bob, chat = pair
    phone = bob.socket()
    server.faults.arm(Fault.POST_GONE, of=_id_of(phone), times=3)
    for text in ("while it opens", "afterwards"):
        alice.send(chat, text)
        phone.wait_for("message:new", content=text)


@pytest.mark.parametrize("inline_publish_limit", [0, 20], ids=["queued", "inline"])
def test_throttled_posts_are_made_again(
    server: Server, pair: tuple[Person, Person, int], inline_publish_limit: int
) -> None:
    alice, bob, chat = pair
    ears = bob.socket()
    server.faults.arm(Fault.POST_THROTTLED, times=3)
    with server.settings(inline_publish_limit=inline_publish_limit):
        alice.send(chat, "through the jam")
        ears.wait_for("message:new", content="through the jam")


def test_what_cannot_be_posted_at_once_goes_by_the_queue(server: Server, pair: tuple[Person, Person, int]) -> None:
    alice, bob, chat = pair
    phone, desk = bob.socket(), bob.socket()
    lost = _id_of(phone)
    server.settle()
    with server.recorded() as lines, server.settings(inline_publish_limit=20):
        server.faults.arm(Fault.POST_LOST, of=lost, times=2, value=2.5)
        began = time.monotonic()
        sent = alice.send(chat, "by both ways")
        assert time.monotonic() - began < 4, "a request does not wait for ever"
        desk.wait_for("message:new", id=sent["id"])
        phone.wait_for("message:new", id=sent["id"])
        server.settle()
    first, second = lines.all("pushed", type="message:new")
    assert first["deferred"] == 1
    assert "queued_ms" not in first
    assert first["connections"]["deferred"] == [f"{bob.id} {lost}"]
    assert "deferred" not in second
    reached = {name.split()[0] for names in second["connections"].values() for name in names}
    assert reached == {str(bob.id)}, "who has heard it is not told again"


def test_a_container_whose_posts_all_fail_leaves_them_to_the_queue(
    server: Server, pair: tuple[Person, Person, int]
) -> None:
    alice, bob, chat = pair
    ears = bob.socket()
    ears.wait_for("hello")
    server.settle()
    hold = server.put("chalicelib.realtime.publish.QUEUE_HOLD_SECONDS", 2.0)
    with server.recorded() as lines, server.settings(inline_publish_limit=20), hold:
        server.faults.arm(Fault.POST_THROTTLED, times=None)
        alice.send(chat, "1")
        server.faults.clear()
        alice.send(chat, "2")
        for seq in (1, 2):
            ears.wait_for("message:new", seq=seq)
        server.settle()

        def ways() -> list[str]:
            pushed = lines.all("pushed", type="message:new")
            return sorted("queue" if "queued_ms" in line else "inline" for line in pushed)

        assert ways() == ["inline", "queue", "queue"], "the second message is not posted at once"

        def is_posted_again() -> bool:
            alice.send(chat, "more")
            return ways().count("inline") > 1

        _until(is_posted_again)


def test_an_event_whose_hearers_cannot_be_found_in_time_goes_by_the_queue(
    server: Server, pair: tuple[Person, Person, int]
) -> None:
    alice, bob, chat = pair
    ears = bob.socket()
    ears.wait_for("hello")
    server.settle()
    with server.settings(inline_publish_limit=20):
        server.faults.arm(Fault.SERVICE_FAILING, of="dynamodb", times=None)
        began = time.monotonic()
        sent = alice.send(chat, "while nobody is known")
        assert time.monotonic() - began < 4
        server.faults.clear()
        ears.wait_for("message:new", id=sent["id"])


def test_a_lost_disconnect_is_found_by_the_next_push(
    server: Server, person: Register, pair: tuple[Person, Person, int]
) -> None:
    alice, bob, chat = pair
    ears, phone = alice.socket(), bob.socket()
    ears.wait_for("user:status", userId=bob.id, status="online")
    server.faults.arm(Fault.DISCONNECT_LOST, of=_id_of(phone))
    phone.close()
    alice.send(chat, "are you there?")
    ears.wait_for("user:status", userId=bob.id, status="offline")


def test_a_lost_disconnect_is_found_by_its_lease(server: Server, pair: tuple[Person, Person, int]) -> None:
    alice, bob, _ = pair
    ears, phone = alice.socket(), bob.socket()
    ears.wait_for("user:status", userId=bob.id, status="online")
    server.faults.arm(Fault.DISCONNECT_LOST, of=_id_of(phone))
    phone.close()
    server.stack.triggers.fire_schedule("sweep")
    server.settle()
    assert len(ears.events("user:status")) == 1, "a lease that has not run out counts as online"
    _run_out(server, bob.id)
    server.stack.triggers.fire_schedule("sweep")
    ears.wait_for("user:status", userId=bob.id, status="offline")


def test_a_sign_of_life_renews_the_lease(server: Server, pair: tuple[Person, Person, int]) -> None:
    _, bob, _ = pair
    with server.settings(heartbeat_seconds=0):
        phone = bob.socket()
        _run_out(server, bob.id)
        phone.act("ping")
        assert _lease_of(server, bob.id) > time.time()


@pytest.mark.parametrize("fault", [Fault.KILL_BEFORE, Fault.KILL_AFTER])
def test_a_killed_send_is_sent_again_and_stored_once(
    server: Server, pair: tuple[Person, Person, int], fault: Fault
) -> None:
    alice, bob, chat = pair
    mouth = alice.socket()
    server.faults.arm(fault, of="websocket_message")
    mouth.send_text(json.dumps({"action": "message:send", "id": "k", "data": _message(chat)}))
    _until(lambda: any(frame.get("message") == "Internal server error" for frame in mouth.frames))
    assert len(bob.history(chat)) == (1 if fault is Fault.KILL_AFTER else 0)
    assert mouth.act("message:send", _message(chat))["seq"] == 1
    assert len(bob.history(chat)) == 1


@pytest.mark.parametrize("fault", [Fault.KILL_BEFORE, Fault.KILL_AFTER, Fault.TRIGGER_DOUBLED])
def test_a_push_that_fails_or_comes_twice_is_heard(
    server: Server, pair: tuple[Person, Person, int], fault: Fault
) -> None:
    alice, bob, chat = pair
    ears = bob.socket()
    server.faults.arm(fault, of="push")
    with server.settings(inline_publish_limit=0):
        sent = alice.send(chat, "by the queue")
        ears.wait_for("message:new", id=sent["id"])
        server.settle()
    heard = {event["eventId"] for event in ears.events("message:new")}
    assert heard == {f"message:{sent['id']}"}, "a doubled delivery carries the same id"


def test_reordered_pushes_carry_their_seq(server: Server, pair: tuple[Person, Person, int]) -> None:
    alice, bob, chat = pair
    ears = bob.socket()
    server.faults.arm(Fault.TRIGGER_REORDERED, of="push", times=None)
    with server.settings(inline_publish_limit=0):
        for number in range(1, 11):
            alice.send(chat, str(number))
        server.settle()
    _until(lambda: {event["seq"] for event in ears.events("message:new")} == set(range(1, 11)))


@pytest.mark.parametrize("services", [("dynamodb",), ("sqs",), ("dynamodb", "sqs")], ids="+".join)
def test_what_was_acknowledged_stays_when_pushing_is_impossible(
    server: Server, pair: tuple[Person, Person, int], services: tuple[str, ...]
) -> None:
    alice, bob, chat = pair
    for service in services:
        server.faults.arm(Fault.SERVICE_FAILING, of=service, times=None)
    sent = alice.send(chat, "into the dark", clientMessageId="d")
    server.faults.clear()
    assert bob.history(chat) == [sent]


def test_a_slow_registry_delays_and_loses_nothing(server: Server, pair: tuple[Person, Person, int]) -> None:
    alice, bob, chat = pair
    mouth, ears = alice.socket(), bob.socket()
    server.faults.arm(Fault.SERVICE_SLOW, of="dynamodb", times=2, value=0.5)
    sent = mouth.act("message:send", _message(chat))
    ears.wait_for("message:new", id=sent["id"])


def test_dropped_database_connections_are_not_noticed(server: Server, pair: tuple[Person, Person, int]) -> None:
    alice, bob, chat = pair
    mouth = alice.socket()
    for number in range(1, 6):
        mouth.act("message:send", _message(chat, number))
        # With a time limit it answers when they are gone, not when they were told to go.
        server.sql(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert [message["seq"] for message in bob.history(chat)] == [5, 4, 3, 2, 1]


def test_a_container_that_was_frozen_notices_what_closed_meanwhile(
    server: Server, pair: tuple[Person, Person, int]
) -> None:
    alice, bob, chat = pair
    server.stack.functions.renew(frozen=True)
    mouth, ears = alice.socket(), bob.socket()
    for number in range(1, 4):
        mouth.act("message:send", _message(chat, number))
        ears.wait_for("message:new", content=f"message {number}")
        # All who could see the connections close are stopped.
        server.sql(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    server.stack.functions.renew(frozen=False)
    assert [message["seq"] for message in bob.history(chat)] == [3, 2, 1]


def test_a_killed_database_loses_nothing_that_was_acknowledged(server: Server) -> None:
    with Postgres.temporary() as postgres:
        url = postgres.ensure("messenger")
        migrate(url)
        with server.settings(database_url=url):
            alice, bob = (people.register(server.url, name) for name in ("alice", "bob"))
            chat = alice.chat_with(bob)
            mouth = alice.socket()
            acknowledged = [mouth.act("message:send", _message(chat, number))["seq"] for number in range(1, 21)]
            postgres.kill()
            refused = mouth.refused("message:send", _message(chat, 21))
            assert (refused["status"], refused["retryable"]) == (503, True)
            assert alice.http.get("/health").status_code == 503
            postgres.start()
        with server.settings(database_url=postgres.url("messenger")):
            acknowledged.append(mouth.act("message:send", _message(chat, 21))["seq"])
            history = bob.history(chat)
            for someone in (alice, bob):
                someone.close()
            server.settle()
    assert [message["seq"] for message in reversed(history)] == acknowledged == list(range(1, 22))


def _run_out(server: Server, user_id: int) -> None:
    server.stack.aws.client("dynamodb").update_item(
        TableName=server.stack.aws.name("LiveTable"),
        Key={"pk": {"S": f"user#{user_id}"}},
        UpdateExpression="SET leaseUntil = :past",
        ExpressionAttributeValues={":past": {"N": str(int(time.time()) - 5)}},
    )


def _lease_of(server: Server, user_id: int) -> float:
    answer = server.stack.aws.client("dynamodb").get_item(
        TableName=server.stack.aws.name("LiveTable"), Key={"pk": {"S": f"user#{user_id}"}}
    )
    return float(answer["Item"]["leaseUntil"]["N"])


def _until(holds: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)
