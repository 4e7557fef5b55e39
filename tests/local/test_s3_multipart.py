"""Uploads in parts, held to S3's rules also where moto has none."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.local.s3_rig import BUCKET, Rig, refusal

PART = b"x" * (5 * 1024 * 1024)
END = b"the end"
DAY = 24 * 60 * 60


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(tmp_path_factory.mktemp("s3"))
    yield rig
    rig.aws.stop()


def _sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


class _Upload:
    """An upload in parts that was begun, with checksums or without."""

    def __init__(self, rig: Rig, key: str, *, checked: bool = True) -> None:
        self.rig, self.key, self.checked = rig, key, checked
        more = {"ChecksumAlgorithm": "SHA256"} if checked else {}
        self.id = rig.s3.create_multipart_upload(Bucket=BUCKET, Key=key, **more)["UploadId"]

    @property
    def named(self) -> dict[str, str]:
        return {"Bucket": BUCKET, "Key": self.key, "UploadId": self.id}

    def put(self, number: int, content: bytes, *, says: bytes | None = None) -> dict[str, Any]:
        """Stores a part; answers what joining says of it."""
        told: dict[str, Any] = {"PartNumber": number}
        if self.checked:
            told["ChecksumSHA256"] = _sha256(content if says is None else says)
        answer = self.rig.s3.upload_part(**self.named, Body=content, **told)
        return {**told, "ETag": answer["ETag"]}

    def join(self, *parts: dict[str, Any]) -> dict[str, Any]:
        joined: dict[str, Any] = self.rig.s3.complete_multipart_upload(
            **self.named, MultipartUpload={"Parts": list(parts)}
        )
        return joined


def _failure(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_parts_arrive_in_any_order_and_are_joined_in_theirs(rig: Rig) -> None:
    rig.fresh()
    upload = _Upload(rig, "film")
    last, first = upload.put(7, END), upload.put(2, PART)
    upload.put(2, END)
    first = upload.put(2, PART)  # the last one counts
    listed = rig.s3.list_parts(**upload.named)
    assert [(part["PartNumber"], part["Size"], part["ChecksumSHA256"]) for part in listed["Parts"]] == [
        (2, len(PART), _sha256(PART)),
        (7, len(END), _sha256(END)),
    ]
    page = rig.s3.list_parts(**upload.named, MaxParts=1, PartNumberMarker=2)
    assert ([part["PartNumber"] for part in page["Parts"]], page["IsTruncated"]) == ([7], False)
    etag = upload.join(first, last)["ETag"]
    assert etag.endswith('-2"')
    assert upload.join(first, last)["ETag"] == etag, "may be repeated"
    assert rig.body("film") == PART + END
    assert [event for _, event in rig.created][:1] == ["ObjectCreated:CompleteMultipartUpload"]
    assert _failure(lambda: upload.put(3, END)) == "NoSuchUpload"


def test_only_what_is_there_and_in_order_is_joined(rig: Rig) -> None:
    rig.fresh()
    upload, other = _Upload(rig, "a"), _Upload(rig, "b")
    first, small, last = upload.put(1, PART), upload.put(2, END), upload.put(3, END)
    foreign = other.put(1, PART + END)
    refusals: dict[str, list[tuple[dict[str, Any], ...]]] = {
        "InvalidPartOrder": [(last, first), (first, first)],
        "InvalidPart": [
            (foreign,),
            (first, {**last, "PartNumber": 4}),
            ({**first, "ETag": '"0"'},),
            ({**first, "ChecksumSHA256": _sha256(END)},),
        ],
        "EntityTooSmall": [(first, small, last)],
        "InvalidRequest": [({"PartNumber": 1, "ETag": first["ETag"]},)],
        "MalformedXML": [()],
    }
    found = {code: [_failure(partial(upload.join, *each)) for each in given] for code, given in refusals.items()}
    assert found == {code: [code] * len(given) for code, given in refusals.items()}
    strange = {**upload.named, "Key": "b"}
    assert _failure(lambda: rig.s3.list_parts(**strange)) == "NoSuchUpload"
    assert rig.listed() == []
    rig.s3.abort_multipart_upload(**upload.named)
    calls: list[Callable[[], Any]] = [
        lambda: upload.put(1, END),
        lambda: upload.join(first),
        lambda: rig.s3.list_parts(**upload.named),
        lambda: rig.s3.abort_multipart_upload(**upload.named),
    ]
    assert [_failure(call) for call in calls] == ["NoSuchUpload"] * len(calls)


def test_a_part_is_what_its_url_says(rig: Rig) -> None:
    rig.fresh()
    upload, unchecked = _Upload(rig, "a"), _Upload(rig, "b", checked=False)
    assert _failure(lambda: upload.put(1, PART, says=END)) == "BadDigest"
    assert _failure(lambda: rig.s3.upload_part(**upload.named, PartNumber=0, Body=END)) == "InvalidArgument"
    assert _failure(lambda: rig.s3.upload_part(**upload.named, PartNumber=10_001, Body=END)) == "InvalidArgument"
    plain = rig.url("upload_part", "a", UploadId=upload.id, PartNumber=1)  # type: ignore[arg-type]  # boto3 wants a number
    assert refusal(httpx.put(plain, content=END)) == (400, "InvalidRequest"), "was begun with a checksum"
    signed = {"UploadId": unchecked.id, "PartNumber": 1, "ContentLength": len(END)}
    url = rig.url("upload_part", "b", **signed)
    assert refusal(httpx.put(url, content=END + b"!")) == (403, "SignatureDoesNotMatch")
    assert refusal(httpx.put(url.replace("partNumber=1", "partNumber=2"), content=END))[1] == "SignatureDoesNotMatch"
    assert httpx.put(url, content=END).status_code == 200
    rig.aws.shift_clock(61)
    assert refusal(httpx.put(url, content=END)) == (403, "AccessDenied")
    assert _failure(lambda: rig.s3.put_object(Bucket=BUCKET, Key="c", Body=END, ContentMD5=_sha256(END))) == (
        "InvalidDigest"
    )


def test_the_buckets_lifecycle_ends_what_is_not_finished(rig: Rig) -> None:
    rig.fresh()
    upload = _Upload(rig, "a")
    part = rig.url("upload_part", "a", lifetime=3 * DAY, UploadId=upload.id, PartNumber=1)  # type: ignore[arg-type]
    listed = rig.url("list_parts", "a", lifetime=3 * DAY, UploadId=upload.id)
    rig.aws.shift_clock(DAY - 60)
    assert httpx.get(listed).status_code == 200
    rig.aws.shift_clock(2 * DAY)
    assert refusal(httpx.get(listed)) == (404, "NoSuchUpload")
    assert refusal(httpx.put(part, content=END)) == (404, "NoSuchUpload")
