"""Letters about accounts, as tests read them or make up their tokens, and authenticators."""

import re
import time
from typing import Any

import httpx

from chalicelib.features.accounts import one_time, totp
from tests.support.server import Server


def letters_to(server: Server, address: str) -> list[dict[str, Any]]:
    """What was sent to an address, the newest first."""
    server.settle()
    answer = httpx.get(f"{server.origin}/outbox", params={"to": address}, timeout=30)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["letters"]
    return found


def token_of(letter: dict[str, Any]) -> str:
    """The token of a letter: a line of its own, or behind the link."""
    found = re.search(r"^(?:https://\S+#[a-z]+=)?([\w-]{32})$", letter["text"], re.MULTILINE)
    assert found is not None, letter["text"]
    return found[1]


def authenticator(server: Server, user_id: int, *, is_on: bool) -> str:
    """The code that an authenticator of a user shows now, which is on or being turned on."""
    secret = totp.new_secret()
    server.sql(
        "INSERT INTO second_factors (user_id, secret, confirmed_at) VALUES (%s, %s, CASE WHEN %s THEN now() END)",
        user_id,
        secret,
        is_on,
    )
    return totp.code_at(secret, int(time.time()) // totp.STEP_SECONDS)


def made_up_token(server: Server, user_id: int, purpose: str) -> str:
    """The token of a letter that was never sent, to a user who has an address from now on."""
    server.sql("UPDATE users SET email = coalesce(email, username || '@example.com') WHERE id = %s", user_id)
    token = one_time.new()
    server.sql(
        "INSERT INTO letter_tokens (hash, user_id, purpose, email, expires_at)"
        " SELECT %s, id, %s, email, now() + interval '1 hour' FROM users WHERE id = %s",
        token.hash,
        purpose,
        user_id,
    )
    return token.text
