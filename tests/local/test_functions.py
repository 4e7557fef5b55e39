"""Invoking functions: contexts, JSON on both sides, sizes, faults."""

import asyncio
import logging
import time
from collections.abc import Iterator

import pytest

from local.events import INVOCATION_BYTES
from local.faults import Fault, Faults
from local.functions import CallerTimeoutError, EventTooLargeError, FunctionError, Functions, InvocationError
from local.processes import wait_until
from tests.local.sample import app as sample
from tests.local.sample.deployed import deployed


@pytest.fixture
def functions() -> Iterator[Functions]:
    with deployed(processes=4) as functions:
        yield functions


def test_the_context_is_lambdas(functions: Functions) -> None:
    first, second = (functions.invoke_sync("about", {}) for _ in range(2))
    assert first["function_name"] == "sample-dev-about"
    assert first["memory_limit_in_mb"] == "128"
    assert first["invoked_function_arn"].endswith(":function:sample-dev-about")
    assert first["log_group_name"] == "/aws/lambda/sample-dev-about"
    assert "[$LATEST]" in first["log_stream_name"]
    assert first["aws_request_id"] != second["aws_request_id"]
    assert first["log_stream_name"] == second["log_stream_name"]
    assert 50_000 < second["remaining"] <= 60_000


def test_the_environment_is_the_functions_own(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c fsync=off")
    functions.renew()
    environment = functions.invoke_sync("about", {})["environment"]
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "sample-dev-about"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
    assert environment["AWS_REGION"] == "us-east-1"
    assert "PGOPTIONS" not in environment


def test_timeouts_come_from_the_configuration(functions: Functions) -> None:
    assert functions.timeout_seconds("plain") == 60
    assert functions.timeout_seconds("api_handler") == 2


def test_an_unknown_function_is_not_found(functions: Functions) -> None:
    for name in ("nobody", "__name__", "Chalice", "unusual"):
        with pytest.raises(LookupError):
            functions.invoke_sync(name, {})


def test_events_and_answers_pass_through_json(functions: Functions) -> None:
    answer = functions.invoke_sync("returning", {"kind": "event", "pair": (1, "я"), 1: None})
    event = {"kind": "event", "pair": [1, "я"], "1": None}
    assert answer == {"event": event, "decimal": 1.5, "pair": [1, 2], "7": "seven"}


@pytest.mark.parametrize("kind", ["set", "bytes", "nan", "surrogate", "object"])
def test_an_answer_that_is_not_json_is_an_error(functions: Functions, kind: str) -> None:
    with pytest.raises(FunctionError) as caught:
        functions.invoke_sync("returning", {"kind": kind})
    assert caught.value.payload["errorType"] == "Runtime.MarshalError"


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


def test_the_caller_may_leave_first_and_the_function_runs_on(functions: Functions) -> None:
    async def impatient() -> None:
        with pytest.raises(CallerTimeoutError):
            await functions.invoke("plain", {"sleep": 0.5}, timeout=0.05)

    asyncio.run(impatient())
    with pytest.raises(CallerTimeoutError):
        functions.invoke_sync("plain", {"sleep": 0.5}, timeout=0.05)
    assert sample.record.finished == []
    assert wait_until(lambda: len(sample.record.finished) == 2, seconds=10)


def test_closing_kills_what_does_not_end() -> None:
    with deployed() as functions:
        began = time.monotonic()
        with pytest.raises(CallerTimeoutError):
            functions.invoke_sync("plain", {"sleep": 30}, timeout=0.1)
        functions.close(seconds=0.1)
        assert time.monotonic() - began < 15
        with pytest.raises(InvocationError):
            functions.invoke_sync("plain", {})


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
