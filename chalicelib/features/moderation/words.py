"""Rules on words: those of the whole service, which moderators make, and those of a group, which its admins make.

The statements that store texts ask them: in migrations/functions, store_message.sql for sends and check_words.sql for
edits and forwards.
"""

from typing import LiteralString

import msgspec

from chalicelib.core import context, db
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput
from chalicelib.core.ids import Id
from chalicelib.core.paging import Page, cut, read_cursor, write_cursor
from chalicelib.core.verdicts import REFUSALS, Outcome, settled
from chalicelib.features.moderation.schemas import WordRule, WordRuleInput, WordRuleList

# Of the whole service, and of a group each: every message is compared with all of them.
MOST = 500


class _Set(Outcome, frozen=True, kw_only=True):
    rule: str | None


class _Row(Outcome, frozen=True, kw_only=True):
    rule: str | None


_SET: LiteralString = """
SELECT * FROM add_word_rule(
    %(place)s::bigint, %(actor)s, %(phrase)s, %(action)s, %(most)s, %(address)s, %(request_id)s
)
"""


def set_rule(actor: Actor, chat_id: int | None, given: WordRuleInput) -> tuple[WordRule, bool]:
    """Makes a rule, or gives the one on the same words another action; answers whether it is new.

    Without `chat_id` it holds in all chats. Raises NotFound, NotAGroup and Forbidden in a group that is not the
    actor's to look after, TooManyRules, and InvalidInput for a phrase that has neither a letter nor a digit.
    """
    values = {"place": chat_id, "actor": actor.user_id, "most": MOST, **msgspec.structs.asdict(given)}
    outcome = settled(lambda: db.the(_Set, _SET, values | context.origin(), actor=actor))
    if outcome.verdict == "wordless":
        raise InvalidInput.at("phrase", "wrong_form", "must have a letter or a digit")
    return msgspec.json.decode(outcome.rule or "", type=WordRule), outcome.verdict == "allowed"


# There is always a row, with the verdict.
_LIST: LiteralString = """
SELECT coalesce(v.refusal, 'allowed') AS verdict,
    CASE WHEN r.id IS NOT NULL THEN word_rule_json(r)::text END AS rule
FROM (SELECT filter_refusal(%(place)s::bigint, %(actor)s) AS refusal) v
LEFT JOIN LATERAL (
    SELECT * FROM word_rules o
    WHERE v.refusal IS NULL AND o.scope = coalesce(%(place)s::bigint, 0) AND o.id > %(after)s
    ORDER BY o.id LIMIT %(limit)s
) r ON true
ORDER BY r.id
"""


def rules(actor: Actor, chat_id: int | None, page: Page) -> WordRuleList:
    """The rules of a group, or those of the whole service. Raises NotFound, NotAGroup, Forbidden."""
    key = read_cursor(page.cursor, tuple[Id])
    values = {"place": chat_id, "actor": actor.user_id, "after": key[0] if key else 0, "limit": page.limit + 1}
    rows = db.many(_Row, _LIST, values, actor=actor)
    if rows[0].verdict in REFUSALS:
        raise REFUSALS[rows[0].verdict]()
    read = [msgspec.json.decode(row.rule, type=WordRule) for row in rows if row.rule is not None]
    found, more = cut(read, page.limit)
    return WordRuleList(rules=found, has_more=more, next_cursor=write_cursor(found[-1].id) if more else None)


_REMOVE: LiteralString = """
SELECT * FROM remove_word_rule(%(rule_id)s, %(place)s::bigint, %(actor)s, %(address)s, %(request_id)s)
"""


def remove_rule(actor: Actor, chat_id: int | None, rule_id: int) -> None:
    """Takes a rule back; what it held goes on waiting. Raises NotFound, NotAGroup, Forbidden."""
    values = {"rule_id": rule_id, "place": chat_id, "actor": actor.user_id, **context.origin()}
    settled(lambda: db.the(Outcome, _REMOVE, values, actor=actor))
