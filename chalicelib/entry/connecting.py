"""`$connect` and `$disconnect`: a connection is admitted, or refused, and forgotten.

Apart from the frames, so that a connection waits for none of the features they lead to.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from chalicelib.core import clock, context, origins, tokens
from chalicelib.core.border import problem_of
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput, OriginRefused, Unauthenticated
from chalicelib.core.problems import Problem
from chalicelib.features.messages.sync_cursor import cursor_at
from chalicelib.realtime import connections, mailboxes, packets, publish, vocabularies
from chalicelib.realtime.connections import Connection, Line, Pending
from chalicelib.realtime.packets import Engine
from chalicelib.realtime.publish import greet, presence_may_have_changed

# A browser can set no header on a socket: it may give the token as the second of two subprotocols.
_SUBPROTOCOL = "bearer"
ENGINES: Mapping[str, Engine] = {"3": 3, "4": 4}
# API Gateway's own bounds: of a message, and of the silence after which it closes a connection.
_MOST_BYTES = 128 * 1024
_PATIENCE_SECONDS = 600
# Of all packets that are posted together: Engine.IO's own bound.
MOST_POSTED_BYTES = 1_000_000


def connect(event: Mapping[str, Any]) -> dict[str, Any]:
    """Admits a client that shows a ticket or an access token, or may show one later, as Socket.IO clients do.

    One DynamoDB call, none to PostgreSQL.
    """
    request = event["requestContext"]
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    with context.begin(request["requestId"], trace=headers.get("x-amzn-trace-id")) as current:
        try:
            check_origin(headers.get("origin"))
            subprotocol = _admit(request, event.get("queryStringParameters") or {}, headers)
        except Exception as failure:  # the border
            problem = problem_of(failure)
            current.note("connect refused", code=problem.code)
            return {"statusCode": problem.status}
        admitted: dict[str, Any] = {"statusCode": 200}
        return admitted | ({"headers": {"Sec-WebSocket-Protocol": subprotocol}} if subprotocol else {})


def disconnect(event: Mapping[str, Any]) -> None:
    """Forgets a connection that has closed."""
    request = event["requestContext"]
    with context.begin(request["requestId"]):
        connection = connections.release(request["connectionId"])
        if connection is not None:
            presence_may_have_changed(connection.user_id)


def welcome(connection: Connection, *, ticket_id: str | None) -> None:
    """Registers a connection as its user's, and greets it. Raises SessionEnded; Unauthenticated for a used ticket."""
    _welcome(connection, ticket_id, greet)


def _welcome(connection: Connection, ticket_id: str | None, then: Callable[..., None] | None) -> None:
    """Where nothing is to be said `then`, the client asks for its hello: that takes no queue."""
    connections.register(connection, ticket_id=ticket_id)
    if then is not None:
        then(connection, sync_cursor=cursor_at(clock.now()))
    presence_may_have_changed(connection.user_id)


def _admit(request: Mapping[str, Any], query: Mapping[str, str], headers: Mapping[str, str]) -> str | None:
    """Registers a new connection, and answers the subprotocol that was agreed on."""
    vocabularies.check(query.get("vocabulary") or None)
    connection_id, endpoint = request["connectionId"], endpoint_of(request)
    engine = _engine(query)
    spoken = vocabularies.spoken_at(request.get("domainName", ""), native=engine is None)
    vocabulary = query.get("vocabulary") or spoken
    if engine is not None:
        pending = Pending(id=connection_id, endpoint=endpoint, engine=engine, vocabulary=vocabulary)
        if "sid" in query:
            _await_upgrade(pending, query["sid"])
            return None
        return admit_socketio(pending, query, headers)
    actor, ticket_id, subprotocol = _credentials(query, headers)
    connection = Connection(
        id=connection_id,
        endpoint=endpoint,
        user_id=actor.user_id,
        session_id=actor.session_id,
        vocabulary=vocabulary,
    )
    if vocabularies.is_for_the_room(vocabulary):
        # Its members are PostgreSQL's, which is not asked here: hello waits until it was.
        _welcome(connection, ticket_id, publish.let_in)
    else:
        _welcome(connection, ticket_id, None if query.get("hello") == "ask" else greet)
    return subprotocol


def _engine(query: Mapping[str, str]) -> Engine | None:
    """The version of Engine.IO that a handshake is of, None for a native one. Raises InvalidInput."""
    if "EIO" not in query:
        return None
    if query["EIO"] not in ENGINES:
        raise InvalidInput.at("EIO", "unknown_value", "must be 3 or 4: Socket.IO 2, 3 and 4 are spoken here")
    if query.get("transport") != "websocket":
        raise InvalidInput.at("transport", "unknown_value", "must be websocket on a WebSocket")
    return ENGINES[query["EIO"]]


def _await_upgrade(pending: Pending, sid: str) -> None:
    """Lets in the WebSocket that a session which polls is about to change to. Raises InvalidInput."""
    mailbox = mailboxes.find(sid)
    if mailbox is None or mailbox.moved_to is not None or mailbox.closing:
        raise InvalidInput("The session has ended, or has changed to a WebSocket already: open another one.")
    connections.await_login(msgspec.structs.replace(pending, upgrades=sid))
    publish.expect_login(pending.id)


def admit_socketio(pending: Pending, query: Mapping[str, str], headers: Mapping[str, str]) -> str | None:
    """Opens the conversation, and answers the subprotocol that was agreed on."""
    refusal, subprotocol = None, None
    try:
        actor, ticket_id, subprotocol = _credentials(query, headers)
        pending = msgspec.structs.replace(pending, actor=actor, ticket_id=ticket_id)
    except Unauthenticated as failure:
        refusal = failure  # only once the conversation is open can such a client hear why it is refused
    _admit_pending(pending)
    if pending.engine == 3 and not pending.logs_in_once_open:
        _log_in_unasked(pending, refusal)
    return subprotocol


def log_in_opened(pending: Pending) -> None:
    """Logs a client of Socket.IO 2 in on a socket that its conversation was just opened on, unless that was done."""
    if isinstance(connections.find(pending.id, anew=True), Pending):
        _log_in_unasked(pending)


def _log_in_unasked(pending: Pending, refusal: Unauthenticated | None = None) -> None:
    """The server says that a client of Socket.IO 2 is connected, or why it is not."""
    try:
        if pending.actor is None:
            raise refusal or Unauthenticated()
        connection = connection_of(pending, pending.actor, pending.vocabulary)
        is_for_the_room = vocabularies.is_for_the_room(pending.vocabulary)
        _welcome(connection, pending.ticket_id, publish.let_in if is_for_the_room else greet)
    except Problem as problem:
        body = problem.body(context.current().request_id)
        publish.send_packet(packets.refusal(body), pending, name=f"refusal:{pending.id}", opening=True)


def connection_of(
    pending: Pending, actor: Actor, vocabulary: str | None, namespace: str = packets.ROOT
) -> Connection:
    """The connection that a pending one becomes when somebody has logged in on it."""
    return Connection(
        id=pending.id,
        endpoint=pending.endpoint,
        user_id=actor.user_id,
        session_id=actor.session_id,
        format="socketio",
        engine=pending.engine,
        vocabulary=vocabulary,
        namespace=namespace,
    )


def _admit_pending(pending: Pending) -> None:
    """Lets in a client that is still to log in: the conversation is opened, and its time begins to run."""
    connections.await_login(pending)
    if pending.polls:
        mailboxes.create(pending.id)
    else:
        publish.open_conversation(handshake(pending), pending)
    publish.expect_login(pending.id)


def handshake(line: Line) -> str:
    """What opens a conversation; whoever polls can change to a WebSocket where that is on the same host."""
    return packets.handshake(
        line.id,
        upgrades=["websocket"] if line.polls and settings().one_host else [],
        ping_seconds=60 * connections.PING_MINUTES,
        patience_seconds=_PATIENCE_SECONDS,
        most_bytes=MOST_POSTED_BYTES if line.polls else _MOST_BYTES,
    )


def check_origin(origin: str | None) -> None:
    """Raises OriginRefused for a page that may not connect."""
    if origin is not None and not origins.is_allowed(origin):
        raise OriginRefused()


def _credentials(query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[Actor, str | None, str | None]:
    """Who connects, the id of the ticket that was used, and the subprotocol to answer with.

    The ticket or token is looked for in the query string, the Authorization header and the subprotocols, in this
    order. Raises Unauthenticated.
    """
    if "ticket" in query:
        actor, ticket_id = tokens.verify(query["ticket"], "ticket")
        return actor, ticket_id, None
    offered = [part.strip() for part in headers.get("sec-websocket-protocol", "").split(",")]
    if query.get("token"):
        return tokens.verify(tokens.bare(query["token"]), "access")[0], None, offered[0] or None
    if headers.get("authorization"):
        return tokens.verify(tokens.bare(headers["authorization"]), "access")[0], None, offered[0] or None
    if len(offered) == 2 and offered[0] == _SUBPROTOCOL:
        return tokens.verify(offered[1], "access")[0], None, _SUBPROTOCOL
    raise Unauthenticated()


def endpoint_of(request: Mapping[str, Any]) -> str:
    """Where frames to this connection are posted: the API's own host, whatever domain the client came by."""
    here = settings()
    if here.websocket_endpoint is not None:
        return here.websocket_endpoint
    suffix = "amazonaws.com.cn" if here.region.startswith("cn-") else "amazonaws.com"
    return f"https://{request['apiId']}.execute-api.{here.region}.{suffix}/{request['stage']}"
