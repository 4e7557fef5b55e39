"""`@connections` as boto3 sees it: this also shows that the signature check agrees with AWS's own client."""

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from local.events import MESSAGE_BYTES
from local.faults import Fault
from tests.local.sample.serving import SETTINGS, Running, serve, wait_for

UNKNOWN = "L0SM9cOFvHcCIhw="


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serve() as running:
        yield running


@pytest.fixture
def running(server: Running) -> Running:
    return server.renew()


@contextmanager
def joined(running: Running) -> Iterator[tuple[ClientConnection, str]]:
    with connect(running.socket, max_size=None) as client:
        yield client, connection_id(running)


def connection_id(running: Running) -> str:
    identifier: str = running.events("websocket_connect")[-1]["requestContext"]["connectionId"]
    return identifier


def refusal(call: Any, **arguments: Any) -> tuple[int, str]:
    """The status and the exception's name of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_a_post_is_one_message(running: Running) -> None:
    management = running.management()
    with joined(running) as (client, identifier):
        for data in ("привет", "x" * MESSAGE_BYTES, '{"a": 1}', ""):
            answer = management.post_to_connection(ConnectionId=identifier, Data=data.encode())
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
            assert client.recv(timeout=5) == data


def test_a_connection_can_be_described(running: Running) -> None:
    management = running.management()
    with joined(running) as (client, identifier):
        before = management.get_connection(ConnectionId=identifier)
        time.sleep(0.01)
        client.send("activity")
        client.recv(timeout=5)
        after = management.get_connection(ConnectionId=identifier)
    assert before["Identity"]["SourceIp"] == "127.0.0.1"
    assert "websockets" in before["Identity"]["UserAgent"]
    assert abs(before["ConnectedAt"] - datetime.now(UTC)) < timedelta(seconds=10)
    assert after["ConnectedAt"] == before["ConnectedAt"]
    assert after["LastActiveAt"] > before["LastActiveAt"]


def test_delete_closes(running: Running) -> None:
    management = running.management()
    with joined(running) as (client, identifier):
        answer = management.delete_connection(ConnectionId=identifier)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert refusal(management.post_to_connection, ConnectionId=identifier, Data=b"x")[0] == 410
        with pytest.raises(ConnectionClosed) as caught:
            client.recv(timeout=5)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1000
    context = running.events("websocket_disconnect")[0]["requestContext"]
    assert context["disconnectStatusCode"] == 1000
    assert context["disconnectReason"] == "Connection Closed Normally"


def test_closed_and_unknown_connections_are_gone(running: Running) -> None:
    management = running.management()
    with joined(running) as (_, closed):
        pass
    running.events("websocket_disconnect")
    for identifier in (closed, UNKNOWN):
        for call, arguments in (
            (management.post_to_connection, {"Data": b"x"}),
            (management.get_connection, {}),
            (management.delete_connection, {}),
        ):
            assert refusal(call, ConnectionId=identifier, **arguments) == (410, "GoneException")


@pytest.mark.parametrize("identifier", ["nobody", UNKNOWN[:-1], f"{UNKNOWN}=", "L0SM9cOFvHcCIh%=", "../../api/x="])
def test_malformed_ids_are_bad_requests(running: Running, identifier: str) -> None:
    management = running.management()
    assert refusal(management.post_to_connection, ConnectionId=identifier, Data=b"x") == (400, "BadRequestException")


def test_nothing_can_be_posted_before_connect_has_returned(running: Running) -> None:
    management = running.management()
    seen: list[tuple[int, str]] = []

    def post_from_within(event: dict[str, Any]) -> None:
        identifier = event["requestContext"]["connectionId"]
        seen.append(refusal(management.post_to_connection, ConnectionId=identifier, Data=b"early"))
        seen.append(refusal(management.get_connection, ConnectionId=identifier))

    running.record.connect_answer = post_from_within
    with joined(running) as (client, identifier):
        assert seen == [(410, "GoneException")] * 2
        management.post_to_connection(ConnectionId=identifier, Data=b"now")
        assert client.recv(timeout=5) == "now"


def test_a_refused_connection_is_gone(running: Running) -> None:
    running.record.connect_answer = lambda _: {"statusCode": 401}
    with pytest.raises(Exception, match="401"), connect(running.socket):
        pass
    identifier = connection_id(running)
    assert refusal(running.management().post_to_connection, ConnectionId=identifier, Data=b"x")[0] == 410


def test_a_payload_over_128_kb_is_too_large(running: Running) -> None:
    management = running.management()
    with joined(running) as (_, identifier):
        for size in (MESSAGE_BYTES + 1, 10 * 1024 * 1024):
            try:
                assert refusal(management.post_to_connection, ConnectionId=identifier, Data=b"x" * size) == (
                    413,
                    "PayloadTooLargeException",
                )
            except ConnectionError:
                assert size > 8 * MESSAGE_BYTES  # far too large is cut off
        assert management.get_connection(ConnectionId=identifier)


def test_faults_throttle_and_lose_connections(running: Running) -> None:
    management = running.management()
    with joined(running) as (client, identifier):
        running.faults.arm(Fault.POST_THROTTLED, times=2)
        running.faults.arm(Fault.POST_GONE, of=identifier)
        post = {"ConnectionId": identifier, "Data": b"x"}
        assert refusal(management.post_to_connection, **post) == (429, "LimitExceededException")
        assert refusal(management.post_to_connection, **post) == (429, "LimitExceededException")
        assert refusal(management.post_to_connection, **post) == (410, "GoneException")
        management.post_to_connection(**post)
        assert client.recv(timeout=5) == "x"


@pytest.mark.parametrize(
    ("override", "code"),
    [
        ({"aws_secret_access_key": "wrong"}, "InvalidSignatureException"),
        ({"region_name": "us-west-2"}, "InvalidSignatureException"),
        ({"aws_access_key_id": "AKIASOMEBODY"}, "UnrecognizedClientException"),
        ({"aws_session_token": "other"}, "UnrecognizedClientException"),
        ({"aws_session_token": None}, "UnrecognizedClientException"),
    ],
)
def test_foreign_credentials_are_refused(running: Running, override: dict[str, Any], code: str) -> None:
    with joined(running) as (_, identifier):
        management = running.management(**override)
        assert refusal(management.post_to_connection, ConnectionId=identifier, Data=b"x") == (403, code)


def signed(running: Running, identifier: str, *, age: float = 0, literal: bool = False) -> tuple[str, dict[str, str]]:
    """A post signed by hand: its address and its headers."""
    at = "@" if literal else "%40"
    url = f"{running.http}/api/{at}connections/{quote(identifier, safe='')}"
    credentials = Credentials(SETTINGS.access_key_id, SETTINGS.secret_access_key, "token")
    request = AWSRequest("POST", url=url, data=b"hello", headers={"X-Amz-Security-Token": "token"})
    moment = datetime.now(UTC) - timedelta(seconds=age)
    request.headers["X-Amz-Date"] = request.context["timestamp"] = moment.strftime("%Y%m%dT%H%M%SZ")
    signer = SigV4Auth(credentials, "execute-api", SETTINGS.region)
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    names = signer.signed_headers(signer.headers_to_sign(request))
    request.headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={names}, Signature={signature}"
    )
    return url, dict(request.headers)


def posted(url: str, headers: dict[str, str], body: bytes = b"hello", method: str = "POST") -> tuple[int, str]:
    answer = httpx.request(method, url, content=body, headers=headers)
    return answer.status_code, answer.headers.get("x-amzn-errortype", "")


@pytest.mark.parametrize("literal", [True, False])
def test_a_hand_made_signature_is_accepted(running: Running, *, literal: bool) -> None:
    with joined(running) as (client, identifier):
        url, headers = signed(running, identifier, literal=literal)
        assert posted(url, headers) == (200, "")
        assert client.recv(timeout=5) == "hello"
        # Within its five minutes a signature can be used again: AWS does not keep them.
        assert posted(url, headers) == (200, "")
        assert posted(*signed(running, identifier, age=290, literal=literal)) == (200, "")


def test_what_a_signature_covers_cannot_be_changed(running: Running) -> None:
    with joined(running) as (_, identifier), joined(running) as (_, _):
        url, headers = signed(running, identifier)
        invalid = (403, "InvalidSignatureException")
        other = running.events("websocket_connect", 2)[1]["requestContext"]["connectionId"]
        assert posted(url, headers, b"HELLO") == invalid
        assert posted(url, headers, method="DELETE", body=b"") == invalid
        assert posted(url.replace(quote(identifier, safe=""), quote(other, safe="")), headers) == invalid
        assert posted(f"{url}?a=b", headers) == invalid
        assert posted(url, {**headers, "X-Amz-Date": "20200101T000000Z"}) == invalid
        assert posted(url, {**headers, "X-Amz-Content-SHA256": "0" * 64}) == invalid
        unsigned_token = headers["Authorization"].replace(";x-amz-security-token", "")
        assert posted(url, {**headers, "Authorization": unsigned_token}) == invalid


@pytest.mark.parametrize("age", [310, -310])
def test_an_old_or_future_signature_is_refused(running: Running, age: float) -> None:
    with joined(running) as (_, identifier):
        assert posted(*signed(running, identifier, age=age)) == (403, "InvalidSignatureException")


@pytest.mark.parametrize("authorization", [None, "Bearer token", "AWS4-HMAC-SHA256 Credential=x"])
def test_an_unsigned_post_is_refused(running: Running, authorization: str | None) -> None:
    url, headers = signed(running, UNKNOWN)
    del headers["Authorization"]
    if authorization is not None:
        headers["Authorization"] = authorization
    assert posted(url, headers) == (403, "MissingAuthenticationTokenException")


def test_posts_of_many_clients_at_once(running: Running) -> None:
    count, posts = 20, 600

    async def listen() -> list[list[str]]:
        clients = [await connect_async(running.socket) for _ in range(count)]
        events = running.events("websocket_connect", count)
        identifiers = [event["requestContext"]["connectionId"] for event in events]
        management = running.management()

        def post(number: int) -> None:
            data = json.dumps({"number": number}).encode()
            management.post_to_connection(ConnectionId=identifiers[number % count], Data=data)

        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(30) as pool:
            await asyncio.gather(*(loop.run_in_executor(pool, post, number) for number in range(posts)))
        received = [[str(await client.recv()) for _ in range(posts // count)] for client in clients]
        for client in clients:
            await client.close()
        return received

    received = asyncio.run(asyncio.wait_for(listen(), 60))
    numbers = [sorted(json.loads(text)["number"] for text in texts) for texts in received]
    assert sorted(numbers) == [list(range(first, posts, count)) for first in range(count)]
    wait_for(lambda: len(running.record.events.get("websocket_disconnect", [])) == count)
