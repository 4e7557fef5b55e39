"""Chains of operations along the links of the OpenAPI document: each answer is what the document says.

What one operation makes, the next ones use, change and delete, in whatever order. What is generated is the same in
every run.
"""

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.config import SchemathesisConfig

from chalicelib.features.ops.components import plain
from tests.support import people
from tests.support.documents import CHECKS, problem_codes, whole_document
from tests.support.server import Server

_numbers = itertools.count(1)

# From which operation to which, and the status of the answer there.
Tally = Counter[tuple[str, str, int]]

CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"mode": "positive", "deterministic": True, "with-security-parameters": False},
        # The document's own links alone.
        "phases": {"stateful": {"inference": {"algorithms": []}}},
        "checks": CHECKS,
    }
)
# Where ids stand in bodies: OpenAPI links name path parameters alone.
IN_BODIES = {"sendMessage": {"chatId": "$response.body#/id"}, "scheduleMessage": {"chatId": "$response.body#/id"}}

FAR_IDS: tuple[LiteralString, ...] = (
    "ALTER TABLE chats ALTER COLUMN id RESTART WITH 1000003",
    "ALTER TABLE messages ALTER COLUMN id RESTART WITH 2000003",
    "ALTER TABLE invites ALTER COLUMN id RESTART WITH 3000003",
    "ALTER TABLE uploads ALTER COLUMN id RESTART WITH 4000003",
    "ALTER TABLE scheduled_messages ALTER COLUMN id RESTART WITH 5000003",
)


def _document() -> dict[str, Any]:
    """The document, and links from chats to what is written into them."""
    document = plain(whole_document())
    for response in document["paths"]["/chats"]["post"]["responses"].values():
        for operation, body in IN_BODIES.items():
            response.setdefault("links", {})[operation] = {"operationId": operation, "requestBody": body}
    return document


# What almost no made-up value is right for, and may be absent.
UNLIKELY = {"replyTo", "attachments", "until", "expiresAt"}


class Chain:
    """What a chain of operations adds to the machine that schemathesis makes: a user in whose name all is asked.

    Each chain has users of its own, so that what was done before does not matter.
    """

    recorder: Any

    def begin(self, server: Server, tally: Tally) -> None:
        """Makes the users, and two chats to begin with."""
        self._url, self._tally = server.url, tally
        alice, bob = (people.register(server.url, f"chain{next(_numbers)}") for _ in range(2))
        self._token = alice.access_token
        private, group = alice.chat_with(bob), alice.chat_with(bob, name="Friends")
        self._likely: dict[str, Any] = {
            "chatId": group,
            "chatIds": [private, group],
            "userId": bob.id,
            "userIds": [bob.id],
            "participantIds": [bob.id],
            "mentions": [bob.id],
            "content": "Hello",
            "contentType": "image/png",
            "sendAt": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        }
        alice.close()
        bob.close()

    def before_call(self, case: Any) -> None:
        """Says what means something, where what was made up would be refused. What came by a link stays."""
        source = self._source(case)
        case.query.pop("cursor", None)
        if "user_id" in case.path_parameters and source != "POST /contacts":
            case.path_parameters["user_id"] = self._likely["userId"]
        if isinstance(case.body, dict):
            chat = case.body.get("chatId")
            case.body = {name: value for name, value in case.body.items() if name not in UNLIKELY}
            case.body |= {name: value for name, value in self._likely.items() if name in case.body}
            if source == "POST /chats" and chat is not None:
                case.body["chatId"] = chat

    def get_call_kwargs(self, case: Any) -> dict[str, Any]:
        """Where to ask, and in whose name."""
        return {"base_url": self._url, "headers": {"Authorization": f"Bearer {self._token}", **(case.headers or {})}}

    def after_call(self, response: Any, case: Any) -> None:
        """Notes how it went; a problem has a code that is declared."""
        super().after_call(response, case)  # type: ignore[misc]
        self._tally[self._source(case), case.operation.label, response.status_code] += 1
        if response.status_code >= 400:
            assert response.json()["code"] in problem_codes(case.method, case.operation.path, response.status_code)

    def _source(self, case: Any) -> str:
        came_by = self.recorder.cases[case.id].transition
        return self.recorder.cases[came_by.parent_id].value.operation.label if came_by else ""


@pytest.mark.usefixtures("forgotten_timers")
def test_chains_of_operations_are_as_described(server: Server) -> None:
    # What is made has ids that nobody thinks of: only links lead to it.
    for statement in FAR_IDS:
        server.sql(statement)
    tally: Tally = Counter()
    schema = schemathesis.openapi.from_dict(_document(), config=CONFIG)

    class Machine(Chain, schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            self.begin(server, tally)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=50,
            stateful_step_count=25,
            phases=[Phase.generate],
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    followed = Counter({(source, target): 0 for source, target, _ in tally})
    for (source, target, status), times in tally.items():
        followed[source, target] += times if source and status < 400 else 0
    succeeded = {link for link, times in followed.items() if times}
    # Links that lead nowhere would be followed as often, and refused.
    assert followed.total() >= 150
    assert len(succeeded) >= 25
    assert len({source for source, _ in succeeded}) >= 5
