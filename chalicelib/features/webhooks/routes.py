"""Webhooks over HTTP."""

from chalicelib.core.context import Actor
from chalicelib.core.errors import Forbidden, NotAGroup, NotFound, TooManyWebhooks, WebhooksOff
from chalicelib.core.http import Reply, Routes
from chalicelib.core.ids import Id
from chalicelib.features.webhooks import managing
from chalicelib.features.webhooks.schemas import (
    NewWebhook,
    Webhook,
    WebhookChange,
    WebhookDeliveryList,
    WebhookInput,
    WebhookList,
    WebhookPing,
)

routes = Routes("webhooks")

_TENDING = (NotFound, NotAGroup, Forbidden)
_USING = (*_TENDING, WebhooksOff)


@routes.get("/chats/{chat_id}/webhooks", refuses=_TENDING)
def list_chat_webhooks(actor: Actor, chat_id: Id) -> WebhookList:
    """The webhooks of a group, for its owners and admins."""
    return managing.webhooks(actor, chat_id)


@routes.post("/chats/{chat_id}/webhooks", status=201, creates=True, refuses=(*_USING, TooManyWebhooks))
def add_chat_webhook(actor: Actor, chat_id: Id, body: WebhookInput) -> Reply[NewWebhook]:
    """Have a URL told of what happens in a group; for its owners and admins."""
    return Reply(body=managing.add(actor, chat_id, body), status=201)


@routes.get("/admin/webhooks", needs="admin")
def list_webhooks(actor: Actor) -> WebhookList:
    """The webhooks of the whole service."""
    return managing.webhooks(actor, None)


@routes.post("/admin/webhooks", status=201, creates=True, needs="admin", refuses=(WebhooksOff, TooManyWebhooks))
def add_webhook(actor: Actor, body: WebhookInput) -> Reply[NewWebhook]:
    """Have a URL told of what happens in all groups that I am in."""
    return Reply(body=managing.add(actor, None, body), status=201)


@routes.patch("/webhooks/{webhook_id}", refuses=_USING)
def change_webhook(actor: Actor, webhook_id: Id, body: WebhookChange) -> Webhook:
    """Change a webhook, turn it off or on again; it is told of what I hear from then on."""
    return managing.change(actor, webhook_id, body)


@routes.delete("/webhooks/{webhook_id}", refuses=_TENDING)
def remove_webhook(actor: Actor, webhook_id: Id) -> None:
    """Remove a webhook."""
    managing.remove(actor, webhook_id)


@routes.post("/webhooks/{webhook_id}/secret", refuses=_USING)
def change_webhook_secret(actor: Actor, webhook_id: Id) -> NewWebhook:
    """Give a webhook another secret; the one before signs nothing from now on."""
    return managing.change_secret(actor, webhook_id)


@routes.post("/webhooks/{webhook_id}/ping", status=202, refuses=_USING)
def ping_webhook(actor: Actor, webhook_id: Id) -> Reply[WebhookPing]:
    """Have a webhook told of an event that tries it out."""
    return Reply(body=managing.ping(actor, webhook_id), status=202)


@routes.get("/webhooks/{webhook_id}/deliveries", refuses=_TENDING)
def list_webhook_deliveries(actor: Actor, webhook_id: Id) -> WebhookDeliveryList:
    """What became of a webhook's last hundred posts."""
    return managing.deliveries(actor, webhook_id)
