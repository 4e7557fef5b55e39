"""Webhooks as admins make and change them. Whoever made or last changed one keeps it: it is told what they hear."""

import base64
import secrets
from typing import Any, LiteralString

import msgspec
from msgspec import UNSET, UnsetType

from chalicelib.core import clock, context, db, ids, outside
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput, WebhooksOff
from chalicelib.core.verdicts import REFUSALS, Outcome, settled
from chalicelib.features.webhooks.schemas import (
    NewWebhook,
    Webhook,
    WebhookChange,
    WebhookDelivery,
    WebhookDeliveryList,
    WebhookInput,
    WebhookList,
    WebhookPing,
)
from chalicelib.realtime import hooks
from chalicelib.realtime.publish import try_webhook

# Of a group, and of the whole service.
MOST = 10
PING = "webhook:ping"


class _Told(Outcome, frozen=True, kw_only=True):
    webhook: str | None


class _Delivery(Outcome, frozen=True, kw_only=True):
    delivery: str | None


_ADD: LiteralString = """
SELECT * FROM add_webhook(
    %(place)s::bigint, %(actor)s, %(given)s::jsonb, %(key)s, %(most)s, %(address)s, %(request_id)s
)
"""

# There is always a row, with the verdict.
_LIST: LiteralString = """
SELECT coalesce(v.refusal, 'allowed') AS verdict, CASE WHEN w.id IS NOT NULL THEN webhook_json(w)::text END AS webhook
FROM (SELECT filter_refusal(%(place)s::bigint, %(actor)s) AS refusal) v
LEFT JOIN webhooks w ON v.refusal IS NULL AND w.chat_id IS NOT DISTINCT FROM %(place)s::bigint
ORDER BY w.id DESC
"""

_CHANGE: LiteralString = """
SELECT * FROM change_webhook(
    %(webhook_id)s, %(actor)s, %(given)s::jsonb, %(key)s::text, %(address)s, %(request_id)s
)
"""

_REMOVE: LiteralString = "SELECT * FROM remove_webhook(%(webhook_id)s, %(actor)s, %(address)s, %(request_id)s)"

_ONE: LiteralString = """
SELECT coalesce(webhook_refusal(%(webhook_id)s, %(actor)s), 'allowed') AS verdict, (
    SELECT webhook_json(w)::text FROM webhooks w WHERE w.id = %(webhook_id)s
) AS webhook
"""

_DELIVERIES: LiteralString = """
SELECT coalesce(v.refusal, 'allowed') AS verdict, CASE WHEN d.id IS NOT NULL THEN jsonb_build_object(
    'eventId', d.event_id, 'type', d.type, 'state', d.state, 'status', d.status, 'tries', d.tries,
    'createdAt', wire_time(d.created_at), 'triedAt', wire_time(d.tried_at)
)::text END AS delivery
FROM (SELECT webhook_refusal(%(webhook_id)s, %(actor)s) AS refusal) v
LEFT JOIN webhook_deliveries d ON v.refusal IS NULL AND d.webhook_id = %(webhook_id)s
ORDER BY d.id DESC
"""


def add(actor: Actor, chat_id: int | None, given: WebhookInput) -> NewWebhook:
    """Makes a webhook of a group, or of the whole service where there is no `chat_id`.

    Raises WebhooksOff, NotFound, NotAGroup and Forbidden in a group that is not the actor's to look after,
    TooManyWebhooks, and InvalidInput for a URL that leads to no public host.
    """
    _check(given.url)
    key = _new_secret()
    values = {"place": chat_id, "actor": actor.user_id, "given": _json(given), "key": key, "most": MOST}
    made = settled(lambda: db.the(_Told, _ADD, values | context.origin(), actor=actor))
    webhook = _noted(actor, made.webhook)
    return NewWebhook(**msgspec.structs.asdict(webhook), secret=key)


def webhooks(actor: Actor, chat_id: int | None) -> WebhookList:
    """The webhooks of a group, or those of the whole service. Raises NotFound, NotAGroup, Forbidden."""
    rows = db.many(_Told, _LIST, {"place": chat_id, "actor": actor.user_id}, actor=actor)
    if rows[0].verdict in REFUSALS:
        raise REFUSALS[rows[0].verdict]()
    return WebhookList(webhooks=[_webhook(row.webhook) for row in rows if row.webhook is not None])


def change(actor: Actor, webhook_id: int, given: WebhookChange) -> Webhook:
    """Changes what is given; the actor keeps it from then on. Raises what `add` does but for TooManyWebhooks."""
    _check(given.url)
    return _change(actor, webhook_id, _json(given), None)


def change_secret(actor: Actor, webhook_id: int) -> NewWebhook:
    """Gives a webhook another secret, at once. Raises WebhooksOff, NotFound, NotAGroup, Forbidden."""
    _check(UNSET)
    key = _new_secret()
    return NewWebhook(**msgspec.structs.asdict(_change(actor, webhook_id, "{}", key)), secret=key)


def remove(actor: Actor, webhook_id: int) -> None:
    """Removes a webhook. Raises NotFound, NotAGroup, Forbidden."""
    values = {"webhook_id": webhook_id, "actor": actor.user_id, **context.origin()}
    settled(lambda: db.the(Outcome, _REMOVE, values, actor=actor))


def ping(actor: Actor, webhook_id: int) -> WebhookPing:
    """Has a webhook told of an event that tries it out, also where it is disabled.

    Raises WebhooksOff, NotFound, NotAGroup, Forbidden.
    """
    _check(UNSET)
    values = {"webhook_id": webhook_id, "actor": actor.user_id}
    webhook = _webhook(settled(lambda: db.the(_Told, _ONE, values, actor=actor)).webhook)
    hooks.note(webhook.keeper_id, webhook.chat_id)
    event_id = f"ping:{ids.random_id()}"
    event = {
        "type": PING,
        "eventId": event_id,
        "requestId": context.current().request_id,
        "ts": clock.wire(clock.now()),
        "chatId": webhook.chat_id,
        "data": {"webhookId": webhook_id},
    }
    try_webhook(
        hooks.Hooked(
            chat_id=webhook.chat_id,
            keepers=[webhook.keeper_id],
            type=PING,
            event_id=event_id,
            event=msgspec.Raw(msgspec.json.encode(event)),
            only=webhook_id,
        )
    )
    return WebhookPing(event_id=event_id)


def deliveries(actor: Actor, webhook_id: int) -> WebhookDeliveryList:
    """What became of a webhook's last posts. Raises NotFound, NotAGroup, Forbidden."""
    rows = db.many(_Delivery, _DELIVERIES, {"webhook_id": webhook_id, "actor": actor.user_id}, actor=actor)
    if rows[0].verdict in REFUSALS:
        raise REFUSALS[rows[0].verdict]()
    told = [msgspec.json.decode(row.delivery, type=WebhookDelivery) for row in rows if row.delivery is not None]
    return WebhookDeliveryList(deliveries=told)


def _change(actor: Actor, webhook_id: int, given: str, key: str | None) -> Webhook:
    values: dict[str, Any] = {"webhook_id": webhook_id, "actor": actor.user_id, "given": given, "key": key}
    changed = settled(lambda: db.the(_Told, _CHANGE, values | context.origin(), actor=actor))
    return _noted(actor, changed.webhook)


def _noted(actor: Actor, told: str | None) -> Webhook:
    """The webhook, once its keeper's item notes it. Where that fails, the next change or ping does it."""
    webhook = _webhook(told)
    hooks.note(actor.user_id, webhook.chat_id)
    return webhook


def _check(url: str | UnsetType) -> None:
    if not settings().webhooks:
        raise WebhooksOff()
    if url is UNSET:
        return
    try:
        outside.checked(url)
    except outside.RefusedAddressError as error:
        raise InvalidInput.at("url", "refused", "must be a URL of a public host, by https on port 443") from error


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def _json(given: WebhookInput | WebhookChange) -> str:
    return msgspec.json.encode(given).decode()


def _webhook(told: str | None) -> Webhook:
    return msgspec.json.decode(told or "", type=Webhook)
