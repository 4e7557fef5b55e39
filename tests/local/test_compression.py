"""Bodies that API Gateway compresses, and those that clients have."""

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.events import REQUEST_BYTES
from tests.local.sample.serving import Running, serve


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serve() as running:
        yield running


@pytest.fixture
def running(server: Running) -> Running:
    return server.renew()


@pytest.fixture
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as client:
        yield client


LONG = {"text": "long enough " * 200}


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("br, gzip;q=0.5", "gzip"),
        ("*", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.000", None),
        ("br", None),
        ("", None),
    ],
)
def test_a_long_answer_is_compressed_for_those_who_take_it(
    client: httpx.Client, accepted: str, encoding: str | None
) -> None:
    wish = {"answer": {"statusCode": 200, "body": json.dumps(LONG)}}
    with client.stream("POST", "/api/raw", json=wish, headers={"Accept-Encoding": accepted}) as answer:
        content = b"".join(answer.iter_raw())
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-length"] == str(len(content))
    assert json.loads(gzip.decompress(content) if encoding else content) == LONG
    assert not encoding or len(content) < 200


def test_a_short_answer_and_an_encoded_one_go_as_they_are(client: httpx.Client) -> None:
    accepted = {"Accept-Encoding": "gzip"}
    short = client.post("/api/raw", json={"answer": {"statusCode": 200, "body": "x" * 1023}}, headers=accepted)
    assert "content-encoding" not in short.headers
    own = {"statusCode": 200, "headers": {"Content-Encoding": "identity"}, "body": "x" * 5000}
    assert client.post("/api/raw", json={"answer": own}, headers=accepted).headers["content-encoding"] == "identity"


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_compressed_request_reaches_the_handler_as_it_was(
    running: Running, client: httpx.Client, encoding: str, pack: Any
) -> None:
    body = pack(json.dumps({"answer": {"statusCode": 204}}).encode())
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    assert client.post("/api/raw", content=body, headers=headers).status_code == 204
    assert running.events("api_handler")[-1]["body"] == '{"answer": {"statusCode": 204}}'


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", b"no gzip", 400),
        ("gzip", gzip.compress(b"{}")[:-4], 400),
        ("gzip", gzip.compress(b"{}") + b"more", 400),
        ("br", b"{}", 415),
        ("gzip", gzip.compress(b" " * (REQUEST_BYTES + 1)), 413),
    ],
    ids=["not gzip", "cut", "with more", "unknown", "too large"],
)
def test_a_body_that_cannot_be_decompressed_is_refused(
    running: Running, client: httpx.Client, encoding: str, body: bytes, status: int
) -> None:
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    answer = client.post("/api/raw", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert "api_handler" not in running.record.events
