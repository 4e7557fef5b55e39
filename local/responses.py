"""The answers that API Gateway makes itself, by infra/gateway_responses.json, where their shape is described."""

import json
from pathlib import Path
from string import Template
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local.events import request_id

RESPONSES = Path(__file__).parent.parent / "infra" / "gateway_responses.json"


class _ContextTemplate(Template):
    """`$context.requestId` is one name."""

    idpattern = r"context\.[A-Za-z.]+"


class GatewayResponses:
    """What a deployment puts into API Gateway, rendered as API Gateway renders it."""

    def __init__(self, path: Path = RESPONSES) -> None:
        described: dict[str, Any] = json.loads(path.read_text())
        self._headers: dict[str, str] = described["headers"]
        self._responses: dict[str, dict[str, Any]] = described["responses"]

    def response(self, kind: str, request_id: str) -> Response:
        """The answer for a gateway response type, such as THROTTLED; KeyError for a type that is not in the file."""
        entry = self._responses[kind]
        context = {"context.requestId": request_id}
        headers = {
            name: value.strip("'") if value.startswith("'") else context[value]
            for name, value in {**self._headers, **entry.get("headers", {})}.items()
        }
        return Response(
            _ContextTemplate(json.dumps(entry["problem"])).substitute(context),
            status_code=entry["status"],
            headers={**headers, "x-amzn-RequestId": request_id, "x-amzn-ErrorType": kind},
        )


class Nothing:
    """The ASGI app where no API is: API Gateway's answer for a path without a route."""

    def __init__(self, responses: GatewayResponses) -> None:
        self._responses = responses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = self._responses.response("MISSING_AUTHENTICATION_TOKEN", request_id())
        await response(scope, receive, send)
