"""Passkeys: made for a challenge of ours, signing log-ins of ours, and refused where anything about them is wrong."""

import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from chalicelib.features.ops import cleanup
from tests.support import authenticator, web
from tests.support.answers import refusal
from tests.support.authenticator import PRESENT, SYNCABLE, SYNCED, VERIFIED, Kind, Passkey
from tests.support.letters import authenticator as totp_of
from tests.support.letters import letters_to
from tests.support.people import PASSWORD, Person, Register
from tests.support.server import Server

REFUSED = (403, "passkey_refused")


@pytest.mark.parametrize("kind", ["ES256", "RS256", "EdDSA"])
def test_a_passkey_opens_the_account_without_a_name_or_a_password(
    kind: Kind, anonymous: httpx.Client, person: Register
) -> None:
    alice, passkey = person("alice"), Passkey(kind)
    begun = alice.http.post("/auth/passkeys/options", json={"password": PASSWORD}).raise_for_status().json()
    assert begun["rp"]["id"] == "localhost"
    assert begun["user"]["name"] == "alice"
    assert [kinds["alg"] for kinds in begun["pubKeyCredParams"]] == [-8, -7, -257]
    assert begun["authenticatorSelection"]["userVerification"] == "required"
    body = {"name": "phone", "credential": passkey.made(begun["challenge"])}
    kept = alice.http.post("/auth/passkeys", json=body)
    assert kept.status_code == 201, kept.text
    assert kept.json()["lastUsedAt"] is None

    options = anonymous.post("/auth/passkeys/login/options").json()
    assert (options["rpId"], options["userVerification"]) == ("localhost", "required")
    answer = authenticator.log_in(anonymous, passkey)
    assert answer.status_code == 200, answer.text
    admission = answer.json()
    assert admission["user"]["username"] == "alice"
    again = anonymous.post("/auth/refresh", json={"refreshToken": admission["refreshToken"]})
    token = again.raise_for_status().json()["accessToken"]
    mine = anonymous.get("/auth/passkeys", headers={"Authorization": f"Bearer {token}"}).json()["passkeys"]
    assert [(one["name"], bool(one["lastUsedAt"]), one["isSynced"]) for one in mine] == [("phone", True, False)]


def test_passkeys_are_listed_renamed_and_removed_by_their_user_alone(
    server: Server, anonymous: httpx.Client, person: Callable[..., Person]
) -> None:
    alice, bob = person("alice", email="alice@example.com"), person("bob")
    phone, laptop = Passkey(), Passkey()
    laptop.flags |= SYNCABLE | SYNCED
    first, second = authenticator.add(alice, phone), authenticator.add(alice, laptop, "laptop")
    assert [first["isSynced"], second["isSynced"]] == [False, True]
    assert letters_to(server, "alice@example.com")[0]["subject"] == "A passkey was added"
    known = alice.http.post("/auth/passkeys/options", json={"password": PASSWORD}).json()["excludeCredentials"]
    assert {one["id"] for one in known} == {phone.made("")["id"], laptop.made("")["id"]}
    assert known[0]["transports"] == ["hybrid", "internal"], "those that there are"

    path = f"/auth/passkeys/{first['id']}"
    assert refusal(bob.http.patch(path, json={"name": "mine"}))[0] == 404
    assert refusal(bob.http.delete(path))[0] == 404
    renamed = alice.http.patch(path, json={"name": "old phone"}).raise_for_status().json()
    assert renamed == first | {"name": "old phone"}
    assert alice.http.delete(path).status_code == 204
    assert refusal(alice.http.delete(path))[0] == 404
    assert [one["name"] for one in alice.http.get("/auth/passkeys").json()["passkeys"]] == ["laptop"]
    assert bob.http.get("/auth/passkeys").json() == {"passkeys": []}
    assert letters_to(server, "alice@example.com")[0]["subject"] == "A passkey was removed"
    assert refusal(authenticator.log_in(anonymous, phone)) == REFUSED
    assert authenticator.log_in(anonymous, laptop).status_code == 200
    told = server.sql("SELECT action FROM audit WHERE actor_id = %s ORDER BY id", alice.id)
    assert [action for (action,) in told if action.startswith("passkey")] == [
        *("passkey_added", "passkey_added", "passkey_removed")
    ]


def test_who_has_a_session_alone_adds_no_passkey(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    wrong = alice.http.post("/auth/passkeys/options", json={"password": "wrong"})
    assert refusal(wrong) == (403, "wrong_password")
    code = totp_of(server, alice.id, is_on=True)
    body = {"password": PASSWORD}
    assert refusal(alice.http.post("/auth/passkeys/options", json=body)) == (401, "second_factor_needed")
    refused = alice.http.post("/auth/passkeys/options", json=body | {"code": "000000x"})
    assert refusal(refused) == (403, "wrong_code")
    challenge = authenticator.challenge_for(alice, code=code)
    taken = {"name": "phone", "credential": Passkey().made(challenge)}
    assert refusal(bob.http.post("/auth/passkeys", json=taken)) == REFUSED, "the challenge is alice's"
    assert alice.http.post("/auth/passkeys", json=taken).status_code == 201
    # What it proves is both factors.
    assert refusal(alice.http.post("/auth/passkeys", json=taken)) == REFUSED, "used"


def test_a_log_in_by_passkey_asks_for_no_code(server: Server, anonymous: httpx.Client, person: Register) -> None:
    alice, passkey = person("alice"), Passkey()
    authenticator.add(alice, passkey)
    totp_of(server, alice.id, is_on=True)
    assert authenticator.log_in(anonymous, passkey).status_code == 200


def _other_page(passkey: Passkey) -> None:
    passkey.origin = "https://localhost.example.com"


def _other_host(passkey: Passkey) -> None:
    passkey.host = "example.com"


def _nobody_asked(passkey: Passkey) -> None:
    passkey.flags = PRESENT


def _nobody_there(passkey: Passkey) -> None:
    passkey.flags = VERIFIED


FAULTS = [_other_page, _other_host, _nobody_asked, _nobody_there]


@pytest.mark.parametrize("spoil", FAULTS)
def test_what_is_for_others_is_refused(
    spoil: Callable[[Passkey], None], anonymous: httpx.Client, person: Register
) -> None:
    alice, passkey, spoilt = person("alice"), Passkey(), Passkey()
    spoil(spoilt)
    body = {"name": "phone", "credential": spoilt.made(authenticator.challenge_for(alice))}
    assert refusal(alice.http.post("/auth/passkeys", json=body)) == REFUSED
    authenticator.add(alice, passkey)
    spoil(passkey)
    assert refusal(authenticator.log_in(anonymous, passkey)) == REFUSED


def test_a_challenge_works_once_within_its_time_for_its_ceremony(
    server: Server, anonymous: httpx.Client, person: Register
) -> None:
    alice, passkey = person("alice"), Passkey()
    authenticator.add(alice, passkey)
    signed = {"credential": passkey.signed(authenticator.login_challenge(anonymous))}
    assert anonymous.post("/auth/passkeys/login", json=signed).status_code == 200
    assert refusal(anonymous.post("/auth/passkeys/login", json=signed)) == REFUSED, "used"

    failed = passkey.signed(challenge := authenticator.login_challenge(anonymous))
    failed["response"]["signature"] = "AAAA"
    assert refusal(anonymous.post("/auth/passkeys/login", json={"credential": failed})) == REFUSED
    right = {"credential": passkey.signed(challenge)}
    assert refusal(anonymous.post("/auth/passkeys/login", json=right)) == REFUSED, "used up by the failure"

    late = {"credential": passkey.signed(authenticator.login_challenge(anonymous))}
    own = Passkey().made(authenticator.challenge_for(alice))
    server.sql("UPDATE passkey_challenges SET expires_at = now() - interval '1 second'")
    assert refusal(anonymous.post("/auth/passkeys/login", json=late)) == REFUSED
    assert refusal(alice.http.post("/auth/passkeys", json={"name": "x", "credential": own})) == REFUSED
    cleanup.clean()
    assert server.sql("SELECT count(*) FROM passkey_challenges") == [(0,)], "swept"

    to_log_in = Passkey().made(authenticator.login_challenge(anonymous))
    assert refusal(alice.http.post("/auth/passkeys", json={"name": "x", "credential": to_log_in})) == REFUSED
    to_add = passkey.signed(authenticator.challenge_for(alice))
    assert refusal(anonymous.post("/auth/passkeys/login", json={"credential": to_add})) == REFUSED
    mixed = passkey.signed(authenticator.login_challenge(anonymous), type="webauthn.create")
    assert refusal(anonymous.post("/auth/passkeys/login", json={"credential": mixed})) == REFUSED
    invented = passkey.signed("A" * 43)
    assert refusal(anonymous.post("/auth/passkeys/login", json={"credential": invented})) == REFUSED


def test_another_key_does_not_sign_for_a_passkey(anonymous: httpx.Client, person: Register) -> None:
    alice, passkey, thief = person("alice"), Passkey(), Passkey()
    authenticator.add(alice, passkey)
    assert refusal(authenticator.log_in(anonymous, thief)) == REFUSED, "nobody's"
    thief.id = passkey.id
    assert refusal(authenticator.log_in(anonymous, thief)) == REFUSED
    # Nor can somebody else keep it as theirs.
    body = {"name": "x", "credential": thief.made(authenticator.challenge_for(alice))}
    assert refusal(alice.http.post("/auth/passkeys", json=body)) == (409, "passkey_known")


def test_a_copy_shows_by_its_count(server: Server, anonymous: httpx.Client, person: Register) -> None:
    alice, passkey = person("alice"), Passkey()
    passkey.count = 5
    authenticator.add(alice, passkey)
    passkey.count = 7
    assert authenticator.log_in(anonymous, passkey).status_code == 200
    for count in (7, 6, 0):
        passkey.count = count
        assert refusal(authenticator.log_in(anonymous, passkey)) == REFUSED
    told = server.sql("SELECT subject_id, details FROM audit WHERE action = 'passkey_copied'")
    assert told == [(alice.id, {"name": "phone"})] * 3
    passkey.count = 8
    assert authenticator.log_in(anonymous, passkey).status_code == 200


def test_who_may_not_log_in_does_not_by_passkey(server: Server, anonymous: httpx.Client, person: Register) -> None:
    alice, passkey = person("alice"), Passkey()
    authenticator.add(alice, passkey)
    ban = "INSERT INTO sanctions (user_id, kind, reason, until) VALUES (%s, 'ban', 'spam', 'infinity')"
    server.sql(ban, alice.id)
    banned = authenticator.log_in(anonymous, passkey)
    assert refusal(banned) == (403, "banned")
    assert "spam" in banned.json()["detail"]
    server.sql("DELETE FROM sanctions")
    alice.http.post("/users/me/deletion", json={"password": PASSWORD}).raise_for_status()
    assert authenticator.log_in(anonymous, passkey).status_code == 200, "that takes the deletion back"
    server.sql("UPDATE users SET delete_after = now() - interval '1 second'")
    assert refusal(authenticator.log_in(anonymous, passkey)) == REFUSED
    server.stack.triggers.fire_schedule("sweep")
    server.settle()
    assert server.sql("SELECT count(*) FROM passkeys") == [(0,)]


def test_a_new_device_is_told_by_letter(server: Server, person: Callable[..., Person]) -> None:
    alice, passkey = person("alice", email="alice@example.com"), Passkey()
    authenticator.add(alice, passkey)
    with web.client(server.url, {"User-Agent": "A stranger's browser"}) as stranger:
        assert authenticator.log_in(stranger, passkey).status_code == 200
    letter = letters_to(server, "alice@example.com")[0]
    assert letter["subject"] == "A new device has logged in"
    assert "A stranger's browser" in letter["text"]


def test_there_is_an_end_to_passkeys_also_at_the_same_time(server: Server, person: Register) -> None:
    alice = person("alice")
    server.sql(
        "INSERT INTO passkeys (user_id, credential_id, public_key, sign_count, is_synced, transports, name)"
        " SELECT %s, int4send(n), '', 0, false, '{}', 'x' FROM generate_series(1, 18) n",
        alice.id,
    )
    bodies = [{"name": "x", "credential": Passkey().made(authenticator.challenge_for(alice))} for _ in range(4)]
    answers: list[httpx.Response] = []

    def ask(body: dict[str, Any]) -> None:
        with web.client(server.url, {"Authorization": f"Bearer {alice.access_token}"}) as client:
            answers.append(client.post("/auth/passkeys", json=body))

    threads = [threading.Thread(target=ask, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [201, 201, 422, 422]
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert refusal(refused) == (422, "too_many_passkeys")


def test_log_ins_by_passkey_have_the_rates_of_log_ins(
    server: Server, anonymous: httpx.Client, person: Register
) -> None:
    alice, passkey = person("alice"), Passkey()
    authenticator.add(alice, passkey)
    with server.settings(rate_limits=True, logins=2):
        for _ in range(2):
            assert authenticator.log_in(anonymous, passkey).status_code == 200
        assert refusal(anonymous.post("/auth/passkeys/login/options")) == (429, "rate_limited")
        spent = anonymous.post("/auth/passkeys/login", json={"credential": passkey.signed("A" * 43)})
        assert refusal(spent) == (429, "rate_limited")
        assert spent.headers["Retry-After"]
        by_password = anonymous.post("/auth/login", json={"username": "alice", "password": PASSWORD})
        assert refusal(by_password) == (429, "rate_limited"), "one address, one allowance"


@pytest.mark.parametrize(
    "spoilt",
    [
        {"clientDataJSON": "e30"},
        {"clientDataJSON": "AA"},
        {"clientDataJSON": "A"},
        {"attestationObject": "oA"},
        {"attestationObject": "_____w"},
        {"attestationObject": "A"},
        {"attestationObject": ""},
    ],
)
def test_bytes_that_mean_nothing_are_refused(spoilt: dict[str, str], person: Register) -> None:
    alice = person("alice")
    credential = Passkey().made(authenticator.challenge_for(alice))
    credential["response"] |= spoilt
    body = {"name": "x", "credential": credential}
    assert refusal(alice.http.post("/auth/passkeys", json=body)) == REFUSED


def test_hosts_and_origins_are_chosen(server: Server, anonymous: httpx.Client, person: Register) -> None:
    alice, passkey, app = person("alice"), Passkey(), "android:apk-key-hash:abc"
    for settings, origin in (
        ({"passkey_host": "chat.example.com"}, "https://chat.example.com"),
        ({"public_url": "https://chat.example.com/api"}, "https://chat.example.com"),
        ({"passkey_host": "chat.example.com", "passkey_origins": (app,)}, app),
    ):
        with server.settings(**settings):
            passkey = Passkey()
            passkey.host, passkey.origin = "chat.example.com", origin
            authenticator.add(alice, passkey)
            assert authenticator.log_in(anonymous, passkey).status_code == 200
            for another in ("http://chat.example.com", "https://example.com", "https://chat.example.com:8443"):
                passkey.origin = another
                assert refusal(authenticator.log_in(anonymous, passkey)) == REFUSED


def test_what_is_exported_names_passkeys(server: Server, person: Register) -> None:
    alice = person("alice")
    authenticator.add(alice, Passkey(), "my phone")
    ((text,),) = server.sql("SELECT export_account(%s)", alice.id)
    assert '"my phone"' in text
