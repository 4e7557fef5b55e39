"""Large files in S3: parts that S3 checks one by one, and joins when all are there."""

import re
from collections.abc import Sequence
from html import unescape

import msgspec

from chalicelib.core import aws
from chalicelib.features.uploads import storage

# As many as S3 lists in one answer. It takes ten times as many.
MOST_PARTS = 1000
# S3 takes none below 5 MiB but the last.
LEAST_PART_BYTES = 8 * 1024 * 1024
CHECKSUM = "x-amz-checksum-sha256"

_STEP_BYTES = 1024 * 1024
# S3 copies nothing when it joins parts, but of many of them it takes longer than of anything else.
_JOINING = aws.Patience(each=20.0, together=20.0)
_PART = re.compile(r"<Part>(.*?)</Part>", re.DOTALL)
_FIELD = re.compile(r"<(PartNumber|ETag|Size|ChecksumSHA256)>([^<]*)</")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part that has arrived; its SHA-256 is in base64, as S3 has checked it."""

    number: int
    size: int
    etag: str
    checksum: str


def size_for(file_size: int) -> int:
    """How many bytes each part of such a file has, but the last."""
    return max(LEAST_PART_BYTES, -(-file_size // (MOST_PARTS * _STEP_BYTES)) * _STEP_BYTES)


def begin(key: str, content_type: str) -> str:
    """Has S3 wait for the parts of an object; answers its name for that. Raises Unavailable."""
    headers = {"content-type": content_type, "x-amz-checksum-algorithm": "SHA256"}
    answer = storage.request("POST", key, query={"uploads": ""}, headers=headers)
    found = re.search(rb"<UploadId>([^<]+)</UploadId>", answer.body)
    if answer.status != 200 or found is None:
        raise storage.unexpected("POST", answer)
    return unescape(found[1].decode())


def link(key: str, upload: str, part: Part, seconds: int) -> str:
    """A URL that stores a part of exactly this number, size and checksum."""
    return aws.s3_presigned_url(
        "PUT",
        key,
        expires_seconds=seconds,
        query={"partNumber": str(part.number), "uploadId": upload},
        headers={"content-length": str(part.size), CHECKSUM: part.checksum},
    )


def arrived(key: str, upload: str) -> list[Part] | None:
    """The parts that S3 has, in order; None where it waits for none, since all are joined or given up."""
    answer = storage.request("GET", key, query={"uploadId": upload, "max-parts": str(MOST_PARTS)})
    if answer.status == 404:
        return None
    if answer.status != 200:
        raise storage.unexpected("GET", answer)
    listed = [dict(_FIELD.findall(part)) for part in _PART.findall(answer.body.decode())]
    return [
        Part(
            number=int(part["PartNumber"]),
            size=int(part["Size"]),
            etag=unescape(part["ETag"]),
            checksum=unescape(part.get("ChecksumSHA256", "")),
        )
        for part in listed
    ]


def join(key: str, upload: str, parts: Sequence[Part]) -> None:
    """Makes an object of its parts. Safe to repeat. Raises Unavailable, after which it may be done all the same."""
    listed = "".join(
        f"<Part><PartNumber>{part.number}</PartNumber><ETag>{part.etag}</ETag>"
        f"<ChecksumSHA256>{part.checksum}</ChecksumSHA256></Part>"
        for part in parts
    )
    body = (
        f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{listed}</CompleteMultipartUpload>'
    ).encode()
    answer = storage.request("POST", key, query={"uploadId": upload}, body=body, patience=_JOINING)
    # An earlier try may have come through. An error that S3 meets while it joins comes with the status 200.
    if answer.status != 404 and (answer.status != 200 or b"<Error>" in answer.body):
        raise storage.unexpected("POST", answer)


def give_up(key: str, upload: str) -> None:
    """Has S3 delete the parts, if it has any. Raises Unavailable."""
    answer = storage.request("DELETE", key, query={"uploadId": upload})
    if answer.status not in {204, 404}:
        raise storage.unexpected("DELETE", answer)
