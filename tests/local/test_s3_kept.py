"""What the local S3 keeps on disk, and credentials that run out."""

import os
import time
from pathlib import Path
from typing import Any

import httpx

from local.signatures import Credentials
from tests.local.s3_rig import BUCKET, PNG, Rig, refusal, send

QUEUE = "messenger-presence"


def test_objects_outlive_a_restart(tmp_path: Path) -> None:
    first = Rig(tmp_path)
    long_key = "in/" + "ы" * 300 + "/../1"
    first.s3.put_object(
        Bucket=BUCKET,
        Key=long_key,
        Body=PNG,
        ContentType="image/png",
        Metadata={"by": "7"},
        CacheControl="no-cache",
    )
    assert send(first.form("in/posted.png")).status_code == 204
    first.s3.put_object(Bucket=BUCKET, Key="gone", Body=b"x")
    first.s3.put_object(Bucket=BUCKET, Key="gone too", Body=b"x")
    first.s3.delete_object(Bucket=BUCKET, Key="gone")
    first.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "gone too"}]})
    first.s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "in/posted.png"})
    upload = multipart(first.s3, "large", [b"a" * 5 * 1024 * 1024, b"end"])
    before = {key: first.s3.head_object(Bucket=BUCKET, Key=key) for key in first.listed()}
    assert [event.partition(":")[2] for _, event in first.created] == [
        "Put",
        "Post",
        "Put",
        "Put",
        "Copy",
        "CompleteMultipartUpload",
    ]
    first.aws.stop()

    second = Rig(tmp_path)
    assert second.created == []
    assert sorted(second.listed()) == sorted(["copy", long_key, "in/posted.png", "large"])
    assert second.body(long_key) == PNG
    for key, described in before.items():
        again = second.s3.head_object(Bucket=BUCKET, Key=key)
        for name in ("ETag", "LastModified", "ContentLength", "ContentType", "Metadata"):
            assert again[name] == described[name], name
    assert second.s3.head_object(Bucket=BUCKET, Key=long_key)["CacheControl"] == "no-cache"
    assert second.s3.head_object(Bucket=BUCKET, Key="large")["ETag"] == upload
    second.aws.stop()


def multipart(s3: Any, key: str, parts: list[bytes]) -> str:
    """Uploads in parts by presigned URLs, as clients do. Returns the object's ETag."""
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    done = []
    for number, part in enumerate(parts, start=1):
        url = s3.generate_presigned_url(
            "upload_part", Params={"Bucket": BUCKET, "Key": key, "UploadId": upload, "PartNumber": number}
        )
        done.append({"PartNumber": number, "ETag": httpx.put(url, content=part, timeout=30).headers["etag"]})
    answer = s3.complete_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload={"Parts": done})
    return str(answer["ETag"])


def test_a_token_that_ran_out_is_refused(tmp_path: Path) -> None:
    fake = Credentials.fake()
    rig = Rig(
        tmp_path,
        Credentials(
            access_key_id=fake.access_key_id,
            secret_access_key=fake.secret_access_key,
            session_token=fake.session_token,
            expires_at=time.time() + 60,
        ),
    )
    url, form = rig.url("get_object", "a", lifetime=3600), rig.form(lifetime=3600)
    rig.aws.shift_clock(120)
    assert refusal(httpx.get(url)) == (400, "ExpiredToken")
    assert refusal(send(form)) == (400, "ExpiredToken")
    rig.aws.stop()


def test_two_accounts_know_nothing_of_each_other(tmp_path: Path) -> None:
    first = Rig(tmp_path / "first")
    first.s3.put_object(Bucket=BUCKET, Key="a", Body=b"first")
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    second = Rig(tmp_path / "second")
    assert second.listed() == []
    second.aws.client("sqs").send_message(QueueUrl=second.aws.queue_url(QUEUE), MessageBody="second's")
    assert first.aws.queues.receive(QUEUE, most=10, wait=0.1) == []
    assert os.environ["AWS_ENDPOINT_URL"] == second.aws.endpoint
    second.aws.stop()
    assert os.environ["AWS_ENDPOINT_URL"] == endpoint
    assert first.body("a") == b"first"
    first.aws.stop()
