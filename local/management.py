"""The `@connections` API: posts to a connection, asks about it or ends it, for callers who sign their requests.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

import asyncio
import functools
import hashlib
import hmac
import json
import re
import time
from calendar import timegm
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from starlette.types import Receive, Scope, Send

from chalicelib.core import sigv4
from chalicelib.core.config import settings
from local.events import MESSAGE_BYTES, STAGE, Headers, request_id
from local.faults import Fault, Faults
from local.http_posts import whole_post
from local.responses import Answer, DisconnectedError, read_body
from local.signatures import VPC_TOKEN
from local.websocket import Connection, GoneError, WebSocketApi

SIGNATURE_SECONDS = 5 * 60

# What stands between the stage and the connection's id in a path.
DOOR = "@connections"

_CONNECTION_ID = re.compile(r"[A-Za-z0-9_-]{15}=")
_CLAIM = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/,]+)/([^,]+), *SignedHeaders=([^,]+), *")
_ALWAYS_SIGNED = frozenset({"host", "x-amz-date"})
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_USUAL_POST = (f"POST /{STAGE}/%40connections/".encode(), f"POST /{STAGE}/@connections/".encode())


class RefusedError(Exception):
    """A request that the API answers with an error: `name` is the exception of AWS's SDKs."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.name = name


class Call(NamedTuple):
    """A request. `path` is as it was sent, `headers` by their names in lower case, repeated ones joined."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class Claim(NamedTuple):
    """What the Authorization header says beside the signature: the access key, its scope, and the signed headers."""

    key: str
    scope: str
    signed: frozenset[str]


class ManagementApi:
    """The ASGI app at `@connections/{connection_id}`."""

    def __init__(self, sockets: WebSocketApi, faults: Faults) -> None:
        self._sockets = sockets
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except DisconnectedError:
            return
        except (GoneError, RefusedError) as error:
            answer = _refusal(error)
        await answer.give(send)

    def at_once(self, data: bytes) -> Answer | None:
        """The answer to a usual post that came whole in one read; None for all else, which comes by ASGI then."""
        call = None if self._faults.in_force else _usual_post(data)
        if call is None or len(call.body) > MESSAGE_BYTES:
            return None
        try:
            connection = self._admit(call)
            if connection.is_slow:
                return None
            connection.send_at_once(_text(call.body))
        except (GoneError, RefusedError) as error:
            return _refusal(error)
        return _done(200)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        # Up to 1 MB is read to its end, so that the client sees why it is refused.
        body = await read_body(receive, limit=MESSAGE_BYTES, patience=8 * MESSAGE_BYTES)
        if body is None:
            raise RefusedError(413, "PayloadTooLargeException", "Message too long")
        call = Call(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=Headers(scope).joined(),
            body=body,
        )
        connection = self._admit(call)
        match call.method:
            case "POST":
                if late := self._faults.take(Fault.POST_LOST, _names(call.path)[0]):
                    await asyncio.sleep(late)
                    raise RefusedError(504, "GatewayTimeoutException", "Endpoint request timed out")
                await connection.send(_text(body))
                return _done(200)
            case "GET":
                return _describe(connection)
            case "DELETE":
                await connection.close(1000, "Connection Closed Normally")
                return _done(204)
        raise RefusedError(403, "MissingAuthenticationTokenException", "Missing Authentication Token")

    def _admit(self, call: Call) -> Connection:
        """The open connection that a signed request names. Raises RefusedError and GoneError."""
        _check_signature(call)
        identifier, _ = _names(call.path)
        if not _CONNECTION_ID.fullmatch(identifier):
            raise RefusedError(400, "BadRequestException", f"Invalid connectionId: {identifier}")
        if self._faults.take(Fault.POST_THROTTLED, identifier):
            raise RefusedError(429, "LimitExceededException", "Too Many Requests")
        if self._faults.take(Fault.POST_GONE, identifier):
            raise GoneError(identifier)
        connection = self._sockets.connections.get(identifier)
        if connection is None or connection.closed is not None:
            raise GoneError(identifier)
        return connection


def _usual_post(data: bytes) -> Call | None:
    """A post to a connection; None for all else."""
    post = whole_post(data) if data.startswith(_USUAL_POST) else None
    return Call("POST", post.path, "", post.headers, post.body) if post is not None else None


def _text(body: bytes) -> bytes:
    """A payload as the client gets it, which is always UTF-8."""
    return body if body.isascii() else body.decode("utf-8", "replace").encode()


def _describe(connection: Connection) -> Answer:
    description = {
        "connectedAt": _iso(connection.connected_at),
        "identity": connection.identity,
        "lastActiveAt": _iso(connection.last_active_at),
    }
    headers = [("Content-Type", "application/json"), ("x-amzn-RequestId", request_id())]
    return Answer(200, headers, json.dumps(description).encode())


def _iso(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:03d}Z"


def _done(status: int) -> Answer:
    return Answer(status, [("x-amzn-RequestId", request_id())])


def _refusal(error: GoneError | RefusedError) -> Answer:
    status, name, message = (
        (error.status, error.name, str(error)) if isinstance(error, RefusedError) else (410, "GoneException", "Gone")
    )
    headers = [
        ("Content-Type", "application/json"),
        ("x-amzn-ErrorType", name),
        ("x-amzn-RequestId", request_id()),
    ]
    return Answer(status, headers, json.dumps({"message": message}).encode())


def _check_signature(call: Call) -> None:
    """Signs the request anew by the product's own signer, and compares. Raises RefusedError with 403."""
    headers = call.headers
    claim, _, signature = headers.get("authorization", "").rpartition("Signature=")
    given = _claimed(claim)
    if given is None or not _SIGNATURE.fullmatch(signature):
        raise RefusedError(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    ours = settings()
    timestamp = headers.get("x-amz-date", "")
    token = headers.get("x-amz-security-token")
    if given.key != ours.access_key_id or (token and token.removesuffix(VPC_TOKEN)) != ours.session_token:
        raise RefusedError(
            403, "UnrecognizedClientException", "The security token included in the request is invalid."
        )
    if given.scope != f"{timestamp[:8]}/{ours.region}/execute-api/aws4_request":
        raise _invalid("Credential should be scoped to this region, service and date.")
    seconds = _seconds(timestamp)
    if abs(seconds - time.time()) > SIGNATURE_SECONDS:
        raise _invalid(f"Signature expired: {timestamp} is too far from now.")
    if not _ALWAYS_SIGNED.issubset(given.signed) or (token and "x-amz-security-token" not in given.signed):
        raise _invalid("'host', 'x-amz-date' and 'x-amz-security-token' must be signed.")
    declared = headers.get("x-amz-content-sha256")
    if declared is not None and declared != hashlib.sha256(call.body).hexdigest():
        raise _invalid("The value of x-amz-content-sha256 is not that of the body.")
    request = sigv4.Request(
        method=call.method,
        host=headers.get("host", ""),
        path=_names(call.path)[1],
        query=dict(parse_qsl(call.query, keep_blank_values=True)) if call.query else {},
        headers={name: headers[name] for name in given.signed if name in headers and name != "host"},
        payload=call.body,
    )
    who = sigv4.Credentials(ours.access_key_id, ours.secret_access_key, token, ours.region)
    expected = sigv4.sign_headers(request, who=who, service="execute-api", now=seconds)["authorization"]
    if not hmac.compare_digest(expected[-64:], signature):
        raise _invalid("The request signature we calculated does not match the signature you provided.")


@functools.lru_cache(maxsize=64)
def _claimed(text: str) -> Claim | None:
    """The same for all posts of a second."""
    given = _CLAIM.fullmatch(text)
    return Claim(given[1], given[2], frozenset(given[3].split(";"))) if given else None


@functools.lru_cache(maxsize=4096)
def _names(path: str) -> tuple[str, str]:
    """The connection's id in a path, and the path in canonical form: both are asked for at every post."""
    return unquote(path.split("/", 3)[3]), sigv4.canonical_path(path)


@functools.lru_cache(maxsize=8)
def _seconds(timestamp: str) -> int:
    try:
        return timegm(time.strptime(timestamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise _invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version.") from None


def _invalid(message: str) -> RefusedError:
    return RefusedError(403, "InvalidSignatureException", message)
