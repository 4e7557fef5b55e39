"""AWS's own runtime client on handlers that misbehave: what the local containers answer is what it answers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.events import INVOCATION_BYTES
from tests.deploy.container import Container, HandlerError

_MODULE = """
import sys

def answer(event, context):
    return {
        "size": lambda: "x" * (event["size"] - 2),
        "cyrillic": lambda: "ж",
        "event": lambda: event,
        "set": lambda: {1},
        "about": lambda: [context.function_name, context.invoked_function_arn, context.memory_limit_in_mb],
        "left": context.get_remaining_time_in_millis,
        "error": lambda: 1 / 0,
        "exit": lambda: sys.exit(3),
    }[event["kind"]]()
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Container]]:
    """Starts a container for a handler of a folder that holds one module."""
    (tmp_path / "module.py").write_text(_MODULE)
    (tmp_path / "broken.py").write_text("import nothing_of_this_name")
    started: list[Container] = []

    def start(handler: str) -> Container:
        started.append(Container(tmp_path, handler, "messenger-test", {}))
        return started[-1]

    yield start
    for container in started:
        container.stop()


def test_events_answers_and_the_context_are_as_lambda_has_them(start: Callable[[str], Container]) -> None:
    container = start("module.answer")
    event = {"kind": "event", "text": "жё 👍🏽", "number": 2**53, "none": None}
    assert container.invoke(event) == event
    assert container.invoke({"kind": "cyrillic"}) == "ж"
    name, arn, memory = container.invoke({"kind": "about"})
    assert (name, arn.rpartition(":")[2], memory) == ("messenger-test", "messenger-test", "512")
    assert 0 < container.invoke({"kind": "left"}) <= 60_000


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"kind": "error"}, "ZeroDivisionError: division by zero"),
        ({"kind": "set"}, "Runtime.MarshalError: Unable to marshal response: Object of type set"),
    ],
)
def test_an_error_is_told_and_the_container_goes_on(
    start: Callable[[str], Container], event: dict[str, Any], words: str
) -> None:
    container = start("module.answer")
    with pytest.raises(HandlerError, match=words):
        container.invoke(event)
    assert container.invoke({"kind": "cyrillic"}) == "ж"


def test_an_answer_may_have_six_megabytes_and_no_byte_more(start: Callable[[str], Container]) -> None:
    container = start("module.answer")
    assert len(container.invoke({"kind": "size", "size": INVOCATION_BYTES})) == INVOCATION_BYTES - 2
    with pytest.raises(HandlerError, match=r"Function\.ResponseSizeTooLarge: .* \(6291456 bytes\)"):
        container.invoke({"kind": "size", "size": INVOCATION_BYTES + 1})


def test_a_container_that_ends_is_an_error_and_so_is_one_that_cannot_start(start: Callable[[str], Container]) -> None:
    ending = start("module.answer")
    for _ in range(2):
        with pytest.raises(HandlerError):
            ending.invoke({"kind": "exit"})
    with pytest.raises(HandlerError, match=r"Runtime\.ImportModuleError.*nothing_of_this_name"):
        start("broken.handler").invoke({})
    with pytest.raises(HandlerError, match=r"Runtime\.HandlerNotFound"):
        start("module.missing").invoke({})
