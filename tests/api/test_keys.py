"""Keys of devices: published, handed out once, told of, and followed in a log that nobody can change."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from vodozemac import AnyOlmMessage, Curve25519PublicKey, PreKeyMessage

from chalicelib.features.encryption.directory import FAIR
from tests.support.answers import refusal
from tests.support.olm import Device, another_of, follow
from tests.support.people import Person, Register
from tests.support.server import Server

KEY = "A" * 42 + "E"


def test_two_users_with_two_devices_each_encrypt_for_each_other(alice: Person, bob: Person) -> None:
    alices = [Device(alice), Device(another_of(alice))]
    bobs = [Device(bob), Device(another_of(bob))]
    for device in (*alices, *bobs):
        assert device.publish()["oneTimeKeys"] == 3
    listed = alice.http.get(f"/users/{bob.id}/keys").json()
    assert [each["deviceId"] for each in listed["devices"]] == [device.id for device in bobs]
    assert listed["log"]["position"] == 2
    for sender in alices:
        for receiver in bobs:
            session = sender.session_with(receiver.id)
            kind, body = session.encrypt(b"Meet me at nine").to_parts()
            begun, plain = receiver.account.create_inbound_session(
                Curve25519PublicKey.from_base64(sender.identity_key), _pre_key(kind, body)
            )
            assert plain == b"Meet me at nine"
            assert session.decrypt(begun.encrypt(b"At ten")) == b"At ten"


def _pre_key(kind: int, body: bytes) -> PreKeyMessage:
    message = AnyOlmMessage.from_parts(kind, body).to_pre_key()
    assert message is not None
    return message


def test_each_one_time_key_is_handed_out_once(server: Server, alice: Person, person: Register) -> None:
    device = Device(alice)
    published = device.keys(12)
    ids = {key["id"] for key in published["oneTimeKeys"]}
    for _ in range(2):  # again is as once
        assert alice.http.put("/keys", json=published).json()["oneTimeKeys"] == 12
    claimers = [Device(person(f"claimer{number}")) for number in range(4)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: claimers[number % 4].claim(device.id), range(16)))
    claimed = [each["oneTimeKey"] for answer in answers for each in answer["devices"]]
    given = [key["id"] for key in claimed if key]
    assert len(claimed) == 16
    assert len(given) == len(set(given)) == 12
    assert set(given) == ids
    # An upload that comes again offers none of them again.
    assert alice.http.put("/keys", json=published).json()["oneTimeKeys"] == 0
    fallback = claimers[0].claim(device.id)["devices"][0]
    assert (fallback["oneTimeKey"], fallback["signedPreKey"]) == (None, published["signedPreKey"])


def test_nobody_drains_the_keys_of_another(server: Server, alice: Person, bob: Person, carol: Person) -> None:
    device, drainer = Device(alice), Device(bob)
    device.publish(20)
    with server.settings(rate_limits=True, key_claims=FAIR + 1):
        answers = [drainer.claim(device.id)["devices"][0]["oneTimeKey"] for _ in range(FAIR + 1)]
        assert [key is not None for key in answers] == [True] * FAIR + [False]
        refused = bob.http.post("/keys/claim", json={"deviceIds": [device.id]})
        assert refusal(refused) == (429, "rate_limited")
        assert Device(carol).claim(device.id)["devices"][0]["oneTimeKey"] is not None


def test_a_device_hears_that_it_has_few_keys(alice: Person, bob: Person) -> None:
    device, other = Device(alice), Device(another_of(alice))
    device.publish(20)
    ears, others = alice.socket(), other.person.socket()
    Device(bob).claim(device.id)
    assert ears.wait_for("keys:low")["data"] == {"deviceId": device.id, "oneTimeKeys": 19}
    assert alice.http.get("/keys").json()["oneTimeKeys"] == 19
    assert [frame for frame in others.frames if frame["type"] == "keys:low"] == []


def test_what_changes_is_told_to_those_who_exchanged_keys(
    server: Server, alice: Person, bob: Person, carol: Person
) -> None:
    device = Device(alice)
    device.publish()
    Device(bob).claim(device.id)
    cursors = {one.id: one.http.get("/sync").json()["nextCursor"] for one in (alice, bob, carol)}
    ears, strangers = bob.socket(), carol.socket()
    other = Device(another_of(alice))
    other.publish()
    assert ears.wait_for("keys:changed")["data"]["userId"] == alice.id
    other.person.http.post("/auth/logout", json={}).raise_for_status()
    server.settle()
    told = [frame for frame in ears.frames if frame["type"] == "keys:changed"]
    assert [frame["data"]["log"]["position"] for frame in told] == [2, 3]
    assert [frame for frame in strangers.frames if frame["type"] == "keys:changed"] == []
    for one, expected in ((alice, 1), (bob, 1), (carol, 0)):
        events = one.http.get("/sync", params={"cursor": cursors[one.id]}).json()["events"]
        synced = [event for event in events if event["type"] == "keys:changed"]
        assert [(event["eventId"], event["data"]) for event in synced] == [
            (f"keys:{alice.id}:3", told[-1]["data"])
        ] * expected
    devices = bob.http.get(f"/users/{alice.id}/keys").json()["devices"]
    assert [each["deviceId"] for each in devices] == [device.id]
    assert Device(bob).claim(other_id := other_device(bob, alice)) == {"devices": [], "missing": [other_id]}


def other_device(reader: Person, owner: Person) -> int:
    """The device that was removed last."""
    entries = reader.http.get(f"/users/{owner.id}/keys/log").json()["entries"]
    return next(int(entry["deviceId"]) for entry in reversed(entries) if entry["change"] == "removed")


def test_an_identity_stays(alice: Person) -> None:
    device = Device(alice)
    device.publish()
    rotated = device.publish(0)
    assert rotated["oneTimeKeys"] == 3
    assert refusal(alice.http.put("/keys", json=Device(alice).keys())) == (409, "keys_fixed")
    for _ in range(3):
        answer = alice.http.put("/keys", json=device.keys(50)).json()
        device.account.mark_keys_as_published()
    assert answer["oneTimeKeys"] == 153
    assert refusal(alice.http.put("/keys", json=device.keys(48))) == (422, "too_many_keys")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("identityKey", KEY[:-1]),
        ("signingKey", KEY[:-1] + "F"),
        ("signedPreKey", {"id": "1", "key": KEY, "signature": KEY}),
        ("signedPreKey", {"id": "no spaces", "key": KEY, "signature": "A" * 86}),
        ("oneTimeKeys", [{"id": str(number), "key": KEY} for number in range(101)]),
    ],
)
def test_what_is_no_key_is_refused_by_its_field(alice: Person, field: str, value: object) -> None:
    answer = alice.http.put("/keys", json={**Device(alice).keys(0), field: value})
    assert refusal(answer) == (400, "invalid_input")
    assert answer.json()["errors"][0]["field"].startswith(field)


def test_keys_are_for_those_who_may_write(alice: Person, bob: Person) -> None:
    device = Device(alice)
    device.publish()
    alice.http.put(f"/blocks/{bob.id}").raise_for_status()
    for path in (f"/users/{alice.id}/keys", f"/users/{alice.id}/keys/log"):
        assert refusal(bob.http.get(path)) == (403, "blocked")
        assert refusal(bob.http.get(path.replace(str(alice.id), "999999"))) == (404, "not_found")
        assert alice.http.get(path).is_success
    assert Device(bob).claim(device.id) == {"devices": [], "missing": [device.id]}
    assert alice.http.get("/keys").json()["oneTimeKeys"] == 3


def test_the_log_shows_what_was_changed_in_it(server: Server, alice: Person, bob: Person) -> None:
    for _ in range(3):
        Device(another_of(alice)).publish()
    reader = Device(bob)
    assert len(reader.devices_of(alice.id)) == 3
    entries = bob.http.get(f"/users/{alice.id}/keys/log").json()["entries"]
    known = {"position": 0, "hash": "", "devices": set()}
    with pytest.raises(AssertionError):
        follow(alice.id, known, {**entries[0], "identityKey": KEY})
    with pytest.raises(AssertionError):
        follow(alice.id, known, entries[1])
    for statement in ("UPDATE key_log SET identity_key = 'x'", "DELETE FROM key_log", "TRUNCATE key_log"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            server.sql(statement)
    server.sql("DELETE FROM sessions WHERE user_id = %s", alice.id)
    assert reader.devices_of(alice.id) == set()


def test_keys_go_with_the_account(server: Server, alice: Person) -> None:
    Device(alice).publish()
    server.sql("SELECT erase_personal(%s, 100)", alice.id)
    assert server.sql("SELECT count(*) FROM device_keys") == [(0,)]
    assert server.sql("SELECT count(*) FROM one_time_keys") == [(0,)]
    assert server.sql("SELECT change FROM key_log ORDER BY position") == [("added",), ("removed",)]


def test_by_socket(alice: Person, bob: Person) -> None:
    device = Device(alice)
    socket = alice.socket()
    assert socket.act("keys:publish", device.keys(2))["oneTimeKeys"] == 2
    claimed = bob.socket().act("keys:claim", {"deviceIds": [device.id, 999_999]})
    assert claimed["missing"] == [999_999]
    assert claimed["devices"][0]["oneTimeKey"] is not None
