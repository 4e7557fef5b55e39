"""How a function becomes a REST endpoint: `Routes` declares it, and one decorator does what every endpoint needs.

The function's own annotations say what it takes and answers, and the OpenAPI document is made from the same ones:

    routes = Routes("chats")

    @routes.post("/chats/{chat_id}/read", refuses=(NotFound,))
    def read(actor: Actor, chat_id: Id, body: Watermark) -> ReadAnswer:

`actor` asks for an access token, `body` and `query` are typed structs, `request` is the Request, and every other
argument is a path parameter. `refuses` lists the problems that the feature's rules raise, for the document alone.
Errors leave as problem+json; nothing that was not meant for the client gets out.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Generic, Literal, Protocol, TypeVar, get_args
from urllib.parse import unquote

import msgspec
from chalice.app import Blueprint, Response
from chalice.app import Request as ChaliceRequest

from chalicelib.core import context, idempotency, tokens
from chalicelib.core.border import problem_of
from chalicelib.core.config import settings
from chalicelib.core.context import Actor, Role
from chalicelib.core.decoding import decode_json, decode_text
from chalicelib.core.errors import Unauthenticated, UnsupportedType
from chalicelib.core.idempotency import Answer
from chalicelib.core.problems import Problem
from chalicelib.core.wording import language_of

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Handler = TypeVar("Handler", bound=Callable[..., Any])
Answering = Callable[["Endpoint", ChaliceRequest, Mapping[str, str]], Response]
Body = TypeVar("Body")
Refusals = tuple[type[Problem], ...]


class Reply(msgspec.Struct, Generic[Body], frozen=True, kw_only=True):
    """An answer whose status or headers depend on what happened."""

    body: Body
    status: int
    headers: Mapping[str, str] = {}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint may want to know of the call besides its typed input."""

    address: str
    user_agent: str
    idempotency_key: str | None


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One route as it was declared: for dispatch, and for the OpenAPI document.

    `also` are the other statuses that a Reply has, and `refuses` the problems that the feature's rules raise. What
    follows from the declared input (a body that is not valid, a missing token) is not named again. `needs` is the
    role that the caller must have.
    """

    method: Method
    path: str
    tag: str
    handler: Callable[..., Any]
    status: int
    also: tuple[int, ...] = ()
    refuses: Refusals = ()
    creates: bool = False
    cached: bool = False
    alias_of: str | None = None
    needs: Role = "user"

    @property
    def name(self) -> str:
        """What this endpoint is called: `GET /chats/{chat_id}`."""
        return f"{self.method} {self.path}"

    def input(self, name: str) -> Any:
        """The declared type of one input (`actor`, `body`, `query`, a path parameter), or None."""
        return self.handler.__annotations__.get(name)

    @property
    def answer(self) -> Any:
        """The declared answer, without the Reply around it; None for an empty one."""
        declared = self.handler.__annotations__["return"]
        answered = get_args(declared)[0] if getattr(declared, "__origin__", None) is Reply else declared
        return None if answered is type(None) else answered

    @property
    def path_parameters(self) -> dict[str, Any]:
        """The types of the path's parameters, by name."""
        given = self.handler.__annotations__.items()
        return {name: kind for name, kind in given if name not in {"actor", "body", "query", "request", "return"}}

    def word(self, parameter: str) -> str:
        """What clients call one: its name in the path; in the query, where its path lacks it, in camelCase."""
        return parameter if f"{{{parameter}}}" in self.path else camel(parameter)


def camel(name: str) -> str:
    """A Python name as the wire has it."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


class Declaring(Protocol):
    """A decorator that makes a function an endpoint, and leaves it as it is."""

    def __call__(self, handler: Handler, /) -> Handler: ...


class Routes:
    """The endpoints of one feature, as a Chalice blueprint. `needs` is the role without which one is refused."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.answer: Answering = respond
        self.blueprint = Blueprint(f"chalicelib.features.{tag}.routes")
        self.endpoints: list[Endpoint] = []

    def get(
        self,
        path: str,
        *,
        cached: bool = False,
        also: tuple[int, ...] = (),
        refuses: Refusals = (),
        needs: Role = "user",
    ) -> Declaring:
        """Declares a reading endpoint; `cached` adds an ETag and answers 304 to If-None-Match."""
        declared = partial(Endpoint, method="GET", path=path, tag=self.tag, status=200)
        return self._declare(partial(declared, cached=cached, also=also, refuses=refuses, needs=needs))

    def post(
        self,
        path: str,
        *,
        status: int = 200,
        creates: bool = False,
        also: tuple[int, ...] = (),
        refuses: Refusals = (),
        needs: Role = "user",
    ) -> Declaring:
        """Declares a POST; one that `creates` honours Idempotency-Key."""
        declared = partial(Endpoint, method="POST", path=path, tag=self.tag, status=status)
        return self._declare(partial(declared, creates=creates, also=also, refuses=refuses, needs=needs))

    def put(self, path: str, *, status: int = 200, refuses: Refusals = (), needs: Role = "user") -> Declaring:
        """Declares a PUT."""
        declared = partial(Endpoint, method="PUT", path=path, tag=self.tag, status=status)
        return self._declare(partial(declared, refuses=refuses, needs=needs))

    def patch(self, path: str, *, refuses: Refusals = (), needs: Role = "user") -> Declaring:
        """Declares a PATCH."""
        declared = partial(Endpoint, method="PATCH", path=path, tag=self.tag, status=200)
        return self._declare(partial(declared, refuses=refuses, needs=needs))

    def delete(self, path: str, *, status: int = 204, refuses: Refusals = (), needs: Role = "user") -> Declaring:
        """Declares a DELETE."""
        declared = partial(Endpoint, method="DELETE", path=path, tag=self.tag, status=status)
        return self._declare(partial(declared, refuses=refuses, needs=needs))

    def alias(self, method: str, path: str, *, of: Endpoint) -> None:
        """Serves an endpoint under another path too. Parameters that this path does not have come in the query."""
        same = msgspec.structs.replace(of, method=method, path=path, alias_of=of.name)
        self._serve(same)

    def _declare(self, endpoint: Callable[..., Endpoint]) -> Declaring:
        def decorate(handler: Handler) -> Handler:
            self._serve(endpoint(handler=handler))
            return handler

        return decorate

    def _serve(self, endpoint: Endpoint) -> None:
        self.endpoints.append(endpoint)

        def view(**path_values: str) -> Response:
            return self.answer(endpoint, self.blueprint.current_request, path_values)

        # Chalice would refuse other content types in a shape of its own; the check is made below.
        declare = self.blueprint.route(
            endpoint.path, methods=[endpoint.method], name=endpoint.handler.__name__, content_types=["*/*"]
        )
        declare(view)


class Manner:
    """How a call is read and how it is answered: in our own words. A dialect has another manner (entry/dialects)."""

    def actor(self, request: ChaliceRequest) -> Actor:
        """Who calls. Raises Unauthenticated."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated(headers={"WWW-Authenticate": "Bearer"})
        return tokens.verify(token.strip(), "access")[0]

    def inputs(self, endpoint: Endpoint, request: ChaliceRequest, path_values: Mapping[str, str]) -> dict[str, Any]:
        """The path's parameters, `query` and `body`, as far as the endpoint takes them. Raises InvalidInput."""
        query = dict(request.query_params or {})
        given = parameters(endpoint, path_values, query)
        if kind := endpoint.input("query"):
            given["query"] = decode_text(query, kind)
        if kind := endpoint.input("body"):
            given["body"] = decode_json(_json(request), kind)
        return given

    def run(self, endpoint: Endpoint, arguments: Mapping[str, Any]) -> Answer:
        """Does what was asked for, and writes what came of it."""
        reply = reply_of(endpoint, arguments)
        if reply.body is None:
            return Answer(status=reply.status, headers=dict(reply.headers), body="")
        headers = {"Content-Type": "application/json", **reply.headers}
        return Answer(status=reply.status, headers=headers, body=msgspec.json.encode(reply.body).decode())

    def refusal(self, problem: Problem, request_id: str) -> Answer:
        """Writes a refusal."""
        return Answer(
            status=problem.status,
            headers={"Content-Type": "application/problem+json", **problem.headers},
            body=msgspec.json.encode(problem.body(request_id)).decode(),
        )


OURS = Manner()


def respond(
    endpoint: Endpoint, request: ChaliceRequest, path_values: Mapping[str, str], manner: Manner = OURS
) -> Response:
    """Runs one call of an endpoint, from the raw request to the raw answer. Never raises."""
    return bordered(endpoint.name, request, manner, lambda: _call(endpoint, request, path_values, manner))


def bordered(route: str, request: ChaliceRequest, manner: Manner, call: Callable[[], Answer]) -> Response:
    """Makes the raw answer of a call: its context, its line in the log, its headers. Never raises."""
    started = time.perf_counter()
    offered, trace = request.headers.get("x-request-id"), request.headers.get("x-amzn-trace-id")
    language = language_of(request.headers.get("accept-language", ""))
    with context.begin(offered, trace=trace, language=language) as current:
        current.address = _address(request) or ""
        try:
            answer = call()
        except Exception as failure:  # the border
            answer = manner.refusal(problem_of(failure), current.request_id)
        took = round((time.perf_counter() - started) * 1000, 1)
        current.note("request", route=route, status=answer.status, ms=took)
        headers: dict[str, str | list[str]] = {
            "Cache-Control": "no-store",
            **answer.headers,
            **_shared_with(request.headers.get("origin", "")),
            "X-Content-Type-Options": "nosniff",
            "X-Request-Id": current.request_id,
        }
        return Response(body=answer.body, status_code=answer.status, headers=headers)


def _call(endpoint: Endpoint, request: ChaliceRequest, path_values: Mapping[str, str], manner: Manner) -> Answer:
    arguments: dict[str, Any] = {}
    if endpoint.input("actor"):
        arguments["actor"] = msgspec.structs.replace(manner.actor(request), needs=endpoint.needs)
    arguments |= manner.inputs(endpoint, request, path_values)
    if endpoint.input("request"):
        arguments["request"] = _described(request)

    key = request.headers.get("idempotency-key") if endpoint.creates else None
    if key is None or "actor" not in arguments:
        # Where there is nobody yet in whose name it could be kept, the endpoint itself knows its repeats.
        answer = manner.run(endpoint, arguments)
    else:
        answer = idempotency.once(
            actor=arguments["actor"],
            key=key,
            fingerprint=_fingerprint(endpoint, path_values, bytes_of(request)),
            run=lambda: manner.run(endpoint, arguments),
        )
    context.current().committed()
    return _revalidated(request, answer) if endpoint.cached else answer


def parameters(endpoint: Endpoint, path_values: Mapping[str, str], query: dict[str, str]) -> dict[str, Any]:
    """The arguments in the path; those that its path lacks are taken out of the query."""
    words = {name: endpoint.word(name) for name in endpoint.path_parameters}
    if not words:
        return {}
    # One struct for all of them, so that a bad one is refused by its name, as fields of a body are.
    if endpoint.name not in _forms:
        _forms[endpoint.name] = msgspec.defstruct("Path", list(endpoint.path_parameters.items()), rename=words)
    # API Gateway leaves them percent-encoded, and Chalice does too.
    given = {name: unquote(value) for name, value in path_values.items()}
    given |= {word: query.pop(word) for word in words.values() if word in query and word not in path_values}
    return msgspec.structs.asdict(decode_text(given, _forms[endpoint.name]))


_forms: dict[str, type[msgspec.Struct]] = {}


def reply_of(endpoint: Endpoint, arguments: Mapping[str, Any]) -> Reply[Any]:
    """Calls the endpoint's function."""
    result = endpoint.handler(**arguments)
    return result if isinstance(result, Reply) else Reply(body=result, status=endpoint.status)


def bytes_of(request: ChaliceRequest) -> bytes:
    """The body as it was sent."""
    body = request.raw_body
    return body.encode() if isinstance(body, str) else body


def _json(request: ChaliceRequest) -> bytes:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {"application/json", ""}:
        raise UnsupportedType()
    return bytes_of(request) or b"{}"


def _described(request: ChaliceRequest) -> Request:
    return Request(
        address=_address(request) or "unknown",
        user_agent=(request.headers.get("user-agent") or "")[:200].replace("\x00", ""),
        idempotency_key=request.headers.get("idempotency-key"),
    )


def _address(request: ChaliceRequest) -> str | None:
    """Where a client is. Before API Gateway may be CloudFront, which shows its key and says the address."""
    key, headers = settings().edge_key, request.headers
    if key and hmac.compare_digest(headers.get("x-edge-key", "").encode(), key.encode()):
        by_edge: str | None = headers.get("x-viewer-address")
        return by_edge
    source: str | None = request.context.get("identity", {}).get("sourceIp")
    return source


def _fingerprint(endpoint: Endpoint, path_values: Mapping[str, str], body: bytes) -> str:
    named = f"{endpoint.name} {sorted(path_values.items())}\n"
    return hashlib.sha256(named.encode() + body).hexdigest()


def _revalidated(request: ChaliceRequest, answer: Answer) -> Answer:
    tag = f'"{hashlib.sha256(answer.body.encode()).hexdigest()[:22]}"'
    headers = {**answer.headers, "ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Answer(status=304, headers=headers, body="")
    return Answer(status=answer.status, headers=headers, body=answer.body)


def _shared_with(origin: str) -> dict[str, str]:
    """Which page may read the answer, where several may; Chalice says it where it is one, or all."""
    allowed = settings().origins
    if len(allowed) == 1 or "*" in allowed:
        return {}
    return {"Access-Control-Allow-Origin": origin if origin in allowed else allowed[0], "Vary": "Origin"}
