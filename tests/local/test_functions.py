"""Invoking handlers: contexts, JSON on both sides, containers with their state, timeouts and kills."""

import asyncio
import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from chalice.app import Chalice

from local.events import INVOCATION_BYTES
from local.faults import Fault, Faults
from local.functions import (
    CallerTimeoutError,
    EventTooLargeError,
    FunctionError,
    Functions,
    FunctionTimeoutError,
    InvocationError,
)
from tests.local.sample import app as sample
from tests.local.sample.serving import wait_for


@pytest.fixture
def functions() -> Iterator[Functions]:
    sample.record.reset()
    functions = Functions(sample, workers=4)
    yield functions
    functions.close(seconds=2)


def module(**handlers: Any) -> ModuleType:
    made = ModuleType("made")
    vars(made).update(handlers, app=Chalice("made"))
    return made


def test_the_context_is_lambdas(functions: Functions) -> None:
    functions.invoke_sync("plain", {})
    functions.invoke_sync("plain", {})
    first, second = sample.record.contexts
    assert first.function_name == "sample-dev-plain"
    assert first.memory_limit_in_mb == "128"
    assert first.invoked_function_arn.endswith(":function:sample-dev-plain")
    assert first.log_group_name == "/aws/lambda/sample-dev-plain"
    assert "[$LATEST]" in first.log_stream_name
    assert first.aws_request_id != second.aws_request_id
    assert first.log_stream_name == second.log_stream_name
    assert 50_000 < second.get_remaining_time_in_millis() <= 60_000


def test_timeouts_come_from_the_configuration(functions: Functions) -> None:
    assert functions.timeout_seconds("plain") == 60
    assert functions.timeout_seconds("api_handler") == 2


def test_an_unknown_function_is_not_found(functions: Functions) -> None:
    for name in ("nobody", "__name__"):
        with pytest.raises(LookupError):
            functions.invoke_sync(name, {})


def test_events_and_answers_pass_through_json() -> None:
    def handler(event: Any, _: Any) -> Any:
        return {"event": event, "decimal": Decimal("1.5"), "pair": (1, 2), 7: "seven"}

    functions = Functions(module(handler=handler))
    answer = functions.invoke_sync("handler", {"pair": (1, "я"), 1: None})
    assert answer == {"event": {"pair": [1, "я"], "1": None}, "decimal": 1.5, "pair": [1, 2], "7": "seven"}
    functions.close()


@pytest.mark.parametrize("answer", [{1, 2}, b"bytes", float("nan"), "\ud800", object()])
def test_an_answer_that_is_not_json_is_an_error(answer: Any) -> None:
    functions = Functions(module(handler=lambda *_: answer))
    with pytest.raises(FunctionError) as caught:
        functions.invoke_sync("handler", {})
    assert caught.value.payload["errorType"] == "Runtime.MarshalError"
    functions.close()


def test_sizes_are_lambdas(functions: Functions) -> None:
    with pytest.raises(EventTooLargeError):
        functions.invoke_sync("plain", {"text": "я" * (INVOCATION_BYTES // 2)})
    functions.invoke_sync("plain", {"text": "я" * (INVOCATION_BYTES // 2 - 100)})
    with pytest.raises(FunctionError) as caught:
        functions.invoke_sync("plain", {"big": INVOCATION_BYTES})
    assert caught.value.payload["errorType"] == "Function.ResponseSizeTooLarge"


def test_a_failure_names_its_type_and_the_log_keeps_its_message_out(
    functions: Functions, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(FunctionError) as caught:
        functions.invoke_sync("plain", {"raise": "what Ann wrote"})
    assert caught.value.payload["errorType"] == "ValueError"
    assert caught.value.payload["errorMessage"] == "what Ann wrote"
    assert "ValueError" in caplog.text
    assert "Ann" not in caplog.text


def test_a_container_keeps_its_state_until_it_is_killed() -> None:
    functions = Functions(sample, workers=1)
    before = functions.invoke_sync("plain", {})["served"]
    assert functions.invoke_sync("plain", {})["served"] == before + 1
    functions.faults.arm(Fault.KILL_AT, of="plain", value=0.05)
    with pytest.raises(FunctionTimeoutError) as caught:
        functions.invoke_sync("plain", {"sleep": 5})
    assert caught.value.payload["errorMessage"] == "Task timed out after 0.05 seconds"
    assert functions.invoke_sync("plain", {})["served"] == 1
    for fault in (Fault.KILL_BEFORE, Fault.KILL_AFTER):
        functions.faults.arm(fault)
        with pytest.raises(FunctionError) as exited:
            functions.invoke_sync("plain", {})
        assert exited.value.payload["errorType"] == "Runtime.ExitError"
        assert functions.invoke_sync("plain", {})["served"] == 1
    functions.close()


def test_a_handler_that_cannot_be_stopped_blocks_nobody() -> None:
    def stubborn(*_: Any) -> Any:
        time.sleep(0.5)  # no bytecode runs in it, so that nothing can be raised there
        survived.append(1)

    survived: list[int] = []
    functions = Functions(module(stubborn=stubborn, quick=lambda *_: "quick"), workers=1)
    functions.faults.arm(Fault.KILL_AT, value=0.05)
    with pytest.raises(FunctionTimeoutError):
        functions.invoke_sync("stubborn", {})
    assert functions.invoke_sync("quick", {}) == "quick"
    time.sleep(0.6)
    assert survived == []
    functions.close()


def test_a_handler_that_swallows_its_death_is_dead_all_the_same() -> None:
    def undying(*_: Any) -> str:
        try:
            sample.sleep(5)
        except BaseException:
            return "alive"
        return "never killed"

    functions = Functions(module(undying=undying, plain=sample.plain), workers=1)
    functions.invoke_sync("plain", {})
    functions.faults.arm(Fault.KILL_AT, value=0.05)
    with pytest.raises(FunctionTimeoutError):
        functions.invoke_sync("undying", {})
    assert functions.invoke_sync("plain", {}) == {"served": 1}
    functions.close()


def test_a_kill_never_takes_the_logging_lock_along() -> None:
    logger = logging.getLogger("tests.chatty")
    logger.propagate = False

    def chatty(*_: Any) -> Any:
        while True:
            logger.error("again")
            json.dumps(list(range(500)))

    handler = logging.StreamHandler(io.StringIO())
    logger.addHandler(handler)
    functions = Functions(module(chatty=chatty), workers=4)
    functions.faults.arm(Fault.KILL_AT, times=None, value=0.01)
    for _ in range(40):
        with pytest.raises(FunctionTimeoutError):
            functions.invoke_sync("chatty", {})
    assert handler.lock is not None
    wait_for(lambda: bool(handler.lock and handler.lock.acquire(blocking=False)))
    handler.lock.release()
    functions.close()


def test_the_caller_may_leave_first_and_the_function_runs_on(functions: Functions) -> None:
    async def impatient() -> None:
        with pytest.raises(CallerTimeoutError):
            await functions.invoke("plain", {"sleep": 0.3}, timeout=0.05)

    asyncio.run(impatient())
    with pytest.raises(CallerTimeoutError):
        functions.invoke_sync("plain", {"sleep": 0.3}, timeout=0.05)
    assert sample.record.finished == []
    wait_for(lambda: len(sample.record.finished) == 2)


def test_at_most_so_many_run_at_once() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def handler(*_: Any) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    functions = Functions(module(handler=handler), workers=3)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: functions.invoke_sync("handler", {}), range(60)))
    assert most == 3
    functions.close()


def test_closing_kills_what_does_not_end(functions: Functions) -> None:
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(functions.invoke_sync, "plain", {"sleep": 30})
        wait_for(lambda: "plain" in sample.record.events)
        functions.close(seconds=0.1)
        assert isinstance(call.exception(5), FunctionTimeoutError)
    with pytest.raises(InvocationError):
        functions.invoke_sync("plain", {})


def test_kills_at_every_moment_leave_the_pool_whole() -> None:
    functions = Functions(module(handler=lambda *_: json.dumps(list(range(300)))), workers=2)
    for microseconds in range(1, 600, 3):
        functions.faults.arm(Fault.KILL_AT, value=microseconds / 1e6)
        try:
            functions.invoke_sync("handler", {}, timeout=5)
        except FunctionTimeoutError:
            continue
    assert functions.invoke_sync("handler", {}, timeout=5)
    functions.close()


def test_faults_are_taken_by_whom_they_are_meant_for() -> None:
    faults = Faults()
    assert faults.take(Fault.SERVICE_SLOW, "sqs") == 0
    faults.arm(Fault.SERVICE_SLOW, of="sqs", times=2, value=0.5)
    faults.arm(Fault.SERVICE_SLOW, times=None, value=3)
    assert faults.take(Fault.SERVICE_FAILING, "sqs") == 0
    assert faults.take(Fault.SERVICE_SLOW, "s3") == 3
    assert [faults.take(Fault.SERVICE_SLOW, "sqs") for _ in range(4)] == [0.5, 0.5, 3, 3]
    faults.clear()
    assert faults.take(Fault.SERVICE_SLOW, "sqs") == 0
