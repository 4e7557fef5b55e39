"""moto's services in this process, called in two ways that answer the same.

The whole way is moto's own server: Flask, werkzeug's routing, a parser and a writer that walk through the service's
model. The short way goes straight to moto's handler of an operation, which checks expressions and conditions and
keeps the state. It is for the operations of the product's hot path.
"""

import functools
import os
import zlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, get_service_model
from moto.dynamodb.responses import DynamoHandler
from moto.moto_server.werkzeug_app import create_backend_app
from moto.sqs.responses import SQSResponse
from werkzeug.exceptions import HTTPException

from local import wsgi
from local.aws_items import read_items
from local.events import ACCOUNT_ID
from local.wsgi import Answer, Environ

_HANDLERS = {"dynamodb": DynamoHandler, "sqs": SQSResponse}
_TARGETS = {"dynamodb": "DynamoDB_20120810", "sqs": "AmazonSQS"}
_CONTENT_TYPE = "application/x-amz-json-1.0"

_SHORT = {
    "dynamodb": frozenset(
        {
            "BatchGetItem",
            "BatchWriteItem",
            "DeleteItem",
            "GetItem",
            "PutItem",
            "Query",
            "TransactWriteItems",
            "UpdateItem",
        }
    ),
    "sqs": frozenset(
        {
            "ChangeMessageVisibilityBatch",
            "DeleteMessage",
            "DeleteMessageBatch",
            "GetQueueAttributes",
            "ReceiveMessage",
            "SendMessage",
            "SendMessageBatch",
        }
    ),
}

# moto's own parser decodes binary values: a request with one of these goes the whole way.
_BINARY = (b'"B"', b'"BS"', b'"BinaryValue"')


class Moto:
    """One account in one region. One call at a time: moto is not made for threads.

    With `whole` every call goes the whole way.
    """

    def __init__(self, region: str, *, whole: bool = False) -> None:
        self.region = region
        self._whole = whole
        self._applications: dict[str, wsgi.Application] = {}

    def short(self, service: str, action: str, body: bytes) -> dict[str, Any] | None:
        """The request, decoded, where it can take the short way."""
        if self._whole or action not in _SHORT.get(service, ()) or any(word in body for word in _BINARY):
            return None
        try:
            payload = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return None
        known, _ = _members(service, action)
        if not isinstance(payload, dict) or not payload.keys() <= known:
            return None
        # moto's own parser leaves nulls out.
        return None if b"null" in body and _has_null(payload) else payload

    def call(self, service: str, action: str, payload: dict[str, Any]) -> Answer:
        """Goes the short way. `payload` becomes moto's."""
        if service == "dynamodb":
            read = read_items(action, payload, self.region)
            if read is not None:
                return self._answer(service, read)
        handler = self._handler(service, action, payload)
        try:
            result = getattr(handler, camelcase_to_underscores(action))().result
        except ServiceException as error:
            status, headers, body = handler.serialized(ActionResult(error))
            return self._answer(service, body.encode(), status=status, headers=headers)
        except HTTPException as error:
            # Most refusals of DynamoDB: their description is the body.
            text = str(error.description).encode()
            return self._answer(service, text, status=error.code or 400, headers=dict(error.get_headers()))
        _, wanted = _members(service, action)
        kept = {name: _without_nones(value) for name, value in (result or {}).items() if name in wanted}
        return self._answer(service, msgspec.json.encode(kept))

    def whole(self, service: str, environ: Environ) -> Answer:
        """Goes the whole way."""
        return wsgi.call(self._application(service), environ)

    def prepare(self, service: str) -> None:
        """Has the whole way of a service ready, which takes up to a second; else the first request has to wait."""
        self._application(service)

    def _application(self, service: str) -> wsgi.Application:
        if service not in self._applications:
            self._applications[service] = create_backend_app(service)
        return self._applications[service]

    def request(self, service: str, action: str, body: bytes) -> Environ:
        """A request for the whole way that never was on a wire."""
        scope = f"local/20000101/{self.region}/{service}/aws4_request"
        headers = {
            "Content-Type": _CONTENT_TYPE,
            "X-Amz-Target": f"{_TARGETS[service]}.{action}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        }
        return wsgi.make_environ("POST", "/", headers, body)

    def _handler(self, service: str, action: str, payload: dict[str, Any]) -> Any:
        """What moto's front makes of a request, as far as the operations look at it."""
        handler = _HANDLERS[service]()
        handler.params = handler.body = payload
        handler.headers = {"Content-Type": _CONTENT_TYPE, "X-Amz-Target": f"{_TARGETS[service]}.{action}"}
        handler.response_headers = {}
        handler.querystring = {}
        handler.uri_match = {}
        handler.path = "/"
        handler.region = self.region
        handler.current_account = ACCOUNT_ID
        return handler

    def _answer(
        self, service: str, body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Answer:
        listed = [
            *(headers or {"Content-Type": _CONTENT_TYPE}).items(),
            ("x-amzn-RequestId", os.urandom(26).hex().upper()),
        ]
        if service == "dynamodb":
            listed.append(("x-amz-crc32", str(zlib.crc32(body))))
        return Answer(f"{status} {HTTPStatus(status).phrase}", listed, body)


@functools.cache
def _members(service: str, action: str) -> tuple[frozenset[str], frozenset[str]]:
    """The names of all that can stand in an operation's request, and in its answer."""
    operation = get_service_model(service).operation_model(action)
    given, answered = operation.input_shape, operation.output_shape
    return frozenset(given.members), frozenset(answered.members if answered is not None else ())


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_null(item) for item in value.values())
    return any(_has_null(item) for item in value) if isinstance(value, list) else value is None


def _without_nones(value: Any) -> Any:
    """moto's writer leaves out what is None."""
    if isinstance(value, list):
        return [_without_nones(item) for item in value]
    if isinstance(value, dict) and None in value.values():
        return {name: item for name, item in value.items() if item is not None}
    return value
