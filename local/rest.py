"""The REST API: what API Gateway does between an HTTP request and `api_handler`."""

import base64
import binascii
import logging
import re
from collections.abc import Iterable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local.events import (
    ACCOUNT_ID,
    API_ID,
    REQUEST_BYTES,
    STAGE,
    Limits,
    forwarded_headers,
    gateway_id,
    header,
    header_maps,
    now_ms,
    query_maps,
    request_id,
    request_time,
    source_ip,
)
from local.functions import REST_FUNCTION, CallerTimeoutError, EventTooLargeError, Functions, InvocationError
from local.responses import GatewayResponses
from local.routes import Match, RouteTable

logger = logging.getLogger("local.rest")

# Header names that API Gateway takes for itself, in lower case.
_NOT_PASSED_ON = frozenset(
    {"connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
_REMAPPED = frozenset(
    {"authorization", "connection", "content-md5", "date", "expect", "host", "max-forwards"}
    | {"proxy-authenticate", "server", "te", "trailer", "upgrade", "user-agent", "www-authenticate"}
)
_COMPUTED = frozenset({"content-length", "transfer-encoding"})

# What only signed or authorized requests have.
_NOT_IDENTIFIED = (
    *("accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType"),
    *("cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn"),
)

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class MalformedError(Exception):
    """The handler's answer is not of the form that API Gateway requires; the message says where."""


class RestApi:
    """The REST API of a Chalice app."""

    def __init__(self, functions: Functions, responses: GatewayResponses, limits: Limits) -> None:
        self._functions = functions
        self._responses = responses
        self._limits = limits
        self._routes = RouteTable(functions.app.routes)
        self._binary_types: list[str] = functions.app.api.binary_types

    async def answer(self, request: Request, segments: list[str], path: str) -> Response:
        """Serves still encoded path segments below the base path; `path` is what the event says."""
        identifier = request_id()
        match = self._routes.match(segments)
        if match is None:
            return self._responses.response("MISSING_AUTHENTICATION_TOKEN", identifier)
        if request.method not in match.methods:
            preflight = _preflight(match) if request.method == "OPTIONS" else None
            return preflight or self._responses.response("MISSING_AUTHENTICATION_TOKEN", identifier)
        body = await _read_body(request)
        if body is None:
            response = self._responses.response("REQUEST_TOO_LARGE", identifier)
            response.headers["Connection"] = "close"
            return response
        event = self._event(request, match, path=path, identifier=identifier, body=body)
        try:
            answer = await self._functions.invoke(REST_FUNCTION, event, timeout=self._limits.integration_seconds)
            return self._response(answer, request.headers.get("accept", ""), identifier)
        except EventTooLargeError:
            kind = "REQUEST_TOO_LARGE"
        except CallerTimeoutError:
            kind = "INTEGRATION_TIMEOUT"
        except InvocationError:
            kind = "DEFAULT_5XX"
        except MalformedError as error:
            logger.error("%s answered %s with a malformed result: %s", REST_FUNCTION, match.resource, error)
            kind = "DEFAULT_5XX"
        return self._responses.response(kind, identifier)

    def _event(self, request: Request, match: Match, *, path: str, identifier: str, body: bytes) -> dict[str, Any]:
        scope = request.scope
        binary = body and _is_one_of(request.headers.get("content-type", ""), self._binary_types)
        return {
            "resource": match.resource,
            "path": path,
            "httpMethod": request.method,
            **header_maps(forwarded_headers(scope, without=_NOT_PASSED_ON)),
            **query_maps(scope),
            "pathParameters": match.parameters or None,
            "stageVariables": None,
            "requestContext": _context(request, match, identifier),
            "body": (base64.b64encode(body).decode() if binary else body.decode("utf-8", "replace")) or None,
            "isBase64Encoded": bool(binary),
        }

    def _response(self, answer: Any, accept: str, identifier: str) -> Response:
        """The handler's answer as HTTP. Raises MalformedError."""
        if not isinstance(answer, dict):
            raise MalformedError("not an object")
        status, headers, body = _status(answer), list(_headers(answer)), answer.get("body")
        if body is not None and not isinstance(body, str):
            raise MalformedError("body")
        content = (body or "").encode()
        if answer.get("isBase64Encoded") is True and _is_one_of(accept.partition(",")[0], self._binary_types):
            try:
                content = base64.b64decode(content, validate=True)
            except binascii.Error as error:
                raise MalformedError("body is not base64") from error
        response = Response(b"" if status in {204, 304} else content, status_code=status)
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", "application/json"))
        headers += [("x-amzn-RequestId", identifier), ("x-amz-apigw-id", gateway_id())]
        response.raw_headers += [(name.encode(), value.encode("latin-1")) for name, value in headers]
        return response


class BasePath:
    """The ASGI app of a REST API under a base path; `mapped` for a custom domain's, which events keep in `path`."""

    def __init__(self, api: RestApi, base: str, *, mapped: bool = False) -> None:
        self._api = api
        self._depth = base.count("/")
        self._mapped = mapped

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        segments = scope["raw_path"].decode("latin-1").split("/")[1:]
        below = segments[self._depth :]
        path = "/" + "/".join(segments if self._mapped else below)
        try:
            response = await self._api.answer(Request(scope, receive), below or [""], path)
        except ClientDisconnect:
            return
        await response(scope, receive, send)


async def _read_body(request: Request) -> bytes | None:
    """The body, or None when it is over 10 MB.

    Some more of it is thrown away before that is told, since many clients read no answer before they have sent all.
    """
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= REQUEST_BYTES:
            chunks.append(chunk)
        elif size > 4 * REQUEST_BYTES:
            break
        else:
            chunks.clear()
    return None if size > REQUEST_BYTES else b"".join(chunks)


def _context(request: Request, match: Match, identifier: str) -> dict[str, Any]:
    time = now_ms()
    domain = request.headers.get("host", "")
    return {
        "accountId": ACCOUNT_ID,
        "apiId": API_ID,
        "domainName": domain,
        "domainPrefix": domain.split(".")[0],
        "extendedRequestId": gateway_id(),
        "httpMethod": request.method,
        "identity": {
            **dict.fromkeys(_NOT_IDENTIFIED),
            "sourceIp": source_ip(request.scope),
            "userAgent": header(request.scope, "user-agent"),
        },
        "path": request.scope["raw_path"].decode("latin-1"),
        "protocol": f"HTTP/{request.scope['http_version']}",
        "requestId": identifier,
        "requestTime": request_time(time),
        "requestTimeEpoch": time,
        "resourceId": "local0",
        "resourcePath": match.resource,
        "stage": STAGE,
    }


def _preflight(match: Match) -> Response | None:
    """The mock integration that Chalice deploys for the OPTIONS of a path one of whose routes has CORS."""
    allowed = [method for method, entry in match.methods.items() if entry.cors is not None]
    if not allowed:
        return None
    cors = match.methods[allowed[-1]].cors
    return Response(
        status_code=200,
        media_type="application/json",
        headers={
            "Access-Control-Allow-Methods": ",".join([*allowed, "OPTIONS"]),
            **cors.get_access_control_headers(),
        },
    )


def _status(answer: dict[str, Any]) -> int:
    try:
        status = int(str(answer.get("statusCode")))
    except ValueError:
        status = 0
    if not 200 <= status <= 599:
        raise MalformedError("statusCode")
    return status


def _headers(answer: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """Both kinds of headers as one list; a name in both is taken from the multi-value ones."""
    single, several = answer.get("headers") or {}, answer.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(several, dict):
        raise MalformedError("headers")
    repeated = {name.lower() for name in several}
    pairs = [(name, value) for name, value in single.items() if name.lower() not in repeated]
    for name, values in several.items():
        if not isinstance(values, list):
            raise MalformedError("multiValueHeaders")
        pairs += [(name, value) for value in values]
    for name, value in pairs:
        if isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, str | int | float):
            text = str(value)
        else:
            raise MalformedError("the value of a header")
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(text):
            raise MalformedError("a header that HTTP does not allow")
        lower = name.lower()
        if lower not in _COMPUTED:
            yield f"x-amzn-Remapped-{name}" if lower in _REMAPPED else name, text.strip()


def _is_one_of(media_type: str, binary_types: list[str]) -> bool:
    kind = media_type.partition(";")[0].strip().lower()
    return any(kind == wanted or wanted in {"*/*", f"{kind.partition('/')[0]}/*"} for wanted in binary_types)
