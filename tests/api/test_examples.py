"""Each example of a request body in the OpenAPI document is sent, about things that there are, and taken."""

import functools
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.core.http import Endpoint
from chalicelib.entry.blueprints import endpoints
from chalicelib.entry.examples import EXAMPLES
from tests.support import authenticator as authenticators
from tests.support.asking import KEYS, WEBHOOK
from tests.support.documents import check_answer
from tests.support.letters import authenticator, made_up_token
from tests.support.people import Person, Register
from tests.support.server import Server

TAKING = [endpoint for endpoint in endpoints() if endpoint.input("body") and not endpoint.alias_of]


class Scene:
    """Somebody, and whatever an example is about. Each thing is made when it is first asked for."""

    def __init__(self, server: Server, person: Register, name: str, endpoint: Endpoint) -> None:
        self._server, self._person, self._name = server, person, name
        self._endpoint = endpoint
        self.alice = person(f"{name}a")

    @functools.cached_property
    def bob(self) -> Person:
        """A member of the group."""
        return self._person(f"{self._name}b")

    @functools.cached_property
    def strangers(self) -> list[Person]:
        """Two users who share nothing with Alice."""
        return [self._person(f"{self._name}{letter}") for letter in "cd"]

    @property
    def others(self) -> list[int]:
        """Their ids."""
        return [stranger.id for stranger in self.strangers]

    def encrypted(self, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """These messages, for the one device of theirs that has keys."""
        keys = self.strangers[0].http.put("/keys", json=KEYS).raise_for_status().json()
        return [{**message, "deviceId": keys["deviceId"]} for message in given]

    @functools.cached_property
    def group(self) -> int:
        """A group of Alice's, with Bob."""
        return self.alice.chat_with(self.bob, name="Friends")

    @functools.cached_property
    def private(self) -> int:
        """Their private chat."""
        return self.alice.chat_with(self.bob)

    @functools.cached_property
    def message(self) -> int:
        """A message of Alice's in the group."""
        return int(self.alice.send(self.group, "hello")["id"])

    def poll(self) -> int:
        """A poll of Alice's in the group."""
        return int(self.alice.send(self.group, "When?", poll={"options": ["Saturday", "Sunday"]})["id"])

    def letter(self) -> str:
        """The token of a letter to Alice, for this endpoint."""
        purpose = "reset" if "/password/" in self._endpoint.path else "verify"
        return made_up_token(self._server, self.alice.id, purpose)

    def code(self) -> str:
        """What an authenticator of Alice's shows."""
        return authenticator(self._server, self.alice.id, is_on=not self._endpoint.path.endswith("/confirm"))

    def credential(self) -> dict[str, Any]:
        """What an authenticator of Alice's has made, or has signed."""
        passkey = authenticators.Passkey()
        if self._endpoint.path.endswith("/login"):
            authenticators.add(self.alice, passkey)
            return passkey.signed(authenticators.login_challenge(self.alice.http))
        return passkey.made(authenticators.challenge_for(self.alice))

    def call(self) -> int:
        """A call of Bob's, which Alice has answered."""
        call = int(self.bob.http.post("/calls", json={"chatId": self.group}).raise_for_status().json()["id"])
        self.alice.http.post(f"/calls/{call}/accept", json={}).raise_for_status()
        return call

    def report(self) -> int:
        """What Bob has reported a user for."""
        body = {"subjectKind": "user", "subjectId": self.others[0], "reason": "spam"}
        return int(self.bob.http.post("/reports", json=body).raise_for_status().json()["id"])

    def warning(self) -> int:
        """A warning of Alice's."""
        insert = "INSERT INTO sanctions (user_id, kind, reason) VALUES (%s, 'warning', 'x') RETURNING id"
        return int(self._server.sql(insert, self.alice.id)[0][0])

    def held(self) -> int:
        """A message of Bob's that a rule of the group holds."""
        path = f"/chats/{self.group}"
        self.alice.http.post(f"{path}/word-rules", json={"phrase": "casino", "action": "hide"}).raise_for_status()
        self.bob.http.post("/messages", json={"chatId": self.group, "content": "casino"})
        return int(self.alice.http.get(f"{path}/held-messages").json()["messages"][0]["id"])

    def webhook(self) -> int:
        """A webhook of the group's."""
        answer = self.alice.http.post(f"/chats/{self.group}/webhooks", json=WEBHOOK)
        return int(answer.raise_for_status().json()["id"])

    def contact(self) -> int:
        """Bob, as a contact of Alice's."""
        self.alice.http.post("/contacts", json={"userId": self.bob.id}).raise_for_status()
        return self.bob.id


# What the examples' own ids stand for.
MEANT: dict[str, Callable[[Scene, Any], Any]] = {
    "chatId": lambda scene, _: scene.group,
    "chatIds": lambda scene, _: [scene.private, scene.group],
    "userId": lambda scene, _: scene.others[0],
    "userIds": lambda scene, _: scene.others,
    "participantIds": lambda scene, given: scene.others[: len(given)],
    "mentions": lambda scene, _: [scene.bob.id],
    "replyTo": lambda scene, _: scene.message,
    "attachments": lambda scene, _: [scene.alice.upload()],
    "code": lambda scene, _: scene.code(),
    "credential": lambda scene, _: scene.credential(),
    "token": lambda scene, _: scene.letter(),
    "refreshToken": lambda scene, _: scene.alice.refresh_token,
    "subjectId": lambda scene, _: int(scene.bob.send(scene.group, "hello")["id"]),
    "messages": lambda scene, given: scene.encrypted(given),
    "assigneeId": lambda scene, _: scene.alice.id,
}
PATHS: dict[str, Callable[[Scene, Endpoint], int]] = {
    "chat_id": lambda scene, _: scene.message and scene.group,
    "message_id": lambda scene, endpoint: scene.poll() if endpoint.path.endswith("/vote") else scene.message,
    "call_id": lambda scene, _: scene.call(),
    "scheduled_id": lambda scene, _: scene.alice.schedule(scene.group),
    "user_id": lambda scene, endpoint: scene.bob.id if "chat_id" in endpoint.path else scene.contact(),
    "report_id": lambda scene, _: scene.report(),
    "held_id": lambda scene, _: scene.held(),
    "sanction_id": lambda scene, _: scene.warning(),
    "webhook_id": lambda scene, _: scene.webhook(),
    "passkey_id": lambda scene, _: int(authenticators.add(scene.alice, authenticators.Passkey())["id"]),
    "upload_id": lambda scene, _: scene.alice.large_upload(),
}


@pytest.mark.usefixtures("forgotten_timers")
@pytest.mark.parametrize("endpoint", TAKING, ids=lambda endpoint: endpoint.name)
def test_examples_are_taken(server: Server, person: Register, endpoint: Endpoint) -> None:
    for number, (name, example) in enumerate(EXAMPLES[endpoint.input("body")].items()):
        scene = Scene(server, person, f"scene{number}", endpoint)
        if endpoint.name in {"POST /auth/login", "POST /auth/appeal"}:
            _register_who_logs_in(scene, example)
        if endpoint.name == "POST /auth/appeal":
            columns = "user_id, kind, reason, until"
            server.sql(f"INSERT INTO sanctions ({columns}) SELECT max(id), 'ban', 'x', 'infinity' FROM users")
        server.sql("UPDATE users SET role = %s WHERE id = %s", endpoint.needs, scene.alice.id)
        path = endpoint.path.format(**{word: PATHS[word](scene, endpoint) for word in endpoint.path_parameters})
        if endpoint.path.endswith("/summary"):
            scene.bob.send(scene.group, "Are you there?")
        body = {word: MEANT[word](scene, value) if word in MEANT else value for word, value in example.items()}
        answer = scene.alice.http.request(endpoint.method, path, json=body)
        assert answer.is_success, (name, answer.text)
        check_answer(answer)


def _register_who_logs_in(scene: Scene, credentials: dict[str, str]) -> None:
    account = {"username": "ivan.petrov", **credentials}
    account.pop("comment", None)
    scene.alice.http.post("/auth/register", json=account).raise_for_status()
