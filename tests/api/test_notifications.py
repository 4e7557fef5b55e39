"""Notifications: who is notified of what, how it gets to a browser, and what is forgotten when."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from chalicelib.core.aws import sqs
from chalicelib.core.config import settings
from tests.support import push_service
from tests.support.answers import refusal
from tests.support.doctored import answering
from tests.support.people import Person, of_session
from tests.support.push_service import Browser, PushService, vapid_claims
from tests.support.server import Server


@pytest.fixture
def service(server: Server) -> Iterator[PushService]:
    """A push service that the functions may reach."""
    with push_service.running() as running, server.settings(push_hosts=(running.host,)):
        yield running


def _subscribed(person: Person, service: PushService) -> Browser:
    browser = service.browser()
    answer = person.http.post("/devices", json=browser.device)
    assert answer.status_code == 200, answer.text
    return browser


def _read(server: Server, service: PushService, browser: Browser) -> list[dict[str, Any]]:
    server.settle()
    return [browser.read(each) for each in service.to(browser)]


def test_who_has_no_socket_is_notified_by_their_browser(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    key = bob.http.get("/devices/key").json()["applicationServerKey"]
    browser = _subscribed(bob, service)
    chat = alice.chat_with(bob)
    sent = alice.send(chat, "Dinner at eight?")
    (told,) = _read(server, service, browser)
    assert told == {
        "type": "message",
        "chatId": chat,
        "messageId": sent["id"],
        "seq": sent["seq"],
        "tag": f"chat-{chat}",
        "unread": 1,
        "badge": 1,
        "mentioned": False,
        "silent": False,
        "preview": {
            "senderId": alice.id,
            "senderName": "alice",
            "chatName": None,
            "messageType": "text",
            "text": "Dinner at eight?",
        },
    }
    (pushed,) = service.to(browser)
    claims, shown = vapid_claims(pushed)
    assert (shown, claims["sub"]) == (key, settings().push_contact)
    headers = {name: pushed.headers[name] for name in ("content-encoding", "topic", "urgency", "ttl")}
    assert headers == {
        "content-encoding": "aes128gcm",
        "topic": f"chat-{chat}",
        "urgency": "normal",
        "ttl": "86400",
    }
    assert b"Dinner" not in pushed.body
    shown = httpx.get(f"{server.origin}/outbox", params={"to": str(bob.id)}, timeout=30).json()
    assert [each["told"] for each in shown["notifications"]] == [told]


def test_a_request_notifies_of_nothing_until_it_is_accepted(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    browser = _subscribed(bob, service)
    bob.http.patch("/users/me/privacy", json={"messages": "requests"}).raise_for_status()
    chat, known = alice.chat_with(bob), alice.chat_with(bob, name="known")
    alice.send(chat, "We have not met")
    alice.send(known, "Hello all")
    (told,) = _read(server, service, browser)
    assert (told["chatId"], told["badge"]) == (known, 1)
    bob.http.post(f"/chats/{chat}/accept").raise_for_status()
    alice.send(chat, "Thank you")
    told = _read(server, service, browser)[-1]
    assert (told["chatId"], told["unread"], told["badge"]) == (chat, 2, 3)


def test_who_hears_it_by_a_socket_is_not(server: Server, service: PushService, alice: Person, bob: Person) -> None:
    browsers = [_subscribed(alice, service), _subscribed(bob, service)]
    chat = alice.chat_with(bob)
    ears = bob.socket()
    sent = alice.send(chat, "live")
    ears.wait_for("message:new", id=sent["id"])
    assert [_read(server, service, browser) for browser in browsers] == [[], []]
    ears.close()
    server.settle()
    for limit in (0, 20):  # by the queue of pushes, and at once
        with server.settings(inline_publish_limit=limit):
            alice.send(chat, f"away {limit}")
            server.settle()
    told = _read(server, service, browsers[1])
    assert [each["preview"]["text"] for each in told] == ["away 0", "away 20"]
    assert [each["unread"] for each in told] == [2, 3]
    assert _read(server, service, browsers[0]) == [], "nobody is notified of their own message"


def test_mutes_and_mentions_blocks_and_reads(
    server: Server, service: PushService, alice: Person, bob: Person, carol: Person
) -> None:
    browser = _subscribed(bob, service)
    chat = alice.chat_with(bob, carol, name="Friends")
    assert bob.http.put(f"/chats/{chat}/mute", json={}).is_success
    alice.send(chat, "muted")
    alice.send(chat, "@bob", mentions=[bob.id])
    (told,) = _read(server, service, browser)
    assert (told["preview"]["text"], told["mentioned"], told["preview"]["chatName"]) == ("@bob", True, "Friends")
    assert bob.http.delete(f"/chats/{chat}/mute").is_success
    assert bob.http.put(f"/blocks/{carol.id}").is_success
    carol.send(chat, "blocked")
    assert len(_read(server, service, browser)) == 1
    assert bob.http.delete(f"/chats/{chat}/mute").is_success
    deleted = alice.http.delete(f"/chats/{chat}/participants/{bob.id}")
    assert deleted.is_success, deleted.text
    alice.send(chat, "without bob")
    assert len(_read(server, service, browser)) == 1


def test_a_chat_notifies_of_what_its_member_chose(
    server: Server, service: PushService, alice: Person, bob: Person, carol: Person
) -> None:
    browser = _subscribed(bob, service)
    chat = alice.chat_with(bob, carol, name="Friends")
    told: list[str] = []
    for choice in ("mentions", "none", "all"):
        bob.http.put(f"/chats/{chat}/notifications", json={"notifyOf": choice}).raise_for_status()
        alice.send(chat, f"{choice}: to all")
        alice.send(chat, f"{choice}: to @bob", mentions=[bob.id])
        told = [each["preview"]["text"] for each in _read(server, service, browser)]
    assert sorted(told) == ["all: to @bob", "all: to all", "mentions: to @bob"]


def test_previews_and_quiet_hours_are_ones_own_choice(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    assert bob.http.get("/users/me/notifications").json() == {"previews": True, "quietHours": None}
    browser = _subscribed(bob, service)
    chat = alice.chat_with(bob)
    # The whole day but for a minute that is over.
    ((now,),) = server.sql("SELECT to_char(now() AT TIME ZONE 'Asia/Tokyo' - interval '2 minutes', 'HH24:MI')")
    ((before,),) = server.sql("SELECT to_char(now() AT TIME ZONE 'Asia/Tokyo' - interval '3 minutes', 'HH24:MI')")
    hours = {"start": now, "end": before, "timeZone": "Asia/Tokyo"}
    chosen = {"previews": False, "quietHours": hours}
    assert bob.http.patch("/users/me/notifications", json=chosen).json() == chosen
    alice.send(chat, "psst")
    (told,) = _read(server, service, browser)
    assert (told["silent"], told["preview"]) == (True, None)
    assert service.to(browser)[0].headers["urgency"] == "low"
    changed = bob.http.patch("/users/me/notifications", json={"quietHours": None})
    assert changed.json() == {"previews": False, "quietHours": None}
    assert bob.http.patch("/users/me/notifications", json={}).json() == changed.json()
    alice.send(chat, "hello")
    assert [each["silent"] for each in _read(server, service, browser)] == [True, False]
    for wrong in ({"timeZone": "Mars/Olympus"}, {"end": now}, {"start": "24:00"}):
        refused = bob.http.patch("/users/me/notifications", json={"quietHours": hours | wrong})
        assert refusal(refused) == (400, "invalid_input")
        assert refused.json()["errors"][0]["field"].startswith("quietHours.")


def test_a_device_is_its_sessions_and_goes_with_it(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    browser = _subscribed(bob, service)
    login = {"username": "bob", "password": "correct horse battery"}
    phone = of_session(server.url, bob.http.post("/auth/login", json=login).json())
    second = _subscribed(phone, service)
    devices = phone.http.get("/devices").json()["devices"]
    assert [(each["current"], each["service"]) for each in devices] == [(True, service.host), (False, service.host)]
    third = _subscribed(phone, service)  # in place of the second
    chat = alice.chat_with(bob)
    alice.send(chat, "both")
    assert [len(_read(server, service, each)) for each in (browser, second, third)] == [1, 0, 1]
    assert phone.http.post("/auth/logout").is_success
    alice.send(chat, "one")
    assert [len(_read(server, service, each)) for each in (browser, third)] == [2, 1]
    (device,) = bob.http.get("/devices").json()["devices"]
    assert refusal(alice.http.delete(f"/devices/{device['id']}")) == (404, "not_found")
    # The same browser, another account: whoever has logged in last.
    assert alice.http.post("/devices", json=browser.device).is_success
    assert bob.http.get("/devices").json() == {"devices": []}
    bob.send(chat, "to alice")
    server.settle()  # what she answers, she has read
    alice.send(chat, "to nobody")
    assert [each["preview"]["text"] for each in _read(server, service, browser)][2:] == ["to alice"]
    (moved,) = alice.http.get("/devices").json()["devices"]
    assert alice.http.delete(f"/devices/{moved['id']}").status_code == 204
    assert refusal(alice.http.delete(f"/devices/{moved['id']}")) == (404, "not_found")
    phone.close()


def test_what_a_push_service_does_not_know_is_forgotten_and_what_it_cannot_take_is_tried_again(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    browser = _subscribed(bob, service)
    chat = alice.chat_with(bob)
    service.answers = [(503, {}), (429, {"retry-after": "1"}), (201, {})]
    alice.send(chat, "again")
    assert [each["preview"]["text"] for each in _read(server, service, browser)] == ["again"] * 3
    service.answers = [(410, {})]
    alice.send(chat, "gone")
    server.settle()
    assert bob.http.get("/devices").json() == {"devices": []}
    came = len(service.came)
    alice.send(chat, "to nobody")
    server.settle()
    assert len(service.came) == came
    service.answers = [(302, {"location": f"http://{service.host}/elsewhere"}), (400, {})]
    browser = _subscribed(bob, service)
    alice.send(chat, "redirected")
    alice.send(chat, "refused")
    assert len(_read(server, service, browser)) == 2, "no redirect is followed, and what is refused is given up"


def test_what_the_queue_does_not_take_comes_again(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    browser, chat = _subscribed(bob, service), alice.chat_with(bob)
    tries = []

    def refuse_once(operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        tries.append(operation)
        return {"Failed": [{"Id": "0", "Code": "InternalError"}]} if len(tries) == 1 else sqs(operation, asked)

    target = "chalicelib.features.notifications.queueing.sqs"
    with answering(target, refuse_once) as (_, preparation), server.prepared(preparation):
        alice.send(chat, "hello")
        assert [each["seq"] for each in _read(server, service, browser)] == [1]
    assert len(tries) == 2


def test_who_has_no_device_costs_no_look_into_the_database(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    chat = alice.chat_with(bob)
    with server.recorded() as lines:
        alice.send(chat, "nobody is there")
        server.settle()
    assert [line for line in lines.all() if "notified" in str(line)] == []
    browser = _subscribed(bob, service)
    (device,) = bob.http.get("/devices").json()["devices"]
    assert bob.http.delete(f"/devices/{device['id']}").is_success
    with server.put("chalicelib.realtime.absent._SETTLED_SECONDS", -1):
        alice.send(chat, "the note is taken away")
        server.settle()
    key = {"pk": {"S": f"user#{bob.id}"}}
    client = server.stack.aws.client("dynamodb")
    assert "devicesUntil" not in client.get_item(TableName=settings().live_table, Key=key)["Item"]
    assert _read(server, service, browser) == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.com/1",
        "https://push.example.com:8443/1",
        "https://user@push.example.com/1",
        "https://localhost/1",
        "https://127.0.0.1/1",
        "https://10.1.2.3/1",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/1",
        "https://[fd00:ec2::254]/1",
        "https://[::ffff:127.0.0.1]/1",
        "https://[64:ff9b::7f00:1]/1",
        "https://push/1",
        "https://[broken/1",
    ],
)
def test_an_endpoint_is_one_of_a_public_push_service(alice: Person, endpoint: str) -> None:
    device = Browser(endpoint).device
    refused = alice.http.post("/devices", json=device)
    assert refusal(refused) == (400, "invalid_input")
    assert refused.json()["errors"][0]["field"] == "subscription.endpoint"


def test_without_a_contact_nothing_is_sent(server: Server, alice: Person) -> None:
    with server.settings(push_contact=""):
        assert refusal(alice.http.get("/devices/key")) == (422, "notifications_off")
        device = Browser("https://push.example.com/1").device
        assert refusal(alice.http.post("/devices", json=device)) == (422, "notifications_off")
