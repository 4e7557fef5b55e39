"""An AWS account for deployments: moto, with what Chalice needs and moto lacks, in a process of its own.

`python -m tests.deploy.cloud` prints its port. Beside moto it

- closes the gaps that `tests/deploy/gaps.py` names;
- knows own host names as `tests/deploy/names.py` does;
- makes WebSocket deployments and updates WebSocket stages, which moto does not know;
- says how many containers an account may run, which moto does not;
- keeps a journal of all calls, at `/journal`, and what each asks for, at `/calls`;
- keeps what each WebSocket deployment serves, at `/served`;
- puts a stack into a state that only a failure leads to, at `/state/STACK/STATE`.
"""

import json
import re
import sys
import threading
import uuid
from collections.abc import Callable
from typing import Any

from moto.apigatewayv2.models import apigatewayv2_backends
from moto.awslambda.models import lambda_backends
from moto.cloudformation.models import cloudformation_backends
from moto.server import DomainDispatcherApplication, create_backend_app

from local import wsgi
from tests.deploy import gaps, names
from tests.deploy.loopback import LoopbackServer

# Beyond this a body is a package or a template.
_LARGEST_TOLD = 20_000
ACCOUNT, REGION = "123456789012", "eu-central-1"
CONTAINERS = 1000
Answering = Callable[[re.Match[str], dict[str, Any]], wsgi.Answer]
_DEPLOYMENTS = re.compile(r"/v2/apis/(\w+)/deployments")
_STATE = re.compile(r"/state/([\w-]+)/(\w+)")
_STAGE = re.compile(r"/v2/apis/(\w+)/stages/(\w+)")
_FUNCTION = re.compile(r"/2015-03-31/functions/([\w-]+)(/\w+)?")


class Cloud:
    """The WSGI application in front of moto."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()
        self.journal: list[str] = []
        self.calls: list[dict[str, str]] = []
        self.served: dict[str, Any] = {}
        self._lacking: tuple[tuple[re.Pattern[str], Answering], ...] = (
            (_DEPLOYMENTS, self._deployment),
            (_STAGE, self._stage),
            (names.NAME, _answering(names.update_name)),
            (names.MAPPING, _answering(names.update_mapping)),
        )

    def __call__(self, environ: wsgi.Environ, start_response: wsgi.StartResponse) -> Any:
        path, method = str(environ["PATH_INFO"]), str(environ["REQUEST_METHOD"])
        told = {"/journal": self.journal, "/served": self.served, "/calls": self.calls}.get(path)
        if told is not None:
            return _json(told).send(start_response)
        state = _STATE.fullmatch(path)
        if state:
            cloudformation_backends[ACCOUNT][REGION].get_stack(state[1]).status = state[2]
            return _json({}).send(start_response)
        body = wsgi.read_body(environ).read()
        self.journal.append(_named(environ, method, path, body))
        self.calls.append(_call(environ, method, path, body))
        if path == "/2016-08-19/account-settings" and method == "GET":
            return _json({"AccountLimit": _limits()}).send(start_response)
        for pattern, answer in self._lacking:
            match = pattern.fullmatch(path)
            if match and method in {"POST", "PATCH"}:
                return answer(match, json.loads(body or b"{}")).send(start_response)
        with self._lock:  # moto's state is not made for two at once
            return self._moto(environ, start_response)

    def _deployment(self, match: re.Match[str], _given: dict[str, Any]) -> wsgi.Answer:
        api = apigatewayv2_backends[ACCOUNT][REGION].get_api(match[1])
        # What a deployment serves are the routes of this moment.
        routes = {
            route.route_key: {"target": route.target, "responses": sorted(_keys(route))} for route in api.get_routes()
        }
        deployment = uuid.uuid4().hex[:6]
        self.served[deployment] = routes
        return _json({"deploymentId": deployment, "deploymentStatus": "DEPLOYED"}, 201)

    def _stage(self, match: re.Match[str], given: dict[str, Any]) -> wsgi.Answer:
        stage = apigatewayv2_backends[ACCOUNT][REGION].get_api(match[1]).get_stage(match[2])
        stage.config.update(given)
        stage.default_route_settings = stage.config["defaultRouteSettings"]
        return _json(stage.to_json())


def _limits() -> dict[str, int]:
    functions = lambda_backends[ACCOUNT][REGION].list_functions()
    reserved = sum(int(function.reserved_concurrency or 0) for function in functions)
    return {"ConcurrentExecutions": CONTAINERS, "UnreservedConcurrentExecutions": CONTAINERS - reserved}


def _answering(update: Callable[[re.Match[str], dict[str, Any]], dict[str, Any]]) -> Answering:
    return lambda match, given: _json(update(match, given))


def _keys(route: Any) -> list[str]:
    return [response.route_response_key for response in route.route_responses.values()]


def _named(environ: wsgi.Environ, method: str, path: str, body: bytes) -> str:
    """A call as a test reads it: `PUT function messenger-dev-push code`, or method, path and action."""
    match = _FUNCTION.fullmatch(path)
    if match:
        verb = {"/code": "code", "/invocations": "invoke", "/configuration": "configuration"}.get(match[2] or "", "")
        return f"{method} function {match[1]} {verb}".strip()
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    action = re.search(rb"(?:^|&)Action=(\w+)", body)
    return f"{method} {path} {target or (action[1].decode() if action else '')}".strip()


def _call(environ: wsgi.Environ, method: str, path: str, body: bytes) -> dict[str, str]:
    """What of a request says which right it asks for, and who sent it."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0].split("/")
    who, service = (scope[0], scope[3]) if len(scope) > 3 else ("", "")
    return {
        "who": who,
        "service": service,
        "method": method,
        "path": path,
        "query": str(environ.get("QUERY_STRING", "")),
        "target": environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2],
        "body": _without_package(body).decode(errors="replace"),
    }


def _without_package(body: bytes) -> bytes:
    """A package stands in the body of a call that says more; what else is large says nothing."""
    if len(body) < _LARGEST_TOLD:
        return body
    if not body.startswith(b'{"'):
        return b""
    return json.dumps(
        {name: value for name, value in json.loads(body).items() if name not in {"Code", "ZipFile"}}
    ).encode()


def _json(content: Any, status: int = 200) -> wsgi.Answer:
    body = json.dumps(content).encode()
    return wsgi.Answer(f"{status} OK", [("Content-Type", "application/json")], body)


def main() -> None:
    """Serves until its standard input ends."""
    gaps.close()
    names.close(ACCOUNT, REGION)
    server = LoopbackServer(Cloud())
    server.start()
    print(server.port, flush=True)  # noqa: T201  # for whoever started this process
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
