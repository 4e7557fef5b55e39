"""Calls over HTTP. Signals go by socket alone: they are for devices that have one."""

from chalicelib.core import ratelimit
from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    AlreadyInCall,
    AnsweredElsewhere,
    Blocked,
    CallFull,
    CallIsARoom,
    CallIsOver,
    CallRefused,
    Forbidden,
    Muted,
    NotARoom,
    NotFound,
    NotInCall,
    NotYourself,
    RateLimited,
    RequestDeclined,
    RoomFailed,
    RoomsOff,
    UnknownUser,
)
from chalicelib.core.http import Reply, Routes
from chalicelib.core.ids import Id
from chalicelib.features.calls import ice, rooms, service
from chalicelib.features.calls.room_schemas import CallRoom
from chalicelib.features.calls.schemas import (
    CallAccept,
    CallEnd,
    CallList,
    CallQuery,
    CallRing,
    CallStart,
    CallStates,
    IceServerList,
)
from chalicelib.features.calls.service import Changed
from chalicelib.realtime.shapes import Call

routes = Routes("calls")


@routes.post(
    "/calls",
    status=201,
    creates=True,
    also=(200,),
    refuses=(
        NotFound,
        Forbidden,
        Blocked,
        Muted,
        RequestDeclined,
        CallRefused,
        CallFull,
        CallIsARoom,
        RoomsOff,
        UnknownUser,
        NotYourself,
        AlreadyInCall,
        AnsweredElsewhere,
        RateLimited,
    ),
)
def start_call(actor: Actor, body: CallStart) -> Reply[Call]:
    """Call the other members of a chat, or join the call that there is."""
    changed = service.start(actor, body)
    headers = ratelimit.headers(service.starts(), changed.allowance)
    return Reply(body=changed.call, status=201 if changed.created else 200, headers=headers)


@routes.get("/calls")
def list_calls(actor: Actor, query: CallQuery) -> CallList:
    """My calls, the newest first, those that go on among them."""
    return service.calls(actor, query)


@routes.get("/calls/ice-servers")
def get_ice_servers(actor: Actor) -> IceServerList:
    """The STUN and TURN servers that a call is to use, with credentials for an hour."""
    return ice.servers(actor)


@routes.get("/calls/{call_id}", refuses=(NotFound,))
def get_call(actor: Actor, call_id: Id) -> Call:
    """A call of mine, or of a chat of mine."""
    return service.call(actor, call_id)


@routes.post(
    "/calls/{call_id}/accept",
    refuses=(NotFound, CallIsOver, CallFull, AlreadyInCall, AnsweredElsewhere, RateLimited),
)
def accept_call(actor: Actor, call_id: Id, body: CallAccept) -> Reply[Call]:
    """Answer a call by this device, or come back to it; again is as once."""
    return _reply(service.accept(actor, call_id, body))


@routes.post("/calls/{call_id}/decline", refuses=(NotFound, RateLimited))
def decline_call(actor: Actor, call_id: Id) -> Reply[Call]:
    """Decline a call; again is as once."""
    return _reply(service.decline(actor, call_id))


@routes.post("/calls/{call_id}/end", refuses=(NotFound, RateLimited))
def end_call(actor: Actor, call_id: Id, body: CallEnd) -> Reply[Call]:
    """Leave a call, which ends where fewer than two are left; again is as once."""
    return _reply(service.end(actor, call_id, body))


@routes.post(
    "/calls/{call_id}/ring",
    refuses=(NotFound, CallIsOver, NotInCall, CallRefused, CallFull, UnknownUser, RateLimited),
)
def ring_call(actor: Actor, call_id: Id, body: CallRing) -> Reply[Call]:
    """Call others into a call, or say that this device rings."""
    return _reply(service.ring(actor, call_id, body))


@routes.post(
    "/calls/{call_id}/room",
    refuses=(NotFound, CallIsOver, NotInCall, NotARoom, Blocked, RoomsOff, RoomFailed, RateLimited),
)
def enter_room(actor: Actor, call_id: Id) -> CallRoom:
    """What this device enters the room of its call by, as the Amazon Chime SDK takes it; again is as once."""
    return rooms.enter(actor, call_id)


@routes.patch("/calls/{call_id}/state", refuses=(NotFound, CallIsOver, NotInCall, RateLimited))
def change_call_state(actor: Actor, call_id: Id, body: CallStates) -> Reply[Call]:
    """Tell the others whether I am muted, have the camera on, or share a screen."""
    return _reply(service.change_states(actor, call_id, body))


def _reply(changed: Changed) -> Reply[Call]:
    return Reply(body=changed.call, status=200, headers=ratelimit.headers(service.changes(), changed.allowance))
