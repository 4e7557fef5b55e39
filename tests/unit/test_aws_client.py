"""The small AWS clients: against moto for what they say, against a scripted server for what goes wrong."""

import itertools
import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.server import ThreadedMotoServer
from msgspec.structs import replace

from bench.sink import make_certificate, server_context
from chalicelib.core import aws, config, transport
from tests.unit.scripted_server import ClosedError, Script, Seen, Server, answer

SERVERS = Callable[..., Server]
SETTINGS = config.Settings(access_key_id="AKIDEXAMPLE", secret_access_key="secret" * 6)


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def _restore(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = config.settings()
    monkeypatch.setattr(aws, "FIRST_PAUSE_SECONDS", 0.001)
    yield
    transport.close_connections()
    config.use(before)


@pytest.fixture
def moto(moto_url: str, _restore: None) -> str:
    config.use(replace(SETTINGS, aws_endpoint_url=moto_url, uploads_bucket="files"))
    urllib.request.urlopen(urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST"))
    return moto_url


@pytest.fixture
def serve(_restore: None) -> Iterator[SERVERS]:
    servers: list[Server] = []

    def start(script: Script, **more: Any) -> Server:
        servers.append(Server(script, **more))
        config.use(replace(SETTINGS, aws_endpoint_url=servers[-1].url))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def _refusal(code: str, **more: Any) -> bytes:
    return json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "Words", **more}).encode()


def _make_table() -> None:
    # A call whose answer is late is made again, and then the table is there.
    try:
        aws.dynamodb(
            "CreateTable",
            {
                "TableName": "live",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        )
    except aws.AwsError as error:
        if error.code != "ResourceInUseException":
            raise


def test_an_item_comes_back_from_dynamodb_as_it_was_put(moto: str) -> None:
    _make_table()
    plain: dict[str, Any] = {
        "pk": "u#1", "n": 7, "less": -3, "part": 0.5, "yes": True, "of": {"a", "b"}, "text": "Привет"
    }  # fmt: skip
    aws.dynamodb("PutItem", {"TableName": "live", "Item": aws.to_item({**plain, "raw": b"\0\1"})})
    found = aws.dynamodb("GetItem", {"TableName": "live", "Key": aws.to_item({"pk": "u#1"})})
    assert aws.from_item(found["Item"]) == {**plain, "raw": "AAE="}


def test_a_failed_condition_is_named_and_not_tried_again(moto: str) -> None:
    _make_table()
    put = {"TableName": "live", "Item": aws.to_item({"pk": "a"}), "ConditionExpression": "attribute_not_exists(pk)"}
    aws.dynamodb("PutItem", put)
    with pytest.raises(aws.AwsError) as caught:
        aws.dynamodb("PutItem", put)
    assert caught.value.code == "ConditionalCheckFailedException"
    assert caught.value.status == 400
    assert not caught.value.retryable


def test_a_cancelled_transaction_says_why_for_each_of_its_items(moto: str) -> None:
    _make_table()
    aws.dynamodb("PutItem", {"TableName": "live", "Item": aws.to_item({"pk": "a"})})
    puts = [
        {
            "Put": {
                "TableName": "live",
                "Item": aws.to_item({"pk": pk}),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }
        for pk in ("b", "a")
    ]
    with pytest.raises(aws.AwsError) as caught:
        aws.dynamodb("TransactWriteItems", {"TransactItems": puts})
    assert caught.value.code == "TransactionCanceledException"
    assert [reason["Code"] for reason in caught.value.reasons] == ["None", "ConditionalCheckFailed"]
    assert not caught.value.retryable


def test_messages_go_through_sqs(moto: str) -> None:
    url = aws.sqs("CreateQueue", {"QueueName": "push.fifo", "Attributes": {"FifoQueue": "true"}})["QueueUrl"]
    entries = [
        {"Id": str(n), "MessageBody": f"m{n}", "MessageGroupId": "chat", "MessageDeduplicationId": str(n)}
        for n in range(3)
    ]
    sent = aws.sqs("SendMessageBatch", {"QueueUrl": url, "Entries": entries})
    assert [entry["Id"] for entry in sent["Successful"]] == ["0", "1", "2"]
    got = aws.sqs("ReceiveMessage", {"QueueUrl": url, "MaxNumberOfMessages": 10})
    assert [message["Body"] for message in got["Messages"]] == ["m0", "m1", "m2"]
    with pytest.raises(aws.AwsError) as caught:
        aws.sqs("SendMessage", {"QueueUrl": url + "-none", "MessageBody": "m"})
    assert caught.value.code == "QueueDoesNotExist"


def test_objects_go_through_s3(moto: str) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{moto}/files", method="PUT"))
    key = "u/1/чай & кофе+.txt"
    assert aws.s3_request("PUT", key, headers={"Content-Type": "text/plain"}, body=b"0123456789").status == 200
    part = aws.s3_request("GET", key, headers={"Range": "bytes=2-4"})
    assert (part.status, part.body, part.headers["content-type"]) == (206, b"234", "text/plain")
    whole = aws.s3_request("HEAD", key)
    assert (whole.status, whole.headers["content-length"], whole.body) == (200, "10", b"")
    begun = aws.s3_request("POST", key, query={"uploads": ""})
    assert b"<UploadId>" in begun.body
    assert aws.s3_request("DELETE", key).status == 204
    assert aws.s3_request("GET", key).status == 404


def test_a_presigned_url_is_good_for_a_download(moto: str) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{moto}/files", method="PUT"))
    aws.s3_request("PUT", "a b", body=b"text")
    query = {"response-content-disposition": 'attachment; filename="a b.txt"'}
    url = aws.s3_presigned_url("GET", "a b", expires_seconds=60, query=query)
    with urllib.request.urlopen(url) as got:
        assert got.read() == b"text"
        assert got.headers["content-disposition"] == 'attachment; filename="a b.txt"'


@pytest.mark.usefixtures("_restore")
def test_on_aws_a_bucket_has_its_own_host() -> None:
    config.use(replace(SETTINGS, region="eu-central-1", uploads_bucket="files"))
    assert aws.s3_location("a b/c").url == "https://files.s3.eu-central-1.amazonaws.com/a%20b/c"
    assert aws.s3_presigned_url("PUT", "k", expires_seconds=9, query={"partNumber": "1"}).startswith(
        "https://files.s3.eu-central-1.amazonaws.com/k?partNumber=1&X-Amz-Algorithm="
    )
    url, fields = aws.s3_upload_form("k", content_type="image/png", least_bytes=5, most_bytes=5, expires_seconds=60)
    assert url == "https://files.s3.eu-central-1.amazonaws.com/"
    assert (fields["key"], fields["Content-Type"]) == ("k", "image/png")


def test_what_is_sent_carries_botocores_signature(serve: SERVERS) -> None:
    server = serve(lambda _: answer(200, b"{}"))
    aws.dynamodb("GetItem", {"TableName": "live"})
    (request,) = server.seen
    names = request.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    theirs = AWSRequest(
        request.method,
        server.url + request.path,
        headers={name: request.headers[name] for name in names},
        data=request.body,
    )
    theirs.context["timestamp"] = request.headers["x-amz-date"]
    signer = SigV4Auth(Credentials(SETTINGS.access_key_id, SETTINGS.secret_access_key), "dynamodb", "us-east-1")
    signature = signer.signature(signer.string_to_sign(theirs, signer.canonical_request(theirs)), theirs)
    assert request.headers["authorization"].endswith(f"Signature={signature}")


@pytest.mark.parametrize(
    "refused",
    [
        answer(400, _refusal("ProvisionedThroughputExceededException")),
        answer(400, _refusal("ThrottlingException")),
        answer(500, _refusal("InternalServerError")),
        answer(503, b"<html>Busy</html>"),
        answer(
            400,
            _refusal(
                "TransactionCanceledException",
                CancellationReasons=[{"Code": "None"}, {"Code": "TransactionConflict", "Message": "Words"}],
            ),
        ),
    ],
)
def test_throttling_and_failures_are_tried_again(serve: SERVERS, refused: bytes) -> None:
    said = iter([refused, refused, answer(200, b'{"Item": {}}')])
    server = serve(lambda _: next(said))
    assert aws.dynamodb("GetItem", {}) == {"Item": {}}
    assert (len(server.seen), server.sockets) == (3, 1)


def test_tries_are_few(serve: SERVERS) -> None:
    server = serve(lambda _: answer(500, _refusal("InternalServerError")))
    with pytest.raises(aws.AwsError) as caught:
        aws.dynamodb("PutItem", {})
    assert (caught.value.code, caught.value.status, caught.value.retryable) == ("InternalServerError", 500, True)
    assert len(server.seen) == aws.ATTEMPTS


def test_time_is_bounded_where_nobody_answers(serve: SERVERS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "SOCKET_SECONDS", 0.1)
    monkeypatch.setattr(aws, "TOTAL_SECONDS", 0.25)
    hold = threading.Event()
    server = serve(lambda _: answer(200) if hold.wait(5) else b"")
    began = time.monotonic()
    with pytest.raises(aws.AwsError) as caught:
        aws.dynamodb("PutItem", {})
    assert time.monotonic() - began < 2
    assert (caught.value.code, caught.value.status, caught.value.retryable) == ("ConnectionFailed", 0, True)
    assert 1 < len(server.seen) <= aws.ATTEMPTS
    hold.set()


def test_a_refusal_in_other_shapes_has_a_code_too(serve: SERVERS) -> None:
    shapes = iter(
        [
            answer(
                403,
                json.dumps({"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "No"}).encode(),
            ),
            answer(404, b"<html>Nothing here</html>"),
            answer(400, b"{}"),
        ]
    )
    serve(lambda _: next(shapes))
    for code in ("AccessDeniedException", "Http404", "Http400"):
        with pytest.raises(aws.AwsError) as caught:
            aws.sqs("SendMessage", {})
        assert (caught.value.code, caught.value.retryable) == (code, False)


def test_s3_failures_are_tried_again_and_named(serve: SERVERS) -> None:
    slow = answer(503, b"<Error><Code>SlowDown</Code></Error>")
    said = itertools.chain([slow, answer(200, b"text")], itertools.repeat(slow))
    serve(lambda _: next(said))
    assert aws.s3_request("GET", "key").body == b"text"
    with pytest.raises(aws.AwsError, match="SlowDown"):
        aws.s3_request("GET", "key")


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("reset", [False, True])
def test_a_kept_connection_that_was_closed_is_survived(
    serve: SERVERS, tmp_path: Path, tls: bool, reset: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws, "ATTEMPTS", 1)
    certificate = make_certificate(tmp_path / "server.pem")
    server = serve(lambda _: answer(200, b"{}"), tls=server_context(certificate) if tls else None)
    config.use(replace(SETTINGS, aws_endpoint_url=server.url, ca_file=str(certificate)))
    aws.dynamodb("GetItem", {})
    aws.dynamodb("GetItem", {})
    assert server.sockets == 1
    server.close_all(reset=reset)
    aws.dynamodb("GetItem", {})
    assert server.sockets == 2


def test_a_connection_that_was_idle_for_long_is_not_trusted(serve: SERVERS, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(lambda _: answer(200, b"{}"))
    aws.dynamodb("GetItem", {})
    monkeypatch.setattr(transport, "IDLE_SECONDS", -1.0)
    aws.dynamodb("GetItem", {})
    assert server.sockets == 2


def test_a_dropped_first_try_is_made_again(serve: SERVERS) -> None:
    def script(request: Seen) -> bytes:
        if request.socket < 2:
            raise ClosedError
        return answer(200, b'{"done": true}')

    server = serve(script)
    assert aws.sqs("SendMessage", {}) == {"done": True}
    assert server.sockets == 3


def test_a_stranger_with_a_certificate_is_refused_at_once(serve: SERVERS, tmp_path: Path) -> None:
    server = serve(lambda _: answer(200, b"{}"), tls=server_context(make_certificate(tmp_path / "server.pem")))
    with pytest.raises(aws.AwsError) as caught:
        aws.dynamodb("GetItem", {})
    assert (caught.value.code, caught.value.retryable) == ("CertificateRefused", False)
    assert (server.seen, server.sockets) == ([], 1)


@pytest.mark.usefixtures("_restore")
def test_the_roots_are_amazons_and_nothing_else() -> None:
    config.use(SETTINGS)
    subjects = [str(root["subject"]) for root in transport.tls_context().get_ca_certs()]
    names = [subject.rpartition("'commonName', '")[2].partition("'")[0] for subject in subjects]
    assert sorted(names) == [
        "Amazon Root CA 1",
        "Amazon Root CA 2",
        "Amazon Root CA 3",
        "Amazon Root CA 4",
        "Starfield Services Root Certificate Authority - G2",
    ]


def test_importing_it_loads_neither_botocore_nor_asyncio() -> None:
    code = "import sys, chalicelib.core.aws; print(*sorted({'asyncio', 'botocore', 'urllib3'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == ""
