"""Messages that a rule on words holds: they are no messages yet, and are sent once somebody has approved them.

So nobody but their senders knows of them: no list, no sync, no search and no count has to leave them out.
"""

from typing import LiteralString

import msgspec

from chalicelib.core import context, db
from chalicelib.core.context import Actor
from chalicelib.core.ids import Id
from chalicelib.core.paging import cut, read_cursor, write_cursor
from chalicelib.core.verdicts import REFUSALS, Outcome, settled
from chalicelib.features.messages import indexing
from chalicelib.features.moderation.schemas import HeldDecision, HeldList, HeldMessage, HeldQuery
from chalicelib.realtime import events, trail
from chalicelib.realtime.publish import publish, publish_updated
from chalicelib.realtime.shapes import Message, read_users


class _Row(Outcome, frozen=True, kw_only=True):
    held: str | None
    users: str | None


class _Decided(_Row, frozen=True, kw_only=True):
    message: str | None
    recipients: list[int]
    leaves_unread: bool
    head: str | None


# Planned for what is asked: a group's own, or all of them. There is always a row, with the verdict.
_LIST: LiteralString = """
SELECT coalesce(v.refusal, 'allowed') AS verdict, CASE WHEN h.id IS NOT NULL THEN held_json(h)::text END AS held,
    users_text(array_remove(ARRAY[h.user_id, h.decided_by], NULL)) AS users
FROM (SELECT filter_refusal(%(place)s::bigint, %(actor)s) AS refusal) v
LEFT JOIN LATERAL (
    SELECT * FROM held_messages o
    WHERE v.refusal IS NULL AND o.state = %(state)s AND o.id > %(after)s
        AND (%(place)s::bigint IS NULL OR (o.chat_id = %(place)s AND o.by_chat))
    ORDER BY o.id LIMIT %(limit)s
) h ON true
ORDER BY h.id
"""


def waiting(actor: Actor, chat_id: int | None, query: HeldQuery) -> HeldList:
    """What waits, the oldest first: all of it, or what the rules of a group hold.

    Raises NotFound, NotAGroup, Forbidden.
    """
    key = read_cursor(query.cursor, tuple[Id])
    given = {
        "place": chat_id,
        "actor": actor.user_id,
        "state": query.state or "waiting",
        "after": key[0] if key else 0,
        "limit": query.limit + 1,
    }
    rows = db.many(_Row, _LIST, given, actor=actor, plan_anew=True)
    if rows[0].verdict in REFUSALS:
        raise REFUSALS[rows[0].verdict]()
    rows, more = cut([row for row in rows if row.held is not None], query.limit, lambda row: len(row.held or ""))
    found = [msgspec.json.decode(row.held or "", type=HeldMessage) for row in rows]
    named = {user.id: user for row in rows for user in read_users(row.users)}
    return HeldList(
        messages=found,
        users=list(named.values()),
        has_more=more,
        next_cursor=write_cursor(found[-1].id) if more else None,
    )


_DECIDE: LiteralString = """
SELECT * FROM decide_held(%(held_id)s, %(place)s::bigint, %(actor)s, %(decision)s, %(address)s, %(request_id)s)
"""


def decide(actor: Actor, chat_id: int | None, held_id: int, wanted: HeldDecision) -> HeldMessage:
    """Sends a message that waits, or deletes it; again is as once. An admin of a group decides on its rules' own.

    Raises NotFound, NotYourself, Forbidden, NotAGroup, HeldDecided; and why the message cannot be sent any more.
    """
    given = {"held_id": held_id, "place": chat_id, "actor": actor.user_id, "decision": wanted.decision}
    decided = settled(lambda: db.the(_Decided, _DECIDE, given | context.origin(), actor=actor))
    if decided.message is not None:
        message = msgspec.json.decode(decided.message, type=Message)
        trail.accepted(message, created=True)
        event = events.message_new(message, unattended=decided.leaves_unread)
        publish(event, to=decided.recipients, group=f"chat:{message.chat_id}")
        if decided.head is not None:
            publish_updated(decided.head, to=decided.recipients)
        context.current().after_commit(indexing.soon)
    held = msgspec.json.decode(decided.held or "", type=HeldMessage)
    return msgspec.structs.replace(held, users=read_users(decided.users))
