"""What S3 allows and refuses: presigned URLs, signed headers, CORS. Forms have a file of their own."""

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.exceptions import ClientError

from local.resources import new_client
from local.signatures import Credentials
from tests.local.s3_rig import BUCKET, PNG, Rig, refusal


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(tmp_path_factory.mktemp("s3"))
    yield rig
    rig.aws.stop()


@pytest.fixture
def rig(shared: Rig) -> Rig:
    return shared.fresh()


def test_a_presigned_get_gives_the_object_with_the_name_that_was_signed(rig: Rig) -> None:
    rig.s3.put_object(Bucket=BUCKET, Key="фото 1+.png", Body=PNG, ContentType="image/png")
    disposition = "attachment; filename*=UTF-8''%D1%84%D0%BE%D1%82%D0%BE.png"
    url = rig.url("get_object", "фото 1+.png", ResponseContentDisposition=disposition)
    response = httpx.get(url)
    assert (response.status_code, response.content) == (200, PNG)
    assert response.headers["content-disposition"] == disposition
    part = httpx.get(url, headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.content) == (206, PNG[:8])


def test_a_presigned_url_is_for_its_method_key_and_parameters_only(rig: Rig) -> None:
    rig.s3.put_object(Bucket=BUCKET, Key="a", Body=b"a")
    rig.s3.put_object(Bucket=BUCKET, Key="b", Body=b"b")
    url = rig.url("get_object", "a", ResponseContentDisposition="attachment")
    mismatch = (403, "SignatureDoesNotMatch")
    assert refusal(httpx.get(url.replace("/a?", "/b?"))) == mismatch
    assert refusal(httpx.put(url, content=b"x")) == mismatch
    assert refusal(httpx.get(url.replace("attachment", "inline"))) == mismatch
    assert refusal(httpx.get(f"{url}&response-content-type=text/html")) == mismatch
    assert refusal(httpx.get(url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))) == mismatch
    assert httpx.head(url).status_code == 403
    assert httpx.head(url).content == b""
    assert rig.body("a") == b"a"


def test_a_late_url_is_refused(rig: Rig) -> None:
    rig.s3.put_object(Bucket=BUCKET, Key="a", Body=b"a")
    read, write = rig.url("get_object", "a", lifetime=60), rig.url("put_object", "a", lifetime=60)
    rig.aws.shift_clock(30)
    assert httpx.get(read).status_code == 200
    rig.aws.shift_clock(62)
    for response in (httpx.get(read), httpx.put(write, content=b"late")):
        assert refusal(response) == (403, "AccessDenied")
        assert "Request has expired" in response.text
    rig.aws.shift_clock(-3600)
    assert "not yet valid" in httpx.get(read).text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("X-Amz-Expires=60", "X-Amz-Expires=604801"), (400, "AuthorizationQueryParametersError")),
        (("X-Amz-Expires=60", "X-Amz-Expires=-1"), (400, "AuthorizationQueryParametersError")),
        (("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=none"), (400, "AuthorizationQueryParametersError")),
        (("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders="), (403, "AccessDenied")),
        (("X-Amz-Signature", "X-Amz-Sig"), (400, "AuthorizationQueryParametersError")),
        (("us-east-1", "eu-west-1"), (400, "AuthorizationHeaderMalformed")),
        (("X-Amz-Security-Token", "X-Amz-Security"), (403, "InvalidAccessKeyId")),
    ],
)
def test_a_url_that_lacks_something_is_refused(rig: Rig, change: tuple[str, str], expected: tuple[int, str]) -> None:
    assert refusal(httpx.get(rig.url("get_object", "a").replace(*change))) == expected


def test_a_presigned_put_holds_the_type_and_the_headers_that_were_signed(rig: Rig) -> None:
    url = rig.url("put_object", "a.png", ContentType="image/png")
    assert parse_qs(urlsplit(url).query)["X-Amz-SignedHeaders"] == ["content-type;host"]
    assert refusal(httpx.put(url, content=PNG, headers={"Content-Type": "text/html"}))[1] == "SignatureDoesNotMatch"
    unsigned = httpx.put(url, content=PNG, headers={"Content-Type": "image/png", "x-amz-meta-a": "b"})
    assert refusal(unsigned) == (403, "AccessDenied")
    assert "<HeadersNotSigned>x-amz-meta-a</HeadersNotSigned>" in unsigned.text
    assert rig.listed() == []
    assert httpx.put(url, content=PNG, headers={"Content-Type": "image/png"}).status_code == 200
    assert rig.body("a.png") == PNG
    assert [event for _, event in rig.created] == ["ObjectCreated:Put"]


def test_a_body_of_unknown_length_is_refused_as_s3_does(rig: Rig) -> None:
    response = httpx.put(rig.url("put_object", "a"), content=iter([b"some", b"more"]))
    assert refusal(response) == (501, "NotImplemented")


def test_signature_version_2_is_refused(rig: Rig) -> None:
    who = rig.aws.credentials
    old = boto3.client(
        "s3",
        endpoint_url=rig.aws.endpoint,
        aws_access_key_id=who.access_key_id,
        aws_secret_access_key=who.secret_access_key,
        config=Config(signature_version="s3", s3={"addressing_style": "path"}),
    )
    url = old.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "a"})
    assert refusal(httpx.get(url)) == (400, "InvalidRequest")


def test_nobody_reads_writes_or_lists_without_a_signature(rig: Rig) -> None:
    rig.s3.put_object(Bucket=BUCKET, Key="a", Body=b"a")
    base = f"{rig.aws.endpoint}/{BUCKET}"
    for response in (
        httpx.get(f"{base}/a"),
        httpx.get(base),
        httpx.get(rig.aws.endpoint),
        httpx.put(f"{base}/a", content=b"x"),
        httpx.delete(f"{base}/a"),
        httpx.post(f"{base}/a?uploads"),
        httpx.post(f"{base}?delete", content=b"<Delete/>"),
    ):
        assert refusal(response) == (403, "AccessDenied")
    assert rig.body("a") == b"a"


def failure(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_signed_headers_are_checked_for_every_service(rig: Rig) -> None:
    who = rig.aws.credentials
    wrong = {
        "SignatureDoesNotMatch": Credentials(
            access_key_id=who.access_key_id, secret_access_key="guessed", session_token=who.session_token
        ),
        "InvalidAccessKeyId": Credentials(
            access_key_id="AKIAGUESSED", secret_access_key=who.secret_access_key, session_token=who.session_token
        ),
        "InvalidToken": Credentials(
            access_key_id=who.access_key_id, secret_access_key=who.secret_access_key, session_token="stale"
        ),
    }
    for code, credentials in wrong.items():
        clients = {
            service: new_client(service, rig.aws.endpoint, "us-east-1", credentials)
            for service in ("s3", "dynamodb", "sqs")
        }
        assert failure(lambda clients=clients: clients["s3"].list_objects_v2(Bucket=BUCKET)) == code
        assert failure(lambda clients=clients: clients["dynamodb"].list_tables()) == code
        assert failure(lambda clients=clients: clients["sqs"].list_queues()) == code


def test_a_clock_that_is_wrong_is_refused(rig: Rig) -> None:
    rig.aws.shift_clock(16 * 60)
    assert failure(lambda: rig.s3.list_objects_v2(Bucket=BUCKET)) == "RequestTimeTooSkewed"


def test_a_body_that_was_changed_on_the_way_is_refused(rig: Rig) -> None:
    url = f"{rig.aws.endpoint}/{BUCKET}/a"
    who = rig.aws.credentials
    request = AWSRequest("PUT", url, data=b"as signed", headers={"x-amz-content-sha256": "0" * 64})
    SigV4Auth(
        BotocoreCredentials(who.access_key_id, who.secret_access_key, who.session_token), "s3", "us-east-1"
    ).add_auth(request)
    response = httpx.put(url, content=b"as signed", headers=dict(request.headers.items()))
    assert refusal(response) == (400, "XAmzContentSHA256Mismatch")


def test_connections_are_kept(rig: Rig) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(rig.aws.endpoint).port or 0)
    connection.connect()
    sock = connection.sock
    for path in ("/", f"/{BUCKET}/a", "/"):
        connection.request("GET", path)
        response = connection.getresponse()
        assert (response.status, response.version) == (403, 11)
        response.read()
        assert connection.sock is sock
    connection.close()


# CORS


def test_a_browser_may_do_what_the_buckets_rules_say(rig: Rig) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    url = f"{rig.aws.endpoint}/{BUCKET}/a"
    allowed = httpx.options(url, headers={**asked, "Access-Control-Request-Headers": "content-type, x-a"})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "*"
    assert allowed.headers["access-control-allow-methods"] == "GET, PUT, POST, HEAD"
    assert allowed.headers["access-control-allow-headers"] == "content-type, x-a"
    assert allowed.headers["access-control-max-age"] == "3600"
    refused = httpx.options(url, headers={**asked, "Access-Control-Request-Method": "DELETE"})
    assert refusal(refused) == (403, "AccessForbidden")
    posted = httpx.post(rig.form()["url"], headers={"Origin": "https://app.example"})
    assert posted.headers["access-control-allow-origin"] == "*"
    assert posted.headers["access-control-expose-headers"] == "ETag"
    assert "access-control-allow-origin" not in httpx.get(url).headers


def test_rules_for_some_origins_only(rig: Rig) -> None:
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://*.example"], "AllowedHeaders": ["x-*"]}
    rig.s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
    rig.s3.put_object(Bucket=BUCKET, Key="a", Body=b"a")
    url = rig.url("get_object", "a")
    ours = httpx.get(url, headers={"Origin": "https://app.example"})
    assert ours.headers["access-control-allow-origin"] == "https://app.example"
    assert ours.headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in httpx.get(url, headers={"Origin": "https://evil.test"}).headers
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    assert httpx.options(url, headers={**asked, "Access-Control-Request-Headers": "X-Any"}).status_code == 200
    assert httpx.options(url, headers={**asked, "Access-Control-Request-Headers": "y"}).status_code == 403
