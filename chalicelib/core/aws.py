"""Small signed clients for DynamoDB, SQS, S3, SES and Chime over kept connections: as botocore, without its import.

Throttling, 5xx answers and dropped connections are tried again with full jitter, within bounds that leave a
request its time. **A write that was tried again may have been applied twice**: where a connection drops, nobody
can tell whether the service had acted. So a conditional write can fail on the condition that its own first try
made false, and a message may be queued twice (a FIFO queue's deduplication id stops that). Write so that this is
harmless.
"""

import random
import re
import time
from collections.abc import Mapping, Set
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import msgspec

from chalicelib.core import sigv4
from chalicelib.core.config import settings
from chalicelib.core.exchanges import Answer, Call, Location, NotExchangedError

# DynamoDB and SQS answer in milliseconds: what takes longer is lost, and a new connection is the better bet.
SOCKET_SECONDS = 3.0
# Together with the pauses between them, well inside the 29 s that API Gateway gives a request.
ATTEMPTS = 4
TOTAL_SECONDS = 8.0
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0
# The system's generator: containers that were cloned from one snapshot would share the seed of any other.
_jitter = random.SystemRandom()

# The services that are asked at names with IPv6 addresses where functions may use IPv6 (`dual_stack`). The VPC's
# gateway endpoints lead to DynamoDB and S3: they are free, and keep to the stage's own table and bucket.
BY_IPV6 = ("sqs", "chime")
# Where a service's host has another name than its rights.
_HOSTS = {"chime": "meetings-chime"}

# An endpoint of another region is asked with a signature for that region.
_BEDROCK_REGION = re.compile(r"bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.")

_TRY_AGAIN = frozenset(
    {
        "ConnectionFailed",
        "InternalServerError",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


Value = str | int | float | bool | bytes | Set[str]


class AwsError(Exception):
    """A refusal by AWS, or no answer at all.

    `code` is the short name (`ConditionalCheckFailedException`; `ConnectionFailed` where there was no answer),
    `status` the HTTP status (0 without an answer). `reasons` are a cancelled transaction's CancellationReasons,
    one for each of its items in their order: `{"Code": "None" | "ConditionalCheckFailed" | …, "Message"?, "Item"?}`.
    """

    def __init__(
        self, code: str, message: str = "", *, status: int = 0, reasons: tuple[Mapping[str, Any], ...] = ()
    ) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.status = status
        self.reasons = reasons

    @property
    def retryable(self) -> bool:
        """Whether the same request may do better later."""
        if self.reasons:
            causes = {str(reason.get("Code", "None")) for reason in self.reasons} - {"None"}
            return causes <= _TRY_AGAIN
        return self.status >= 500 or self.code in _TRY_AGAIN


class Patience(NamedTuple):
    """For how many seconds an answer is waited for: that to all tries together, and that to each (None: as usual)."""

    together: float = TOTAL_SECONDS
    each: float | None = None


USUAL = Patience()


def dynamodb(operation: str, payload: Mapping[str, Any], *, within: float = TOTAL_SECONDS) -> dict[str, Any]:
    """Calls a DynamoDB operation (`PutItem`, …) with its JSON as AWS documents it; binary values may be bytes.

    `within` bounds the seconds of all tries together.

    Raises AwsError. What a batch left over (UnprocessedItems, UnprocessedKeys) is the caller's to send again.
    """
    return _json("dynamodb", f"DynamoDB_20120810.{operation}", payload, within)


def sqs(operation: str, payload: Mapping[str, Any], *, within: float = TOTAL_SECONDS) -> dict[str, Any]:
    """Calls an SQS operation (`SendMessageBatch`, …) with its JSON as AWS documents it, within so many seconds.

    Raises AwsError. Entries that a batch refused are in the answer (`Failed`), and the caller's to look for.
    """
    return _json("sqs", f"AmazonSQS.{operation}", payload, within)


def ses(letter: Mapping[str, Any], *, within: float = TOTAL_SECONDS) -> None:
    """Sends a letter (SendEmail of SES v2, its JSON as AWS documents it) within so many seconds. Raises AwsError.

    A letter that was tried again may arrive twice.
    """
    where = _service("email")._replace(path="/v2/email/outbound-emails")
    headers = {"content-type": "application/json"}
    request = sigv4.Request("POST", where.host, where.path, {}, headers, msgspec.json.encode(letter))
    _attempts("ses", where, request, Patience(together=within))


def bedrock(model: str, question: Mapping[str, Any]) -> tuple[Location, Call]:
    """Where to send a signed question to a model of Bedrock (ConverseStream, its JSON as AWS documents it).

    The answer comes piece by piece: it is the caller's to read (core/streaming.py).
    """
    chosen = urlsplit(settings().bedrock_url or f"https://bedrock-runtime.{settings().region}.amazonaws.com")
    path = f"{chosen.path.rstrip('/')}/model/{quote(model, safe='')}/converse-stream"
    where = Location(chosen.scheme, chosen.netloc, path)
    body = msgspec.json.encode(question)
    headers = {"content-type": "application/json"}
    request = sigv4.Request("POST", where.host, sigv4.canonical_path(path), {}, headers, body)
    region = _BEDROCK_REGION.match(where.host)
    who = credentials(region[1] if region else None)
    signed = sigv4.sign_headers(request, who=who, service="bedrock", now=time.time())
    return where, Call("POST", "", signed, body)


def chime(
    method: str, path: str, asked: Mapping[str, Any] | None = None, *, within: float = TOTAL_SECONDS
) -> dict[str, Any]:
    """Calls the Amazon Chime SDK's meetings in the rooms' region (`POST /meetings`, its JSON as AWS documents it).

    Raises AwsError. A meeting has a token, and is made once however often that is tried; an attendee perhaps twice.
    """
    where = _service("chime")._replace(path=path)
    headers = {"content-type": "application/json"}
    body = b"" if asked is None else msgspec.json.encode(asked)
    request = sigv4.Request(method, where.host, where.path, {}, headers, body)
    answer = _attempts("chime", where, request, Patience(together=within))
    decoded: dict[str, Any] = msgspec.json.decode(answer.body) if answer.body else {}
    return decoded


def queued(message: object) -> str:
    """What a message of a queue has as its body: its JSON, without the two characters that SQS does not store."""
    return msgspec.json.encode(message).decode().replace("\ufffe", r"\ufffe").replace("\uffff", r"\uffff")


def s3_request(
    method: str,
    key: str,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    patience: Patience = USUAL,
) -> Answer:
    """A request on an object of the uploads bucket, with S3's own headers (`{"range": "bytes=0-511"}`).

    Answers below 500 are returned, 404 and the like included. Raises AwsError where S3 failed or did not answer.
    """
    return _attempts("s3", s3_location(key), _object_request(method, key, query, headers, body), patience)


def s3_presigned_url(
    method: str,
    key: str,
    *,
    expires_seconds: int,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> str:
    """A URL for one request on an object of the uploads bucket.

    `query` holds for example `response-content-disposition`, or `partNumber` and `uploadId`; `headers` are those that
    the client must send as they are here, for example `content-length`.
    """
    return sigv4.presign_url(
        _object_request(method, key, query, headers),
        who=credentials(),
        expires_seconds=expires_seconds,
        now=time.time(),
        scheme=s3_location(key).scheme,
    )


def s3_upload_form(
    key: str, *, content_type: str, least_bytes: int, most_bytes: int, expires_seconds: int
) -> tuple[str, dict[str, str]]:
    """URL and fields of a form that uploads one file to the uploads bucket: this key, this type, a size in bounds."""
    bucket = settings().uploads_bucket
    form = sigv4.Form(bucket, key, content_type, least_bytes, most_bytes, expires_seconds)
    return s3_location("").url, sigv4.presign_post(form, who=credentials(), now=time.time())


def s3_location(key: str) -> Location:
    """Where an object of the uploads bucket is: on the bucket's own host, or in a path on the local endpoint."""
    bucket, path = settings().uploads_bucket, quote(key, safe="/")
    if settings().aws_endpoint_url:
        scheme, host, _ = _service("s3")
        return Location(scheme, host, f"/{bucket}/{path}")
    return Location("https", f"{bucket}.s3.{settings().region}.amazonaws.com", f"/{path}")


def credentials(region: str | None = None) -> sigv4.Credentials:
    """Who signs, for a region: what the settings in force say."""
    now = settings()
    return sigv4.Credentials(now.access_key_id, now.secret_access_key, now.session_token, region or now.region)


def pause_seconds(tries: int) -> float:
    """How long to wait after so many failed tries: anything up to a bound that doubles with each (full jitter)."""
    return _jitter.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(tries - 1, 16)))


def to_item(values: Mapping[str, Value]) -> dict[str, Any]:
    """DynamoDB's attribute JSON (`{"pk": {"S": "…"}}`) of plain values."""
    return {name: _attribute(value) for name, value in values.items()}


def from_item(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The plain values of an item in DynamoDB's attribute JSON; binary ones stay base64 text, lists as they are."""
    return {name: _plain(*attribute.items()) for name, attribute in item.items()}


def _attribute(value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int | float):
        return {"N": repr(value)}
    if isinstance(value, bytes):
        return {"B": value}
    return {"SS": sorted(value)}


def _plain(attribute: tuple[str, Any]) -> Any:
    kind, value = attribute
    if kind == "N":
        return int(value) if value.removeprefix("-").isdigit() else float(value)
    return set(value) if kind == "SS" else value


def _json(service: str, target: str, payload: Mapping[str, Any], within: float) -> dict[str, Any]:
    where = _service(service)
    request = sigv4.Request(
        method="POST",
        host=where.host,
        path=where.path,
        headers={"content-type": "application/x-amz-json-1.0", "x-amz-target": target},
        payload=msgspec.json.encode(payload),
    )
    answer = _attempts(service, where, request, Patience(together=within))
    decoded: dict[str, Any] = msgspec.json.decode(answer.body) if answer.body else {}
    return decoded


def _object_request(
    method: str,
    key: str,
    query: Mapping[str, str] | None,
    headers: Mapping[str, str] | None,
    body: bytes = b"",
) -> sigv4.Request:
    where = s3_location(key)
    named = {name.lower(): value for name, value in (headers or {}).items()}
    return sigv4.Request(method, where.host, where.path, query or {}, named, body)


def _service(name: str) -> Location:
    local = settings().aws_endpoint_url
    if local:
        parts = urlsplit(local)
        return Location(parts.scheme, parts.netloc, "/")
    domain = "api.aws" if settings().dual_stack and name in BY_IPV6 else "amazonaws.com"
    return Location("https", f"{_HOSTS.get(name, name)}.{_region(name)}.{domain}", "/")


def _region(service: str) -> str:
    """Few regions have Chime: the rooms' may be another one than all else's."""
    return settings().chime_region if service == "chime" else settings().region


def _attempts(service: str, where: Location, request: sigv4.Request, patience: Patience) -> Answer:
    from chalicelib.core import transport

    deadline = time.monotonic() + patience.together
    tries = 0
    while True:
        tries += 1
        seconds = min(patience.each or SOCKET_SECONDS, max(deadline - time.monotonic(), FIRST_PAUSE_SECONDS))
        try:
            answer = transport.exchange(where, _signed(request, service), seconds)
        except NotExchangedError as error:
            failure = AwsError("CertificateRefused" if error.certificate_refused else "ConnectionFailed", str(error))
            failure.__cause__ = error
        else:
            if answer.status < 300 or (service == "s3" and answer.status < 500):
                return answer
            failure = _failure(answer)
        pause = pause_seconds(tries)
        if not failure.retryable or tries == ATTEMPTS or time.monotonic() + pause >= deadline:
            raise failure
        time.sleep(pause)


def _signed(request: sigv4.Request, service: str) -> Call:
    """Signed anew for each try: a signature is good for minutes only."""
    headers = sigv4.sign_headers(request, who=credentials(_region(service)), service=service, now=time.time())
    return Call(request.method, sigv4.encode_query(request.query), {**headers, "host": request.host}, request.payload)


def _failure(answer: Answer) -> AwsError:
    """The error in a refusal: JSON from most, XML from S3, and anything from what stands in between."""
    xml = re.search(rb"<Code>([\w.]+)</Code>", answer.body)
    if xml:
        return AwsError(xml[1].decode(), status=answer.status)
    try:
        error = msgspec.json.decode(answer.body, type=_ErrorBody)
    except msgspec.MsgspecError:
        return AwsError(f"Http{answer.status}", status=answer.status)
    # SES says it in a header, with a URL behind it.
    said = error.type or answer.headers.get("x-amzn-errortype", "").partition(":")[0]
    code = said.rpartition("#")[2] or f"Http{answer.status}"
    return AwsError(code, error.message or error.capital_message, status=answer.status, reasons=error.reasons)


class _ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    type: str = msgspec.field(name="__type", default="")
    message: str = ""
    capital_message: str = msgspec.field(name="Message", default="")
    reasons: tuple[dict[str, Any], ...] = msgspec.field(name="CancellationReasons", default=())
