"""What has changed for a user since a cursor: the statement of sync, and its rows."""

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.features.messages.sync_cursor import BEGINNING, Cursor, Moment

# Loading anew is cheaper than so many changes.
MOST_MESSAGES = 5_000
# Below the rank of everything: where the first page begins.
_BEFORE_ALL = -100
# The rank of chats that were left between two pages: the last one.
LEFT_MEANWHILE = 7


class Row(msgspec.Struct, frozen=True):
    """A thing as it is now: `n` tells things of a rank and chat apart.

    `event_id`, or what `version` makes of it, is the id of the live event that told the same.
    """

    rank: int
    chat_id: int
    n: int
    type: str
    data: str
    event_id: str | None
    version: str | None


class State(msgspec.Struct, frozen=True):
    """What the statement answers: `rows` is JSON, and `since` NULL where the cursor is too old."""

    epoch: str
    since: str | None
    now: str
    too_much: bool
    rows: str
    users: str


# People whose keys or profiles changed, and the user's own contacts, blocks, privacy and scheduled messages; then
# departures, chats, messages, messages hidden by the user, receipts of others, drafts and own votes, and chats that
# were left between two pages: in this order, so that a client knows a chat before its messages. The keys of the page
# are found first, and only its rows are written out.
# OFFSET 0 has what is new looked up chat by chat: the planner cannot know how little that is, and might read all.
#
# `my.since` is the snapshot from which on a chat's changes are told. It is the cursor's, also in a chat that the user
# joined after the cursor: a client keeps what it heard by a socket or loaded as history, and neither moves a cursor.
# Who was no member at the cursor is a newcomer. A newcomer's clients keep nothing from before the joining, so there
# `my.since` is the last snapshot that was noted before it: older messages are history, however many they are. Who was
# a member at the cursor, left and came back is no newcomer: `departures` says when they left.
# A newcomer who joined after the first page was read is told from the next cursor on: chats come before messages.
# Who left after the first page was read may lack what a page would have told while they were out, and the next cursor
# does not know of it. The last page has the client drop the chat, and who is back is told it as a new one.
_CHANGES = """
WITH bounds AS MATERIALIZED (
    SELECT (SELECT name FROM epoch) AS epoch, pg_current_snapshot() AS now, CASE
        WHEN %(since)s::text IS NOT NULL THEN %(since)s::pg_snapshot
        WHEN %(at)s::bigint IS NULL THEN pg_current_snapshot()
        ELSE (
            SELECT s.snapshot FROM snapshots s WHERE s.taken_at < to_timestamp(%(at)s::bigint)
            ORDER BY s.taken_at DESC LIMIT 1
        )
    END AS since
),
my AS MATERIALIZED (
    SELECT c AS chat, me AS member, me.chat_id, has.*, CASE
        WHEN has.newcomer THEN coalesce((
            SELECT CASE
                WHEN pg_snapshot_xmax(noted.snapshot) > pg_snapshot_xmax(b.since) THEN noted.snapshot ELSE b.since
            END
            FROM (
                SELECT s.snapshot FROM snapshots s WHERE s.taken_at < me.joined_at - interval '10 seconds'
                ORDER BY s.taken_at DESC LIMIT 1
            ) noted
        ), b.since)
        ELSE b.since
    END AS since
    FROM members me JOIN chats c ON c.id = me.chat_id, bounds b, LATERAL (
        SELECT NOT pg_visible_in_snapshot(c.changed, b.since) AS news,
            NOT pg_visible_in_snapshot(coalesce(me.own_changed, me.changed), b.since) AS changed,
            NOT pg_visible_in_snapshot(me.joined, b.since) AS joined,
            CASE WHEN pg_visible_in_snapshot(me.joined, b.since) THEN false ELSE NOT EXISTS (
                SELECT FROM departures d WHERE d.user_id = me.user_id AND d.chat_id = me.chat_id
                    AND NOT pg_visible_in_snapshot(d.changed, b.since)
            ) END AS newcomer
        OFFSET 0
    ) has
    WHERE me.user_id = %(user_id)s
        AND NOT (has.newcomer AND NOT coalesce(pg_visible_in_snapshot(me.joined, %(until)s::pg_snapshot), true))
),
news AS (
    SELECT n.chat_id, n.seq FROM my, LATERAL (
        SELECT m.chat_id, m.seq FROM messages m
        WHERE m.chat_id = my.chat_id
            AND m.changed >= pg_snapshot_xmin(my.since) AND NOT pg_visible_in_snapshot(m.changed, my.since)
            AND (m.expires_at IS NULL OR m.expires_at > now())
            AND NOT EXISTS (
                SELECT FROM hidden_messages h
                WHERE h.user_id = %(user_id)s AND h.chat_id = m.chat_id AND h.seq = m.seq
            )
        OFFSET 0
    ) n
    WHERE my.news
),
page AS MATERIALIZED (
    -- A profile may be noted for a contact and in a chat: by its last change.
    SELECT DISTINCT ON (found.rank, found.chat_id, found.n) found.* FROM (
        (
            SELECT noted.rank, 0::bigint AS chat_id, noted.subject_id AS n, noted.version
            FROM bounds b, personal_changes_since(%(user_id)s, b.since) noted
        )
        UNION ALL
        (
            SELECT 0, d.chat_id, 0, d.changed FROM departures d, bounds b
            WHERE d.user_id = %(user_id)s AND NOT pg_visible_in_snapshot(d.changed, b.since)
                AND NOT EXISTS (SELECT FROM my WHERE my.chat_id = d.chat_id)
        )
        UNION ALL
        (SELECT 1, my.chat_id, 0, NULL FROM my WHERE my.news OR my.changed OR my.joined)
        UNION ALL
        (
            SELECT 2, news.chat_id, news.seq, NULL FROM news
            WHERE (2, news.chat_id, news.seq) > (%(rank)s, %(chat_id)s, %(n)s)
            ORDER BY news.chat_id, news.seq LIMIT %(limit)s
        )
        UNION ALL
        (
            SELECT 3, h.chat_id, h.seq, NULL FROM hidden_messages h, bounds b
            WHERE h.user_id = %(user_id)s AND h.changed >= pg_snapshot_xmin(b.since)
                AND NOT pg_visible_in_snapshot(h.changed, b.since)
                AND EXISTS (SELECT FROM my WHERE my.chat_id = h.chat_id)
        )
        UNION ALL
        (
            SELECT receipt.rank, CASE receipt.rank WHEN -6 THEN 0 ELSE other.chat_id END, other.user_id, mark.moved
            FROM my, LATERAL (
                SELECT o.chat_id, o.user_id, o.delivered_changed, o.read_changed, o.profile_changed FROM members o
                WHERE o.chat_id = my.chat_id AND o.user_id <> %(user_id)s AND o.changed >= pg_snapshot_xmin(my.since)
                OFFSET 0
            ) other, (VALUES (4), (5), (-6)) receipt (rank), LATERAL (
                SELECT CASE receipt.rank
                    WHEN 4 THEN other.delivered_changed
                    WHEN 5 THEN other.read_changed
                    ELSE other.profile_changed
                END AS moved
            ) mark
            WHERE NOT pg_visible_in_snapshot(mark.moved, my.since)
                -- Where those who come together begin, the chat says.
                AND NOT (my.newcomer AND mark.moved = (my.member).joined)
                AND (receipt.rank <> 5 OR (my.member).read_receipts)
        )
        UNION ALL
        (
            SELECT 6, d.chat_id, 0, NULL FROM drafts d, my, bounds b
            -- Who comes back to a group finds there what they had begun to write.
            WHERE d.user_id = %(user_id)s AND d.chat_id = my.chat_id AND (my.joined OR (
                d.changed >= pg_snapshot_xmin(b.since) AND NOT pg_visible_in_snapshot(d.changed, b.since)
            ))
        )
        UNION ALL
        -- By their numbers, and so behind the draft of the chat.
        (
            SELECT 6, v.chat_id, v.seq, CASE WHEN NOT my.joined THEN v.version END
            FROM bounds b, changed_votes(%(user_id)s, b.since) v JOIN my USING (chat_id)
        )
        UNION ALL
        (
            SELECT 7, d.chat_id, 0, d.changed FROM departures d
            WHERE d.user_id = %(user_id)s AND NOT pg_visible_in_snapshot(d.changed, %(until)s::pg_snapshot)
        )
    ) found
    WHERE (found.rank, found.chat_id, found.n) > (%(rank)s, %(chat_id)s, %(n)s)
    ORDER BY found.rank, found.chat_id, found.n, found.version DESC
    LIMIT %(limit)s
),
written AS (
    SELECT page.rank, page.chat_id, page.n, 'user:updated' AS type, profile_of(u, %(user_id)s)::json AS data,
        '{}'::bigint[] AS people, NULL::text AS event_id, page.version
    FROM page JOIN users u ON u.id = page.n WHERE page.rank = -6
    UNION ALL
    SELECT page.rank, page.chat_id, page.n, 'keys:changed',
        json_build_object('userId', page.n, 'log', head.log), '{}',
        concat('keys:', page.n, ':', head.log ->> 'position'), NULL
    FROM page, LATERAL (SELECT key_log_head(page.n) AS log OFFSET 0) head WHERE page.rank = -7
    UNION ALL
    SELECT page.rank, page.chat_id, page.n,
        CASE WHEN c.user_id IS NULL THEN 'contact:removed' ELSE 'contact:updated' END,
        CASE WHEN c.user_id IS NULL THEN json_build_object('userId', page.n) ELSE contact_json(c) END,
        ARRAY[page.n], NULL, page.version
    FROM page LEFT JOIN contacts c ON c.owner_id = %(user_id)s AND c.user_id = page.n WHERE page.rank = -5
    UNION ALL
    SELECT page.rank, page.chat_id, page.n,
        CASE WHEN k.blocked_id IS NULL THEN 'block:removed' ELSE 'block:updated' END,
        CASE WHEN k.blocked_id IS NULL THEN json_build_object('userId', page.n) ELSE block_json(k) END,
        ARRAY[page.n], NULL, page.version
    FROM page LEFT JOIN blocks k ON k.blocker_id = %(user_id)s AND k.blocked_id = page.n WHERE page.rank = -4
    UNION ALL
    SELECT page.rank, page.chat_id, page.n, 'privacy:updated',
        json_build_object(
            'readReceipts', u.read_receipts, 'lastSeen', u.shows_last_seen, 'calls', u.calls_from,
            'messages', u.messages_from
        ),
        '{}', NULL, page.version
    FROM page JOIN users u ON u.id = %(user_id)s WHERE page.rank = -3
    UNION ALL
    SELECT page.rank, page.chat_id, page.n,
        CASE WHEN s.id IS NULL THEN 'scheduled:removed' ELSE 'scheduled:updated' END,
        CASE WHEN s.id IS NULL THEN json_build_object('id', page.n) ELSE scheduled_json(s) END,
        CASE WHEN s.id IS NULL THEN '{}' ELSE scheduled_people(s) END, NULL,
        page.version
    FROM page LEFT JOIN scheduled_messages s ON s.id = page.n AND s.user_id = %(user_id)s WHERE page.rank = -2
    UNION ALL
    SELECT page.rank, page.chat_id, page.n, 'thread:read', read.state, '{}', CASE
            WHEN NOT my.joined THEN concat('thread:', page.n, ':', %(user_id)s::bigint, ':', read.state ->> 'readSeq')
        END, NULL
    FROM page JOIN messages m ON m.id = page.n JOIN my ON my.chat_id = m.chat_id, LATERAL (
        SELECT thread_json(m, my.member)::json AS state OFFSET 0
    ) read
    WHERE page.rank = -1 AND m.deleted_at IS NULL
    UNION ALL
    SELECT page.rank, page.chat_id, page.n, 'chat:left', json_build_object('chatId', page.chat_id), '{}', NULL,
        page.version
    FROM page WHERE page.rank IN (0, 7)
    UNION ALL
    SELECT page.rank, page.chat_id, page.n, CASE WHEN my.joined THEN 'chat:created' ELSE 'chat:updated' END,
        chat_text(my.chat, my.member, newest.message, 20)::json, chat_people(my.chat, newest.message, 20), NULL,
        -- The transaction that the live event named, where it told all that is told here.
        CASE
            WHEN NOT my.joined THEN
                CASE WHEN NOT my.changed AND (my.chat).type = 'group' THEN (my.chat).changed END
            WHEN my.newcomer AND (my.member).joined = (my.chat).changed
                AND (my.member).joined = coalesce((my.member).own_changed, (my.member).changed)
                THEN (my.member).joined
        END
    FROM page JOIN my USING (chat_id), LATERAL (
        SELECT newest_message(page.chat_id, %(user_id)s) AS message OFFSET 0
    ) newest
    WHERE page.rank = 1
    UNION ALL
    -- One that came and was deleted meanwhile is told whole, as history has it: the client knows nothing of it. A
    -- state has the id of the live event that told it, but in a chat that was joined anew: who left has dropped it.
    SELECT page.rank, page.chat_id, page.n, CASE
            WHEN NOT pg_visible_in_snapshot(m.born, b.since) THEN 'message:new'
            WHEN m.deleted_at IS NOT NULL THEN 'message:deleted'
            ELSE 'message:updated'
        END, CASE
            WHEN m.deleted_at IS NOT NULL AND pg_visible_in_snapshot(m.born, b.since)
                THEN json_build_object(
                    'chatId', m.chat_id, 'messageId', m.id, 'seq', m.seq, 'deletedBy', m.deleted_by, 'for', 'everyone'
                )
            ELSE message_json_for(m, my.member)
        END, message_people(m) || m.deleted_by, CASE
            WHEN my.joined AND NOT my.newcomer THEN NULL
            WHEN m.deleted_at IS NOT NULL THEN
                CASE WHEN pg_visible_in_snapshot(m.born, b.since) THEN 'deleted:' || m.id END
            WHEN m.updated_at = m.created_at THEN 'message:' || m.id
            ELSE concat('updated:', m.id, ':', wire_time(m.updated_at))
        END, NULL
    FROM bounds b, page JOIN my USING (chat_id) JOIN messages m ON m.chat_id = page.chat_id AND m.seq = page.n
    WHERE page.rank = 2
    UNION ALL
    SELECT page.rank, page.chat_id, page.n, 'message:deleted',
        json_build_object(
            'chatId', m.chat_id, 'messageId', m.id, 'seq', m.seq, 'deletedBy', %(user_id)s::bigint, 'for', 'me'
        ), ARRAY[%(user_id)s::bigint], concat('deleted:', m.id, ':', %(user_id)s::bigint), NULL
    FROM page JOIN messages m ON m.chat_id = page.chat_id AND m.seq = page.n WHERE page.rank = 3
    UNION ALL
    SELECT page.rank, page.chat_id, page.n, CASE page.rank WHEN 4 THEN 'message:delivered' ELSE 'messages:read' END,
        CASE page.rank
            WHEN 4 THEN json_build_object(
                'chatId', o.chat_id, 'userId', o.user_id, 'seq', o.delivered_seq, 'messageId', m.id
            )
            ELSE json_build_object(
                'chatId', o.chat_id, 'userId', o.user_id, 'seq', shown_read_seq(o, my.member), 'messageId', m.id,
                'readAt', CASE WHEN shown_read_seq(o, my.member) > 0 THEN wire_time(o.read_at) END
            )
        END, ARRAY[o.user_id], CASE page.rank
            WHEN 4 THEN concat('delivered:', o.chat_id, ':', o.user_id, ':', o.delivered_seq)
            -- Not a mark that is hidden or shown anew: what was told live before must not have it dropped.
            WHEN 5 THEN CASE WHEN NOT my.joined AND shown_read_seq(o, my.member) > 0 AND NOT EXISTS (
                SELECT FROM personal_changes p
                WHERE p.user_id = o.user_id AND p.kind = 'privacy' AND p.subject_id = 0
                    AND p.changed >= o.read_changed
            ) THEN concat('read:', o.chat_id, ':', o.user_id, ':', o.read_seq) END
        END, NULL
    FROM page JOIN my USING (chat_id) JOIN members o ON o.chat_id = page.chat_id AND o.user_id = page.n
    LEFT JOIN messages m ON m.chat_id = page.chat_id
        AND m.seq = CASE page.rank WHEN 4 THEN o.delivered_seq ELSE shown_read_seq(o, my.member) END
    WHERE page.rank IN (4, 5)
    UNION ALL
    SELECT page.rank, page.chat_id, page.n, 'draft:updated', json_build_object(
        'chatId', d.chat_id, 'content', d.content, 'replyTo', d.reply_to, 'updatedAt', wire_time(d.updated_at)
    ), '{}', CASE
        WHEN NOT my.joined THEN concat('draft:', d.chat_id, ':', d.user_id, ':', wire_time(d.updated_at))
    END, NULL
    FROM page JOIN my USING (chat_id) JOIN drafts d ON d.chat_id = page.chat_id AND d.user_id = %(user_id)s
    WHERE page.rank = 6 AND page.n = 0
    UNION ALL
    SELECT page.rank, page.chat_id, page.n, 'poll:voted', vote_json(page.chat_id, page.n, %(user_id)s), '{}', NULL,
        page.version
    FROM page WHERE page.rank = 6 AND page.n > 0
)
SELECT b.epoch, b.since::text AS since, b.now::text AS now,
    %(is_first)s AND (SELECT count(*) FROM (SELECT FROM news LIMIT %(most)s + 1) many) > %(most)s AS too_much,
    (
        SELECT coalesce(json_agg(json_build_object(
            'rank', w.rank, 'chat_id', w.chat_id, 'n', w.n, 'type', w.type, 'data', w.data::text,
            'event_id', w.event_id, 'version', w.version::text
        ) ORDER BY w.rank, w.chat_id, w.n), '[]')::text FROM written w
    ) AS rows,
    users_text(array(SELECT DISTINCT named.id FROM written w, unnest(w.people) AS named (id))) AS users
FROM bounds b
"""


def changes(actor: Actor, cursor: Cursor | Moment | None, limit: int) -> State:
    """The rows after the cursor's position, one more than `limit` where there are more."""
    position = cursor.position if isinstance(cursor, Cursor) else BEGINNING
    is_first = position == BEGINNING
    values = {
        "user_id": actor.user_id,
        "since": cursor.since if isinstance(cursor, Cursor) else None,
        "at": cursor.at if isinstance(cursor, Moment) else None,
        "until": cursor.until if isinstance(cursor, Cursor) else None,
        "is_first": is_first,
        "rank": _BEFORE_ALL if is_first else position[0],
        "chat_id": position[1],
        "n": position[2],
        "limit": limit + 1,
        "most": MOST_MESSAGES,
    }
    return db.the(State, _CHANGES, values, actor=actor)
