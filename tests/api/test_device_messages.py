"""Encrypted messages for devices, with Olm and Megolm by vodozemac: what the service keeps, nobody here can read."""

import base64
from typing import Any

import pytest
from vodozemac import (
    AnyOlmMessage,
    Curve25519PublicKey,
    GroupSession,
    InboundGroupSession,
    MegolmDecryptionException,
    MegolmMessage,
    SessionKey,
)

from tests.support.answers import refusal
from tests.support.olm import Device, another_of
from tests.support.people import Person, Register
from tests.support.server import Server

Wire = dict[str, Any]
SECRET = "Meet me at the old mill"
AAAA = {"type": "olm.0", "body": "AAAA"}


def _devices_of(sender: Device, *people: Person) -> list[int]:
    found = [sender.person.http.get(f"/users/{one.id}/keys").raise_for_status().json()["devices"] for one in people]
    own = sender.id
    return [each["deviceId"] for devices in found for each in devices if each["deviceId"] != own]


def _send(sender: Device, text: str, *people: Person) -> Wire:
    """Encrypts for each device of these people, and sends all at once."""
    messages = []
    for device_id in _devices_of(sender, *people):
        kind, body = sender.session_with(device_id).encrypt(text.encode()).to_parts()
        messages.append({"deviceId": device_id, "type": f"olm.{kind}", "body": _text(body)})
    asked = {"userIds": [one.id for one in people], "messages": messages}
    answer: Wire = sender.person.http.post("/keys/messages", json=asked).raise_for_status().json()
    return answer


def _text(ciphertext: bytes) -> str:
    return base64.b64encode(ciphertext).decode()


def _read(receiver: Device, message: Wire) -> str:
    """Decrypts what another device has begun a session by."""
    listed = receiver.person.http.get(f"/users/{message['senderId']}/keys").json()["devices"]
    (sender,) = [each for each in listed if each["deviceId"] == message["senderDeviceId"]]
    body = base64.b64decode(message["body"])
    pre_key = AnyOlmMessage.from_parts(int(message["type"].removeprefix("olm.")), body).to_pre_key()
    assert pre_key is not None
    _, plain = receiver.account.create_inbound_session(
        Curve25519PublicKey.from_base64(sender["identityKey"]), pre_key
    )
    return plain.decode()


def _waiting(device: Device, **query: int) -> list[Wire]:
    page: Wire = device.person.http.get("/keys/messages", params=query).raise_for_status().json()
    messages: list[Wire] = page["messages"]
    return messages


def _forget(device: Device, message: Wire) -> int:
    answer = device.person.http.post("/keys/messages/received", json={"upTo": message["id"]})
    waiting: int = answer.raise_for_status().json()["waiting"]
    return waiting


def test_each_device_reads_its_own_message_and_nobody_else_does(server: Server, alice: Person, bob: Person) -> None:
    alices = [Device(alice), Device(another_of(alice))]
    bobs = [Device(bob), Device(another_of(bob))]
    for device in (*alices, *bobs):
        device.publish()
    ears = bobs[0].person.socket()
    with server.recorded() as lines:
        sent = _send(alices[0], SECRET, alice, bob)
    assert sent == {"deviceIds": sorted(device.id for device in (alices[1], *bobs)), "full": []}
    heard = ears.wait_for("keys:message")["data"]
    assert _waiting(bobs[0]) == [heard]
    assert _read(bobs[0], heard) == SECRET
    for device in (alices[1], bobs[1]):
        (message,) = _waiting(device)
        assert message["body"] != heard["body"]
        assert _read(device, message) == SECRET
    assert _waiting(alices[0]) == []
    assert [frame for frame in ears.frames if frame["type"] == "keys:message"][1:] == []
    _nowhere(server, SECRET)
    assert SECRET not in str(lines)
    assert [_forget(bobs[0], heard) for _ in range(2)] == [0, 0]
    assert (_waiting(bobs[0]), len(_waiting(bobs[1]))) == ([], 1)


def _nowhere(server: Server, text: str) -> None:
    """No row of any table has this text."""
    for (table,) in server.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        assert server.sql(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', f"%{text}%") == [(0,)], table


def test_a_group_has_a_session_whose_key_goes_to_each_device(
    server: Server, alice: Person, bob: Person, carol: Person
) -> None:
    """Megolm: the key by messages for devices, the ciphertext as a message that all members get."""
    chat = alice.chat_with(bob, carol, name="Hikers")
    devices = {one.id: Device(one) for one in (alice, bob, carol)}
    for device in devices.values():
        device.publish()
    group, sender = GroupSession(), devices[alice.id]
    _send(sender, group.session_key.to_base64(), bob, carol)
    said = alice.send(chat, group.encrypt(SECRET.encode()).to_base64())
    rooms = {}
    for one in (bob, carol):
        (message,) = _waiting(devices[one.id])
        rooms[one.id] = InboundGroupSession(SessionKey(_read(devices[one.id], message)))
        (found,) = one.history(chat)
        assert _decrypted(rooms[one.id], found) == SECRET
    # A new device gets the session as it is by now: it cannot read what came before.
    newcomer = Device(another_of(bob))
    newcomer.publish()
    _send(sender, group.session_key.to_base64(), bob)
    key = SessionKey(_read(newcomer, _waiting(newcomer)[0]))
    with pytest.raises(MegolmDecryptionException):
        _decrypted(InboundGroupSession(key), said)
    # Whoever was removed gets no key of the next session.
    alice.http.delete(f"/chats/{chat}/participants/{carol.id}").raise_for_status()
    following = GroupSession()
    _send(sender, following.session_key.to_base64(), bob)
    later = alice.send(chat, following.encrypt(b"Without Carol").to_base64())
    assert len(_waiting(devices[carol.id])) == 1
    with pytest.raises(MegolmDecryptionException):
        _decrypted(rooms[carol.id], later)
    _nowhere(server, SECRET)


def _decrypted(room: InboundGroupSession, message: Wire) -> str:
    return room.decrypt(MegolmMessage.from_base64(message["content"])).plaintext.decode()


def test_messages_are_for_exactly_the_devices_that_there_are(alice: Person, bob: Person) -> None:
    sender, known, new = Device(alice), Device(bob), Device(another_of(bob))
    for device in (sender, known, new):
        device.publish()
    body = {"userIds": [bob.id], "messages": [{"deviceId": known.id, **AAAA}, {"deviceId": sender.id, **AAAA}]}
    answer = alice.http.post("/keys/messages", json=body)
    assert refusal(answer) == (409, "devices_changed")
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        (f"devices[{new.id}]", "missing_device"),
        (f"devices[{sender.id}]", "unknown_device"),
    ]
    assert _waiting(known) == []
    problem = alice.socket().refused("keys:send", body)
    assert (problem["code"], len(problem["errors"])) == ("devices_changed", 2)
    gone = new.id
    new.person.http.post("/auth/logout", json={}).raise_for_status()
    body["messages"] = [{"deviceId": known.id, **AAAA}]
    assert alice.socket().act("keys:send", body) == {"deviceIds": [known.id], "full": []}
    assert gone not in _devices_of(sender, bob)


def test_who_may_not_write_sends_nothing(server: Server, alice: Person, bob: Person, person: Register) -> None:
    device, other = Device(bob), person("another")
    device.publish()
    body = {"userIds": [bob.id], "messages": [{"deviceId": device.id, **AAAA}]}
    bob.http.put(f"/blocks/{alice.id}").raise_for_status()
    assert refusal(alice.http.post("/keys/messages", json=body)) == (403, "blocked")
    server.sql("INSERT INTO sanctions (user_id, kind, reason, until) VALUES (%s, 'mute', '', 'infinity')", other.id)
    assert refusal(other.http.post("/keys/messages", json=body)) == (403, "muted")
    nobody = {**body, "userIds": [bob.id, 999_999]}
    assert refusal(other.http.post("/keys/messages", json=nobody)) == (404, "not_found")
    assert _waiting(device) == []


def test_what_waits_is_bounded_paged_and_forgotten(server: Server, alice: Person, bob: Person) -> None:
    device = Device(bob)
    device.publish()
    body = {"userIds": [bob.id], "messages": [{"deviceId": device.id, **AAAA}] * 3}
    with server.put("chalicelib.features.encryption.messages.MOST_WAITING", 4):
        for full in ([], [], [device.id]):
            assert alice.http.post("/keys/messages", json=body).raise_for_status().json()["full"] == full
    assert len(_waiting(device)) == 6
    first, second = _waiting(device, limit=2)
    assert [each["id"] > second["id"] for each in _waiting(device, after=second["id"])] == [True] * 4
    assert _forget(device, first) == 5
    with server.settings(rate_limits=True, device_sends=1):
        answers = [alice.http.post("/keys/messages", json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    server.sql("DELETE FROM sessions WHERE user_id = %s", bob.id)
    assert server.sql("SELECT count(*) FROM device_messages") == [(0,)]
