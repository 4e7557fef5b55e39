"""Uploads by presigned POST: a form is stored when it keeps every condition of its policy, and only then."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from tests.local.s3_rig import BUCKET, PNG, Rig, refusal, send


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(tmp_path_factory.mktemp("s3"))
    yield rig
    rig.aws.stop()


@pytest.fixture
def rig(shared: Rig) -> Rig:
    return shared.fresh()


def test_a_form_that_keeps_its_policy_is_stored(rig: Rig) -> None:
    response = send(rig.form())
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["location"].endswith(f"/{BUCKET}/in%2F1.png")
    stored = rig.s3.get_object(Bucket=BUCKET, Key="in/1.png")
    assert stored["Body"].read() == PNG
    assert stored["ContentType"] == "image/png"
    assert stored["ETag"] == response.headers["etag"]
    [(described, event)] = rig.created
    assert (described.bucket, described.key, described.size, event) == (
        BUCKET,
        "in/1.png",
        len(PNG),
        "ObjectCreated:Post",
    )
    assert f'"{described.etag}"' == response.headers["etag"]


def test_the_status_that_the_form_asks_for_is_answered(rig: Rig) -> None:
    created = send(rig.form(success_action_status="201"))
    assert created.status_code == 201
    assert "<Key>in/1.png</Key>" in created.text
    assert send(rig.form(success_action_status="200")).status_code == 200
    assert send(rig.form(success_action_status="500")).status_code == 204
    redirected = send(rig.form(success_action_redirect="https://app.example/done?a=1"))
    assert redirected.status_code == 303
    assert redirected.headers["location"].startswith(f"https://app.example/done?a=1&bucket={BUCKET}&key=in%2F1.png&")


def test_a_file_that_is_too_large_or_too_small_is_refused(rig: Rig) -> None:
    form = rig.form(most=len(PNG))
    assert refusal(send(form, PNG + b"x")) == (400, "EntityTooLarge")
    assert refusal(send(form, b"")) == (400, "EntityTooSmall")
    assert rig.listed() == []
    assert rig.created == []
    assert send(form, PNG).status_code == 204


def test_a_large_file_is_measured_whole_and_the_connection_goes_on(rig: Rig) -> None:
    form = rig.form(most=1024)
    with httpx.Client() as client:
        for size, status in ((8 * 1024 * 1024, 400), (1024, 204)):
            response = client.post(form["url"], data=form["fields"], files={"file": bytes(size)})
            assert response.status_code == status
    assert rig.s3.head_object(Bucket=BUCKET, Key="in/1.png")["ContentLength"] == 1024


def test_another_type_another_key_or_another_field_is_refused(rig: Rig) -> None:
    form = rig.form()
    assert refusal(send(form, changed={"Content-Type": "text/html"})) == (403, "AccessDenied")
    assert refusal(send(form, changed={"Content-Type": None})) == (403, "AccessDenied")
    assert refusal(send(form, changed={"key": "in/2.png"})) == (403, "AccessDenied")
    extra = send(form, changed={"x-amz-meta-note": "hello"})
    assert refusal(extra) == (403, "AccessDenied")
    assert "Extra input fields: x-amz-meta-note" in extra.text
    assert rig.listed() == []


def test_another_bucket_is_refused(rig: Rig) -> None:
    rig.s3.create_bucket(Bucket="other")
    form = rig.form()
    response = send({**form, "url": form["url"].replace(BUCKET, "other")})
    assert refusal(response) == (403, "AccessDenied")
    assert "$bucket" in response.text


def test_a_late_form_is_refused(rig: Rig) -> None:
    form = rig.form(lifetime=60)
    rig.aws.shift_clock(61)
    response = send(form)
    assert refusal(response) == (403, "AccessDenied")
    assert "Policy expired" in response.text


def test_a_policy_that_was_tampered_with_is_refused(rig: Rig) -> None:
    form = rig.form(most=10)
    policy = json.loads(base64.b64decode(form["fields"]["policy"]))
    policy["conditions"] = [["starts-with", "$key", ""] if "key" in item else item for item in policy["conditions"]]
    widened = base64.b64encode(json.dumps(policy).encode()).decode()
    assert refusal(send(form, changed={"policy": widened})) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"policy": None}, (403, "AccessDenied")),
        ({"key": None}, (400, "InvalidArgument")),
        ({"x-amz-signature": "0" * 64}, (403, "SignatureDoesNotMatch")),
        ({"x-amz-signature": None}, (400, "InvalidArgument")),
        ({"x-amz-algorithm": "AWS4-HMAC-SHA1"}, (400, "InvalidArgument")),
        ({"x-amz-credential": "AKIA/20260101/us-east-1/s3/aws4_request"}, (403, "InvalidAccessKeyId")),
        ({"x-amz-security-token": None}, (403, "InvalidAccessKeyId")),
        ({"x-amz-security-token": "stale"}, (400, "InvalidToken")),
    ],
)
def test_a_form_without_a_whole_signature_is_refused(
    rig: Rig, changed: dict[str, str | None], expected: tuple[int, str]
) -> None:
    assert refusal(send(rig.form(), changed=changed)) == expected
    assert rig.listed() == []


def signed_form(rig: Rig, policy: object) -> dict[str, Any]:
    """A form over any policy, rightly signed."""
    who = rig.aws.credentials
    form = rig.form()
    text = base64.b64encode(policy if isinstance(policy, bytes) else json.dumps(policy).encode()).decode()
    request = AWSRequest()
    request.context["timestamp"] = form["fields"]["x-amz-date"]
    signer = SigV4Auth(BotocoreCredentials(who.access_key_id, who.secret_access_key), "s3", "us-east-1")
    signed = {"policy": text, "x-amz-signature": signer.signature(text, request)}
    return {**form, "fields": {**form["fields"], **signed}}


@pytest.mark.parametrize(
    "policy",
    [
        b"not json",
        {"conditions": []},
        {"expiration": "tomorrow", "conditions": []},
        {"expiration": "2099-01-01T00:00:00", "conditions": []},
        {"expiration": "2099-01-01T00:00:00Z", "conditions": [["matches", "$key", ".*"]]},
        {"expiration": "2099-01-01T00:00:00Z", "conditions": [["content-length-range", "1", "9"]]},
        {"expiration": "2099-01-01T00:00:00Z", "conditions": 7},
        [],
    ],
)
def test_a_policy_that_is_none_is_refused(rig: Rig, policy: object) -> None:
    assert refusal(send(signed_form(rig, policy))) == (400, "InvalidPolicyDocument")


def test_prefixes_ignored_fields_and_the_files_own_name(rig: Rig) -> None:
    names = ("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-security-token", "content-type")
    conditions: list[Any] = [["starts-with", f"${name}", ""] for name in names]
    conditions += [["starts-with", "$key", "in/"], {"bucket": BUCKET}]
    form = signed_form(rig, {"expiration": "2099-01-01T00:00:00.000Z", "conditions": conditions})
    response = send(form, changed={"key": "in/${filename}", "x-ignore-me": "anything"})
    assert response.status_code == 204
    assert rig.listed() == ["in/holiday.png"]
    assert refusal(send(form, changed={"key": "out/1.png"})) == (403, "AccessDenied")


def test_a_body_that_is_no_form_is_refused(rig: Rig) -> None:
    form = rig.form()
    assert refusal(httpx.post(form["url"], data=form["fields"]))[0] == 412
    without_file = httpx.post(form["url"], files={name: (None, value) for name, value in form["fields"].items()})
    assert refusal(without_file) == (400, "InvalidArgument")
    broken = httpx.post(form["url"], content=b"--x\r\n", headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert refusal(broken) == (400, "MalformedPOSTRequest")
    long = send(form, changed={"x-ignore-me": "x" * 30_000})
    assert refusal(long) == (400, "MaxPostPreDataLengthExceededError")
