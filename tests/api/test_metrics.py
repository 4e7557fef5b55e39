"""The metrics agree with what is counted on the wire."""

from collections.abc import Callable

import pytest

from chalicelib.core import context, idempotency, metrics
from chalicelib.core.idempotency import Answer
from chalicelib.features.messages import history, receipts
from chalicelib.features.messages.schemas import HistoryQuery, SendInput
from chalicelib.features.messages.send import send
from tests.support.logs import metrics_of
from tests.support.people import Person
from tests.support.server import settings_here
from tests.support.sessions import actor_of
from tests.support.wire import Wire


def test_database_round_trips_are_those_on_the_wire(
    wire: Wire, person: Callable[[str], Person], capsys: pytest.CaptureFixture[str]
) -> None:
    alice = person("alice")
    chat = alice.chat_with(person("bob"))
    me = actor_of(alice)

    def say(text: str) -> Answer:
        send(me, SendInput(chat_id=chat, content=text), "socket")
        return Answer(status=201, headers={}, body="")

    works: list[Callable[[], object]] = [
        lambda: say("one"),
        lambda: history.history(me, chat, HistoryQuery()),
        lambda: receipts.mark_read(me, chat, None),
        lambda: idempotency.once(actor=me, key="k", fingerprint="f", run=lambda: say("two")),
    ]
    for work in works:
        work_in_context(work)  # the first time a statement may be prepared
    metrics.flush()
    capsys.readouterr()
    with settings_here(function_name="messenger-test"):
        for work in works:
            wire.reset()
            work_in_context(work)
            told = sum(line.get("DatabaseRoundTrips", 0) for line in metrics_of(capsys.readouterr().out))
            assert told == wire.round_trips > 0


def work_in_context(work: Callable[[], object]) -> None:
    with context.begin():
        work()
