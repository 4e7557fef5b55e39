"""The `@connections` API: posts to a connection, asks about it or ends it, for callers who sign their requests.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

import hashlib
import hmac
import re
import time
from calendar import timegm

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from chalicelib.core.config import settings
from local.events import MESSAGE_BYTES, request_id
from local.faults import Fault, Faults
from local.websocket import Connection, GoneError, WebSocketApi

SIGNATURE_SECONDS = 5 * 60

_CONNECTION_ID = re.compile(r"[A-Za-z0-9_-]{15}=")
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<scope>[^,]+), *"
    r"SignedHeaders=(?P<signed>[^,]+), *Signature=(?P<signature>[0-9a-f]{64})"
)


class RefusedError(Exception):
    """A request that the API answers with an error: `name` is the exception of AWS's SDKs."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.name = name


class ManagementApi:
    """The ASGI app at `@connections/{connection_id}`."""

    def __init__(self, sockets: WebSocketApi, faults: Faults) -> None:
        self._sockets = sockets
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        except GoneError:
            response = _error(410, "GoneException", "Gone")
        except RefusedError as error:
            response = _error(error.status, error.name, str(error))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        body = await _read_body(request)
        _check_signature(request, body)
        connection_id: str = request.path_params["connection_id"]
        if not _CONNECTION_ID.fullmatch(connection_id):
            raise RefusedError(400, "BadRequestException", f"Invalid connectionId: {connection_id}")
        if self._faults.take(Fault.POST_THROTTLED, connection_id):
            raise RefusedError(429, "LimitExceededException", "Too Many Requests")
        if self._faults.take(Fault.POST_GONE, connection_id):
            raise GoneError(connection_id)
        connection = self._sockets.connections.get(connection_id)
        if connection is None or connection.closed is not None:
            raise GoneError(connection_id)
        match request.method:
            case "POST":
                await connection.send(body.decode("utf-8", "replace"))
                return Response(status_code=200, headers={"x-amzn-RequestId": request_id()})
            case "GET":
                return _describe(connection)
            case "DELETE":
                await connection.close(1000, "Connection Closed Normally")
                return Response(status_code=204, headers={"x-amzn-RequestId": request_id()})
        raise RefusedError(403, "MissingAuthenticationTokenException", "Missing Authentication Token")


def _describe(connection: Connection) -> Response:
    return JSONResponse(
        {
            "connectedAt": _iso(connection.connected_at),
            "identity": connection.identity,
            "lastActiveAt": _iso(connection.last_active_at),
        },
        headers={"x-amzn-RequestId": request_id()},
    )


def _iso(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:03d}Z"


def _error(status: int, name: str, message: str) -> Response:
    headers = {"x-amzn-ErrorType": name, "x-amzn-RequestId": request_id()}
    return JSONResponse({"message": message}, status_code=status, headers=headers)


async def _read_body(request: Request) -> bytes:
    """The body. Raises RefusedError over 128 KB; up to 1 MB is read to its end, so that the client sees why."""
    body = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MESSAGE_BYTES:
            body += chunk
        elif size > 8 * MESSAGE_BYTES:
            break
    if size > MESSAGE_BYTES:
        raise RefusedError(413, "PayloadTooLargeException", "Message too long")
    return bytes(body)


def _check_signature(request: Request, body: bytes) -> None:
    """Computes by botocore what the signature must be. Raises RefusedError with 403."""
    given = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if given is None:
        raise RefusedError(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    ours = settings()
    timestamp = request.headers.get("x-amz-date", "")
    signed = given["signed"].split(";")
    token = request.headers.get("x-amz-security-token")
    if given["key"] != ours.access_key_id or token != ours.session_token:
        raise RefusedError(
            403, "UnrecognizedClientException", "The security token included in the request is invalid."
        )
    if given["scope"] != f"{timestamp[:8]}/{ours.region}/execute-api/aws4_request":
        raise _invalid("Credential should be scoped to this region, service and date.")
    _check_time(timestamp)
    if not {"host", "x-amz-date"} <= set(signed) or (token and "x-amz-security-token" not in signed):
        raise _invalid("'host', 'x-amz-date' and 'x-amz-security-token' must be signed.")
    declared = request.headers.get("x-amz-content-sha256")
    if declared is not None and declared != hashlib.sha256(body).hexdigest():
        raise _invalid("The value of x-amz-content-sha256 is not that of the body.")
    target = request.scope["raw_path"].decode() + (f"?{request.url.query}" if request.url.query else "")
    received = AWSRequest(request.method, url=f"http://{request.headers['host']}{target}", data=body)
    for name in signed:
        for value in request.headers.getlist(name):
            received.headers[name] = value
    received.context["timestamp"] = timestamp
    signer = SigV4Auth(Credentials(ours.access_key_id, ours.secret_access_key), "execute-api", ours.region)
    expected = signer.signature(signer.string_to_sign(received, signer.canonical_request(received)), received)
    if not hmac.compare_digest(expected, given["signature"]):
        raise _invalid("The request signature we calculated does not match the signature you provided.")


def _check_time(timestamp: str) -> None:
    try:
        seconds = timegm(time.strptime(timestamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise _invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version.") from None
    if abs(seconds - time.time()) > SIGNATURE_SECONDS:
        raise _invalid(f"Signature expired: {timestamp} is too far from now.")


def _invalid(message: str) -> RefusedError:
    return RefusedError(403, "InvalidSignatureException", message)
