"""What clients and queues see where no invocation more may be under way."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from local.processes import wait_until
from tests.local.sample.serving import Running, serve


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """A gateway for functions of which one invocation may be under way."""
    with serve(concurrency=1) as running:
        yield running


def test_a_request_is_answered_429_in_the_shape_of_problems(running: Running) -> None:
    with running.client() as client, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.get, "/api/slow/1500")
        assert wait_until(lambda: "api_handler" in running.record.events, seconds=10)
        refused = client.get("/api/health")
        assert refused.status_code == 429
        assert refused.json()["code"] == "rate_limited"
        assert int(refused.headers["retry-after"]) >= 1
        assert slow.result().status_code == 200
        assert client.get("/api/health").status_code == 200


def test_a_frame_and_a_handshake_are_refused_too(running: Running) -> None:
    with connect(running.socket) as socket:
        socket.send(json.dumps({"sleep": 1.5, "body": "slow"}))
        assert wait_until(lambda: "websocket_message" in running.record.events, seconds=10)
        socket.send("refused")
        assert json.loads(socket.recv(10))["message"] == "Too Many Requests"
        with pytest.raises(InvalidStatus) as handshake, connect(running.socket):
            pass
        assert handshake.value.response.status_code == 429
        assert socket.recv(10) == "slow"
