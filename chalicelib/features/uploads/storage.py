"""The uploads in S3: forms that store one file each, a look at what was stored, links that fetch it."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import msgspec

from chalicelib.core import aws, ids
from chalicelib.core.errors import Unavailable
from chalicelib.core.exchanges import Answer
from chalicelib.core.logs import logger
from chalicelib.features.uploads import derived, sniff

_MOST_AT_ONCE = 1000
_RANGE = re.compile(r"bytes \d+-\d+/(?P<size>\d+)")
# On a file that `pictures` has stored again: the ETag of what it was made from. No form lets a client set it.
_CLEANED = "x-amz-meta-cleaned"


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """An object as it is in S3. The ETag changes with the content: the bucket is not encrypted under a KMS key.

    `cleaned_from` is the ETag that it had before it was stored again without personal data.
    """

    size: int
    etag: str
    content_type: str
    cleaned_from: str | None
    head: bytes


def new_key(owner_id: int) -> str:
    """A key that nobody can guess."""
    return f"{derived.UPLOADS}{owner_id}/{ids.random_id()}"


def is_upload(key: str) -> bool:
    """Whether this key is of the kind that `new_key` makes."""
    return key.startswith(derived.UPLOADS)


def form(*, key: str, content_type: str, size: int, seconds: int) -> tuple[str, dict[str, str]]:
    """URL and fields of a form that stores an object of exactly this key, type and size."""
    return aws.s3_upload_form(
        key, content_type=content_type, least_bytes=size, most_bytes=size, expires_seconds=seconds
    )


def link(*, key: str, filename: str, content_type: str, seconds: int) -> str:
    """A URL that fetches an object under its file's name, shown in place only where that is harmless."""
    kind = "inline" if sniff.is_inline(content_type) else "attachment"
    query = {
        "response-content-disposition": _disposition(kind, filename),
        "response-content-type": content_type,
    }
    return aws.s3_presigned_url("GET", key, expires_seconds=seconds, query=query)


def look(key: str) -> Stored | None:
    """Size, ETag and first bytes of an object in one request; None where there is none. Raises Unavailable."""
    return read(key, sniff.HEAD_BYTES)


def read(key: str, most_bytes: int, *, start: int = 0) -> Stored | None:
    """The same with as many bytes as are wanted, where there are so many, from the one at `start` on."""
    answer = request("GET", key, headers={"range": f"bytes={start}-{start + most_bytes - 1}"})
    if answer.status == 404:
        return None
    if answer.status == 416:  # there is no first byte
        answer = request("HEAD", key)
        if answer.status == 404:
            return None
        if answer.status == 200 and answer.headers["content-length"] == "0":
            etag = answer.headers["etag"]
            return Stored(size=0, etag=etag, content_type=sniff.OCTETS, cleaned_from=None, head=b"")
        raise unexpected("HEAD", answer)
    part = _RANGE.fullmatch(answer.headers.get("content-range", ""))
    if answer.status != 206 or part is None:
        raise unexpected("GET", answer)
    headers = answer.headers
    return Stored(
        size=int(part["size"]),
        etag=headers["etag"],
        content_type=headers.get("content-type", sniff.OCTETS),
        cleaned_from=headers.get(_CLEANED),
        head=answer.body,
    )


def put(key: str, content: bytes, content_type: str) -> str:
    """Stores an object, and answers its ETag. Raises Unavailable."""
    return _put(key, content, {"content-type": content_type})


def put_cleaned(key: str, content: bytes, stored: Stored) -> str:
    """Stores a file again without personal data, and answers its ETag. Raises Unavailable."""
    return _put(key, content, {"content-type": stored.content_type, _CLEANED: stored.cleaned_from or stored.etag})


def _put(key: str, content: bytes, headers: Mapping[str, str]) -> str:
    answer = request("PUT", key, headers=headers, body=content)
    if answer.status != 200:
        raise unexpected("PUT", answer)
    return answer.headers["etag"]


def delete(key: str) -> None:
    """Deletes an object, if there is one. Raises Unavailable."""
    answer = request("DELETE", key)
    if answer.status not in {200, 204, 404}:
        raise unexpected("DELETE", answer)


def delete_uploads(keys: Sequence[str]) -> None:
    """Deletes files and all that was made of them, a request for each 1,000 objects. Raises Unavailable."""
    everything = [each for key in keys for each in derived.all_of(key)]
    for start in range(0, len(everything), _MOST_AT_ONCE):
        delete_many(everything[start : start + _MOST_AT_ONCE])


def delete_many(keys: Sequence[str]) -> None:
    """Deletes up to 1,000 objects in one request, those that there are. Raises Unavailable, perhaps half-way."""
    # Keys of `new_key` have nothing in them that XML would want escaped.
    listed = "".join(f"<Object><Key>{key}</Key></Object>" for key in keys)
    body = f"<Delete><Quiet>true</Quiet>{listed}</Delete>".encode()
    # S3 asks for this digest, against damage on the way.
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    answer = request("POST", "", query={"delete": ""}, headers={"content-md5": digest}, body=body)
    # Quiet answers name only what could not be deleted.
    if answer.status != 200 or b"<Error>" in answer.body:
        raise unexpected("POST", answer)


def request(
    method: str,
    key: str,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    patience: aws.Patience = aws.USUAL,
) -> Answer:
    """A request on an object. Raises Unavailable."""
    try:
        return aws.s3_request(method, key, query=query, headers=headers, body=body, patience=patience)
    except aws.AwsError as error:
        raise Unavailable() from error


def unexpected(method: str, answer: Answer) -> Unavailable:
    """What to raise for an answer that S3 should not give; it is logged."""
    # A 403 for an object that is not there means that the function may not list the bucket.
    logger().error("unexpected answer of S3", extra={"method": method, "status": answer.status})
    return Unavailable()


def _disposition(kind: str, filename: str) -> str:
    """Content-Disposition with a plain name for old clients and the exact one of RFC 5987 for the rest."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", filename)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
