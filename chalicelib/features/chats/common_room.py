"""The one group that everybody may use: public, owned by nobody, there from the beginning.

Who uses it becomes a member then, and hears it from there on; at most `joining.COMMON_ROOM_SIZE` can.
"""

from chalicelib.core.context import Actor
from chalicelib.core.ids import COMMON_ROOM_ID
from chalicelib.features.chats.joining import join_public
from chalicelib.realtime.shapes import Chat


def common_room_id() -> int:
    """Its number, as the migration has it: known without asking."""
    return COMMON_ROOM_ID


def enter(actor: Actor) -> Chat:
    """Makes the actor a member, where they are not. One round trip. Raises GroupFull."""
    return join_public(actor, common_room_id())
