"""Health: which part is broken, told soon, cheaply, and without naming anything of ours."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from chalicelib.core import context, db
from chalicelib.core.config import settings
from chalicelib.core.migrations import migrate
from chalicelib.features.ops.health import PATIENCE_SECONDS, health
from local.faults import Fault
from local.postgres import Postgres
from tests.support.server import Server

PARTS = {"database", "liveTable", "queue", "bucket"}
# What all parts may take together where none of them answers, with room for a slow machine.
BOUND = (len(PARTS) + 2) * PATIENCE_SECONDS + 2


@pytest.fixture
def fresh(server: Server) -> Iterator[Server]:
    """Answers are not kept."""
    with server.settings(health_seconds=0):
        yield server


def _states(answer: httpx.Response) -> dict[str, str]:
    return {name: part["status"] for name, part in answer.json()["parts"].items()}


@pytest.mark.parametrize("path", ["/api/health", "/health"])
def test_all_parts_answer(fresh: Server, path: str) -> None:
    answer = httpx.get(f"{fresh.origin}{path}")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert _states(answer) == dict.fromkeys(PARTS, "ok")
    assert all(part["ms"] > 0 for part in answer.json()["parts"].values())


@pytest.mark.parametrize("fault", [Fault.SERVICE_FAILING, Fault.SERVICE_SLOW])
@pytest.mark.parametrize(
    ("service", "part", "status"), [("dynamodb", "liveTable", 503), ("sqs", "queue", 503), ("s3", "bucket", 200)]
)
def test_a_broken_service_is_named(fresh: Server, service: str, part: str, status: int, fault: Fault) -> None:
    fresh.faults.arm(fault, of=service, times=None, value=3 * PATIENCE_SECONDS)
    began = time.monotonic()
    answer = httpx.get(f"{fresh.url}/health", timeout=30)
    took = time.monotonic() - began
    fresh.faults.clear()
    assert answer.status_code == status
    assert answer.json()["status"] == "degraded"
    assert _states(answer) == {**dict.fromkeys(PARTS, "ok"), part: "failing"}
    assert took < BOUND
    assert httpx.get(f"{fresh.url}/health", timeout=30).status_code == 200, "what works again is told to"


def test_a_killed_database_is_named(fresh: Server) -> None:
    with Postgres.temporary() as postgres:
        url = postgres.ensure("messenger")
        migrate(url)
        with fresh.settings(database_url=url):
            assert httpx.get(f"{fresh.url}/health").status_code == 200
            postgres.kill()
            answer = httpx.get(f"{fresh.url}/health", timeout=30)
            assert answer.status_code == 503
            assert _states(answer) == {**dict.fromkeys(PARTS, "ok"), "database": "failing"}


def test_a_database_that_hangs_is_not_waited_for(fresh: Server) -> None:
    """The server process behind this thread's connection is stopped, as a frozen host looks from here."""

    class Backend(msgspec.Struct, frozen=True):
        pid: int

    with context.begin():
        pid = db.the(Backend, "SELECT pg_backend_pid() AS pid", {}).pid
        os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            state = health()
            took = time.monotonic() - began
        finally:
            os.kill(pid, signal.SIGCONT)
        assert state.parts["database"].status == "failing"
        assert PATIENCE_SECONDS <= took < BOUND
        again = health()
        assert again.parts["database"].status == "ok", "the next one has a connection of its own"
        assert db.the(Backend, "SELECT pg_backend_pid() AS pid", {}).pid != pid


def test_a_missing_bucket_is_not_taken_for_a_missing_object(fresh: Server) -> None:
    with fresh.settings(uploads_bucket="no-such-bucket"):
        assert _states(httpx.get(f"{fresh.url}/health"))["bucket"] == "failing"


def test_an_answer_is_given_again_for_some_seconds(server: Server) -> None:
    with server.settings(health_seconds=60):
        first = httpx.get(f"{server.url}/health").json()
        server.faults.arm(Fault.SERVICE_FAILING, of="dynamodb", times=None)
        assert httpx.get(f"{server.url}/health").json() == first
    with server.settings(health_seconds=0):
        assert httpx.get(f"{server.url}/health").status_code == 503


def test_nothing_of_ours_is_named(fresh: Server) -> None:
    for service in ("dynamodb", "sqs", "s3"):
        fresh.faults.arm(Fault.SERVICE_FAILING, of=service, times=None)
    with fresh.settings(database_url="postgresql://someone:secret@127.0.0.1:1/nowhere"):
        answer = httpx.get(f"{fresh.url}/health", timeout=30)
        here = settings()
    fresh.faults.clear()
    assert _states(answer) == dict.fromkeys(PARTS, "failing")
    hidden = [here.live_table, here.uploads_bucket, here.secret_access_key, here.access_key_id, "someone", "secret"]
    hidden += [urlsplit(here.aws_endpoint_url or "").netloc, "127.0.0.1", "postgres"]
    said: list[Any] = [answer.text, answer.headers]
    assert [word for word in hidden for where in said if word in str(where)] == []
