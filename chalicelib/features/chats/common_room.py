"""The one group that everybody may use: public, owned by nobody, there from the beginning.

Who uses it becomes a member then, and hears it from there on; at most `joining.COMMON_ROOM_SIZE` can. A connection in
the words of the common room uses it from its hello on.
"""

from chalicelib.core.context import Actor
from chalicelib.core.errors import GroupFull, SessionEnded
from chalicelib.core.ids import COMMON_ROOM_ID
from chalicelib.core.logs import logger
from chalicelib.features.chats.joining import join_public
from chalicelib.realtime.connections import Connection
from chalicelib.realtime.publish import greet
from chalicelib.realtime.shapes import Chat


def common_room_id() -> int:
    """Its number, as the migration has it: known without asking."""
    return COMMON_ROOM_ID


def enter(actor: Actor) -> Chat:
    """Makes the actor a member, where they are not. One round trip. Raises GroupFull."""
    return join_public(actor, common_room_id())


def let_in(connection: Connection, *, sync_cursor: str) -> None:
    """Brings a new connection's user in, and greets it: what is said there after its hello, it hears.

    A room that is full keeps nobody from connecting.
    """
    try:
        enter(connection.actor)
    except SessionEnded:
        return  # and its connections are being closed
    except GroupFull:
        logger().warning("the common room is full", extra={"user_id": connection.user_id})
    greet(connection, sync_cursor=sync_cursor)
