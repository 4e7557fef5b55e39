"""What webhooks take and answer."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core.faults import TOLD
from chalicelib.core.ids import Id, Timestamp
from chalicelib.realtime.event_data import WebhookEnd

HookedEvent = Annotated[
    Literal[
        "message:new",
        "message:updated",
        "message:deleted",
        "message:reaction",
        "member:joined",
        "member:left",
        "member:updated",
    ],
    Meta(title="WebhookEventType"),
]
HookedEvents = Annotated[list[HookedEvent], Meta(min_length=1, max_length=20)]
WebhookUrl = Annotated[
    str,
    Meta(
        pattern=r"^https?://[!-~]{1,1900}(?!\s)$",
        description="of a public host, by https on port 443",
        extra={TOLD: "must be a URL"},
    ),
]
WebhookName = Annotated[str, Meta(max_length=100, description="what people call it")]
DisabledFor = Annotated[
    Literal["asked"] | WebhookEnd,
    Meta(title="WebhookDisabledFor", description="`asked` is by an admin"),
]


class WebhookInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Where to post, and which events."""

    url: WebhookUrl
    events: HookedEvents
    name: WebhookName = ""


class WebhookChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to change; what is absent stays."""

    url: WebhookUrl | UnsetType = UNSET
    events: HookedEvents | UnsetType = UNSET
    name: WebhookName | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class Webhook(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A webhook: of a group, or of the whole service where `chatId` is null."""

    id: Id
    chat_id: Annotated[Id | None, Meta(description="null for one of the whole service")]
    keeper_id: Annotated[Id, Meta(description="the admin who made or last changed it: it is told of what they hear")]
    name: str
    url: str
    events: list[HookedEvent]
    enabled: bool
    disabled_for: Annotated[DisabledFor | None, Meta(description="why it is disabled; null where it is not")]
    disabled_at: Timestamp | None
    failing_since: Annotated[Timestamp | None, Meta(description="no post was taken since then; null where one was")]
    created_at: Timestamp


class NewWebhook(Webhook, frozen=True, kw_only=True, rename="camel"):
    """A webhook with its secret, which is told this once."""

    secret: Annotated[str, Meta(description="what signs the posts; it is shown this once")]


class WebhookList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All webhooks there, the newest first."""

    webhooks: list[Webhook]


class WebhookPing(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The post that tries a webhook out, as the deliveries name it."""

    event_id: Annotated[str, Meta(description="of the event `webhook:ping`, also in the header webhook-id")]


class WebhookDelivery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of a post."""

    event_id: str
    type: Annotated[str, Meta(description="the type of the event")]
    state: Annotated[
        Literal["waiting", "delivered", "failed"],
        Meta(title="WebhookPostState", description="`waiting` until it is taken or given up"),
    ]
    status: Annotated[
        int | None, Meta(description="of the last answer; 0 where nobody answered, null before the first try")
    ]
    tries: int
    created_at: Timestamp
    tried_at: Annotated[Timestamp | None, Meta(description="the last time; null before the first try")]


class WebhookDeliveryList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The last posts, the newest first."""

    deliveries: list[WebhookDelivery]
