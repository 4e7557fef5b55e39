"""A second factor: turned on by a code, asked for at each log-in, refused twice, and turned off."""

import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from chalicelib.features.accounts import totp
from tests.support import web
from tests.support.answers import refusal
from tests.support.letters import letters_to
from tests.support.people import PASSWORD, Person
from tests.support.server import Server


# The test vectors of RFC 6238, of which authenticators show six digits.
@pytest.mark.parametrize(
    ("moment", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(moment: int, code: str) -> None:
    assert totp.code_at(b"12345678901234567890", moment // totp.STEP_SECONDS) == code


def test_a_log_in_needs_a_code_that_works_once(server: Server, person: Callable[..., Person]) -> None:
    alice = person("alice", email="alice@example.com")
    assert refusal(alice.http.post("/auth/second-factor", json={"password": "wrong"})) == (403, "wrong_password")
    assert refusal(alice.http.post("/auth/second-factor/confirm", json={"code": "1"})) == (409, "second_factor_off")
    begun = alice.http.post("/auth/second-factor", json={"password": PASSWORD}).raise_for_status().json()
    assert parse_qs(urlsplit(begun["uri"]).query)["secret"] == [begun["secret"]]
    assert _log_in(server).status_code == 200, "it is not in force yet"
    ((secret,),) = server.sql("SELECT secret FROM second_factors")
    assert totp.written(secret) == begun["secret"]

    now = int(time.time()) // totp.STEP_SECONDS
    wrong = alice.http.post("/auth/second-factor/confirm", json={"code": _wrong(secret, now)})
    assert refusal(wrong) == (403, "wrong_code")
    # Those beside the current one are taken too, each later than the one before.
    first, second, third = (totp.code_at(secret, now + off) for off in (-1, 0, 1))
    confirmed = alice.http.post("/auth/second-factor/confirm", json={"code": first})
    codes = confirmed.raise_for_status().json()["recoveryCodes"]
    assert len(set(codes)) == 10
    assert letters_to(server, "alice@example.com")[0]["subject"] == "The second factor was turned on"
    assert refusal(alice.http.post("/auth/second-factor", json={"password": PASSWORD})) == (409, "second_factor_on")

    assert refusal(_log_in(server)) == (401, "second_factor_needed")
    assert refusal(_log_in(server, password="wrong", code=second)) == (401, "wrong_credentials")
    assert refusal(_log_in(server, code=first)) == (403, "wrong_code"), "it was used to turn it on"
    assert _log_in(server, code=f"{second[:3]} {second[3:]}").status_code == 200
    assert refusal(_log_in(server, code=second)) == (403, "wrong_code"), "used already"
    assert _log_in(server, code=codes[0].upper()).status_code == 200
    assert refusal(_log_in(server, code=codes[0])) == (403, "wrong_code"), "used already"
    state = {"isOn": True, "recoveryCodesLeft": 9}
    assert alice.http.get("/auth/second-factor").json() == state

    off = {"password": PASSWORD, "code": third}
    assert refusal(alice.http.post("/auth/second-factor/off", json=off | {"password": "wrong"}))[0] == 403
    assert alice.http.post("/auth/second-factor/off", json=off).status_code == 204
    assert refusal(alice.http.post("/auth/second-factor/off", json=off)) == (409, "second_factor_off")
    assert alice.http.get("/auth/second-factor").json() == {"isOn": False, "recoveryCodesLeft": 0}
    assert _log_in(server).status_code == 200


def test_codes_cannot_be_guessed(server: Server, person: Callable[..., Person]) -> None:
    alice = person("alice")
    alice.http.post("/auth/second-factor", json={"password": PASSWORD}).raise_for_status()
    ((secret,),) = server.sql("SELECT secret FROM second_factors")
    now = int(time.time()) // totp.STEP_SECONDS
    right = {"code": totp.code_at(secret, now)}
    alice.http.post("/auth/second-factor/confirm", json=right).raise_for_status()
    with server.settings(rate_limits=True, logins=1000):
        guessed = [_log_in(server, code=_wrong(secret, now)) for _ in range(10)]
        assert {refusal(answer) for answer in guessed} == {(403, "wrong_code")}
        spent = _log_in(server, code=totp.code_at(secret, now + 1))
        assert refusal(spent) == (429, "rate_limited")
        # Who does not know the password spends nothing of it, and does not learn that there is a second factor.
        assert refusal(_log_in(server, password="wrong", code="000000")) == (401, "wrong_credentials")


def _wrong(secret: bytes, now: int) -> str:
    """A code that is none of those which could be taken."""
    taken = {totp.code_at(secret, now + off) for off in range(-3, 4)}
    return next(code for code in map("{:06}".format, range(10)) if code not in taken)


def _log_in(server: Server, password: str = PASSWORD, **more: str) -> httpx.Response:
    with web.client(server.url) as client:
        return client.post("/auth/login", json={"username": "alice", "password": password, **more})
