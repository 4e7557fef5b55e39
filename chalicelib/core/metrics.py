"""Metrics, in CloudWatch's embedded format: they go with the line of their unit of work, whatever the log's level.

Whoever sees something happen counts it here; the context writes the line when it ends (ADR 10). Only a deployed
function writes them. Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import time
from collections.abc import Mapping
from typing import Literal

from chalicelib.core import lines
from chalicelib.core.config import settings

Name = Literal[
    "SendsAccepted",
    "PushesPosted",
    "PushesGone",
    "PushesThrottled",
    "PushesFailed",
    "PushesDeferred",
    "PushesLost",
    "PushesShed",
    "DeliveryDelay",
]

# What each tells; docs/operations.md has the same table.
CATALOGUE: dict[Name, Literal["Count", "Milliseconds"]] = {
    "SendsAccepted": "Count",  # messages stored; a repeated send is not counted again
    "PushesPosted": "Count",  # frames that API Gateway took, one a connection
    "PushesGone": "Count",  # connections that were found gone, and forgotten
    "PushesThrottled": "Count",  # answers 429 of API Gateway; the post is made again
    "PushesFailed": "Count",  # frames given up after all tries; sync tells their clients
    "PushesDeferred": "Count",  # frames that could not be posted at once, and went by the queue
    "PushesLost": "Count",  # events that could not be handed over
    "PushesShed": "Count",  # events dropped under load
    "DeliveryDelay": "Milliseconds",  # from an event to the last post of it
}

# The format's own bound on the values of one metric in one line.
_MOST_VALUES = 100


# What was counted since the last line.
_counts: dict[Name, int] = {}
_values: dict[Name, list[float]] = {}


def count(name: Name, by: int = 1) -> None:
    """Adds to a metric."""
    if by:
        _counts[name] = _counts.get(name, 0) + by


def observe(name: Name, value: float) -> None:
    """Notes one value of a metric that is measured."""
    values = _values.setdefault(name, [])
    values.append(value)
    if len(values) == _MOST_VALUES:
        flush()


def flush(told: Mapping[str, object] | None = None) -> None:
    """Writes what was counted and what else is told of the unit of work, in one line, and begins anew."""
    counted = _taken()
    if told or counted:
        lines.write({**(told or {}), **counted})


def _taken() -> dict[str, object]:
    """What was counted since the last time, as members of a line; nothing where this is no deployed function."""
    values: dict[Name, int | list[float]] = {**_counts, **_values}
    _counts.clear()
    _values.clear()
    here = settings()
    if not values or not here.function_name:
        return {}
    described = {
        "Namespace": here.metrics_namespace,
        "Dimensions": [["service"]],
        "Metrics": [_described(name) for name in CATALOGUE if name in values],
    }
    about = {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [described]}
    told: dict[str, object] = {"_aws": about, "service": here.service}
    return told | dict(values.items())


def _described(name: Name) -> dict[str, str]:
    """A metric of the line. Of counts the unit is left out, since every line is paid for."""
    unit = CATALOGUE[name]
    return {"Name": name} if unit == "Count" else {"Name": name, "Unit": unit}
