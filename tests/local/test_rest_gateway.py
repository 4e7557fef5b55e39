"""The REST gateway over real sockets: what handlers get, what clients get, and what API Gateway says itself."""

import base64
import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from local.events import INVOCATION_BYTES, REQUEST_BYTES, Limits
from local.faults import Fault
from local.responses import RESPONSES
from tests.local.sample.serving import Running, serve, wait_for

PREFLIGHT_HEADERS = "Authorization,Content-Type,X-Amz-Date,X-Amz-Security-Token,X-Api-Key,X-Extra"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    page = Route("/docs", lambda _: PlainTextResponse("a page"))
    with serve(extra_routes=(page,), limits=Limits(integration_seconds=1.5)) as running:
        yield running


@pytest.fixture
def running(server: Running) -> Running:
    return server.renew()


@pytest.fixture
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as client:
        yield client


def event(running: Running) -> dict[str, Any]:
    return running.events("api_handler")[-1]


def raw(client: httpx.Client, **wish: Any) -> httpx.Response:
    return client.post("/api/raw", json=wish)


def test_the_event_is_a_proxy_event(running: Running, client: httpx.Client) -> None:
    headers = [("X-MiXed", "a"), ("x-mixed", "b"), ("Cookie", "c=1"), ("User-Agent", "tests/1")]
    answer = client.get("/api/items/42?x=1&x=2&empty=&plus=a+b", headers=headers)
    assert answer.status_code == 200
    got = event(running)
    assert got["resource"] == "/items/{item_id}"
    assert got["path"] == "/items/42"
    assert got["httpMethod"] == "GET"
    assert got["headers"]["X-MiXed"] == "b"
    assert got["multiValueHeaders"]["X-MiXed"] == ["a", "b"]
    assert got["headers"]["Host"] == f"127.0.0.1:{running.port}"
    assert got["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert "Connection" not in got["headers"]
    assert got["queryStringParameters"] == {"x": "2", "empty": "", "plus": "a b"}
    assert got["multiValueQueryStringParameters"] == {"x": ["1", "2"], "empty": [""], "plus": ["a b"]}
    assert got["pathParameters"] == {"item_id": "42"}
    assert got["stageVariables"] is None
    assert got["body"] is None
    assert got["isBase64Encoded"] is False
    context = got["requestContext"]
    assert context["stage"] == "api"
    assert context["path"] == "/api/items/42"
    assert context["resourcePath"] == "/items/{item_id}"
    assert context["httpMethod"] == "GET"
    assert context["protocol"] == "HTTP/1.1"
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "tests/1"
    assert context["identity"]["userArn"] is None
    assert context["requestId"] == answer.headers["x-amzn-requestid"]
    assert context["domainName"] == f"127.0.0.1:{running.port}"
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context["requestTime"])
    assert isinstance(context["requestTimeEpoch"], int)
    assert {"accountId", "apiId", "extendedRequestId"} <= set(context)


def test_absent_things_are_null(running: Running, client: httpx.Client) -> None:
    assert client.get("/api/health").status_code == 200
    got = event(running)
    names = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "body")
    assert [got[name] for name in names] == [None] * 4


def test_path_parameters_and_query_are_decoded_but_the_path_is_not(running: Running, client: httpx.Client) -> None:
    assert client.get("/api/items/%D0%BF%2F%20?q=%D1%8F&bad=%FF").json()["id"] == "п/ "
    got = event(running)
    assert got["path"] == "/items/%D0%BF%2F%20"
    assert got["requestContext"]["path"] == "/api/items/%D0%BF%2F%20"
    assert got["queryStringParameters"] == {"q": "я", "bad": "\ufffd"}


def test_the_caller_cannot_choose_its_address(running: Running, client: httpx.Client) -> None:
    client.get("/api/health", headers={"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "ftp"})
    got = event(running)
    assert got["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
    assert got["headers"]["X-Forwarded-For"] == "6.6.6.6, 127.0.0.1"
    assert got["multiValueHeaders"]["X-Forwarded-Proto"] == ["http"]


@pytest.mark.parametrize(
    ("url", "path", "resource"),
    [
        ("/api/v1/items/1", "/api/v1/items/1", "/items/{item_id}"),
        ("/api/v1/health", "/api/v1/health", "/health"),
        ("/health", "/health", "/health"),
        ("/api/items/newest", "/items/newest", "/items/newest"),
        ("/api/items/newest/", "/items/newest/", "/items/newest"),
        ("/api/items/newest/parts/2", "/items/newest/parts/2", "/items/{item_id}/parts/{part_id}"),
        ("/api", "/", "/"),
        ("/api/", "/", "/"),
        ("/api/v1", "/api/v1", "/"),
    ],
)
def test_base_paths_and_routes(running: Running, client: httpx.Client, url: str, path: str, resource: str) -> None:
    assert client.get(url).status_code == 200
    got = event(running)
    assert (got["path"], got["resource"]) == (path, resource)
    assert got["requestContext"]["path"] == url


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/api/none"),
        ("GET", "/api/items/1/2"),
        ("GET", "/api/items//parts/1"),
        ("GET", "/api//health"),
        ("POST", "/api/health"),
        ("HEAD", "/api/health"),
        ("OPTIONS", "/api/health"),
        ("GET", "/api/v1/v1/health"),
        ("GET", "/api/v2/health"),
        ("GET", "/items/1"),
        ("GET", "/"),
        ("GET", "/api/%00"),
    ],
)
def test_unknown_paths_and_methods_are_the_gateways_404(
    running: Running, client: httpx.Client, method: str, url: str
) -> None:
    answer = client.request(method, url)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert running.record.events == {}
    if method != "HEAD":
        problem = answer.json()
        assert problem["code"] == "not_found"
        assert problem["status"] == 404
        assert problem["requestId"] == answer.headers["x-request-id"]


def test_other_pages_have_their_place(client: httpx.Client) -> None:
    assert client.get("/docs").text == "a page"


def test_the_file_of_gateway_responses_is_whole() -> None:
    described = json.loads(RESPONSES.read_text())
    kinds = """ACCESS_DENIED API_CONFIGURATION_ERROR AUTHORIZER_CONFIGURATION_ERROR AUTHORIZER_FAILURE
        BAD_REQUEST_BODY BAD_REQUEST_PARAMETERS DEFAULT_4XX DEFAULT_5XX EXPIRED_TOKEN INTEGRATION_FAILURE
        INTEGRATION_TIMEOUT INVALID_API_KEY INVALID_SIGNATURE MISSING_AUTHENTICATION_TOKEN QUOTA_EXCEEDED
        REQUEST_TOO_LARGE RESOURCE_NOT_FOUND THROTTLED UNAUTHORIZED UNSUPPORTED_MEDIA_TYPE WAF_FILTERED"""
    assert set(described["responses"]) == set(kinds.split())
    for entry in described["responses"].values():
        problem = entry["problem"]
        fields = {"type", "title", "status", "code", "detail", "error", "message", "requestId", "retryable"}
        assert set(problem) == fields
        assert problem["error"] == problem["message"] == problem["detail"]
        assert problem["status"] == entry["status"]
        assert problem["type"].endswith(problem["code"])
        assert problem["requestId"] == "$context.requestId"
        assert ("Retry-After" in entry.get("headers", {})) == (entry["status"] == 429)


def test_preflight_is_answered_as_deployed(running: Running, client: httpx.Client) -> None:
    answer = client.options("/api/items/1", headers={"Origin": "https://x", "Access-Control-Request-Method": "PUT"})
    assert answer.status_code == 200
    assert answer.content == b""
    got = {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}
    assert got == {
        "access-control-allow-methods": "GET,PUT,DELETE,OPTIONS",
        "access-control-allow-origin": "https://chat.example",
        "access-control-allow-headers": PREFLIGHT_HEADERS,
        "access-control-max-age": "600",
        "access-control-allow-credentials": "true",
    }
    assert running.record.events == {}


def test_text_bodies_are_text_and_binary_ones_base64(running: Running, client: httpx.Client) -> None:
    cases = [
        ("application/json", '{"a": "я"}'.encode(), '{"a": "я"}', False),
        ("text/plain; charset=utf-8", b"broken \xff\xfe", "broken \ufffd\ufffd", False),
        ("application/octet-stream", b"\x00\xff", base64.b64encode(b"\x00\xff").decode(), True),
        ("Image/PNG; x=y", b"\x89PNG", base64.b64encode(b"\x89PNG").decode(), True),
        ("application/octet-stream", b"", None, False),
    ]
    for content_type, body, expected, is_base64 in cases:
        client.post("/api/echo", content=body, headers={"Content-Type": content_type})
        got = event(running)
        assert (got["body"], got["isBase64Encoded"]) == (expected, is_base64), content_type


def test_a_binary_answer_depends_on_the_first_accepted_type(client: httpx.Client) -> None:
    assert client.get("/api/picture", headers={"Accept": "image/png, */*"}).content == b"\x89PNG\r\n"
    encoded = base64.b64encode(b"\x89PNG").decode()
    wish = {"answer": {"statusCode": 200, "body": encoded, "isBase64Encoded": True}}
    assert client.post("/api/raw", json=wish, headers={"Accept": "*/*"}).text == encoded
    assert client.post("/api/raw", json=wish, headers={"Accept": "image/gif;q=1"}).content == b"\x89PNG"


def test_a_body_over_10_mb_is_refused(running: Running, client: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(11):
            yield b"x" * 1024 * 1024

    for content in (b"x" * (REQUEST_BYTES + 1), chunks()):
        answer = client.post("/api/echo", content=content, headers={"Content-Type": "text/plain"})
        assert answer.status_code == 413
        assert answer.json()["code"] == "too_large"
    assert running.record.events == {}


def test_an_endless_body_is_not_read_to_its_end(running: Running) -> None:
    sent = 0
    with socket.create_connection(("127.0.0.1", running.port)) as peer, suppress(ConnectionError):
        peer.settimeout(10)
        peer.sendall(b"POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n")
        while sent < 20 * REQUEST_BYTES:
            peer.sendall(b"x" * 1024 * 1024)
            sent += 1024 * 1024
    assert sent < 10 * REQUEST_BYTES


def test_an_event_over_6_mb_is_refused(running: Running, client: httpx.Client) -> None:
    too_much = b"x" * INVOCATION_BYTES
    assert client.post("/api/echo", content=too_much, headers={"Content-Type": "text/plain"}).status_code == 413
    # It is the size as base64 that counts.
    binary = {"Content-Type": "application/octet-stream"}
    assert client.post("/api/echo", content=b"x" * (5 * 1024 * 1024), headers=binary).status_code == 413
    assert running.record.events == {}
    assert client.post("/api/echo", content=b"x" * (4 * 1024 * 1024), headers=binary).json() == {
        "length": 4 * 1024 * 1024
    }


def test_an_answer_over_6_mb_is_an_error(client: httpx.Client) -> None:
    assert raw(client, big=INVOCATION_BYTES).status_code == 502
    assert len(raw(client, big=INVOCATION_BYTES - 100).content) == INVOCATION_BYTES - 100


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        [],
        {"body": "no status"},
        {"statusCode": "OK"},
        {"statusCode": 99},
        {"statusCode": 600},
        {"statusCode": 200, "body": {"an": "object"}},
        {"statusCode": 200, "body": 5},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a": {"b": 1}}},
        {"statusCode": 200, "headers": {"a": "b\r\nSet-Cookie: c"}},
        {"statusCode": 200, "headers": {"a b": "c"}},
        {"statusCode": 200, "headers": {"a": "я"}},
        {"statusCode": 200, "multiValueHeaders": {"a": "b"}},
    ],
)
def test_a_malformed_answer_is_a_502(client: httpx.Client, answer: Any) -> None:
    got = raw(client, answer=answer)
    assert got.status_code == 502
    assert got.json()["code"] == "internal_error"


@pytest.mark.parametrize("wish", [{"raise": "secret"}, {"exit": 1}, {"unserializable": 1}, {"surrogate": 1}])
def test_a_failing_handler_is_a_502_that_tells_nothing(client: httpx.Client, wish: dict[str, Any]) -> None:
    got = raw(client, **wish)
    assert got.status_code == 502
    assert "secret" not in got.text


def test_what_an_answer_may_hold(client: httpx.Client) -> None:
    got = raw(
        client,
        answer={
            "statusCode": "201",
            "headers": {
                "X-Number": 5,
                "X-Flag": True,
                "Set-Cookie": "lost=1",
                "WWW-Authenticate": "Bearer",
                "ETag": '"e"',
            },
            "multiValueHeaders": {"set-cookie": ["a=1", "b=2"]},
            "body": "я",
        },
    )
    assert got.status_code == 201
    assert got.text == "я"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["x-number"] == "5"
    assert got.headers["x-flag"] == "true"
    assert got.headers["etag"] == '"e"'
    assert got.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert got.headers["x-amzn-remapped-www-authenticate"] == "Bearer"
    assert "www-authenticate" not in got.headers
    assert raw(client, answer={"statusCode": 204}).content == b""
    assert raw(client, answer={"statusCode": 304, "body": "dropped"}).content == b""


def test_after_29_seconds_the_caller_is_told_and_the_function_runs_on(running: Running, client: httpx.Client) -> None:
    answer = client.get("/api/slow/1800")
    assert answer.status_code == 504
    assert answer.json()["code"] == "timeout"
    assert running.record.finished == []
    wait_for(lambda: len(running.record.finished) == 1)


def test_at_its_own_timeout_the_function_is_killed(running: Running, client: httpx.Client) -> None:
    running.faults.arm(Fault.KILL_AT, of="api_handler", value=0.2)
    answer = client.get("/api/slow/700")
    assert answer.status_code == 502
    with pytest.raises(AssertionError):
        wait_for(lambda: bool(running.record.finished), seconds=1)


@pytest.mark.parametrize(("fault", "ran"), [(Fault.KILL_BEFORE, 0), (Fault.KILL_AFTER, 1)])
def test_a_killed_container_gives_no_answer(running: Running, client: httpx.Client, fault: Fault, ran: int) -> None:
    running.faults.arm(fault, of="api_handler")
    assert client.get("/api/slow/0").status_code == 502
    assert len(running.record.finished) == ran
    assert client.get("/api/slow/0").status_code == 200


def test_concurrent_requests_do_not_see_each_other(running: Running) -> None:
    with ThreadPoolExecutor(12) as pool, running.client() as client:
        answers = list(pool.map(lambda _: client.get("/api/slow/30").json(), range(60)))
    assert answers == [{"same": True}] * 60


def test_pipelined_requests_keep_their_own_headers(running: Running) -> None:
    request = b"GET /api/health HTTP/1.1\r\nHost: x\r\nX-Number: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", running.port)) as peer:
        peer.settimeout(10)
        peer.sendall(b"".join(request % number for number in range(5)))
        received = b""
        while received.count(b"HTTP/1.1 200") < 5 or received.count(b'"status"') < 5:
            received += peer.recv(65536)
    assert [got["headers"]["X-Number"] for got in running.events("api_handler", 5)] == list("01234")
