"""The REST API: what API Gateway does between an HTTP request and `api_handler`."""

import base64
import binascii
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.types import Receive, Scope, Send

from local.compression import BrokenBodyError, UnknownEncodingError, compressed, decode
from local.events import (
    ACCOUNT_ID,
    API_ID,
    REQUEST_BYTES,
    STAGE,
    Headers,
    Limits,
    forwarded_headers,
    gateway_id,
    header_maps,
    now_ms,
    query_maps,
    request_id,
    request_time,
    source_ip,
)
from local.functions import (
    REST_FUNCTION,
    CallerTimeoutError,
    EventTooLargeError,
    Functions,
    InvocationError,
    ThrottledError,
)
from local.responses import Answer, DisconnectedError, GatewayResponses, read_body
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
_NOT_IDENTIFIED = dict.fromkeys(
    (
        *("accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType"),
        *("cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn"),
    )
)

# Which of its own answers API Gateway gives, by what has happened.
_REFUSALS: dict[type[Exception], str] = {
    EventTooLargeError: "REQUEST_TOO_LARGE",
    UnknownEncodingError: "UNSUPPORTED_MEDIA_TYPE",
    BrokenBodyError: "BAD_REQUEST_BODY",
    CallerTimeoutError: "INTEGRATION_TIMEOUT",
    ThrottledError: "THROTTLED",
}

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class MalformedError(Exception):
    """The handler's answer is not of the form that API Gateway requires; the message says where."""


class RestApi:
    """The REST API of a Chalice app."""

    def __init__(
        self,
        functions: Functions,
        responses: GatewayResponses,
        limits: Limits,
        apart: Mapping[tuple[str, str], str],
    ) -> None:
        self._apart = apart
        self._functions = functions
        self._responses = responses
        self._limits = limits
        self._app = functions.app
        self._routes = RouteTable(self._app.routes)

    async def serve(self, scope: Scope, receive: Receive, send: Send, *, segments: list[str], path: str) -> None:
        """Answers a request for still encoded path segments below the base path; `path` is what the event says."""
        try:
            answer = await self._answer(scope, receive, segments, path)
        except DisconnectedError:
            return
        accepted = Headers(scope).last.get("accept-encoding", "")
        await compressed(answer, accepted, self._app.least_compressed).give(send)

    async def _answer(self, scope: Scope, receive: Receive, segments: list[str], path: str) -> Answer:
        identifier = request_id()
        method = scope["method"]
        if self._app is not self._functions.app:  # it was loaded anew
            self._app = self._functions.app
            self._routes = RouteTable(self._app.routes)
        match = self._routes.match(segments)
        if match is None:
            return self._responses.answer("MISSING_AUTHENTICATION_TOKEN", identifier)
        if method not in match.methods:
            preflight = _preflight(match) if method == "OPTIONS" else None
            return preflight or self._responses.answer("MISSING_AUTHENTICATION_TOKEN", identifier)
        body = await read_body(receive, limit=REQUEST_BYTES, patience=4 * REQUEST_BYTES)
        if body is None:
            refusal = self._responses.answer("REQUEST_TOO_LARGE", identifier)
            return refusal._replace(headers=[*refusal.headers, ("Connection", "close")])
        headers = Headers(scope)
        function = self._apart.get((method, match.resource), REST_FUNCTION)
        try:
            content = self._decoded(body, headers.last.get("content-encoding", ""))
            event = self._event(scope, headers, match, path=path, identifier=identifier, body=content)
            answer = await self._functions.invoke(function, event, timeout=self._limits.integration_seconds)
            return self._passed_on(answer, headers.last.get("accept", ""), identifier)
        except (InvocationError, UnknownEncodingError, BrokenBodyError) as error:
            kind = _REFUSALS.get(type(error), "DEFAULT_5XX")
        except MalformedError as error:
            logger.error("%s answered %s with a malformed result: %s", function, match.resource, error)
            kind = "DEFAULT_5XX"
        return self._responses.answer(kind, identifier)

    def _decoded(self, body: bytes, encoding: str) -> bytes:
        """The body as the handler gets it. Raises UnknownEncodingError, BrokenBodyError and EventTooLargeError."""
        if self._app.least_compressed is None:
            return body
        content = decode(body, encoding, limit=REQUEST_BYTES)
        if content is None:
            raise EventTooLargeError
        return content

    def _event(
        self, scope: Scope, headers: Headers, match: Match, *, path: str, identifier: str, body: bytes
    ) -> dict[str, Any]:
        binary = body and _is_one_of(headers.last.get("content-type", ""), self._app.binary_types)
        return {
            "resource": match.resource,
            "path": path,
            "httpMethod": scope["method"],
            **header_maps(forwarded_headers(scope, headers, without=_NOT_PASSED_ON)),
            **query_maps(scope),
            "pathParameters": match.parameters or None,
            "stageVariables": None,
            "requestContext": _context(scope, headers, match, identifier),
            "body": (base64.b64encode(body).decode() if binary else body.decode("utf-8", "replace")) or None,
            "isBase64Encoded": bool(binary),
        }

    def _passed_on(self, answer: Any, accept: str, identifier: str) -> Answer:
        """The handler's answer as HTTP. Raises MalformedError."""
        if not isinstance(answer, dict):
            raise MalformedError("not an object")
        status, headers, body = _status(answer), list(_headers(answer)), answer.get("body")
        if body is not None and not isinstance(body, str):
            raise MalformedError("body")
        content = (body or "").encode()
        if answer.get("isBase64Encoded") is True and _is_one_of(accept.partition(",")[0], self._app.binary_types):
            try:
                content = base64.b64decode(content, validate=True)
            except binascii.Error as error:
                raise MalformedError("body is not base64") from error
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", "application/json"))
        headers += [("x-amzn-RequestId", identifier), ("x-amz-apigw-id", gateway_id())]
        return Answer(status, headers, content)


def _context(scope: Scope, headers: Headers, match: Match, identifier: str) -> dict[str, Any]:
    time = now_ms()
    domain = headers.last.get("host", "")
    return {
        "accountId": ACCOUNT_ID,
        "apiId": API_ID,
        "domainName": domain,
        "domainPrefix": domain.split(".")[0],
        "extendedRequestId": gateway_id(),
        "httpMethod": scope["method"],
        "identity": {
            **_NOT_IDENTIFIED,
            "sourceIp": source_ip(scope),
            "userAgent": headers.last.get("user-agent"),
        },
        "path": scope["raw_path"].decode("latin-1"),
        "protocol": f"HTTP/{scope['http_version']}",
        "requestId": identifier,
        "requestTime": request_time(time),
        "requestTimeEpoch": time,
        "resourceId": "local0",
        "resourcePath": match.resource,
        "stage": STAGE,
    }


def _preflight(match: Match) -> Answer | None:
    """The mock integration that Chalice deploys for the OPTIONS of a path one of whose routes has CORS."""
    allowed = [method for method, entry in match.methods.items() if entry.cors is not None]
    if not allowed:
        return None
    headers = {
        "Access-Control-Allow-Methods": ",".join([*allowed, "OPTIONS"]),
        **match.methods[allowed[-1]].cors.get_access_control_headers(),
        "Content-Type": "application/json",
    }
    return Answer(200, list(headers.items()))


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
