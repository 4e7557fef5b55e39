"""Webhooks: what they are told, how posts are signed and tried again, and who may look after them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.faults import Fault
from tests.support import push_service
from tests.support.answers import refusal
from tests.support.people import Person
from tests.support.push_service import PushService
from tests.support.receiver import read
from tests.support.server import Server

EVENTS = ["message:new", "message:updated", "message:deleted", "member:joined", "member:left"]


@pytest.fixture
def service(server: Server) -> Iterator[PushService]:
    """A receiver that the functions may reach."""
    with push_service.running() as running, server.settings(push_hosts=(running.host,)):
        yield running


def _add(person: Person, service: PushService, at: str, events: list[str] = EVENTS) -> dict[str, Any]:
    body = {"url": f"http://{service.host}/hook", "events": events, "name": "Archive"}
    answer = person.http.post(at, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _came(server: Server, service: PushService, secret: str) -> list[dict[str, Any]]:
    server.settle()
    return [read(each, secret) for each in service.came]


def test_a_webhook_is_told_what_happens_in_its_group(
    server: Server, service: PushService, alice: Person, bob: Person, carol: Person
) -> None:
    group, other = alice.chat_with(bob, name="Team"), alice.chat_with(bob, name="Other")
    made = _add(alice, service, f"/chats/{group}/webhooks")
    phone = alice.socket()
    message = bob.send(group, "Tea?")["id"]
    heard = phone.wait_for("message:new")
    bob.http.put(f"/messages/{message}", json={"content": "Coffee?"}).raise_for_status()
    bob.http.delete(f"/messages/{message}").raise_for_status()
    alice.http.post(f"/chats/{group}/participants", json={"userId": carol.id}).raise_for_status()
    alice.http.delete(f"/chats/{group}/participants/{carol.id}").raise_for_status()
    # Not asked for, of another chat, and of one user alone.
    bob.http.put(f"/messages/{message}/reactions/👍")
    bob.send(other, "elsewhere")
    alice.http.delete(f"/messages/{bob.send(other, 'x')['id']}?for=me").raise_for_status()
    told = _came(server, service, made["secret"])
    assert {event["type"] for event in told} == set(EVENTS)
    assert {event["chatId"] for event in told} == {group}
    assert [event for event in told if event["eventId"] == heard["eventId"]] == [heard]


def test_a_webhook_of_the_service_is_told_what_its_keeper_hears_in_groups(
    server: Server, service: PushService, alice: Person, bob: Person, carol: Person
) -> None:
    server.sql("UPDATE users SET role = 'admin' WHERE id = %s", alice.id)
    made = _add(alice, service, "/admin/webhooks", ["message:new"])
    group, private = alice.chat_with(bob, name="Team"), alice.chat_with(bob)
    theirs = bob.chat_with(carol, name="Without alice")
    for chat in (group, private, theirs):
        bob.send(chat, "hello")
    told = _came(server, service, made["secret"])
    assert [event["chatId"] for event in told if event["data"]["messageType"] != "system"] == [group]
    assert [each["id"] for each in alice.http.get("/admin/webhooks").json()["webhooks"]] == [made["id"]]
    # Another admin of the service may look after it; a group's admin may not.
    assert refusal(bob.http.patch(f"/webhooks/{made['id']}", json={"enabled": False})) == (404, "not_found")
    server.sql("UPDATE users SET role = 'admin' WHERE id = %s", carol.id)
    assert carol.http.patch(f"/webhooks/{made['id']}", json={"name": "x"}).json()["keeperId"] == carol.id


def test_who_leaves_takes_the_webhook_no_further_until_somebody_changes_it(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    group = alice.chat_with(bob, name="Team")
    alice.http.patch(f"/chats/{group}/participants/{bob.id}", json={"role": "admin"}).raise_for_status()
    made = _add(bob, service, f"/chats/{group}/webhooks", ["message:new"])
    bob.http.post(f"/chats/{group}/leave").raise_for_status()
    server.settle()
    service.came.clear()
    alice.send(group, "unheard")
    assert _came(server, service, made["secret"]) == []
    assert alice.http.patch(f"/webhooks/{made['id']}", json={"name": "Mine"}).json()["keeperId"] == alice.id
    alice.send(group, "heard")
    assert [event["data"]["content"] for event in _came(server, service, made["secret"])] == ["heard"]


def test_a_ping_a_new_secret_and_what_became_of_posts(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    group = alice.chat_with(bob, name="Team")
    made = _add(alice, service, f"/chats/{group}/webhooks")
    path = f"/webhooks/{made['id']}"
    assert "secret" not in alice.http.get(f"/chats/{group}/webhooks").json()["webhooks"][0]
    secret = alice.http.post(f"{path}/secret").json()["secret"]
    assert secret != made["secret"]
    event_id = alice.http.post(f"{path}/ping").raise_for_status().json()["eventId"]
    (told,) = _came(server, service, secret)
    assert (told["type"], told["eventId"], told["data"]) == ("webhook:ping", event_id, {"webhookId": made["id"]})
    (delivery,) = alice.http.get(f"{path}/deliveries").json()["deliveries"]
    assert (delivery["eventId"], delivery["state"], delivery["status"]) == (event_id, "delivered", 201)
    alice.http.delete(path).raise_for_status()
    assert refusal(alice.http.get(f"{path}/deliveries")) == (404, "not_found")
    bob.send(group, "unheard")
    assert len(_came(server, service, secret)) == 1
    acts = server.sql("SELECT action FROM audit WHERE subject_kind = 'webhook' ORDER BY id")
    assert [act for (act,) in acts] == ["webhook_added", "webhook_secret_changed", "webhook_removed"]


def test_what_is_not_taken_is_tried_again_and_given_up(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    group = alice.chat_with(bob, name="Team")
    made = _add(alice, service, f"/chats/{group}/webhooks", ["message:new"])
    path = f"/webhooks/{made['id']}/deliveries"
    with server.put("chalicelib.features.webhooks.sending._FIRST_PAUSE", 0):
        service.answers = [(500, {}), (302, {"location": f"http://{service.host}/elsewhere"})]
        bob.send(group, "again")
        server.settle()
        (delivery,) = alice.http.get(path).json()["deliveries"]
        assert (delivery["state"], delivery["tries"], delivery["status"]) == ("delivered", 3, 201)
        assert {each.path for each in service.came} == {"/hook"}
        assert len({each.headers["webhook-id"] for each in service.came}) == 1
        service.answers = [(500, {})] * 5
        bob.send(group, "in vain")
        server.settle()
    newest = alice.http.get(path).json()["deliveries"][0]
    assert (newest["state"], newest["tries"], newest["status"]) == ("failed", 5, 500)
    assert alice.http.get(f"/chats/{group}/webhooks").json()["webhooks"][0]["failingSince"] is not None


def test_a_webhook_that_fails_for_a_day_is_disabled_and_its_keeper_told(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    group = alice.chat_with(bob, name="Team")
    made = _add(alice, service, f"/chats/{group}/webhooks", ["message:new"])
    phone, path = alice.socket(), f"/webhooks/{made['id']}"
    server.sql("UPDATE webhooks SET failing_since = %s", datetime.now(UTC) - timedelta(hours=25))
    with server.put("chalicelib.features.webhooks.sending._FIRST_PAUSE", 0):
        service.answers = [(500, {})]
        bob.send(group, "in vain")
        told = phone.wait_for("webhook:disabled")["data"]
        assert told == {"webhookId": made["id"], "name": "Archive", "reason": "failing"}
        server.settle()
    shown = alice.http.get(f"/chats/{group}/webhooks").json()["webhooks"][0]
    assert (shown["enabled"], shown["disabledFor"]) == (False, "failing")
    service.came.clear()
    bob.send(group, "unheard")
    assert _came(server, service, made["secret"]) == []
    assert alice.http.patch(path, json={"enabled": True}).json()["disabledFor"] is None
    # Who answers 410 is gone at once.
    service.answers = [(410, {})]
    bob.send(group, "last")
    phone.wait_for("webhook:disabled", reason="gone")
    server.settle()
    assert alice.http.get(f"/chats/{group}/webhooks").json()["webhooks"][0]["disabledFor"] == "gone"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://example.com:8443/",
        "https://user@example.com/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://169.254.170.2/v2/credentials/",
        "https://[::1]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[2002:a9fe:a9fe::]/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
    ],
)
def test_no_webhook_leads_into_a_private_network(alice: Person, url: str) -> None:
    group = alice.chat_with(name="Team")
    answer = alice.http.post(f"/chats/{group}/webhooks", json={"url": url, "events": ["message:new"]})
    assert refusal(answer) == (400, "invalid_input")
    assert "public host" in answer.json()["detail"]


def test_there_are_so_many_and_none_where_they_are_off(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    group, private = alice.chat_with(bob, name="Team"), alice.chat_with(bob)
    hook = {"url": f"http://{service.host}/hook", "events": ["message:new"]}
    assert refusal(alice.http.post(f"/chats/{private}/webhooks", json=hook)) == (422, "not_a_group")
    with server.put("chalicelib.features.webhooks.managing.MOST", 1):
        _add(alice, service, f"/chats/{group}/webhooks")
        answer = alice.http.post(f"/chats/{group}/webhooks", json=hook)
        assert refusal(answer) == (422, "too_many_webhooks")
    with server.settings(webhooks=False):
        assert refusal(alice.http.post(f"/chats/{group}/webhooks", json=hook)) == (422, "webhooks_off")
    strange = alice.http.post(f"/chats/{group}/webhooks", json={**hook, "events": ["typing:start"]})
    assert refusal(strange) == (400, "invalid_input")


@pytest.mark.parametrize("killed", ["presence_changed", "notify"])
def test_a_killed_function_loses_no_post(
    server: Server, service: PushService, alice: Person, bob: Person, killed: str
) -> None:
    group = alice.chat_with(bob, name="Team")
    made = _add(alice, service, f"/chats/{group}/webhooks", ["message:new"])
    server.faults.arm(Fault.KILL_BEFORE, of=killed)
    message = bob.send(group, "Tea?")["id"]
    assert message in [event["data"]["id"] for event in _came(server, service, made["secret"])]
    newest = alice.http.get(f"/webhooks/{made['id']}/deliveries").json()["deliveries"][0]
    assert (newest["state"], newest["status"]) == ("delivered", 201)


def test_a_function_that_dies_after_a_post_repeats_it_under_its_id(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    group = alice.chat_with(bob, name="Team")
    made = _add(alice, service, f"/chats/{group}/webhooks", ["message:new"])
    server.faults.arm(Fault.KILL_AFTER, of="notify")
    bob.send(group, "Tea?")
    told = _came(server, service, made["secret"])
    assert len(told) == 2
    assert told[0] == told[1]


def test_a_webhook_of_who_is_banned_is_told_of_nothing(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    group = alice.chat_with(bob, name="Team")
    made = _add(alice, service, f"/chats/{group}/webhooks", ["message:new"])
    server.sql("INSERT INTO sanctions (user_id, kind, reason, until) VALUES (%s, 'ban', 'x', 'infinity')", alice.id)
    bob.send(group, "unheard")
    assert _came(server, service, made["secret"]) == []


def test_a_send_asks_for_nothing_more_where_there_is_no_webhook(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    group, other = alice.chat_with(bob, name="Team"), alice.chat_with(bob, name="Other")
    _add(alice, service, f"/chats/{group}/webhooks", ["message:new"])
    server.settle()
    with server.recorded() as lines:
        bob.send(other, "elsewhere")
        server.settle()
    assert [line for line in lines.all() if "hooked" in str(line)] == []
    assert service.came == []


def test_a_note_that_leads_to_no_webhook_goes(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    group = alice.chat_with(bob, name="Team")
    made = _add(alice, service, f"/chats/{group}/webhooks", ["message:new"])
    alice.http.delete(f"/webhooks/{made['id']}").raise_for_status()
    with server.put("chalicelib.realtime.hooks._SETTLED_SECONDS", -1), server.recorded() as lines:
        bob.send(group, "one")
        server.settle()
        bob.send(group, "two")
        server.settle()
    assert service.came == []
    assert len([line for line in lines.all() if "hooked" in str(line)]) == 1
