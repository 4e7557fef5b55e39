"""Fan-out: from users to their connections to posts. Runs in the pusher, or inline after a small send."""

from collections.abc import Sequence

import msgspec

from chalicelib.realtime import connections, gateway
from chalicelib.realtime.connections import Connection
from chalicelib.realtime.gateway import Outcome, Post


class Push(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One event and who must hear it: as it waits in the queue.

    `fresh` is a connection that is just being made, and hears it alone. `ends_session` narrows the hearers to the
    connections of one session, and closes them afterwards.
    """

    event: msgspec.Raw
    user_ids: list[int] = []
    fresh: Connection | None = None
    ends_session: int | None = None


def deliver(pushes: Sequence[Push]) -> list[Connection]:
    """Posts events to everyone who must hear them; answers the connections that were found gone and forgotten.

    A connection that stays unreachable is skipped, so that one dead socket costs the others nothing. Raises AwsError
    where the registry does not answer.
    """
    hearers = _hearers(pushes)
    targets = [(push, connection) for push in pushes for connection in _of(push, hearers)]
    posts = [
        Post(connection.endpoint, connection.id, bytes(push.event), fresh=push.fresh is not None)
        for push, connection in targets
    ]
    gone: dict[str, Connection] = {}
    for (push, connection), outcome in zip(targets, gateway.post_all(posts), strict=True):
        if outcome is Outcome.GONE:
            gone[connection.id] = connection
        elif push.ends_session is not None:
            gateway.close_connection(connection.endpoint, connection.id)
    for connection in gone.values():
        connections.forget(connection)
    return list(gone.values())


def _hearers(pushes: Sequence[Push]) -> dict[int, list[Connection]]:
    wanted = dict.fromkeys(user_id for push in pushes for user_id in push.user_ids)
    by_user: dict[int, list[Connection]] = {}
    for connection in connections.of_users(list(wanted)):
        by_user.setdefault(connection.user_id, []).append(connection)
    return by_user


def _of(push: Push, hearers: dict[int, list[Connection]]) -> list[Connection]:
    if push.fresh is not None:
        return [push.fresh]
    return [
        connection
        for user_id in push.user_ids
        for connection in hearers.get(user_id, ())
        if push.ends_session in {None, connection.session_id}
    ]
