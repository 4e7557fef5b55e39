"""Access tokens and tickets: for whom they speak, for how long, and which ones are refused."""

from collections.abc import Iterator
from typing import Any

import jwt
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.core import clock, config, tokens
from chalicelib.core.context import Actor
from chalicelib.core.errors import Unauthenticated

ALICE = Actor(user_id=7, session_id=2**40)
SECRET, NEXT, LAST = (f"{name}, a secret of quite enough length" for name in ("the first", "the next", "the last"))


@pytest.fixture(autouse=True)
def secrets() -> Iterator[None]:
    before = config.settings()
    _sign_with(SECRET)
    yield
    config.use(before)


def _sign_with(secret: str, *previous: str, **more: Any) -> None:
    config.use(
        msgspec.structs.replace(config.settings(), jwt_secret=secret, jwt_previous_secrets=tuple(previous), **more)
    )


def _refused(token: str, purpose: tokens.Purpose = "access") -> str:
    with pytest.raises(Unauthenticated) as refused:
        tokens.verify(token, purpose)
    return str(refused.value)


def _changed(
    token: str, *, secret: str = SECRET, algorithm: str = "HS256", header: dict[str, Any] | None = None, **claims: Any
) -> str:
    """The token with other claims, without those that are None, signed anew."""
    kept = jwt.decode(token, options={"verify_signature": False}) | claims
    named = {"kid": jwt.get_unverified_header(token)["kid"]} | (header or {})
    return jwt.encode({name: value for name, value in kept.items() if value is not None}, secret, algorithm, named)


@pytest.mark.parametrize(("purpose", "seconds"), [("access", 900), ("ticket", 30)])
def test_a_token_says_who_and_for_how_long(purpose: tokens.Purpose, seconds: int) -> None:
    token, lifetime = tokens.issue(ALICE, purpose)
    assert lifetime == seconds
    actor, token_id = tokens.verify(token, purpose)
    assert actor == ALICE
    other, _ = tokens.issue(ALICE, purpose)
    assert tokens.verify(other, purpose)[1] != token_id, "each token has an id of its own"
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == seconds
    assert SECRET not in str(jwt.get_unverified_header(token)) + str(claims)


def test_purposes_do_not_mix() -> None:
    assert _refused(tokens.issue(ALICE, "ticket")[0], "access") == "The access token is not valid."
    assert _refused(tokens.issue(ALICE, "access")[0], "ticket") == "The ticket token is not valid."


def test_it_ends_when_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now - 905)
    old, _ = tokens.issue(ALICE, "access")
    assert _refused(old) == "The access token has expired."
    monkeypatch.setattr(clock, "now", lambda: now - 890)
    tokens.verify(tokens.issue(ALICE, "access")[0], "access")


def test_a_clock_that_is_ahead_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 5)
    tokens.verify(tokens.issue(ALICE, "access")[0], "access")


def test_a_key_is_rotated_without_ending_a_session() -> None:
    first, _ = tokens.issue(ALICE, "access")
    _sign_with(NEXT, SECRET)
    second, _ = tokens.issue(ALICE, "access")
    assert jwt.get_unverified_header(first)["kid"] != jwt.get_unverified_header(second)["kid"]
    for token in (first, second):
        assert tokens.verify(token, "access")[0] == ALICE
    _sign_with(LAST, NEXT)
    assert tokens.verify(second, "access")[0] == ALICE
    assert _refused(first) == "The access token is not valid.", "two rotations ago"


def test_a_previous_key_cannot_pass_for_the_present_one() -> None:
    _sign_with(NEXT, SECRET)
    token, _ = tokens.issue(ALICE, "access")
    _refused(_changed(token, secret=SECRET))


def test_without_a_secret_nothing_is_signed() -> None:
    _sign_with("")
    with pytest.raises(LookupError, match="JWT_SECRET"):
        tokens.issue(ALICE, "access")


@pytest.mark.parametrize("header", [{"kid": "00000000"}, {"kid": ""}, {"kid": "../../etc/passwd"}])
def test_an_unknown_key_is_refused(header: dict[str, Any]) -> None:
    token, _ = tokens.issue(ALICE, "access")
    assert _refused(_changed(token, header=header)) == "The access token is not valid."


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "somebody"},
        {"iss": None},
        {"aud": "messenger"},
        {"aud": None},
        {"aud": ["messenger:ticket"]},
        {"sub": None},
        {"sub": "x"},
        {"sub": ""},
        {"sub": 7},
        {"sub": "7.5"},
        {"sid": None},
        {"sid": "x"},
        {"sid": [1]},
        {"sid": {}},
        {"exp": None},
        {"exp": "tomorrow"},
        {"jti": None},
        {"nbf": 2**40},
    ],
    ids=str,
)
def test_claims_that_we_never_make_are_refused(claims: dict[str, Any]) -> None:
    token, _ = tokens.issue(ALICE, "access")
    assert _refused(_changed(token, **claims)) == "The access token is not valid."


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
@pytest.mark.filterwarnings("ignore:The HMAC key")
def test_only_our_algorithm_is_accepted(algorithm: str) -> None:
    token, _ = tokens.issue(ALICE, "access")
    assert _refused(_changed(token, algorithm=algorithm)) == "The access token is not valid."


def test_unsigned_tokens_are_refused() -> None:
    token, _ = tokens.issue(ALICE, "access")
    head, claims, signature = token.split(".")
    for forged in (
        _changed(token, secret="", algorithm="none"),
        f"{head}.{claims}.",
        f"{head}.{claims}",
        f"{head}.{claims}.{signature[::-1]}",
        f"{head}..{signature}",
        f".{claims}.{signature}",
        f"{token}.{signature}",
        f"{token}x",
    ):
        assert _refused(forged) == "The access token is not valid."


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
@example("")
@example("..")
@example("a.b.c")
@example("\ud800")
@example("W10.W10.W10")
@example("bnVsbA.bnVsbA.")
@example("eyJraWQiOltdfQ.e30.")
@example("eyJraWQiOnt9LCJhbGciOiJIUzI1NiJ9.e30.")
@example("x" * 100_000)
def test_whatever_is_no_token_is_refused(text: str) -> None:
    _refused(text)


def test_issuer_and_audience_are_chosen_by_the_deployment() -> None:
    token, _ = tokens.issue(ALICE, "access")
    _sign_with(SECRET, jwt_issuer="another deployment")
    _refused(token)
    _sign_with(SECRET, jwt_issuer="messenger", jwt_audience="another client")
    _refused(token)
