"""Uploads and schedules call the functions that declare them."""

from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest
from chalice.app import Chalice

from local.description import describe
from local.faults import Fault
from local.functions import FunctionError, Functions
from local.processes import wait_until
from local.triggers import Triggers
from tests.local.trigger_rig import BUCKET, Rig, raising
from tests.local.triggered import recorder


@pytest.fixture(scope="module")
def shared() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.stop()


@pytest.fixture
def rig(shared: Rig) -> Rig:
    return shared.fresh()


# Uploads


def test_an_upload_reaches_the_functions_that_subscribed_to_it(rig: Rig) -> None:
    etag = rig.put("in/мой файл+1.png")
    rig.put("out/1.png")
    rig.put("in/1.jpg")
    rig.triggers.drain()
    [event] = recorder.events["stored"]
    [record] = event["Records"]
    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectCreated:Put")
    assert (record["eventVersion"], record["awsRegion"]) == ("2.1", "us-east-1")
    assert record["s3"]["bucket"]["name"] == BUCKET
    described = record["s3"]["object"]
    assert described["key"] == "in/%D0%BC%D0%BE%D0%B9+%D1%84%D0%B0%D0%B9%D0%BB%2B1.png"
    assert (described["size"], described["eTag"]) == (5, etag.strip('"'))
    assert recorder.events["key"] == [{"key": "in/мой файл+1.png"}]
    assert "copied" not in recorder.events
    rig.aws.client("s3").copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "in/1.jpg"})
    rig.triggers.drain()
    assert len(recorder.events["copied"]) == 1


@pytest.mark.parametrize(("failures", "tries"), [(0, 1), (2, 3), (9, 3)])
def test_an_upload_is_tried_twice_again(rig: Rig, failures: int, tries: int) -> None:
    recorder.answers["stored"] = raising(failures)
    rig.put("in/1.png")
    rig.triggers.drain()
    assert len(recorder.events["stored"]) == tries


def test_an_upload_is_told_twice_or_late_on_request(rig: Rig) -> None:
    rig.faults.arm(Fault.TRIGGER_DOUBLED, of="stored")
    rig.put("in/1.png")
    rig.triggers.drain()
    assert len(recorder.events["stored"]) == 2
    recorder.reset()
    rig.faults.arm(Fault.TRIGGER_REORDERED, of="stored", value=0.2)
    rig.put("in/2.png")
    rig.put("in/3.png")
    rig.triggers.drain()
    assert [event["key"] for event in recorder.events["key"]] == ["in/3.png", "in/2.png"]


# Schedules


def test_a_schedule_is_fired_by_hand_and_its_answer_comes_back(rig: Rig) -> None:
    recorder.answers["sweep_all"] = lambda _: {"swept": 3}
    assert rig.triggers.fire_schedule("sweep_all") == {"swept": 3}
    [event] = recorder.events["sweep_all"]
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    recorder.answers["sweep_all"] = raising(1)
    with pytest.raises(FunctionError):
        rig.triggers.fire_schedule("sweep_all")
    with pytest.raises(LookupError):
        rig.triggers.fire_schedule("push")


def test_schedules_are_played(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Triggers.__init__.__globals__["_UNITS"], "minute", 0.1)
    rig.replace_triggers(schedules=True)
    try:
        assert wait_until(lambda: len(recorder.events.get("sweep_all", [])) >= 2, seconds=5)
    finally:
        rig.replace_triggers()


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda app: app.schedule("cron(0 * * * ? *)"), "cron"),
        (lambda app: app.on_sns_message(topic="t"), "SNSEventConfig"),
        (lambda app: app.on_dynamodb_record(stream_arn="arn:a"), "DynamoDBEventConfig"),
    ],
)
def test_an_event_source_that_is_not_played_is_refused_at_the_start(
    rig: Rig, declare: Callable[[Chalice], Callable[[Any], Any]], words: str
) -> None:
    module = ModuleType("other")
    module.app = Chalice("other", configure_logs=False)  # type: ignore[attr-defined]  # given just here

    def handler(event: Any) -> None: ...

    declare(module.app)(handler)
    declared = cast(Functions, SimpleNamespace(app=describe(module)))
    with pytest.raises(ValueError, match=words):
        Triggers(declared, rig.aws.queues, faults=rig.faults)
