"""The rules of multipart uploads that moto does not enforce, and the list of parts with what moto leaves out.

A part must be of an upload under way, and be what its checksum says; all but the last have 5 MiB at least. Joining
names parts that are there, in order, each with its ETag and checksum. Uploads end as the bucket's lifecycle says.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
"""

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from moto.s3.models import s3_backends

from local.events import ACCOUNT_ID
from local.signatures import RefusedError
from local.wsgi import Answer, Body

_LEAST_PART_BYTES = 5 * 1024 * 1024
_MOST_PART_BYTES = 5 * 1024**3
_MOST_PARTS = 10_000
_MOST_LISTED = 1000
_DAY = 24 * 60 * 60
_CHECKSUM = "x-amz-checksum-"
_ALGORITHM = "x-amz-checksum-algorithm"
# S3 knows more; nobody uses them here.
_DIGESTS: Mapping[str, Callable[[bytes], bytes]] = {
    "sha256": lambda content: hashlib.sha256(content).digest(),
    "sha1": lambda content: hashlib.sha1(content, usedforsecurity=False).digest(),
    "crc32": lambda content: zlib.crc32(content).to_bytes(4, "big"),
}


def is_multipart(parameters: Mapping[str, str]) -> bool:
    """Whether a request with this query is about an upload in parts."""
    return "uploads" in parameters or "uploadId" in parameters


def check_digests(headers: Mapping[str, str], body: Body) -> None:
    """Raises RefusedError for a body that is not what a checksum in its headers says."""
    if "content-md5" in headers:
        _compare("Content-MD5", headers["content-md5"], _md5(body.read()))
    for algorithm, digest in _DIGESTS.items():
        given = headers.get(_CHECKSUM + algorithm)
        if given is not None:
            _compare(algorithm.upper(), given, digest(body.read()))


class Multiparts:
    """Checks requests before moto gets them, and notes what moto does not. `now` is in seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def check(
        self,
        method: str,
        where: tuple[str, str],
        parameters: Mapping[str, str],
        headers: Mapping[str, str],
        body: Body,
    ) -> Answer | None:
        """The answer to a request that moto need not see; `where` is bucket and key. Raises RefusedError."""
        bucket = _bucket(where[0])
        self._end_by_lifecycle(bucket)
        if "uploadId" not in parameters:
            if method == "POST" and headers.get(_ALGORITHM, "sha256").lower() not in _DIGESTS:
                raise RefusedError(400, "InvalidRequest", "Checksum algorithm provided is unsupported.")
            return None
        upload = bucket.multiparts.get(parameters["uploadId"]) if bucket is not None else None
        if upload is None or upload.key_name != where[1]:
            if method == "POST" and _was_joined(where, parameters["uploadId"]):
                return None
            raise RefusedError(
                404,
                "NoSuchUpload",
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
                "aborted or completed.",
                UploadId=parameters["uploadId"],
            )
        if method == "PUT":
            _check_part(upload, parameters, headers, body)
        elif method == "POST":
            _check_joining(upload, body)
        elif method == "GET":
            return _listed(upload, where, parameters)
        return None

    def follow(
        self, method: str, where: tuple[str, str], parameters: Mapping[str, str], headers: Mapping[str, str]
    ) -> None:
        """Notes what moto does not keep of a request that it has carried out."""
        bucket = _bucket(where[0])
        if "uploads" in parameters:
            for upload in bucket.multiparts.values():
                if not hasattr(upload, "begun_at"):
                    upload.begun_at = self._now()
        elif method == "PUT":
            upload = bucket.multiparts[parameters["uploadId"]]
            algorithm = _algorithm(upload)
            if algorithm is not None:
                part = upload.parts[int(parameters["partNumber"])]
                part.checksum_value = headers[_CHECKSUM + algorithm]

    def _end_by_lifecycle(self, bucket: Any) -> None:
        """S3 ends an upload at the first midnight (UTC) that is so many days after it began."""
        for rule in bucket.rules if bucket is not None else ():
            if rule.aimu_days is None or rule.status != "Enabled":
                continue
            for name, upload in list(bucket.multiparts.items()):
                ends_at = -(-(upload.begun_at + int(rule.aimu_days) * _DAY) // _DAY) * _DAY
                if self._now() >= ends_at:
                    del bucket.multiparts[name]


def _check_part(upload: Any, parameters: Mapping[str, str], headers: Mapping[str, str], body: Body) -> None:
    number = parameters.get("partNumber", "")
    if not number.isdecimal() or not 1 <= int(number) <= _MOST_PARTS:
        raise RefusedError(
            400,
            "InvalidArgument",
            "Part number must be an integer between 1 and 10000, inclusive",
            ArgumentValue=number,
        )
    if body.size > _MOST_PART_BYTES:
        raise RefusedError(
            400,
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size",
            ProposedSize=body.size,
            MaxSizeAllowed=_MOST_PART_BYTES,
        )
    given = [algorithm for algorithm in _DIGESTS if _CHECKSUM + algorithm in headers]
    wanted = _algorithm(upload)
    if given != ([wanted] if wanted else []):
        actual = ",".join(given) or "null"
        raise RefusedError(
            400,
            "InvalidRequest",
            f"Checksum Type mismatch occurred, expected checksum Type: {wanted or 'null'}, "
            f"actual checksum Type: {actual}",
        )


def _check_joining(upload: Any, body: Body) -> None:
    algorithm = _algorithm(upload)
    before, last = 0, None
    for number, fields in _named_parts(body.read()):
        if number <= before:
            raise RefusedError(
                400,
                "InvalidPartOrder",
                "The list of parts was not in ascending order. Parts must be ordered by number.",
            )
        part = upload.parts.get(number)
        if algorithm is not None and f"Checksum{algorithm.upper()}" not in fields:
            raise RefusedError(
                400,
                "InvalidRequest",
                f"The upload was created using a {algorithm} checksum. The complete request must include the "
                f"checksum for each part. It was missing for part {number} in the request.",
            )
        if (
            part is None
            or fields.get("ETag", "").strip('"') != part.etag.strip('"')
            or (algorithm is not None and fields[f"Checksum{algorithm.upper()}"] != part.checksum_value)
        ):
            raise RefusedError(
                400,
                "InvalidPart",
                "One or more of the specified parts could not be found. The part may not have been uploaded, or the "
                "specified entity tag may not match the part's entity tag.",
                PartNumber=number,
            )
        if last is not None and last.size < _LEAST_PART_BYTES:
            raise RefusedError(
                400,
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
                ProposedSize=last.size,
                MinSizeAllowed=_LEAST_PART_BYTES,
                PartNumber=before,
            )
        before, last = number, part


def _named_parts(document: bytes) -> list[tuple[int, dict[str, str]]]:
    """The parts that a request to join names, as it names them."""
    malformed = RefusedError(
        400,
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
    try:
        root = ET.fromstring(document)  # noqa: S314  # of a client on this machine
        named = [
            {re.sub(r"\{.*\}", "", field.tag): field.text or "" for field in part}
            for part in root
            if part.tag.endswith("Part")
        ]
        parts = [(int(fields["PartNumber"]), fields) for fields in named]
    except (ET.ParseError, KeyError, ValueError):
        raise malformed from None
    if not parts or len(parts) > _MOST_PARTS:
        raise malformed
    return parts


def _listed(upload: Any, where: tuple[str, str], parameters: Mapping[str, str]) -> Answer:
    """ListParts."""
    after, most = parameters.get("part-number-marker", "0"), parameters.get("max-parts", str(_MOST_LISTED))
    if not after.isdecimal() or not most.isdecimal():
        raise RefusedError(400, "InvalidArgument", "Provided max-parts not an integer or within integer range")
    algorithm = _algorithm(upload)
    numbers = [number for number in sorted(upload.parts) if number > int(after)]
    shown = numbers[: min(int(most), _MOST_LISTED)]
    elements = [
        ("Bucket", where[0]),
        ("Key", where[1]),
        ("UploadId", upload.id),
        ("PartNumberMarker", after),
        ("NextPartNumberMarker", shown[-1] if shown else 0),
        ("MaxParts", most),
        ("IsTruncated", str(len(shown) < len(numbers)).lower()),
        *([("ChecksumAlgorithm", algorithm.upper()), ("ChecksumType", "COMPOSITE")] if algorithm else []),
    ]
    told = "".join(map(_element, elements)) + "".join(_told(upload.parts[number], algorithm) for number in shown)
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n<ListPartsResult>{told}</ListPartsResult>'
    return Answer("200 OK", [("Content-Type", "application/xml")], document.encode())


def _told(part: Any, algorithm: str | None) -> str:
    fields = [
        ("PartNumber", part.name),
        ("LastModified", part.last_modified_ISO8601),
        ("ETag", part.etag),
        ("Size", part.size),
        *([(f"Checksum{algorithm.upper()}", part.checksum_value)] if algorithm else []),
    ]
    return f"<Part>{''.join(map(_element, fields))}</Part>"


def _element(field: tuple[str, object]) -> str:
    name, value = field
    return f"<{name}>{escape(str(value), {chr(34): '&quot;'})}</{name}>"


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()


def _compare(name: str, given: str, found: bytes) -> None:
    try:
        wanted = base64.b64decode(given, validate=True)
    except ValueError:
        wanted = b""
    if len(wanted) != len(found):
        if name == "Content-MD5":
            raise RefusedError(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
        raise RefusedError(400, "InvalidRequest", f"Value for {_CHECKSUM}{name.lower()} header is invalid.")
    if wanted != found:
        raise RefusedError(400, "BadDigest", f"The {name} you specified did not match the calculated checksum.")


def _algorithm(upload: Any) -> str | None:
    """The algorithm that an upload was begun with, in lower case."""
    name: str | None = upload.metadata.get(_ALGORITHM)
    return name.lower() if name else None


def _was_joined(where: tuple[str, str], name: str) -> bool:
    """Whether the object is what an earlier request of the same kind has made: joining can be repeated."""
    made = s3_backends[ACCOUNT_ID]["aws"].get_object(*where) if _bucket(where[0]) is not None else None
    return made is not None and made.multipart is not None and made.multipart.id == name


def _bucket(name: str) -> Any:
    return s3_backends[ACCOUNT_ID]["aws"].buckets.get(name)
