"""AWS Signature Version 4 by hand: what botocore's signers compute, at a tenth of their time, without importing them.

The clock is an argument (`now`, seconds since the epoch), so that a signature is a plain function of its arguments.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html and, for presigned
requests and forms, the "Authenticating Requests" chapter of the Amazon S3 API reference.
"""

import base64
import functools
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Credentials(NamedTuple):
    """Whose signature it is, and for which region. A session token comes with a role's temporary credentials."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None
    region: str


class Request(NamedTuple):
    """What is to be signed.

    `host` is the Host header, so with the port where that is not the scheme's own. `path` is in canonical form:
    for S3 as it is sent, for every other service `canonical_path` of it. `query` is sent as `encode_query` writes
    it. `headers` are signed beside those that signing adds; their names are in lower case.
    """

    method: str
    host: str
    path: str
    query: Mapping[str, str] = _NOTHING
    headers: Mapping[str, str] = _NOTHING
    payload: bytes = b""


class Form(NamedTuple):
    """An upload that a browser may make: exactly this key and type, with a size between the two, both included."""

    bucket: str
    key: str
    content_type: str
    least_bytes: int
    most_bytes: int
    expires_seconds: int


def canonical_path(path: str) -> str:
    """The canonical form of a path that is sent as `path`, for every service but S3: encoded once more.

    `path` has no dot segments and no doubled slashes: AWS would take them out before it signs, and this does not.
    """
    return quote(path, safe="/")


def encode_query(query: Mapping[str, str]) -> str:
    """A query string in canonical order and encoding; it is sent in the same form."""
    pairs = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in query.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def sign_headers(request: Request, *, who: Credentials, service: str, now: float) -> dict[str, str]:
    """The headers to send with a request: its own, and those that authorise it. The client adds Host itself."""
    digest = sha256(request.payload).hexdigest()
    own = dict(request.headers)
    if service == "s3":
        own["x-amz-content-sha256"] = digest
    seal = _seal(who, service, int(now), (("host", request.host), *own.items()))
    canonical = _hash(request, seal.lines, seal.names, digest)
    signature = _sign(who, service, seal.stamp, seal.text + canonical)
    return {**own, **seal.headers, "authorization": seal.authorization + signature}


def presign_url(
    request: Request,
    *,
    who: Credentials,
    expires_seconds: int,
    now: float,
    scheme: str = "https",
    service: str = "s3",
) -> str:
    """A URL that whoever holds it may use as it stands, no longer than a week; S3's takes any payload.

    It dies with the session token that signed it, whatever `expires_seconds` says. The request's headers become a
    condition: whoever uses the URL must send them with the same values (`content-length` fixes an upload's size).
    """
    stamp = _stamp(int(now))
    scope = f"{stamp[:8]}/{who.region}/{service}/aws4_request"
    query = {
        **request.query,
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{who.access_key_id}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(expires_seconds),
        "X-Amz-SignedHeaders": ";".join(sorted(["host", *request.headers])),
    }
    if who.session_token:
        query["X-Amz-Security-Token"] = who.session_token
    digest = "UNSIGNED-PAYLOAD" if service == "s3" else sha256(request.payload).hexdigest()
    lines, names = _signed_lines([("host", request.host), *request.headers.items()])
    canonical = _hash(request._replace(query=query), lines, names, digest)
    signature = _sign(who, service, stamp, f"{_ALGORITHM}\n{stamp}\n{scope}\n{canonical}")
    written = "&".join([f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items()])
    return f"{scheme}://{request.host}{request.path}?{written}&X-Amz-Signature={signature}"


def presign_post(form: Form, *, who: Credentials, now: float) -> dict[str, str]:
    """The fields of an S3 upload form; the client adds the file as the last field, called `file`."""
    stamp = _stamp(int(now))
    fields = {
        "key": form.key,
        "Content-Type": form.content_type,
        "x-amz-algorithm": _ALGORITHM,
        "x-amz-credential": f"{who.access_key_id}/{stamp[:8]}/{who.region}/s3/aws4_request",
        "x-amz-date": stamp,
    }
    if who.session_token:
        fields["x-amz-security-token"] = who.session_token
    policy = {
        "expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(now) + form.expires_seconds)),
        "conditions": [
            {"bucket": form.bucket},
            ["content-length-range", form.least_bytes, form.most_bytes],
            *({name: value} for name, value in fields.items()),
        ],
    }
    text = base64.b64encode(json.dumps(policy).encode()).decode()
    return {**fields, "policy": text, "x-amz-signature": _sign(who, "s3", stamp, text)}


class _Seal(NamedTuple):
    """What all signatures of a second have in common that are for the same host, service and headers.

    `headers` are those that signing adds, `lines` and `names` the signed ones in canonical form, `text` the string to
    sign up to the canonical request's hash, and `authorization` the header up to the signature.
    """

    stamp: str
    headers: Mapping[str, str]
    lines: str
    names: str
    text: str
    authorization: str


@functools.lru_cache(maxsize=32)
def _seal(who: Credentials, service: str, second: int, headers: tuple[tuple[str, str], ...]) -> _Seal:
    stamp = _stamp(second)
    added = {"x-amz-date": stamp} | ({"x-amz-security-token": who.session_token} if who.session_token else {})
    lines, names = _signed_lines((dict(headers) | added).items())
    scope = f"{stamp[:8]}/{who.region}/{service}/aws4_request"
    return _Seal(
        stamp=stamp,
        headers=added,
        lines=lines,
        names=names,
        text=f"{_ALGORITHM}\n{stamp}\n{scope}\n",
        authorization=f"{_ALGORITHM} Credential={who.access_key_id}/{scope}, SignedHeaders={names}, Signature=",
    )


def _signed_lines(headers: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """The canonical lines of headers, and their names."""
    ordered = sorted(headers)
    lines = [f"{name}:{' '.join(value.split())}\n" for name, value in ordered]
    return "".join(lines), ";".join([name for name, _ in ordered])


def _hash(request: Request, lines: str, names: str, digest: str) -> str:
    """The hash of the canonical request."""
    query = encode_query(request.query) if request.query else ""
    text = f"{request.method}\n{request.path}\n{query}\n{lines}\n{names}\n{digest}"
    return sha256(text.encode()).hexdigest()


def _sign(who: Credentials, service: str, stamp: str, text: str) -> str:
    keyed = _signing_key(who.secret_access_key, stamp[:8], who.region, service).copy()
    keyed.update(text.encode())
    return keyed.hexdigest()


@functools.lru_cache(maxsize=32)
def _signing_key(secret: str, date: str, region: str, service: str) -> hmac.HMAC:
    """The day's key, already set up: copying it costs less than to begin an HMAC from its bytes."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, digestmod="sha256")


@functools.lru_cache(maxsize=8)
def _stamp(second: int) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
