"""Which fields of what was made serve as path parameters elsewhere, for the links of the OpenAPI document."""

from chalicelib.features.accounts.passkey_schemas import Passkey
from chalicelib.features.chats.schemas import NewInvite
from chalicelib.features.ops.links import Ids
from chalicelib.features.uploads.schemas import LargeUpload, UploadForm
from chalicelib.features.webhooks.schemas import NewWebhook
from chalicelib.realtime.people import Contact
from chalicelib.realtime.shapes import Call, Chat, Message, ScheduledMessage

LINKS: Ids = {
    Chat: ({"chat_id": "id"},),
    NewInvite: ({"token": "token"}, {"chat_id": "chatId", "invite_id": "id"}),
    Call: ({"call_id": "id"},),
    Message: ({"message_id": "id"},),
    ScheduledMessage: ({"scheduled_id": "id"},),
    LargeUpload: ({"upload_id": "id"},),
    UploadForm: ({"upload_id": "id"},),
    NewWebhook: ({"webhook_id": "id"},),
    Passkey: ({"passkey_id": "id"},),
    Contact: ({"user_id": "userId"},),
}
