"""REST in a dialect: a path finds its endpoint, and request and answer are put into the words of each side."""

import contextlib
import functools
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from chalice.app import Request, Response

from chalicelib.core import context, http, multipart, origins, tokens
from chalicelib.core.config import DIALECTS, settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput, NotFound, Unauthenticated, UsernameTaken
from chalicelib.core.http import Endpoint, Manner
from chalicelib.core.idempotency import Answer
from chalicelib.core.problems import Problem
from chalicelib.entry.dialects import files, load
from chalicelib.entry.dialects.naming import in_their_words
from chalicelib.entry.dialects.reading import (
    MOST,
    body_of,
    everybody,
    offset_of,
    typed_body,
    typed_query,
    username_of,
)
from chalicelib.entry.dialects.words import Call, Dialect, Plain, Route, View, base_of, token_in
from chalicelib.features.accounts.schemas import Admission, Registration
from chalicelib.features.uploads import avatars, media
from chalicelib.features.uploads import service as uploads
from chalicelib.features.uploads.derived import size_named
from chalicelib.features.uploads.schemas import NewUpload, NewUploads

# Stands for whatever is left of a path: Chalice passes it on to API Gateway, and knows no argument of that name.
GREEDY = "{path+}"
# What stands before a path of the API, in any order of deployment.
_PREFIXES = (["api", "v1"], ["api"], ["v1"])
# What clients of other messengers read of a problem besides its words.
_OF_PROBLEMS = ("code", "status", "requestId", "retryAfter")
# What every dialect has besides its own.
_ALIKE = {"GET /users/search": Route(to="GET /users/search", instead=everybody)}


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """The dialect of a request, or our own words where it has no name, and the path below what chose it."""

    name: str
    segments: list[str]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request leads: to an endpoint, by a path of the dialect's own or by ours."""

    endpoint: Endpoint
    route: Route
    values: dict[str, str]


def spoken_in(request: Request) -> Spoken:
    """What a request is said in: its path's dialect, or else its host's."""
    # As it was sent, the stage or the custom domain's base path included.
    segments = _below_the_api([segment for segment in request.context["path"].split("/") if segment])
    # `/conversations/5` is a path of ours.
    is_apart = segments[1:2] == ["api"] or request.path.endswith(GREEDY)
    if is_apart and segments[0] in DIALECTS:
        return Spoken(name=segments[0], segments=_below_the_api(segments[1:]))
    return Spoken(name=settings().dialect_of(request.context.get("domainName", "")), segments=segments)


def serve(spoken: Spoken, request: Request, endpoints: Iterable[Endpoint]) -> Response:
    """Answers a request in its dialect. Never raises."""
    response = _preflight(request) if request.method == "OPTIONS" else _served(spoken, request, endpoints)
    response.headers.update(origins.shared_with(request.headers.get("origin")))
    return response


def _preflight(request: Request) -> Response:
    asked = request.headers.get("access-control-request-headers", "")
    return Response("", {**origins.preflight(asked, methods="GET,POST,PUT,PATCH,DELETE,OPTIONS")}, 204)


def _served(spoken: Spoken, request: Request, endpoints: Iterable[Endpoint]) -> Response:
    if not spoken.name:
        return http.bordered(f"{request.method} unknown", request, http.OURS, _nowhere)
    place = _found(spoken, request, endpoints)
    manner = InDialect(spoken.name, place.route if place else None)
    if place is None:
        return http.bordered(f"{spoken.name} {request.method} unknown", request, manner, _nowhere)
    return http.respond(place.endpoint, request, place.values, manner)


def open_file(request: Request) -> Response:
    """Leads who has a link to a file to the file itself, without a header. Never raises."""

    def call() -> Answer:
        token = request.context["path"].rpartition("/")[2]
        # A page shows the same picture many times. Its link serves longer than this.
        kept = {"Cache-Control": f"private, max-age={settings().download_seconds // 2}"}
        if token.count(".") == 3:
            return Answer(status=302, headers={"Location": media.open_thumbnail(token), **kept}, body="")
        if "." in token:
            return Answer(status=302, headers={"Location": uploads.open_link(tokens.verify_file(token))}, body="")
        size = size_named(dict(request.query_params or {}).get("size"))
        return Answer(status=302, headers={"Location": avatars.open_avatar(token, size), **kept}, body="")

    return http.bordered("GET /files", request, http.OURS, call)


def _nowhere() -> Answer:
    raise NotFound("There is no such path, or it does not have this method.")


def _below_the_api(segments: list[str]) -> list[str]:
    for prefix in _PREFIXES:
        if segments[: len(prefix)] == prefix:
            return segments[len(prefix) :]
    return segments


def _found(spoken: Spoken, request: Request, endpoints: Iterable[Endpoint]) -> Place | None:
    by_name = {endpoint.name: endpoint for endpoint in endpoints}
    own = _ALIKE | {**load(spoken.name).routes}
    for pattern, route in [*own.items(), *((pattern, Route(to=pattern)) for pattern in _in_order(tuple(by_name)))]:
        verb, _, path = pattern.partition(" ")
        values = _values(path.strip("/").split("/"), spoken.segments) if verb == request.method else None
        if values is not None:
            other = route.instead(_said(request)) if route.instead is not None else None
            return Place(endpoint=by_name[other or route.to], route=route, values=values)
    return None


def _said(request: Request) -> Plain:
    """What query and body say, where they can be read: a bad body is refused later."""
    query: Plain = dict(request.query_params or {})
    with contextlib.suppress(Problem):
        return query | body_of(request.headers.get("content-type", ""), http.bytes_of(request))
    return query


@functools.lru_cache(maxsize=1)
def _in_order(patterns: tuple[str, ...]) -> list[str]:
    """The most definite first, as API Gateway has it: a literal wins over a parameter, the leftmost first."""
    return sorted(patterns, key=lambda pattern: [part.startswith("{") for part in pattern.split("/")])


def _values(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    """The parameters of a path; None where it is another one."""
    if len(pattern) != len(segments):
        return None
    values = {}
    for wanted, given in zip(pattern, segments, strict=True):
        if wanted.startswith("{"):
            values[wanted[1:-1]] = given
        elif wanted != given:
            return None
    return values


class InDialect(Manner):
    """The manner of one call in a dialect."""

    def __init__(self, name: str, route: Route | None) -> None:
        self._dialect: Dialect = load(name)
        self._route = route
        self._call = Call(path={}, query={}, body={})
        self._sent: Plain = {}
        self._actor = Actor(user_id=0, session_id=0)
        self._base = ""

    def actor(self, request: Request) -> Actor:
        token = token_in(request.headers.get("authorization", ""), dict(request.query_params or {}))
        if not token:
            raise Unauthenticated("No token was sent; log in first.")
        actor = tokens.verify(token, "access")[0]
        self._actor = actor
        return actor

    def inputs(self, endpoint: Endpoint, request: Request, path_values: Mapping[str, str]) -> dict[str, Any]:
        self._base = base_of(request.context.get("domainName", ""), request.headers.get("x-forwarded-proto", "https"))
        query_kind, body_kind = endpoint.input("query"), endpoint.input("body")
        current = context.current()
        current.names_oneself, current.extras = True, self._dialect.extras
        query = dict(request.query_params or {})
        call = self._call = Call(path=dict(path_values), query=query, body={}, actor=self._actor)
        self._sent = dict(query)
        content_type = request.headers.get("content-type", "")
        if body_kind is NewUpload and multipart.is_multipart(content_type):
            files.take(call, multipart.read(content_type, http.bytes_of(request)), self._dialect)
        elif body_kind is NewUploads and multipart.is_multipart(content_type):
            files.take_all(call, multipart.read(content_type, http.bytes_of(request)))
        elif body_kind:
            call.body = body_of(content_type, http.bytes_of(request))
            self._sent |= call.body
        if self._route is not None and self._route.ask is not None:
            self._route.ask(call)
        target = msgspec.structs.replace(endpoint, path=_path_of(endpoint, call.path))
        given = http.parameters(target, call.path, call.query)
        if query_kind:
            given["query"] = typed_query(call, query_kind)
        if body_kind:
            given["body"] = typed_body(call, body_kind)
        return given

    def run(self, endpoint: Endpoint, arguments: Mapping[str, Any]) -> Answer:
        reply = self._reply(endpoint, arguments)
        if self._call.then is not None:
            reply = msgspec.structs.replace(reply, body=self._call.then(self._actor, reply.body))
        status = 200 if reply.status == 204 else reply.status
        told = self._told(endpoint, msgspec.json.decode(msgspec.json.encode(reply.body)))
        headers = {"Content-Type": "application/json", **reply.headers}
        return Answer(status=status, headers=headers, body=msgspec.json.encode(told).decode())

    def refusal(self, problem: Problem, request_id: str) -> Answer:
        here = {**(self._route.words if self._route else {}), **self._call.words}
        words = in_their_words(problem, self._dialect, self._sent, here).sentence()
        body: Plain = msgspec.to_builtins(problem.body(request_id))
        told = {"success": False, "error": words, "message": words}
        told |= {name: body[name] for name in _OF_PROBLEMS if name in body}
        headers = {"Content-Type": "application/json", **problem.headers}
        return Answer(status=problem.status, headers=headers, body=msgspec.json.encode(told).decode())

    def _reply(self, endpoint: Endpoint, arguments: Mapping[str, Any]) -> http.Reply[Any]:
        try:
            return http.reply_of(endpoint, arguments)
        except (UsernameTaken, InvalidInput) as problem:
            # A username that nobody chose is not what a person can be asked to change.
            made_up = isinstance(arguments.get("body"), Registration) and self._call.body.get("name")
            if not made_up or (problem.errors and problem.errors[0].field != "username"):
                raise
            username = username_of(self._call.body["name"], again=True)
            body = msgspec.structs.replace(arguments["body"], username=username)
            return http.reply_of(endpoint, {**arguments, "body": body})

    def _told(self, endpoint: Endpoint, body: Any) -> Any:
        if body is None:
            return {"success": True, "message": "Done"}
        people = {user["id"]: user for user in body.get("users", ()) if "id" in user}
        me = body["user"]["id"] if endpoint.answer is Admission else self._actor.user_id
        view = View(me=me, people=people, base=self._base)
        # What is for everybody, as the OpenAPI document, is told as it is.
        others = self._dialect.others if endpoint.input("actor") else None
        usual = self._dialect.answers.get(endpoint.answer, others)
        tell = self._call.tell or (self._route and self._route.tell) or usual
        offset = offset_of(self._call)
        if offset and "hasMore" in body and not _pages_by_number(endpoint):
            listed = next(name for name, value in body.items() if isinstance(value, list))
            # Pages by number end where one request can read no further; cursors go on.
            body = {**body, listed: body[listed][offset:], "hasMore": body["hasMore"] and offset < MOST}
        return tell(body, view) if tell is not None else body


def _pages_by_number(endpoint: Endpoint) -> bool:
    kind = endpoint.input("query")
    return kind is not None and "skip" in {field.encode_name for field in msgspec.structs.fields(kind)}


def _path_of(endpoint: Endpoint, values: Mapping[str, str]) -> str:
    """A path that has these parameters, and lacks the others: those come in the query."""
    return "/".join(["", *(f"{{{name}}}" for name in values)])
