"""Passwords and addresses by letters: what is sent, what its token does once, and what nobody learns."""

from collections.abc import Callable

import httpx

from chalicelib.core.aws import ATTEMPTS
from local.faults import Fault
from tests.support import web
from tests.support.answers import refusal
from tests.support.letters import letters_to, token_of
from tests.support.people import PASSWORD, Person, of_session
from tests.support.server import Server

ANOTHER = "battery horse correct"


def _log_in(server: Server, name: str, password: str, **headers: str) -> httpx.Response:
    with web.client(server.url) as client:
        return client.post("/auth/login", json={"username": name, "password": password}, headers=headers)


def test_a_password_is_changed_by_who_knows_it(server: Server, alice: Person) -> None:
    tablet = of_session(server.url, _log_in(server, "alice", PASSWORD).json())
    ears = tablet.socket()
    wrong = alice.http.put("/auth/password", json={"currentPassword": ANOTHER, "newPassword": ANOTHER})
    assert refusal(wrong) == (403, "wrong_password")
    common = alice.http.put("/auth/password", json={"currentPassword": PASSWORD, "newPassword": "Qwerty123"})
    assert (refusal(common), common.json()["errors"][0]["code"]) == ((400, "invalid_input"), "common")
    changed = alice.http.put("/auth/password", json={"currentPassword": PASSWORD, "newPassword": ANOTHER})
    assert (changed.status_code, changed.content) == (204, b"")
    ears.wait_for("session:revoked")
    ears.wait_closed()
    assert refusal(tablet.http.get("/users/me")) == (401, "session_ended")
    assert alice.http.get("/users/me").status_code == 200
    assert refusal(_log_in(server, "alice", PASSWORD)) == (401, "wrong_credentials")
    assert _log_in(server, "alice", ANOTHER).status_code == 200


def test_a_forgotten_password_is_replaced_by_a_letter_once(
    server: Server, person: Callable[..., Person], anonymous: httpx.Client
) -> None:
    alice = person("alice", email="alice@example.com")
    with server.settings(mail_link_url="https://chat.example.com/account"):
        for _ in range(2):
            asked = anonymous.post("/auth/password/reset", json={"email": "Alice@Example.com"})
            assert (asked.status_code, asked.content) == (204, b"")
        first, second = (token_of(letter) for letter in letters_to(server, "alice@example.com")[:2])
    kept = server.sql("SELECT hash, email FROM letter_tokens")
    assert first.encode() not in b"".join(row[0] for row in kept)
    new = {"token": first, "password": ANOTHER}
    unknown = anonymous.post("/auth/password/reset/confirm", json=new | {"token": "x" * 32})
    assert refusal(unknown) == (410, "letter_expired")
    assert anonymous.post("/auth/password/reset/confirm", json=new).status_code == 204
    for token in (first, second):  # the other one of the two is gone with it
        again = anonymous.post("/auth/password/reset/confirm", json=new | {"token": token})
        assert refusal(again) == (410, "letter_expired")
    assert refusal(alice.http.get("/users/me")) == (401, "session_ended")
    assert _log_in(server, "alice", ANOTHER).status_code == 200
    assert letters_to(server, "alice@example.com")[0]["subject"] == "Your password was changed"
    # A letter that was not read in time.
    anonymous.post("/auth/password/reset", json={"email": "alice@example.com"})
    late = token_of(letters_to(server, "alice@example.com")[0])
    server.sql("UPDATE letter_tokens SET expires_at = now() - interval '1 second'")
    assert refusal(anonymous.post("/auth/password/reset/confirm", json=new | {"token": late}))[0] == 410


def test_nobody_learns_by_a_reset_which_address_has_an_account(
    server: Server, person: Callable[..., Person], anonymous: httpx.Client
) -> None:
    person("alice", email="alice@example.com")
    before = len(letters_to(server, "alice@example.com"))
    known, unknown = (
        anonymous.post("/auth/password/reset", json={"email": email})
        for email in ("alice@example.com", "nobody@example.com")
    )
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert known.headers.keys() == unknown.headers.keys()
    # The same is written and queued in either case: the one row has nobody, the one letter no address.
    assert server.sql("SELECT count(*) FROM letter_tokens WHERE purpose = 'reset'") == [(2,)]
    assert len(letters_to(server, "alice@example.com")) == before + 1
    assert letters_to(server, "nobody@example.com") == []


def test_the_letters_to_one_address_are_counted_and_nobody_is_told(
    server: Server, person: Callable[..., Person]
) -> None:
    person("alice", email="alice@example.com")
    before = len(letters_to(server, "alice@example.com"))
    with server.settings(rate_limits=True), web.client(server.url) as client:
        answers = [client.post("/auth/password/reset", json={"email": "alice@example.com"}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [204] * 10 + [429]
    assert len(letters_to(server, "alice@example.com")) == before + 5


def test_an_address_is_verified_and_changed_by_letters(
    server: Server, person: Callable[..., Person], anonymous: httpx.Client
) -> None:
    alice = person("alice", email="alice@example.com")
    person("bob", email="bob@example.com")
    registered = token_of(letters_to(server, "alice@example.com")[0])
    assert alice.http.post("/auth/email/verification").status_code == 204
    (token, earlier) = (token_of(letter) for letter in letters_to(server, "alice@example.com")[:2])
    assert earlier == registered
    assert anonymous.post("/auth/email/confirm", json={"token": token}).status_code == 204
    assert refusal(anonymous.post("/auth/email/confirm", json={"token": token})) == (410, "letter_expired")
    alice.http.post("/auth/email/verification").raise_for_status()
    assert len(letters_to(server, "alice@example.com")) == 2, "it is verified already"

    # From now on nobody changes it with the session alone.
    with_session = alice.http.patch("/users/me", json={"email": "thief@example.com"})
    assert refusal(with_session) == (422, "email_verified")
    wanted = {"email": "new@example.com", "password": PASSWORD}
    assert refusal(alice.http.put("/auth/email", json=wanted | {"password": ANOTHER})) == (403, "wrong_password")
    assert alice.http.put("/auth/email", json=wanted).status_code == 204
    assert alice.http.get("/users/me").json()["email"] == "alice@example.com"
    change = token_of(letters_to(server, "new@example.com")[0])
    assert anonymous.post("/auth/email/confirm", json={"token": change}).status_code == 204
    assert alice.http.get("/users/me").json()["email"] == "new@example.com"
    assert letters_to(server, "alice@example.com")[0]["subject"] == "Your email address was changed"
    assert refusal(anonymous.post("/auth/email/confirm", json={"token": registered})) == (410, "letter_expired")

    # That another account has an address is told to its owner alone.
    assert alice.http.put("/auth/email", json=wanted | {"email": "Bob@example.com"}).status_code == 204
    taken = token_of(letters_to(server, "bob@example.com")[0])
    assert refusal(anonymous.post("/auth/email/confirm", json={"token": taken})) == (409, "email_taken")
    nameless = person("carol")
    assert refusal(nameless.http.post("/auth/email/verification")) == (422, "no_email")


def test_a_new_device_is_told_once_in_the_users_language(server: Server, person: Callable[..., Person]) -> None:
    person("alice", email="alice@example.com")
    known = len(letters_to(server, "alice@example.com"))
    phone = {"User-Agent": "Phone/1 <b>", "Accept-Language": "ru"}
    for _ in range(2):
        assert _log_in(server, "alice@example.com", PASSWORD, **phone).status_code == 200
    letters = letters_to(server, "alice@example.com")
    assert len(letters) == known + 1
    assert letters[0]["subject"] == "Вход с нового устройства"
    assert "Phone/1 <b>" in letters[0]["text"]
    page = httpx.get(f"{server.origin}/outbox", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "Phone/1 &lt;b&gt;" in page.text


def test_a_letter_that_ses_refuses_for_now_comes_later_and_one_that_it_never_takes_is_dropped(
    server: Server, person: Callable[..., Person], anonymous: httpx.Client
) -> None:
    server.faults.arm(Fault.SERVICE_FAILING, of="ses", times=ATTEMPTS)
    person("alice", email="alice@example.com")
    person("bob", email="боб@example.com")
    assert len(letters_to(server, "alice@example.com")) == 1
    assert letters_to(server, "боб@example.com") == []
    server.faults.arm(Fault.SERVICE_FAILING, of="sqs", times=ATTEMPTS)
    lost = anonymous.post("/auth/password/reset", json={"email": "alice@example.com"})
    assert refusal(lost) == (503, "unavailable")


def test_without_mail_what_needs_a_letter_says_so(server: Server, alice: Person, anonymous: httpx.Client) -> None:
    with server.settings(mail_from=""):
        for answer in (
            anonymous.post("/auth/password/reset", json={"email": "alice@example.com"}),
            alice.http.post("/auth/email/verification"),
            alice.http.put("/auth/email", json={"email": "alice@example.com", "password": PASSWORD}),
        ):
            assert refusal(answer) == (422, "mail_off")
            assert answer.json()["detail"] == "This server sends no email; ask those who run it"
