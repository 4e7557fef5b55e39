"""Leases: a user counts as online without a sign of life until theirs runs out; the last device takes it along."""

import time

import pytest

from chalicelib.realtime import shedding
from local.faults import Fault
from tests.support.people import Person, Register
from tests.support.presence import come, heard
from tests.support.server import Server


@pytest.fixture
def pair(person: Register) -> tuple[Person, Person]:
    """Two who share a private chat."""
    alice, bob = person("alice"), person("bob")
    alice.chat_with(bob)
    return alice, bob


@pytest.mark.parametrize("queue_fails_first", [False, True])
def test_a_lapsed_lease_ends_any_status(
    server: Server, pair: tuple[Person, Person], *, queue_fails_first: bool
) -> None:
    alice, bob = pair
    ears, phone = come(server, bob, alice)
    phone.act("presence:set", {"status": "busy"})
    ears.wait_for("user:status", userId=alice.id, status="busy")
    server.faults.arm(Fault.DISCONNECT_LOST, of=str(phone.wait_for("hello")["data"]["connectionId"]))
    phone.close()
    server.stack.aws.client("dynamodb").update_item(
        TableName=server.stack.aws.name("LiveTable"),
        Key={"pk": {"S": f"user#{alice.id}"}},
        UpdateExpression="SET leaseUntil = :past",
        ExpressionAttributeValues={":past": {"N": str(int(time.time()) - 5)}},
    )
    if queue_fails_first:
        server.faults.arm(Fault.SERVICE_FAILING, of="sqs", times=None)
        server.stack.triggers.fire_schedule("sweep")
        server.settle()
        server.faults.clear()
        shedding.forget()  # presence is not told while the queue fails, nor for a while after
        assert heard(ears, alice)[-1] == "busy"
    server.stack.triggers.fire_schedule("sweep")
    ears.wait_for("user:status", userId=alice.id, status="offline")
    assert bob.http.get(f"/users/{alice.id}").json()["status"] == "offline"
    (phone,) = come(server, alice)
    ears.wait_for("user:status", userId=alice.id, status="busy")


def test_who_closes_the_last_device_leaves_the_index_of_leases(server: Server, pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    ears, phone, desk = come(server, bob, alice, alice)

    def indexed() -> bool:
        server.settle()
        item = server.stack.aws.client("dynamodb").get_item(
            TableName=server.stack.aws.name("LiveTable"),
            Key={"pk": {"S": f"user#{alice.id}"}},
            ConsistentRead=True,
        )
        return "leaseShard" in item["Item"]

    phone.close()
    assert indexed()
    desk.close()
    ears.wait_for("user:status", userId=alice.id, status="offline")
    assert not indexed()
    come(server, alice)
    assert indexed()
