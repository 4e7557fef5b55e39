"""Socket.IO clients on the WebSocket API: Engine.IO 3 and 4, the default namespace, no binary data.

A client connects with or without a token, and the pusher sends it the open packet, as it sends `hello` to others. It
logs in by the CONNECT packet (`40{"token": …}`): until then its connection is pending, and it is closed where that
takes too long. Clients of Socket.IO 2 (Engine.IO 3) log in by the handshake alone, and ping the server instead of
being pinged. Events run the same actions as native frames; the ack's one argument is `{success: true, …}` or
`{success: false, error}`. `answer` takes every packet and never raises.
"""

import msgspec

from chalicelib.core import clock, context, tokens
from chalicelib.core.border import problem_of
from chalicelib.core.decoding import decode_outline, is_cut
from chalicelib.core.errors import InvalidInput, NotFound, Unauthenticated, UnknownAction
from chalicelib.core.problems import Problem
from chalicelib.entry import dialects, upgrading
from chalicelib.entry.connecting import connection_of, welcome
from chalicelib.entry.dialects import sockets
from chalicelib.entry.dispatch import Said, note_sign_of_life, perform, plain
from chalicelib.features.chats.common_room import enter
from chalicelib.realtime import connections, mailboxes, packets, publish, vocabularies
from chalicelib.realtime.connections import Connection, Line, Pending
from chalicelib.realtime.packets import ROOT, Packet

# What the log calls packets that are no actions.
PACKETS = frozenset({"packet", "ping", "pong", "connect", "disconnect", "attachment"})

_DIGITS = frozenset("0123456789")


class Auth(msgspec.Struct, frozen=True, kw_only=True):
    """What a CONNECT packet may carry; clients may send more."""

    token: str | None = None
    ticket: str | None = None
    vocabulary: str | None = None


def is_spoken_on(line: Connection | Pending | None) -> bool:
    """Whether this is a Socket.IO connection."""
    return isinstance(line, Pending) or (isinstance(line, Connection) and line.format == "socketio")


def check_login(connection_id: str) -> None:
    """Closes a connection on which nobody has logged in in time."""
    found = connections.find(connection_id)
    if isinstance(found, Pending):
        publish.close(found)


def ping() -> int:
    """Pings the connections whose turn it is, and answers how many.

    Clients only ever answer pings: without them, silence would end the connection, and the lease that keeps its user
    online.
    """
    minute = int(clock.now()) // 60
    pinged = 0
    for number, lines in enumerate(connections.to_ping(minute)):
        if lines:
            publish.send_to_all(packets.PING, lines, name=f"ping:{minute}:{number}")
            pinged += len(lines)
    return pinged


def give_up_absent() -> int:
    """Ends the sessions of clients that poll no more, which nobody else notices, and answers how many."""
    sessions = list(mailboxes.abandoned())
    for sid in sessions:
        connection = connections.release(sid)
        if connection is not None:
            publish.presence_may_have_changed(connection.user_id)
    return len(sessions)


def answer(connection_id: str, text: str) -> Said | None:
    """Answers a frame that is not native JSON; None where its connection is not a Socket.IO one after all."""
    packet = packets.read(text)
    line: Connection | Pending | None = None
    try:
        line = connections.find(connection_id)
        if isinstance(line, Pending) and line.upgrades is not None:
            said = upgrading.answer(line, line.upgrades, text)
            if said is not None:
                return said
            before, line = line, upgrading.upgraded(line)
            if line is None:
                return hang_up(before)
        if packet is not None and isinstance(line, Connection) and packet.namespace != line.namespace:
            # In another container it may have gone on to another namespace.
            line = connections.find(connection_id, anew=True)
        return _answered(line, packet, text)
    except Exception as failure:  # the border
        problem = problem_of(failure)
        if packet is None:
            return Said(code=problem.code) if text[:1] in _DIGITS else None
        return _refused(problem, packet, _dialect(line, packet))


def _dialect(line: Connection | Pending | None, packet: Packet) -> str:
    """The name of the dialect in which a packet is answered; empty where that is in our own words."""
    asked = packet.namespace if packet.type == packets.CONNECT and packet.namespace != ROOT else None
    return vocabularies.dialect(asked or (line.vocabulary if line is not None else None))


def _answered(line: Connection | Pending | None, packet: Packet | None, text: str) -> Said | None:
    numbered = text[:1] in _DIGITS
    if line is None:
        return Said(code="unknown_connection") if numbered else None
    if not is_spoken_on(line):
        return None
    if packet is None:
        return _engine(line, text) if numbered else Said(action="attachment", code="ignored")
    said = _socket(line, packet)
    context.current().committed()
    return said


def _engine(line: Connection | Pending, text: str) -> Said:
    """A packet of Engine.IO that holds none of Socket.IO."""
    match text[0]:
        case packets.PING:
            if isinstance(line, Connection):
                note_sign_of_life(line)
            return Said(packets.PONG + text[1:], "ping")
        case packets.PONG:
            if isinstance(line, Connection):
                note_sign_of_life(line)
            return Said(action="pong")
        case packets.CLOSE:
            return _leave(line)
        case packets.UPGRADE | packets.NOOP:
            return Said()
    return hang_up(line)


def _socket(line: Connection | Pending, packet: Packet) -> Said:
    match packet.type:
        case packets.CONNECT:
            return _connect(line, packet)
        case packets.DISCONNECT:
            return _leave(line) if packet.namespace == _namespace(line) else Said()
        case packets.EVENT if isinstance(line, Connection) and packet.namespace == line.namespace:
            return _event(line, packet)
        case packets.BINARY_EVENT | packets.BINARY_ACK:
            raise InvalidInput("Binary data is not taken here; files go by POST /uploads.")
        case packets.ACK:
            return Said()
    return hang_up(line)


def _namespace(line: Connection | Pending) -> str:
    return line.namespace if isinstance(line, Connection) else ROOT


def _connect(line: Connection | Pending, packet: Packet) -> Said:
    is_dialect = packet.namespace in vocabularies.namespaces()
    if packet.namespace != ROOT and not is_dialect:
        return _no_namespace(packet.namespace)
    if isinstance(line, Pending):
        _log_in(line, decode_outline(packet.data.encode() or b"{}", Auth), packet.namespace)
        return Said(action="connect")  # the pusher tells it, and then hello
    if packet.namespace != line.namespace and is_dialect:
        # Socket.IO 2 is connected to the default namespace first, unasked, and goes on from there.
        moved = msgspec.structs.replace(line, vocabulary=packet.namespace, namespace=packet.namespace)
        if vocabularies.is_for_the_room(moved.vocabulary):
            enter(moved.actor)
        welcome(moved, ticket_id=None)
        return Said(action="connect")
    # The open packet may come twice, and be answered twice.
    return Said(packets.connected(line.name, line.engine, packet.namespace), "connect")


def _no_namespace(namespace: str) -> Said:
    """The message is Socket.IO's own; the data says what to do, as of every refusal."""
    problem = NotFound(
        "There is no namespace {namespace}. Connect to the server's address with no path after it.",
        values={"namespace": namespace[:64]},
    )
    reason = {"message": "Invalid namespace", "data": problem.body(context.current().request_id)}
    return Said(packets.write(packets.CONNECT_ERROR, reason, namespace=namespace), "connect", "invalid_namespace")


def _log_in(pending: Pending, auth: Auth, namespace: str) -> None:
    vocabularies.check(auth.vocabulary)
    vocabulary = auth.vocabulary or pending.vocabulary if namespace == ROOT else namespace
    actor, ticket_id = pending.actor, pending.ticket_id
    if auth.ticket is not None:
        actor, ticket_id = tokens.verify(auth.ticket, "ticket")
    elif auth.token is not None:
        actor, ticket_id = tokens.verify(tokens.bare(auth.token), "access")[0], None
    if actor is None:
        raise Unauthenticated()
    if vocabularies.is_for_the_room(vocabulary):
        enter(actor)
    welcome(connection_of(pending, actor, vocabulary, namespace), ticket_id=ticket_id)


def _event(connection: Connection, packet: Packet) -> Said:
    try:
        said, *arguments = decode_outline(packet.data.encode(), list[msgspec.Raw])
        name = decode_outline(bytes(said), str)
    except (Problem, ValueError):
        if is_cut(packet.data.encode()):
            raise  # its client keeps to the protocol
        return hang_up(connection)
    fields = perform(connection, name, _data(arguments))
    if packet.id is None:
        return Said(action=name)
    ack = {"success": True, **plain(fields)}
    return Said(packets.write(packets.ACK, [ack], namespace=packet.namespace, ack=packet.id), name)


def _data(arguments: list[msgspec.Raw]) -> bytes:
    if len(arguments) > 1:
        raise InvalidInput.at("arguments", "wrong_length", "must be one argument")
    data = bytes(arguments[0]).strip() if arguments else b"null"
    if data == b"null":
        return b"{}"
    # Reference clients name a chat by its bare id, in digits or in a string.
    return b'{"chatId":%s}' % data if data.strip(b'"')[:1].isdigit() else data


def _refused(problem: Problem, packet: Packet, dialect: str) -> Said:
    body = problem.body(context.current().request_id)
    if packet.type == packets.CONNECT:
        # A token that is no text is none.
        words = dialects.load(dialect).no_entry if dialect and body.status in {400, 401} else None
        return Said(packets.refusal(body, packet.namespace, words), "connect", body.code)
    if dialect and isinstance(problem, UnknownAction) and packet.id is None:
        # Clients of other messengers have pings of their own, to which nobody is to say anything.
        return Said(action="event", code=body.code)
    if packet.type in {packets.EVENT, packets.BINARY_EVENT} and packet.id is not None:
        ack = sockets.refusal(problem) if dialect else {"success": False, "error": body}
        text = packets.write(packets.ACK, [ack], namespace=packet.namespace, ack=packet.id)
    else:
        # Clients of system A show the message of an `error`.
        error = sockets.refusal(problem) if dialect else {**msgspec.to_builtins(body), "message": body.detail}
        text = packets.write(packets.EVENT, ["error", error], namespace=packet.namespace)
    return Said(text, "event", body.code)


def _leave(line: Connection | Pending) -> Said:
    """The client goes. It closes the socket itself; this is for one that does not."""
    connection = connections.release(line.id)
    if connection is not None:
        publish.presence_may_have_changed(connection.user_id)
    publish.close(line)
    return Said(action="disconnect")


def hang_up(line: Line) -> Said:
    """Nobody who keeps to the protocol says this: the connection is closed without a word, as Engine.IO does it."""
    publish.close(line)
    return Said(code="protocol_error")
