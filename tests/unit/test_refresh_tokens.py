"""Refresh tokens: a chain that can be derived again, and that outlives a rotation of the secret."""

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import config
from chalicelib.features.accounts import refresh
from chalicelib.features.accounts.refresh import RefreshToken


@pytest.fixture(autouse=True)
def secret() -> Iterator[None]:
    before = config.settings()
    _sign_with("a secret of enough length, the first")
    yield
    config.use(before)


def _sign_with(secret: str, *previous: str) -> None:
    config.use(msgspec.structs.replace(config.settings(), jwt_secret=secret, jwt_previous_secrets=previous))


def test_a_token_survives_the_journey() -> None:
    token = refresh.first()
    assert refresh.read(token.text) == token
    assert token.is_ours


def test_every_session_has_a_family_of_its_own() -> None:
    assert len({refresh.first().family_hash for _ in range(100)}) == 100


def test_the_successor_is_the_same_however_often_it_is_derived() -> None:
    token = refresh.first()
    (successor,) = token.successors()
    assert token.successors() == [successor]
    assert successor.family_hash == token.family_hash
    assert successor.hash != token.hash
    assert successor.is_ours


def test_a_rotated_secret_still_knows_the_tokens_and_their_successors() -> None:
    token = refresh.first()
    (before,) = token.successors()
    _sign_with("another secret of enough length", "a secret of enough length, the first")
    after, same = token.successors()
    assert token.is_ours
    assert same == before
    assert after != before
    assert after.is_ours
    _sign_with("another secret of enough length")
    assert not token.is_ours


@pytest.mark.parametrize("text", ["", "x", "x" * 69, "x" * 71, "é" * 70, "!" * 70, "\x00" * 70])
def test_what_has_not_the_form_of_a_token_is_none(text: str) -> None:
    assert refresh.read(text) is None


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    token = refresh.read(text)
    assert token is None or not token.is_ours


def test_an_invented_last_generation_has_a_successor_too() -> None:
    token = RefreshToken(b"f" * 16, 2**32 - 1, b"m" * 32)
    assert not token.is_ours
    assert token.successors()[0].generation == 0
