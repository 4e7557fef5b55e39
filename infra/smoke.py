"""Whether a stage works: two users are admitted over HTTPS, and a message goes from one's socket to the other's.

They are the same two each time. Their names and passwords come of a secret in the stage's bucket, so that nobody else
can take the names or log in.
"""

import hmac
import secrets
import time

import httpx
from websockets.exceptions import WebSocketException

from infra.stage import DeployError, Say
from local.demo import Account, joined

# A stage's name, certificate or first container may take a while.
_ATTEMPTS = 6
_PAUSE_SECONDS = 10.0


def check(
    url: str, socket_url: str, secret: str, say: Say, *, attempts: int = _ATTEMPTS, pause: float = _PAUSE_SECONDS
) -> None:
    """Talks over both APIs, whose URLs include the stage. Raises DeployError with what went wrong the last time."""
    for attempt in range(1, attempts + 1):
        try:
            _talk(url, socket_url, secret)
        except (httpx.HTTPError, WebSocketException, OSError, SystemExit, TimeoutError) as error:
            if attempt == attempts:
                raise DeployError(f"The smoke test failed at {url}: {type(error).__name__}: {error}") from error
            say(f"not yet ({type(error).__name__}); once more in {pause:.0f} s")
            time.sleep(pause)
        else:
            say(f"smoke test passed: {url}, {socket_url}")
            return


def user(secret: str, number: int) -> Account:
    """One of the two users of a stage."""
    derived = hmac.digest(secret.encode(), f"smoke user {number}".encode(), "sha256").hex()
    return Account(f"smoke-{derived[:8]}", derived[8:])


def _talk(url: str, socket_url: str, secret: str) -> None:
    httpx.get(f"{url}/health", timeout=30).raise_for_status()
    with joined(url, socket_url, user(secret, 1)) as sender, joined(url, socket_url, user(secret, 2)) as hearer:
        body = {"type": "private", "participantIds": [hearer.user_id]}
        chat = sender.http.post("/chats", json=body).raise_for_status().json()["id"]
        words = secrets.token_hex(8)
        sender.act("message:send", {"chatId": chat, "content": words, "clientMessageId": words})
        seq = sender.wait_for("ack")["data"]["seq"]
        heard = hearer.wait_for("message:new", seq=seq)["data"]["content"]
        stored = hearer.http.get(f"/chats/{chat}/messages").raise_for_status().json()["messages"][0]["content"]
        if (heard, stored) != (words, words):
            raise DeployError(f"The smoke test sent {words!r}, heard {heard!r} and found {stored!r}.")
