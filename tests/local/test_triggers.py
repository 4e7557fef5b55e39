"""Queues call the functions that declare them, in the order and with the retries that AWS gives."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.faults import Fault
from local.functions import Functions, ThrottledError
from local.processes import wait_until
from tests.local.trigger_rig import PRESENCE, PUSH, PUSH_DEAD, Rig, raising
from tests.local.triggered import recorder


@pytest.fixture(scope="module")
def shared() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.stop()


@pytest.fixture
def rig(shared: Rig) -> Rig:
    return shared.fresh()


def fail(*bodies: str, times: int = 1_000_000) -> Callable[[dict[str, Any]], Any]:
    """An answer that reports these bodies as failed, so many times."""
    left = dict.fromkeys(bodies, times)

    def answer(event: dict[str, Any]) -> Any:
        failures = []
        for record in event["Records"]:
            if left.get(record["body"], 0):
                left[record["body"]] -= 1
                failures.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failures}

    return answer


def test_a_message_reaches_its_function_in_lambdas_shape(rig: Rig) -> None:
    message_id = rig.send(
        PUSH,
        "Привет",
        group="chat:1",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "text"}},
    )
    rig.triggers.drain()
    [event] = recorder.events["push"]
    [record] = event["Records"]
    attributes = record.pop("attributes")
    assert record.pop("receiptHandle")
    assert record.pop("md5OfMessageAttributes")
    assert record == {
        "messageId": message_id,
        "body": "Привет",
        "messageAttributes": {
            "kind": {"stringValue": "text", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
        },
        "md5OfBody": hashlib.md5("Привет".encode()).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{PUSH}",
        "awsRegion": "us-east-1",
    }
    assert attributes["ApproximateReceiveCount"] == "1"
    assert attributes["MessageGroupId"] == "chat:1"
    assert {"SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"} <= attributes.keys()
    assert {"SequenceNumber", "MessageDeduplicationId"} <= attributes.keys()


def test_a_message_does_not_wait_for_a_poll(rig: Rig) -> None:
    delays = []
    for number in range(5):
        time.sleep(0.05)
        rig.send(PUSH, str(number), group="a")
        sent = time.monotonic()
        rig.triggers.drain()
        delays.append(recorder.times[-1] - sent)
    assert sorted(delays)[2] < 0.1


def test_a_group_keeps_its_order_and_groups_do_not_wait_for_each_other(rig: Rig) -> None:
    both = threading.Barrier(2, timeout=5)

    def meet(event: dict[str, Any]) -> None:
        if event["Records"][0]["body"] in {"a0", "b0"}:
            both.wait()

    recorder.answers["push"] = meet
    rig.send(PUSH, "a0", group="a")
    assert wait_until(lambda: bool(recorder.bodies("push")), seconds=5)
    for number in range(1, 30):
        rig.send(PUSH, f"a{number}", group="a")
    rig.send(PUSH, "b0", group="b")
    rig.triggers.drain()
    bodies = recorder.bodies("push")
    assert [body for body in bodies if body[0] == "a"] == [f"a{number}" for number in range(30)]
    assert max(len(event["Records"]) for event in recorder.events["push"]) == 10


def test_a_failed_record_alone_comes_again_and_holds_its_group_back(rig: Rig) -> None:
    failing = fail("a1", "a2", times=1)
    first = threading.Event()

    def answer(event: dict[str, Any]) -> Any:
        first.wait(5)
        return failing(event)

    recorder.answers["push"] = answer
    rig.send(PUSH, "a0", group="a")
    assert wait_until(lambda: "a0" in recorder.bodies("push"), seconds=5)
    # The group waits for a0, so these two come in one batch.
    for body in ("a1", "a2"):
        rig.send(PUSH, body, group="a")
    rig.send(PUSH, "b0", group="b")
    first.set()
    assert wait_until(lambda: "a2" in recorder.bodies("push"), seconds=5)
    rig.send(PUSH, "a3", group="a")
    rig.triggers.drain()
    bodies = recorder.bodies("push")
    assert bodies.count("a0") == bodies.count("b0") == bodies.count("a3") == 1
    again = bodies[bodies.index("a2") + 1 :]
    assert [body for body in again if body[0] == "a"] == ["a1", "a2", "a3"]


def test_a_function_that_raises_gets_the_whole_batch_again(rig: Rig) -> None:
    recorder.answers["push"] = raising(2)
    rig.send(PUSH, "a", group="a")
    rig.triggers.drain()
    counts = [event["Records"][0]["attributes"]["ApproximateReceiveCount"] for event in recorder.events["push"]]
    assert counts == ["1", "2", "3"]


@pytest.mark.parametrize("answer", [{"batchItemFailures": [{"itemIdentifier": ""}]}, {"batchItemFailures": 7}, "no"])
def test_an_answer_that_cannot_be_understood_is_a_failure(rig: Rig, answer: Any) -> None:
    answers = [answer]
    recorder.answers["push"] = lambda _: answers.pop() if answers else {"batchItemFailures": []}
    rig.send(PUSH, "a", group="a")
    rig.triggers.drain()
    assert recorder.bodies("push") == ["a", "a"]


def test_what_fails_too_often_ends_in_the_dead_letters(rig: Rig) -> None:
    recorder.answers["push"] = fail("poison")
    rig.send(PUSH, "poison", group="a")
    rig.send(PUSH, "next", group="a")
    rig.triggers.drain()
    assert recorder.bodies("push").count("poison") == 5
    assert recorder.bodies("push").count("next") == 1
    assert rig.waiting(PUSH_DEAD) == ["poison"]


def test_a_larger_batch_is_gathered_in_the_declared_window(rig: Rig) -> None:
    entries = [{"Id": str(number), "MessageBody": str(number)} for number in range(10)]
    url = rig.aws.queue_url(PRESENCE)
    rig.aws.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    rig.aws.client("sqs").send_message_batch(QueueUrl=url, Entries=entries[:5])
    rig.triggers.drain()
    assert [len(event["Records"]) for event in recorder.events["presence"]] == [15]


def test_a_delayed_message_comes_after_its_delay(rig: Rig) -> None:
    sent = time.monotonic()
    rig.send(PRESENCE, "late", DelaySeconds=1)
    rig.triggers.drain()
    assert recorder.times[-1] - sent >= 1


def test_without_a_retry_time_the_queues_own_visibility_timeout_decides(rig: Rig) -> None:
    rig.replace_triggers(retry_seconds=None)
    try:
        rig.aws.client("sqs").set_queue_attributes(
            QueueUrl=rig.aws.queue_url(PUSH), Attributes={"VisibilityTimeout": "1"}
        )
        recorder.answers["push"] = fail("1", "2", "3", times=1)
        with rig.triggers.paused():
            for body in "123":
                rig.send(PUSH, body, group="a")
        assert wait_until(lambda: recorder.bodies("push") == ["1", "2", "3"], seconds=5)
        rig.triggers.drain()
        assert wait_until(lambda: len(recorder.bodies("push")) == 6, seconds=5)
        assert recorder.bodies("push")[3:] == ["1", "2", "3"]
        assert recorder.times[-1] - recorder.times[0] >= 0.9
    finally:
        rig.replace_triggers()


def test_doubled_and_reordered_batches(rig: Rig) -> None:
    rig.faults.arm(Fault.TRIGGER_DOUBLED, of="push")
    rig.send(PUSH, "a", group="a")
    rig.triggers.drain()
    assert recorder.bodies("push") == ["a", "a"]
    recorder.reset()
    rig.faults.arm(Fault.TRIGGER_REORDERED, of="presence")
    for body in "123":
        rig.send(PRESENCE, body)
    rig.triggers.drain()
    assert recorder.bodies("presence") == ["3", "2", "1"]


def test_a_function_killed_after_its_work_does_it_again(rig: Rig) -> None:
    rig.faults.arm(Fault.KILL_AFTER, of="push")
    rig.send(PUSH, "a", group="a")
    rig.triggers.drain()
    assert recorder.bodies("push") == ["a", "a"]


def test_many_senders_and_a_poller_lose_nothing(rig: Rig) -> None:
    def send_many(group: str) -> None:
        for number in range(25):
            rig.send(PUSH, f"{group}{number}", group=group)

    senders = [threading.Thread(target=send_many, args=(group,)) for group in "abcdef"]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    rig.triggers.drain(30)
    bodies = recorder.bodies("push")
    for group in "abcdef":
        assert [body for body in bodies if body[0] == group] == [f"{group}{number}" for number in range(25)]


def test_drain_says_what_is_still_waiting(rig: Rig) -> None:
    release = threading.Event()
    recorder.answers["push"] = lambda _: release.wait(5) and None
    rig.send(PUSH, "a", group="a")
    with pytest.raises(TimeoutError, match=r"'messenger-push.fifo': 1"):
        rig.triggers.drain(0.2)
    release.set()
    rig.triggers.drain()


def test_nothing_is_taken_during_a_pause(rig: Rig) -> None:
    with rig.triggers.paused():
        rig.send(PUSH, "a", group="a")
        time.sleep(0.3)
        assert recorder.bodies("push") == []
    rig.triggers.drain()
    assert recorder.bodies("push") == ["a"]


def test_a_pause_forgets_what_was_to_be_tried_again(rig: Rig) -> None:
    recorder.answers["push"] = raising(1_000)
    recorder.answers["stored"] = raising(1_000)
    rig.send(PUSH, "a", group="a")
    rig.put("in/1.png")
    assert wait_until(lambda: {"push", "stored"} <= recorder.events.keys(), seconds=5)
    with rig.triggers.paused():
        rig.aws.reset()
        recorder.reset()
    time.sleep(0.3)
    assert recorder.events == {}
    rig.triggers.drain()


def test_a_stop_leaves_work_for_the_next_start(rig: Rig) -> None:
    begun, release = threading.Event(), threading.Event()

    def answer(_: dict[str, Any]) -> None:
        begun.set()
        release.wait(5)

    recorder.answers["push"] = answer
    rig.send(PUSH, "a", group="a")
    assert begun.wait(5)
    threading.Timer(0.2, release.set).start()
    rig.triggers.stop()
    assert rig.aws.queues.held(PUSH) == set()
    rig.send(PUSH, "b", group="b")
    time.sleep(0.2)
    assert recorder.bodies("push") == ["a"]
    rig.triggers = rig.new_triggers()
    rig.triggers.drain()
    assert recorder.bodies("push") == ["a", "b"]


def test_what_is_throttled_comes_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records by the queue, and events of S3 however often it takes."""
    throttled = [0]
    invoke = Functions.invoke_sync

    def scarce(functions: Functions, name: str, event: object) -> Any:
        if throttled[0] < 6:
            throttled[0] += 1
            raise ThrottledError(name)
        return invoke(functions, name, event)

    monkeypatch.setattr(Functions, "invoke_sync", scarce)
    rig.send(PUSH, "a", group="a")
    rig.put("in/1.png")
    rig.triggers.drain()
    assert throttled[0] == 6
    assert recorder.bodies("push") == ["a"]
    assert len(recorder.events["stored"]) == 1
