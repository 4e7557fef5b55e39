"""Doing what a frame asks for, in whatever format its connection speaks."""

from typing import Any, NamedTuple

import msgspec

from chalicelib.core import context
from chalicelib.core.aws import AwsError
from chalicelib.core.decoding import decode_json
from chalicelib.core.errors import Unauthenticated, UnknownAction
from chalicelib.core.logs import logger
from chalicelib.entry.actions import ACTIONS
from chalicelib.entry.dialects import sockets
from chalicelib.features.messages.sync import SyncAnswer
from chalicelib.realtime import connections, vocabularies
from chalicelib.realtime.connections import Connection


class Said(NamedTuple):
    """What goes back on the socket, if anything, and how the log calls what was asked for and what came of it."""

    text: str = ""
    action: str = "packet"
    code: str = "ok"


def perform(connection: Connection | None, name: str, data: bytes) -> Any:
    """Runs an action for the user of a connection, and answers what its ack carries, in the connection's words.

    Raises the Problem that refuses it.
    """
    if connection is None:
        raise Unauthenticated("This connection is not registered; connect again.")
    context.current().connection = connection.name
    if dialect := vocabularies.dialect(connection.vocabulary):
        note_sign_of_life(connection)  # whatever it is: clients have pings of their own
        return sockets.act(dialect, connection.actor, name, data)
    action = ACTIONS.get(vocabularies.action(connection.vocabulary, name))
    if action is None:
        raise UnknownAction("There is no action of this name: {name}.", values={"name": name[:64]})
    result = action.handler(connection.actor, decode_json(data, action.data))
    note_sign_of_life(connection)
    return result if connection.vocabulary is None else _in_words(connection, result)


def plain(result: Any) -> Any:
    """What an ack carries, as plain data; parts of it may be JSON already, as PostgreSQL wrote them."""
    return msgspec.json.decode(msgspec.json.encode(result))


def _in_words(connection: Connection, result: Any) -> Any:
    if not isinstance(result, SyncAnswer):
        return vocabularies.fields(connection.vocabulary, plain(result))
    answer = plain(result)
    events = (
        {**event, "type": spoken.name, "data": spoken.data}
        for event in answer["events"]
        for spoken in vocabularies.events(connection.vocabulary, event["type"], event["data"])
        if spoken.not_to != connection.user_id
    )
    return {**answer, "events": list(events)}


def note_sign_of_life(connection: Connection) -> None:
    """Renews the lease, where it is due."""
    try:
        connections.renew(connection)
    except AwsError as error:
        # What the frame asked for is done and must be told; the lease lasts until a later frame renews it.
        logger().warning("lease not renewed", extra={"error": error.code})
