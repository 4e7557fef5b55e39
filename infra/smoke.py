"""Whether a stage works: two users register over HTTPS, and a message goes from one's socket to the other's."""

import secrets
import time

import httpx
from websockets.exceptions import WebSocketException

from infra.stage import DeployError, Say
from local.demo import Speaker, joined

# A stage's name, certificate or first container may take a while.
_ATTEMPTS = 6
_PAUSE_SECONDS = 10.0


def check(url: str, socket_url: str, say: Say, *, attempts: int = _ATTEMPTS, pause: float = _PAUSE_SECONDS) -> None:
    """Talks over both APIs, whose URLs include the stage. Raises DeployError with what went wrong the last time."""
    for attempt in range(1, attempts + 1):
        try:
            _talk(url, socket_url)
        except (httpx.HTTPError, WebSocketException, OSError, SystemExit, TimeoutError) as error:
            if attempt == attempts:
                raise DeployError(f"The smoke test failed at {url}: {type(error).__name__}: {error}") from error
            say(f"not yet ({type(error).__name__}); once more in {pause:.0f} s")
            time.sleep(pause)
        else:
            say(f"smoke test passed: {url}, {socket_url}")
            return


def _talk(url: str, socket_url: str) -> None:
    httpx.get(f"{url}/health", timeout=30).raise_for_status()
    with joined(url, socket_url, "smoke") as sender, joined(url, socket_url, "smoke") as hearer:
        body = {"type": "private", "participantIds": [hearer.user_id]}
        chat = sender.http.post("/chats", json=body).raise_for_status().json()["id"]
        words = secrets.token_hex(8)
        sender.act("message:send", {"chatId": chat, "content": words, "clientMessageId": words})
        sender.wait_for("ack")
        _expect(words, hearer, chat)


def _expect(words: str, hearer: Speaker, chat: int) -> None:
    """By the socket, and by the history that outlives it."""
    heard = hearer.wait_for("message:new", seq=1)["data"]["content"]
    stored = hearer.http.get(f"/chats/{chat}/messages").raise_for_status().json()["messages"][0]["content"]
    if (heard, stored) != (words, words):
        raise DeployError(f"The smoke test sent {words!r}, heard {heard!r} and found {stored!r}.")
