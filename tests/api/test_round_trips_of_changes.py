"""What each durable action of REST and of the socket costs: one round trip to PostgreSQL, its pushes included.

Two tables name them all, so that nothing new is served before its price is known. Where it is more,
they say why.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
import pytest
from chalice.test import Client

import app
from chalicelib.core import transport
from chalicelib.entry.actions import ACTIONS
from chalicelib.entry.blueprints import endpoints
from chalicelib.features.calls import signals
from chalicelib.realtime import gateway
from tests.support.asking import KEYS, WEBHOOK
from tests.support.groups import invite
from tests.support.people import PASSWORD, Person
from tests.support.push_service import Browser
from tests.support.scene import FILE, Scene, in_an_hour
from tests.support.server import Server
from tests.support.sessions import actor_of
from tests.support.wire import Wire

PARTS = {"parts": [{"partNumber": 1, "checksum": f"{'A' * 43}="}]}
DEVICE = Browser("https://push.example.com/1").device
NIGHT = {"start": "22:00", "end": "07:00", "timeZone": "Europe/Berlin"}
CONNECTION = "L0SM9cOFvHcCIhw="


class Call(NamedTuple):
    """A request of alice's, about the scene's group, message and bob but for what `path` says."""

    body: Mapping[str, Any] | None = None
    path: Mapping[str, object] = {}
    round_trips: int = 1


ENDPOINTS: dict[str, Callable[[Scene], Call]] = {
    # A password is hashed, which takes its time, between looking up who it is about and writing; nothing is locked.
    "POST /auth/register": lambda _: Call({"username": "dave", "password": PASSWORD}, round_trips=2),
    "POST /auth/login": lambda s: Call({"username": s.alice.username, "password": PASSWORD}, round_trips=2),
    "POST /auth/refresh": lambda s: Call({"refreshToken": s.alice.refresh_token}),
    "POST /auth/logout": lambda _: Call({}),
    "POST /auth/logout-all": lambda _: Call(),
    "DELETE /auth/sessions/{session_id}": lambda s: Call(path={"session_id": actor_of(s.alice).session_id}),
    # A password is checked or hashed between.
    "PUT /auth/password": lambda _: Call({"currentPassword": PASSWORD, "newPassword": f"{PASSWORD}!"}, round_trips=2),
    "POST /auth/password/reset": lambda _: Call({"email": "alice@example.com"}),
    "POST /auth/password/reset/confirm": lambda s: Call(
        {"token": s.letter("reset"), "password": PASSWORD}, round_trips=2
    ),
    "POST /auth/email/verification": lambda s: Call({}) if s.letter("verify") else Call(),
    "PUT /auth/email": lambda _: Call({"email": "new@example.com", "password": PASSWORD}, round_trips=2),
    "POST /auth/email/confirm": lambda s: Call({"token": s.letter("verify")}),
    "POST /users/me/export": lambda _: Call({"password": PASSWORD}, round_trips=2),
    "POST /users/me/deletion": lambda _: Call({"password": PASSWORD}, round_trips=2),
    "POST /auth/second-factor": lambda _: Call({"password": PASSWORD}, round_trips=2),
    # The secret is read, a code of it used, and then what it is for is done.
    "POST /auth/second-factor/confirm": lambda s: Call({"code": s.code(is_on=False)}, round_trips=3),
    "POST /auth/second-factor/off": lambda s: Call({"password": PASSWORD, "code": s.code(is_on=True)}, round_trips=4),
    # The password is checked, the second factor looked for, and then a challenge is noted.
    "POST /auth/passkeys/options": lambda _: Call({"password": PASSWORD}, round_trips=3),
    # A challenge is used up, what was signed is checked, and then the passkey is kept.
    "POST /auth/passkeys": lambda s: Call(s.new_passkey(), round_trips=2),
    "PATCH /auth/passkeys/{passkey_id}": lambda s: Call({"name": "x"}, {"passkey_id": s.passkey()}),
    "DELETE /auth/passkeys/{passkey_id}": lambda s: Call(path={"passkey_id": s.passkey()}),
    "POST /auth/passkeys/login/options": lambda _: Call(),
    # What was signed is checked, its count is noted, a session opened.
    "POST /auth/passkeys/login": lambda s: Call(s.passkey_login(), round_trips=3),
    "POST /ws/tickets": lambda _: Call(),
    "PATCH /users/me": lambda _: Call({"firstName": "Alice", "statusText": "here"}),
    "PATCH /users/me/privacy": lambda _: Call({"readReceipts": False, "lastSeen": "nobody"}),
    "POST /devices": lambda _: Call(DEVICE),
    "DELETE /devices/{device_id}": lambda s: Call(path={"device_id": s.device()}),
    "PUT /keys": lambda _: Call(KEYS),
    "POST /keys/claim": lambda s: Call({"deviceIds": [s.encrypting()]}),
    "POST /keys/messages": lambda s: Call(s.to_device()),
    "POST /keys/messages/received": lambda _: Call({"upTo": 1}),
    "PATCH /users/me/notifications": lambda _: Call({"quietHours": NIGHT}),
    "PUT /users/me/status": lambda _: Call({"status": "busy"}),
    "POST /presence/query": lambda s: Call({"userIds": [s.bob.id]}),
    "POST /contacts": lambda s: Call({"userId": s.bob.id, "name": "Bob"}),
    "PATCH /contacts/{user_id}": lambda s: Call({"name": "Bobby"}, {"user_id": s.known()}),
    "DELETE /contacts/{user_id}": lambda s: Call(path={"user_id": s.known()}),
    "PUT /blocks/{user_id}": lambda _: Call(),
    "DELETE /blocks/{user_id}": lambda s: Call(path={"user_id": s.known()}),
    "POST /chats": lambda s: Call({"type": "group", "name": "new", "participantIds": [s.bob.id, s.carol.id]}),
    "PATCH /chats/{chat_id}": lambda _: Call({"name": "new", "settings": {"messageSeconds": 60}}),
    "DELETE /chats/{chat_id}": lambda _: Call(),
    "POST /chats/{chat_id}/participants": lambda s: Call({"userId": s.carol.id}),
    "PATCH /chats/{chat_id}/participants/{user_id}": lambda _: Call({"role": "admin"}),
    "DELETE /chats/{chat_id}/participants/{user_id}": lambda _: Call(),
    "POST /chats/{chat_id}/leave": lambda s: Call(path={"chat_id": s.bob.chat_with(s.alice, name="bob's")}),
    "POST /chats/{chat_id}/join": lambda s: Call(path={"chat_id": s.public()}),
    "POST /chats/{chat_id}/invites": lambda _: Call({"maxUses": 1}),
    "DELETE /chats/{chat_id}/invites/{invite_id}": lambda s: Call(path={"invite_id": invite(s.alice, s.group)["id"]}),
    "POST /invites/{token}/join": lambda s: Call(path={"token": s.invited()}),
    "PUT /chats/{chat_id}/mute": lambda _: Call({}),
    "PUT /chats/{chat_id}/notifications": lambda _: Call({"notifyOf": "mentions"}),
    "DELETE /chats/{chat_id}/mute": lambda s: Call(path={"chat_id": s.own("mute")}),
    "PUT /chats/{chat_id}/pin": lambda _: Call(),
    "DELETE /chats/{chat_id}/pin": lambda s: Call(path={"chat_id": s.own("pin")}),
    "PUT /chats/{chat_id}/archive": lambda _: Call(),
    "DELETE /chats/{chat_id}/archive": lambda s: Call(path={"chat_id": s.own("archive")}),
    "PUT /chats/{chat_id}/unread": lambda _: Call(),
    "DELETE /chats/{chat_id}/unread": lambda s: Call(path={"chat_id": s.own("unread")}),
    "POST /chats/{chat_id}/accept": lambda s: Call(path={"chat_id": s.request()}),
    "POST /chats/{chat_id}/decline": lambda s: Call(path={"chat_id": s.request()}),
    "POST /messages": lambda s: Call({"chatId": s.group, "content": "hello", "mentions": [s.bob.id]}),
    "POST /scheduled-messages": lambda s: Call({"chatId": s.group, "content": "x", "sendAt": in_an_hour()}),
    "PATCH /scheduled-messages/{scheduled_id}": lambda s: Call({"content": "no"}, {"scheduled_id": s.scheduled()}),
    "DELETE /scheduled-messages/{scheduled_id}": lambda s: Call(path={"scheduled_id": s.scheduled()}),
    # Taken out as it was written, sent, committed.
    "POST /scheduled-messages/{scheduled_id}/send-now": lambda s: Call(
        path={"scheduled_id": s.scheduled()}, round_trips=3
    ),
    "PUT /messages/{message_id}": lambda s: Call({"content": "uno", "mentions": [s.bob.id]}),
    "DELETE /messages/{message_id}": lambda _: Call(),
    "POST /messages/{message_id}/forward": lambda s: Call({"chatIds": [s.group, s.alice.chat_with(s.bob)]}),
    "PUT /messages/{message_id}/reactions/{emoji}": lambda _: Call(),
    "DELETE /messages/{message_id}/reactions/{emoji}": lambda _: Call(),
    "PUT /messages/{message_id}/vote": lambda s: Call({"options": [0]}, {"message_id": s.poll()}),
    "POST /messages/{message_id}/listened": lambda s: Call(path={"message_id": s.voice()}),
    "PUT /messages/{message_id}/poll/closed": lambda s: Call(path={"message_id": s.poll()}),
    "POST /messages/{message_id}/translation": lambda _: Call({"language": "ru"}),
    "POST /messages/{message_id}/opinion": lambda _: Call({}),
    "POST /chats/{chat_id}/summary": lambda _: Call({}),
    "POST /chats/{chat_id}/suggested-replies": lambda _: Call({}),
    "POST /unread/summary": lambda s: Call({} if s.unread() else None),
    "PUT /messages/{message_id}/pin": lambda _: Call(),
    "DELETE /messages/{message_id}/pin": lambda _: Call(),
    "POST /messages/{message_id}/thread/read": lambda s: Call({}, {"message_id": s.thread()}),
    "POST /chats/{chat_id}/read": lambda _: Call({}),
    "POST /chats/{chat_id}/delivered": lambda _: Call({}),
    "POST /messages/{message_id}/read": lambda _: Call(),
    "POST /messages/{message_id}/delivered": lambda _: Call(),
    "PUT /chats/{chat_id}/draft": lambda s: Call({"content": "so far", "replyTo": s.message}),
    "POST /calls": lambda s: Call({"chatId": s.group}),
    "POST /calls/{call_id}/accept": lambda s: Call({}, {"call_id": s.call()}),
    "POST /calls/{call_id}/decline": lambda s: Call(path={"call_id": s.call()}),
    "POST /calls/{call_id}/end": lambda s: Call({}, {"call_id": s.talk()}),
    "POST /calls/{call_id}/ring": lambda s: Call({}, {"call_id": s.call()}),
    # Chime is asked in between, twice by the first who enters.
    "POST /calls/{call_id}/room": lambda s: Call(path={"call_id": s.room()}, round_trips=3),
    "PATCH /calls/{call_id}/state": lambda s: Call({"muted": True}, {"call_id": s.talk()}),
    "PATCH /admin/users/{user_id}": lambda s: Call({"role": "moderator"}, {"user_id": s.judged(by="admin")}),
    "POST /admin/users/{user_id}/warnings": lambda s: Call({"reason": "x"}, {"user_id": s.judged(by="moderator")}),
    "PUT /admin/users/{user_id}/mute": lambda s: Call({"reason": "x"}, {"user_id": s.judged(by="moderator")}),
    "DELETE /admin/users/{user_id}/mute": lambda s: Call(path={"user_id": s.judged(by="moderator")}),
    "PUT /admin/users/{user_id}/ban": lambda s: Call({"reason": "x"}, {"user_id": s.judged(by="moderator")}),
    "DELETE /admin/users/{user_id}/ban": lambda s: Call(path={"user_id": s.judged(by="moderator")}),
    "DELETE /admin/messages/{message_id}": lambda s: Call(
        path={"message_id": s.judged(by="moderator") and s.message}
    ),
    "POST /users/me/sanctions/{sanction_id}/appeal": lambda s: Call({"comment": "x"}, {"sanction_id": s.warning()}),
    # The password is checked in between.
    "POST /auth/appeal": lambda s: Call(
        {"username": s.banned(), "password": PASSWORD, "comment": "x"}, round_trips=2
    ),
    "POST /reports": lambda s: Call({"subjectKind": "user", "subjectId": s.bob.id, "reason": "spam"}),
    "POST /admin/word-rules": lambda s: Call({"phrase": "x", "action": "hide"} if s.judged(by="moderator") else None),
    "DELETE /admin/word-rules/{rule_id}": lambda s: Call(path={"rule_id": s.rule("admin")}),
    "PATCH /admin/held-messages/{held_id}": lambda s: Call({"decision": "approved"}, {"held_id": s.held("admin")}),
    "POST /chats/{chat_id}/word-rules": lambda _: Call({"phrase": "x", "action": "hide"}),
    "DELETE /chats/{chat_id}/word-rules/{rule_id}": lambda s: Call(path={"rule_id": s.rule(f"chats/{s.group}")}),
    "PATCH /chats/{chat_id}/held-messages/{held_id}": lambda s: Call(
        {"decision": "approved"}, {"held_id": s.held(f"chats/{s.group}")}
    ),
    "POST /chats/{chat_id}/webhooks": lambda _: Call(WEBHOOK),
    "POST /admin/webhooks": lambda s: Call(WEBHOOK if s.judged(by="admin") else None),
    "PATCH /webhooks/{webhook_id}": lambda s: Call({"enabled": False}, {"webhook_id": s.webhook()}),
    "DELETE /webhooks/{webhook_id}": lambda s: Call(path={"webhook_id": s.webhook()}),
    "POST /webhooks/{webhook_id}/secret": lambda s: Call(path={"webhook_id": s.webhook()}),
    "POST /webhooks/{webhook_id}/ping": lambda s: Call(path={"webhook_id": s.webhook()}),
    "PATCH /admin/reports/{report_id}": lambda s: Call({"decision": "upheld"}, {"report_id": s.report()}),
    "POST /uploads": lambda _: Call(FILE),
    "POST /uploads/multiple": lambda _: Call({"files": [FILE, FILE]}),
    "POST /uploads/{upload_id}/parts": lambda s: Call(PARTS, {"upload_id": s.alice.large_upload()}),
    # S3 is asked in between; a file that is deleted is locked meanwhile.
    "POST /uploads/multipart": lambda _: Call(FILE, round_trips=2),
    "POST /uploads/{upload_id}/complete": lambda s: Call(path={"upload_id": s.stored()}, round_trips=2),
    "DELETE /uploads/{upload_id}": lambda s: Call(path={"upload_id": s.stored()}, round_trips=3),
}

ACTION_CALLS: dict[str, Callable[[Scene], Call]] = {
    "ping": lambda _: Call(round_trips=0),
    "message:send": lambda s: Call({"chatId": s.group, "content": "hello", "clientMessageId": "c1"}),
    "message": lambda _: Call({"content": "hello, all"}),
    "message:edit": lambda s: Call({"messageId": s.message, "content": "uno"}),
    "message:react": lambda s: Call({"messageId": s.message, "emoji": "👍"}),
    "assistant:summary": lambda s: Call({"chatId": s.group, "unread": bool(s.unread())}),
    "assistant:missed": lambda s: Call({} if s.unread() else None),
    "assistant:replies": lambda s: Call({"chatId": s.group}),
    "assistant:translation": lambda s: Call({"messageId": s.message, "language": "ru"}),
    "assistant:opinion": lambda s: Call({"messageId": s.message}),
    "poll:vote": lambda s: Call({"messageId": s.poll(), "options": [0]}),
    "poll:close": lambda s: Call({"messageId": s.poll()}),
    "messages:read": lambda s: Call({"chatId": s.group, "seq": 1}),
    "thread:read": lambda s: Call({"messageId": s.thread()}),
    "keys:publish": lambda _: Call(KEYS),
    "keys:claim": lambda s: Call({"deviceIds": [s.encrypting()]}),
    "keys:send": lambda s: Call(s.to_device()),
    "keys:received": lambda _: Call({"upTo": 1}),
    "message:delivered": lambda s: Call({"messageId": s.message}),
    "message:listened": lambda s: Call({"messageId": s.voice()}),
    "draft:set": lambda s: Call({"chatId": s.group, "content": "so far"}),
    "typing:start": lambda s: Call({"chatId": s.group}),
    "typing:stop": lambda s: Call({"chatId": s.group}),
    "message:typing": lambda s: Call({"chatId": s.group, "isTyping": True}),
    "chat:join": lambda s: Call({"chatId": s.group}),
    "chat:leave": lambda s: Call({"chatId": s.group}, round_trips=0),
    "presence:set": lambda _: Call({"status": "busy"}),
    "presence:get": lambda s: Call({"userIds": [s.bob.id]}),
    "call:start": lambda s: Call({"chatId": s.group}),
    "call:ring": lambda s: Call({"callId": s.call()}),
    "call:accept": lambda s: Call({"callId": s.call()}),
    "call:decline": lambda s: Call({"callId": s.call()}),
    "call:end": lambda s: Call({"callId": s.talk()}),
    "call:state": lambda s: Call({"callId": s.talk(), "screen": True}),
    # As the first signals in a call; those that follow cost nothing for a while.
    "call:offer": lambda s: Call({"callId": s.talk(), "sdp": "v=0"}),
    "call:answer": lambda s: Call({"callId": s.talk(), "sdp": "v=0"}),
    "call:ice": lambda s: Call({"callId": s.talk(), "candidate": None}),
    "call:room": lambda s: Call({"callId": s.room()}, round_trips=3),
    "sync": lambda _: Call({}),
    "message:delete": lambda s: Call({"messageId": s.message, "for": "me"}),
}


@pytest.fixture
def scenes(
    forgotten_timers: None, server: Server, wire: Wire, person: Callable[[str], Person]
) -> Iterator[Callable[[], Scene]]:
    """Each time another alice, and groups in which nothing has happened yet."""
    bob, carol = person("bob"), person("carol")
    numbers = itertools.count()

    def scene() -> Scene:
        alice = person(f"alice{next(numbers)}")
        group, door = alice.chat_with(bob, name="group"), carol.chat_with(name="door")
        return Scene(server, alice, bob, carol, group, door, alice.send(group, "one")["id"])

    yield scene
    transport.close_connections()
    gateway.close_sockets()


def test_the_tables_name_everything_that_changes_something() -> None:
    named = {endpoint.name for endpoint in endpoints() if endpoint.method != "GET" and endpoint.alias_of is None}
    assert ENDPOINTS.keys() == named
    assert ACTION_CALLS.keys() == ACTIONS.keys()


def test_what_an_endpoint_costs_that_changes_something(scenes: Callable[[], Scene], wire: Wire) -> None:
    wanted, paid = {}, {}
    for name, described in ENDPOINTS.items():
        scene = scenes()
        call = described(scene)
        wanted[name], paid[name] = call.round_trips, _cost(scene, wire, name, call)
    assert paid == wanted


def test_rules_on_words_cost_a_send_nothing(scenes: Callable[[], Scene], wire: Wire) -> None:
    scene = scenes()
    headers = {"Authorization": f"Bearer {scene.alice.access_token}", "Content-Type": "application/json"}
    expected = {"hello": 201, "casino": 422, "roulette": 422, "poker": 201}
    for action, phrase in (("refuse", "casino"), ("hide", "roulette"), ("report", "poker")):
        rule = {"phrase": phrase, "action": action}
        scene.alice.http.post(f"/chats/{scene.group}/word-rules", json=rule).raise_for_status()
    with Client(app.app) as client:
        for content, status in expected.items():
            body = msgspec.json.encode({"chatId": scene.group, "content": content})
            wire.reset()
            answer = client.http.request("POST", "/messages", headers, body)
            assert (answer.status_code, wire.round_trips) == (status, 1), content


def test_a_key_that_makes_it_happen_once_costs_three_more(scenes: Callable[[], Scene], wire: Wire) -> None:
    # Claimed before, kept after, committed. A registration keeps its key with the account.
    kept_along = {"POST /auth/register"}
    wanted, paid = {}, {}
    for name in (endpoint.name for endpoint in endpoints() if endpoint.creates and endpoint.alias_of is None):
        scene = scenes()
        call = ENDPOINTS[name](scene)
        more = 0 if name in kept_along else 3
        wanted[name], paid[name] = call.round_trips + more, _cost(scene, wire, name, call, key="once")
    assert paid == wanted


def test_what_an_action_costs(scenes: Callable[[], Scene], wire: Wire) -> None:
    scene = scenes()
    assert app.websocket_connect(_event("$connect", token=scene.alice.access_token), None) == {"statusCode": 200}
    # Who writes there for the first time enters it.
    app.websocket_message(_event("$default", {"action": "message", "data": {"content": "hello, all"}}), None)
    wanted, paid = {}, {}
    for name, described in ACTION_CALLS.items():
        call = described(scene)
        frame = {"action": name, "id": "c1", "data": call.body or {}}
        wire.reset()
        answer = msgspec.json.decode(app.websocket_message(_event("$default", frame), None)["body"])
        assert answer["type"] == "ack", answer
        assert wire.connections == 0, name
        wanted[name], paid[name] = call.round_trips, wire.round_trips
    assert paid == wanted


def test_a_signal_costs_nothing_where_the_participants_are_known(
    scenes: Callable[[], Scene], wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "LEASE_SECONDS", 3600.0)
    monkeypatch.setattr(signals, "_leases", {})
    scene = scenes()
    assert app.websocket_connect(_event("$connect", token=scene.alice.access_token), None) == {"statusCode": 200}
    frame = {"action": "call:ice", "id": "c1", "data": {"callId": scene.talk(), "candidate": None}}
    paid = []
    for _ in range(signals.LEASE_SIGNALS + 1):
        wire.reset()
        answer = msgspec.json.decode(app.websocket_message(_event("$default", frame), None)["body"])
        assert answer["type"] == "ack", answer
        paid.append(wire.round_trips)
    assert paid == [1, *[0] * (signals.LEASE_SIGNALS - 1), 1]


def _cost(scene: Scene, wire: Wire, name: str, call: Call, *, key: str | None = None) -> int:
    """How many round trips a request makes from this thread, which plays one warm container."""
    method, _, template = name.partition(" ")
    ids = {"chat_id": scene.group, "message_id": scene.message, "user_id": scene.bob.id, "emoji": quote("👍")}
    headers = {"Authorization": f"Bearer {scene.alice.access_token}", "Content-Type": "application/json"}
    headers |= {"Idempotency-Key": key} if key else {}
    body = msgspec.json.encode(call.body) if call.body is not None else b""
    with Client(app.app) as client:
        wire.reset()
        answer = client.http.request(method, template.format(**{**ids, **call.path}), headers, body)
    assert answer.status_code < 300, (name, answer.body)
    assert wire.connections == 0, name
    return wire.round_trips


def _event(route: str, frame: Mapping[str, Any] | None = None, **query: str) -> dict[str, Any]:
    return {
        "headers": {"Host": "localhost"},
        "queryStringParameters": query,
        "body": None if frame is None else msgspec.json.encode(frame).decode(),
        "requestContext": {
            "routeKey": route,
            "requestId": "r1",
            "connectionId": CONNECTION,
            "domainName": "localhost",
            "apiId": "local00000",
            "stage": "api",
        },
    }
