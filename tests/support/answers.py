"""What tests say of answers, and how they ask many times at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from unittest import mock

import httpx

from chalicelib.core import db

T = TypeVar("T")


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """The status and the code of a problem, whose shape is checked on the way."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["requestId"] == answer.headers["x-request-id"]
    return answer.status_code, problem["code"]


def refused_fields(answer: httpx.Response) -> list[tuple[str, str]]:
    """The fields that an invalid input was refused for, each with its code."""
    assert refusal(answer) == (400, "invalid_input"), answer.text
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def told(answer: httpx.Response) -> tuple[int, dict[str, Any]]:
    """All that an answer tells a client, without the name of the request: alike where nothing may be told apart."""
    return answer.status_code, answer.json() | {"requestId": ""}


class _PerThread(threading.local, db._Container):
    """What a container keeps, for each thread."""


def at_once(work: Callable[[int], T], times: int) -> list[T]:
    """Runs `work(0)`, `work(1)`, … in threads that begin together; their answers in this order.

    Each thread plays a container of its own where it runs the product in this process.
    """
    start = threading.Barrier(times)

    def run(number: int) -> T:
        start.wait(20)
        return work(number)

    with mock.patch.object(db, "_container", _PerThread()), ThreadPoolExecutor(times) as threads:
        return list(threads.map(run, range(times)))


def bare(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without the people whom it names, as it stands in a list."""
    return {name: value for name, value in answer.items() if name != "users"}
