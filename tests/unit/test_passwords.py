"""Passwords: what is refused, and that checking costs the same for everybody."""

from collections.abc import Iterator

import bcrypt
import msgspec
import pytest

from chalicelib.core import config
from chalicelib.core.wording import told
from chalicelib.features.accounts import passwords


@pytest.fixture(autouse=True)
def cheap_hashes() -> Iterator[None]:
    before = config.settings()
    config.use(msgspec.structs.replace(before, bcrypt_cost=4))
    yield
    config.use(before)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The hashes that bcrypt was asked about."""
    asked: list[bytes] = []
    original = bcrypt.checkpw

    def checkpw(password: bytes, kept: bytes) -> bool:
        asked.append(kept)
        return original(password, kept)

    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    return asked


@pytest.mark.parametrize("password", ["correct horse", "пароль-пароль", "🔑" * 18, "x" * 72])
def test_a_password_matches_its_hash_only(password: str) -> None:
    kept = passwords.hashed(password)
    assert kept.startswith("$2b$04$")
    assert passwords.matches(password, kept)
    assert not passwords.matches(password[:-1] + "?", kept)
    assert not passwords.matches(password, passwords.hashed("another password"))


@pytest.mark.parametrize("password", ["x" * 73, "я" * 37, "🔑" * 19])
def test_more_than_72_bytes_are_refused_in_words(password: str) -> None:
    wrong = passwords.wrong_password(password)
    assert wrong
    assert "72 bytes" in told(wrong.sentence, wrong.values, "en")


@pytest.mark.parametrize("password", ["x" * 72, "я" * 36, "🔑" * 18])
def test_72_bytes_are_enough_for_everybody(password: str) -> None:
    assert passwords.wrong_password(password) is None


def test_a_longer_password_never_matches_what_bcrypt_would_cut_it_to() -> None:
    assert not passwords.matches("x" * 73, passwords.hashed("x" * 72))


@pytest.mark.parametrize("password", ["wrong", "x" * 10_000, ""])
def test_an_unknown_name_costs_one_check_at_the_same_cost(checks: list[bytes], password: str) -> None:
    kept = passwords.hashed("the right one")
    assert not passwords.matches(password, kept)
    assert not passwords.matches(password, None)
    known, nobody = checks
    assert known == kept.encode()
    assert nobody.split(b"$")[:3] == known.split(b"$")[:3]
    assert len(nobody) == len(known)


@pytest.mark.parametrize(("today", "outdated"), [(4, False), (5, False), (6, True), (12, True)])
def test_a_hash_of_a_lower_cost_is_outdated(today: int, outdated: bool) -> None:
    config.use(msgspec.structs.replace(config.settings(), bcrypt_cost=5))
    kept = passwords.hashed("a password")
    config.use(msgspec.structs.replace(config.settings(), bcrypt_cost=today))
    assert passwords.is_outdated(kept) is outdated
