"""Containers are processes: what they keep, how they end, how many there are, and what is throttled."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.faults import Fault
from local.functions import (
    CallerTimeoutError,
    FunctionError,
    Functions,
    FunctionTimeoutError,
    ThrottledError,
)
from local.processes import runs, wait_until
from tests.local.sample import app as sample
from tests.local.sample.deployed import deployed


@pytest.fixture
def alone() -> Iterator[Functions]:
    """With one container at a time."""
    with deployed(processes=1) as functions:
        yield functions


def _served(functions: Functions) -> int:
    return int(functions.invoke_sync("plain", {})["served"])


def test_a_container_keeps_its_state_until_it_is_killed(alone: Functions) -> None:
    assert [_served(alone), _served(alone)] == [1, 2]
    alone.faults.arm(Fault.KILL_AT, of="plain", value=0.05)
    with pytest.raises(FunctionTimeoutError) as caught:
        alone.invoke_sync("plain", {"sleep": 5})
    assert caught.value.payload["errorMessage"] == "Task timed out after 0.05 seconds"
    assert _served(alone) == 1
    for fault in (Fault.KILL_BEFORE, Fault.KILL_AFTER):
        alone.faults.arm(fault)
        with pytest.raises(FunctionError) as exited:
            alone.invoke_sync("plain", {})
        assert exited.value.payload["errorType"] == "Runtime.ExitError"
        assert _served(alone) == 1


def test_a_kill_before_keeps_the_event_from_the_handler_and_one_after_does_not(alone: Functions) -> None:
    for fault, seen in ((Fault.KILL_BEFORE, 0), (Fault.KILL_AFTER, 1)):
        sample.record.reset()
        alone.faults.arm(fault)
        with pytest.raises(FunctionError):
            alone.invoke_sync("plain", {})
        assert len(sample.record.events.get("plain", [])) == seen


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("exit", "exit status 3"),
        ("sys.exit", "exit status 1"),
        ("segmentation fault", "signal: segmentation fault"),
        ("memory", "signal: killed"),
    ],
)
def test_a_container_that_dies_by_itself_is_an_error_and_another_takes_its_place(
    alone: Functions, how: str, told: str
) -> None:
    assert _served(alone) == 1
    with pytest.raises(FunctionError) as caught:
        alone.invoke_sync("ending", {"how": how})
    assert caught.value.payload["errorType"] == "Runtime.ExitError"
    assert caught.value.payload["errorMessage"] == f"Runtime exited with error: {told}"
    assert _served(alone) == 1


def test_a_handler_that_holds_on_to_life_is_killed_all_the_same(alone: Functions) -> None:
    alone.faults.arm(Fault.KILL_AT, value=0.2)
    with pytest.raises(FunctionTimeoutError):
        alone.invoke_sync("ending", {"how": "undying"})
    assert _served(alone) == 1
    assert wait_until(lambda: len(alone.pids) == 1, seconds=5)


def test_kills_at_every_moment_leave_the_pool_whole() -> None:
    with deployed(processes=2) as functions:
        for microseconds in range(1, 3000, 100):
            functions.faults.arm(Fault.KILL_AT, value=microseconds / 1e6)
            try:
                functions.invoke_sync("plain", {}, timeout=10)
            except FunctionTimeoutError:
                continue
        assert functions.invoke_sync("plain", {}, timeout=10)


def test_each_invocation_under_way_has_a_container_of_its_own() -> None:
    with deployed(processes=8) as functions, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: functions.invoke_sync("plain", {"sleep": 1.5}), range(8)))
        assert [answer["served"] for answer in answers] == [1] * 8
        assert len(functions.pids) == 8


def test_where_no_more_processes_may_be_the_others_wait_for_one() -> None:
    with deployed(processes=3) as functions, ThreadPoolExecutor(20) as pool:
        pids = set(pool.map(lambda _: functions.invoke_sync("about", {})["pid"], range(40)))
        assert len(pids) <= 3
        # Another function gets its turn, whoever has to go for it.
        assert functions.invoke_sync("plain", {}, timeout=10) == {"served": 1}


def test_a_function_is_served_however_many_events_another_has_waiting() -> None:
    with deployed(processes=2) as functions, ThreadPoolExecutor(40) as pool:
        crowd = [pool.submit(functions.invoke_sync, "plain", {"sleep": 0.3}) for _ in range(40)]
        assert wait_until(lambda: "plain" in sample.record.events, seconds=10)
        functions.renew()
        assert functions.invoke_sync("about", {}, timeout=10)["served"] == 1
        assert not all(each.done() for each in crowd), "it was not served last"
        assert all(each.result(60) for each in crowd)


def test_what_is_over_the_concurrency_is_throttled() -> None:
    with deployed(concurrency=2, processes=4) as functions:
        for _ in range(2):
            with pytest.raises(CallerTimeoutError):
                functions.invoke_sync("plain", {"sleep": 2}, timeout=0.05)
        with pytest.raises(ThrottledError):
            functions.invoke_sync("plain", {})
        assert wait_until(lambda: len(sample.record.finished) == 2, seconds=10)
        assert _served(functions) >= 1


def test_reserved_concurrency_is_the_functions_own() -> None:
    with deployed() as functions:
        with pytest.raises(CallerTimeoutError):
            functions.invoke_sync("reserved", {"sleep": 2}, timeout=0.05)
        with pytest.raises(ThrottledError):
            functions.invoke_sync("reserved", {})
        assert _served(functions) == 1, "the others are not throttled by it"


def test_a_frozen_container_does_nothing_between_events(alone: Functions) -> None:
    alone.renew(frozen=True)
    pid = alone.invoke_sync("about", {})["pid"]
    assert wait_until(lambda: _state(pid) == "T", seconds=5)
    again = alone.invoke_sync("about", {})
    assert (again["pid"], again["served"]) == (pid, 2)
    alone.faults.arm(Fault.KILL_BEFORE)
    with pytest.raises(FunctionError):
        alone.invoke_sync("about", {})
    assert wait_until(lambda: not runs(pid), seconds=5)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_renewing_replaces_who_is_idle_at_once_and_who_is_at_work_afterwards() -> None:
    with deployed() as functions:
        idle = functions.invoke_sync("about", {})["pid"]
        with ThreadPoolExecutor(1) as pool:
            at_work = pool.submit(functions.invoke_sync, "plain", {"sleep": 0.5})
            assert wait_until(lambda: "plain" in sample.record.events, seconds=10)
            functions.renew()
            assert functions.invoke_sync("about", {})["pid"] != idle
            assert at_work.result(10) == {"served": 1}
        assert _served(functions) == 1


def test_when_the_process_that_forks_dies_another_takes_its_place() -> None:
    with deployed() as functions:
        before, host = functions.invoke_sync("about", {}), functions.host_pid
        os.kill(host, signal.SIGKILL)
        assert wait_until(lambda: functions.host_pid != host and _answers(functions), seconds=60)
        assert wait_until(lambda: not runs(before["pid"]), seconds=5)


def _answers(functions: Functions) -> bool:
    try:
        return bool(functions.invoke_sync("about", {}, timeout=5))
    except (FunctionError, CallerTimeoutError):
        return False


def test_closing_leaves_no_process_behind() -> None:
    with deployed() as functions:
        functions.invoke_sync("plain", {})
        everybody = [functions.host_pid, *functions.pids]
        functions.close()
    assert len(everybody) == 2
    assert not any(runs(pid) for pid in everybody)
