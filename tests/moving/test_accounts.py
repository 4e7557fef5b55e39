"""Whose account is whose: nobody gets into what is somebody else's, here or there, and nobody loses a name here."""

from collections.abc import Callable

import pytest

from moving.source import SourceError
from tests.moving.rig import HASHES, PASSWORD, Moving
from tests.support.people import PASSWORD as PASSWORD_HERE
from tests.support.people import Person

OLD = HASHES["$2b$"]


def _user(source: Moving, name: str, email: str | None, password: str | None = OLD) -> None:
    source.sql(
        "INSERT INTO users (username, email, password_hash, created_at) VALUES (%s, %s, %s, '2025-01-01 10:00')",
        name,
        email,
        password,
    )


def _reasons(told: list[list[str]]) -> set[tuple[str, str]]:
    return {(line[2], line[3].partition(":")[0]) for line in told}


def test_who_has_the_same_name_or_email_here_keeps_their_account(
    flutter: Moving, person: Callable[..., Person]
) -> None:
    maria = person("maria", email="maria@example.org")
    everything = "SELECT users::text FROM users WHERE id = %s"
    before = flutter.server.sql(everything, maria.id)
    _user(flutter, "Maria", "MARIA@example.org")
    told = flutter.bring()
    assert _reasons(told) == {
        ("1", "has another username, since somebody here has that one"),
        ("1", "comes without an email address, since somebody here has it"),
    }
    assert flutter.server.sql(everything, maria.id) == before
    assert flutter.try_log_in("maria").status_code == 401, "the password from there opens nothing here"
    assert flutter.log_in("maria@example.org", PASSWORD_HERE).id == maria.id
    assert flutter.log_in("Maria-1").id != maria.id
    assert flutter.bring() == [], "the second run knows them"
    assert flutter.server.sql("SELECT count(*) FROM users") == [(2,)]


def test_an_account_with_the_same_hash_is_the_same_persons(flutter: Moving, person: Callable[..., Person]) -> None:
    maria = person("maria", email="maria@example.org")
    flutter.server.sql("UPDATE users SET password_hash = %s WHERE id = %s", OLD, maria.id)
    _user(flutter, "masha", "maria@example.org")
    assert flutter.bring() == []
    assert flutter.log_in("maria@example.org").id == maria.id
    assert flutter.server.sql("SELECT count(*) FROM users") == [(1,)]


def test_an_account_without_a_password_is_matched_with_nobody(flutter: Moving) -> None:
    _user(flutter, "maria", "maria@example.org", None)
    flutter.bring(name="one")
    flutter.bring(name="two")
    assert flutter.server.sql("SELECT count(*) FROM users WHERE username LIKE 'maria%%'") == [(2,)]


def test_the_operator_may_say_whose_account_is_whose(flutter: Moving, person: Callable[..., Person]) -> None:
    maria = person("maria", email="maria@example.org")
    _user(flutter, "maria", "maria@example.org")
    _user(flutter, "ivan", None)
    assert flutter.bring(same={"1": maria.id}) == []
    assert flutter.server.sql("SELECT username FROM users ORDER BY id") == [("maria",), ("ivan",)]
    assert flutter.log_in("maria", PASSWORD_HERE).id == maria.id


def test_an_account_that_there_is_not_cannot_be_said(flutter: Moving) -> None:
    _user(flutter, "maria", None)
    with pytest.raises(SourceError, match="There is no user 999 here"):
        flutter.bring(same={"1": 999})
    assert flutter.server.sql("SELECT count(*) FROM users") == [(0,)]


def test_two_of_the_source_who_differ_in_case_alone_both_come(flutter: Moving) -> None:
    _user(flutter, "maria", "maria@example.org")
    _user(flutter, "MARIA", "Maria@Example.org")
    told = flutter.bring()
    assert {key for key, _ in _reasons(told)} == {"2"}
    assert flutter.log_in("maria").id != flutter.log_in("MARIA-2").id


def test_another_source_under_the_same_name_is_refused(flutter: Moving) -> None:
    _user(flutter, "maria", "maria@example.org")
    flutter.bring()
    flutter.sql(
        "UPDATE users SET username = 'mallory', created_at = created_at + interval '1 day', password_hash = %s",
        HASHES["$2y$"],
    )
    with pytest.raises(SourceError, match="User 1 of FROM is not who came under this id in an earlier import"):
        flutter.bring()
    told = flutter.bring(name="another")
    assert {reason for _, reason in _reasons(told)} == {"comes without an email address, since somebody here has it"}
    assert flutter.server.sql("SELECT username FROM users ORDER BY id") == [("maria",), ("mallory",)]


@pytest.mark.parametrize("prefix", HASHES)
def test_every_spelling_of_bcrypt_logs_in(flutter: Moving, prefix: str) -> None:
    _user(flutter, "maria", None, HASHES[prefix])
    assert flutter.bring() == []
    assert flutter.log_in("maria").username == "maria"


@pytest.mark.parametrize(
    "kept",
    [None, "", PASSWORD, "$2b$31$" + "a" * 53, "$2x$10$" + "a" * 53, "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"],
)
def test_what_is_no_hash_of_bcrypt_opens_nothing(flutter: Moving, kept: str | None) -> None:
    _user(flutter, "maria", "maria@example.org", kept)
    assert {key for key, _ in _reasons(flutter.bring())} == {"1"}
    for password in (PASSWORD, "", ".", kept or "x"):
        assert flutter.try_log_in("maria", password).status_code in {400, 401}


def test_a_messenger_without_usernames_gets_them_by_name(conversations: Moving) -> None:
    for name in ("Мария Петрова", "Мария Петрова", "Al", "Olga (HR)"):
        conversations.sql(
            'INSERT INTO users (email, password, name, "createdAt") VALUES (%s || random(), %s, %s, now())',
            "x@example.org",
            OLD,
            name,
        )
    told = conversations.bring()
    assert {key for key, _ in _reasons(told)} == {"2"}
    usernames = [row[0] for row in conversations.server.sql("SELECT username FROM users ORDER BY id")]
    assert usernames[:2] == ["мария_петрова", "мария_петрова-2"]
    assert usernames[2].startswith("al_")
    assert usernames[3] == "olga__hr"
    assert conversations.log_in("мария_петрова").http.get("/users/me").json()["displayName"] == "Мария Петрова"


def test_a_name_that_looks_like_somebody_elses_is_not_taken(flutter: Moving, person: Callable[..., Person]) -> None:
    person("poco")
    _user(flutter, "росо", None)
    assert _reasons(flutter.bring()) == {("1", "has another username, since somebody here has that one")}
    assert flutter.log_in("росо-1").username == "росо-1"
