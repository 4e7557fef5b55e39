"""Metrics as CloudWatch's embedded format has them, written by deployed functions alone."""

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from chalicelib.core import config, context, metrics
from tests.support.logs import metrics_of


@pytest.fixture(autouse=True)
def deployed() -> Iterator[None]:
    before = config.settings()
    metrics.flush()
    config.use(config.Settings(function_name="messenger-dev-push", log_level="ERROR", service="chat"))
    yield
    config.use(before)


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return metrics_of(capsys.readouterr().out)


def test_a_unit_of_work_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    began = int(time.time() * 1000)
    with context.begin():
        metrics.count("PushesPosted", 3)
        metrics.count("PushesPosted", 2)
        metrics.count("PushesGone", 0)
        metrics.observe("DeliveryDelay", 12.5)
        metrics.observe("DeliveryDelay", 7)
        assert _lines(capsys) == []
    (line,) = _lines(capsys)
    about = line.pop("_aws")
    assert began <= about["Timestamp"] <= time.time() * 1000
    assert line == {"service": "chat", "PushesPosted": 5, "DeliveryDelay": [12.5, 7]}
    assert about["CloudWatchMetrics"] == [
        {
            "Namespace": "Messenger",
            "Dimensions": [["service"]],
            "Metrics": [
                {"Name": "PushesPosted"},
                {"Name": "DeliveryDelay", "Unit": "Milliseconds"},
            ],
        }
    ]


def test_what_counts_nothing_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with context.begin():
        metrics.count("PushesGone", 0)
    assert _lines(capsys) == []


def test_what_is_counted_in_minor_work_goes_with_the_next_line(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        with context.begin() as current:
            metrics.count("PushesPosted")
            current.note_minor("frame", action="typing:start")
    assert _lines(capsys) == []
    with context.begin():
        metrics.count("PushesPosted")
    assert [line["PushesPosted"] for line in _lines(capsys)] == [3]


def test_a_failed_request_is_counted_too(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with context.begin():
            metrics.count("PushesShed")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [line["PushesShed"] for line in _lines(capsys)] == [1]


def test_a_line_has_no_more_values_than_the_format_allows(capsys: pytest.CaptureFixture[str]) -> None:
    with context.begin():
        for number in range(250):
            metrics.observe("DeliveryDelay", number)
    assert [len(line["DeliveryDelay"]) for line in _lines(capsys)] == [100, 100, 50]


def test_a_laptop_writes_none(capsys: pytest.CaptureFixture[str]) -> None:
    config.use(msgspec.structs.replace(config.settings(), function_name=""))
    with context.begin():
        metrics.count("SendsAccepted")
    config.use(msgspec.structs.replace(config.settings(), function_name="messenger-dev"))
    with context.begin():
        metrics.count("PushesShed")
    assert [set(line) - {"_aws", "service"} for line in _lines(capsys)] == [{"PushesShed"}]
