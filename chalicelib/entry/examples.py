"""Examples of request bodies for the OpenAPI document, by the type of the body: a name and a value each.

A test sends each of them, with ids of things that there are. What has to lie ahead lies in the next month.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.core import clock
from chalicelib.features.accounts.passkey_schemas import NewPasskey, PasskeyBeginning, PasskeyLogin, PasskeyRename
from chalicelib.features.accounts.schemas import (
    BothProofs,
    CodeProof,
    Credentials,
    EmailConfirmation,
    EmailRequest,
    LogoutRequest,
    PasswordChange,
    PasswordProof,
    PasswordReset,
    RefreshRequest,
    Registration,
    ResetRequest,
)
from chalicelib.features.assistant.schemas import AskInput, SummaryInput, TranslationInput
from chalicelib.features.calls.schemas import CallAccept, CallEnd, CallRing, CallStart, CallStates
from chalicelib.features.chats.schemas import (
    ChatChange,
    ChatInput,
    InviteInput,
    MuteInput,
    NotifyInput,
    ParticipantsInput,
    RoleInput,
)
from chalicelib.features.encryption.schemas import ClaimInput, DeviceSendInput, KeysInput, ReceivedInput
from chalicelib.features.messages.schemas import (
    DeliveredInput,
    DraftInput,
    EditInput,
    ForwardInput,
    ReadInput,
    ScheduleChange,
    ScheduleInput,
    SendInput,
)
from chalicelib.features.moderation.schemas import (
    AccountChange,
    AppealInput,
    BanAppeal,
    HeldDecision,
    ReportChange,
    ReportInput,
    SanctionInput,
    WarningInput,
    WordRuleInput,
)
from chalicelib.features.notifications.schemas import DeviceInput, NotificationChange
from chalicelib.features.people.schemas import ContactChange, NewContact, PrivacyChange, ProfileChange
from chalicelib.features.polls.schemas import VoteInput
from chalicelib.features.presence.schemas import PresenceQuery, StatusInput
from chalicelib.features.uploads.schemas import NewLargeUpload, NewUpload, NewUploads, PartsInput
from chalicelib.features.webhooks.schemas import WebhookChange, WebhookInput


def _next_month() -> str:
    """The morning of the first day of the next month: the document stays the same until then."""
    today = datetime.fromtimestamp(clock.now(), UTC)
    first = (today.replace(day=1) + timedelta(days=32)).replace(day=1, hour=9, minute=0, second=0, microsecond=0)
    return clock.wire(first.timestamp())


_LATER = _next_month()
_TOKEN = "eHY2Q0xZcU9sZ1pTdnJ5d0Z0bXVDQQ"  # noqa: S105  # stands for a refresh token
_CODE = "492 039"
_CREDENTIAL = "IzxmGHVFnXHfL3Lz6oIcMA"
_CLIENT_DATA = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0"
_SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
_BROWSER_KEY = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
# Of no device: the first bytes count.
_KEY = f"{'A' * 42}E"
_SIGNED = {"id": "AAAAAAAAAAA", "key": f"{'A' * 42}I", "signature": f"{'A' * 85}Q"}
_PICTURE = {"filename": "lake.png", "contentType": "image/png", "size": 48_213}

EXAMPLES: Mapping[type, Mapping[str, Any]] = {
    Registration: {
        "shortest": {"username": "maria", "password": "correct horse battery"},
        "whole": {
            "username": "ivan.petrov",
            "email": "ivan@example.com",
            "password": "correct horse battery",
            "firstName": "Иван",
            "lastName": "Петров",
        },
    },
    PasswordChange: {
        "both": {"currentPassword": "correct horse battery", "newPassword": "battery horse correct"},
    },
    ResetRequest: {"email": {"email": "ivan@example.com"}},
    PasswordReset: {"letter": {"token": _TOKEN, "password": "correct horse battery"}},
    EmailConfirmation: {"letter": {"token": _TOKEN}},
    EmailRequest: {"another": {"email": "ivan.petrov@example.com", "password": "correct horse battery"}},
    PasswordProof: {"password": {"password": "correct horse battery"}},
    PasskeyBeginning: {
        "password": {"password": "correct horse battery"},
        "second factor too": {"password": "correct horse battery", "code": _CODE},
    },
    NewPasskey: {
        "phone": {
            "name": "My phone",
            "credential": {
                "id": _CREDENTIAL,
                "rawId": _CREDENTIAL,
                "type": "public-key",
                "response": {"clientDataJSON": _CLIENT_DATA, "attestationObject": "o2NmbXRkbm9uZQ", "transports": []},
            },
        },
    },
    PasskeyLogin: {
        "signed": {
            "credential": {
                "id": _CREDENTIAL,
                "rawId": _CREDENTIAL,
                "type": "public-key",
                "response": {
                    "clientDataJSON": _CLIENT_DATA,
                    "authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAA",
                    "signature": "MEUCIQDKg0hX",
                },
            },
        },
    },
    PasskeyRename: {"another name": {"name": "Work laptop"}},
    CodeProof: {"authenticator": {"code": _CODE}},
    BothProofs: {"both": {"password": "correct horse battery", "code": _CODE}},
    Credentials: {
        "username": {"username": "maria", "password": "correct horse battery"},
        "email": {"email": "ivan@example.com", "password": "correct horse battery"},
    },
    RefreshRequest: {"refresh": {"refreshToken": _TOKEN}},
    LogoutRequest: {"this session": {}, "another session too": {"refreshToken": _TOKEN}},
    ProfileChange: {
        "name": {"displayName": "Мария", "firstName": "Мария", "lastName": "Иванова"},
        "status text": {"statusText": "On holiday"},
        "no email address": {"email": None},
    },
    PrivacyChange: {"contacts only": {"lastSeen": "contacts"}, "no read receipts": {"readReceipts": False}},
    DeviceInput: {
        "browser": {
            "platform": "webpush",
            "subscription": {
                "endpoint": "https://push.example.com/send/eHY2Q0xZcU9s",
                "expirationTime": None,
                "keys": {
                    "p256dh": _BROWSER_KEY,
                    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
                },
            },
        },
    },
    KeysInput: {
        "a new device": {
            "identityKey": _KEY,
            "signingKey": _KEY,
            "signedPreKey": _SIGNED,
            "oneTimeKeys": [{"id": "AAAAAAAAAAE", "key": f"{'A' * 42}M"}],
        },
        "another signed pre-key": {"identityKey": _KEY, "signingKey": _KEY, "signedPreKey": {**_SIGNED, "id": "2"}},
    },
    DeviceSendInput: {
        "one device": {"userIds": [2], "messages": [{"deviceId": 2, "type": "olm.0", "body": "AwogF5hOc3sP"}]},
    },
    ReceivedInput: {"up to a message": {"upTo": 481}},
    ClaimInput: {"two devices": {"deviceIds": [17, 18]}},
    NotificationChange: {
        "no previews": {"previews": False},
        "quiet nights": {"quietHours": {"start": "22:30", "end": "07:00", "timeZone": "Europe/Berlin"}},
        "no quiet hours": {"quietHours": None},
    },
    WebhookInput: {
        "messages": {
            "url": "https://hooks.example.com/messenger",
            "events": ["message:new", "message:updated", "message:deleted"],
            "name": "Archive",
        },
    },
    WebhookChange: {"off": {"enabled": False}, "other events": {"events": ["member:joined", "member:left"]}},
    NewContact: {"own name": {"userId": 2, "name": "Ivan from work"}},
    ContactChange: {"another name": {"name": "Ivan"}, "the user's own name": {"name": None}},
    StatusInput: {"busy": {"status": "busy", "statusText": "In a meeting"}, "unseen": {"status": "invisible"}},
    PresenceQuery: {"two people": {"userIds": [2, 3]}},
    ChatInput: {
        "private chat": {"type": "private", "participantIds": [2]},
        "group": {"type": "group", "participantIds": [2, 3], "name": "Hikers", "description": "Sundays"},
    },
    ChatChange: {
        "public group": {"name": "Hikers", "isPublic": True},
        "rules": {"settings": {"whoCanSend": "admins", "whoCanAdd": "members"}},
        "slow mode": {"settings": {"slowModeSeconds": 30}},
        "messages that disappear": {"settings": {"messageSeconds": 86_400}},
    },
    ParticipantsInput: {"one": {"userId": 4}, "several": {"userIds": [4, 5]}},
    AccountChange: {"moderator": {"role": "moderator"}},
    WarningInput: {"tone": {"reason": "Insults are not welcome here."}},
    SanctionInput: {
        "until": {"reason": "The same advertisement in twelve groups.", "until": _LATER},
        "for good": {"reason": "The same advertisement in twelve groups, again."},
    },
    ReportInput: {
        "message": {"subjectKind": "message", "subjectId": 481, "reason": "spam", "comment": "In every group."},
    },
    ReportChange: {
        "mine": {"assigneeId": 17},
        "decided": {"decision": "upheld", "note": "Muted for a week."},
    },
    AppealInput: {"mute": {"comment": "That was a quote from a film."}},
    BanAppeal: {
        "ban": {"username": "maria", "password": "correct horse battery", "comment": "Somebody else had my phone."},
    },
    WordRuleInput: {
        "refused": {"phrase": "free money", "action": "refuse"},
        "looked at first": {"phrase": "casino*", "action": "hide"},
    },
    HeldDecision: {"sent": {"decision": "approved"}, "never sent": {"decision": "deleted"}},
    RoleInput: {"admin": {"role": "admin"}},
    InviteInput: {"for ever": {}, "for a day and ten people": {"expiresIn": 86_400, "maxUses": 10}},
    NotifyInput: {"mentions": {"notifyOf": "mentions"}},
    MuteInput: {"for ever": {}, "until a time": {"until": _LATER}},
    SendInput: {
        "text": {"chatId": 1, "content": "Привет!", "clientMessageId": "f81d4fae-7dec-11d0"},
        "reply": {"chatId": 1, "content": "At nine, @ivan", "replyTo": 1, "mentions": [2]},
        "place": {
            "chatId": 1,
            "content": "Here at nine",
            "location": {"latitude": 59.9398, "longitude": 30.3146, "name": "Hermitage"},
        },
        "contact of a user": {"chatId": 1, "contact": {"userId": 2}},
        "contact": {"chatId": 1, "contact": {"name": "Taxi", "phone": "+7 (812) 555-01-23"}},
        "poll": {"chatId": 1, "content": "When?", "poll": {"options": ["Saturday", "Sunday"], "isMultiple": True}},
        "picture": {"chatId": 1, "content": "The lake", "messageType": "image", "attachments": [1]},
    },
    ScheduleInput: {"text": {"chatId": 1, "content": "Happy birthday!", "sendAt": _LATER}},
    ScheduleChange: {"another time": {"sendAt": _LATER}, "another text": {"content": "Happy birthday, Ivan!"}},
    EditInput: {"text": {"content": "At ten"}},
    ForwardInput: {"two chats": {"chatIds": [2, 3], "clientMessageId": "f81d4fae-7dec-11d0-a765"}},
    ReadInput: {"up to a message": {"seq": 1}, "everything": {}},
    DeliveredInput: {"up to a message": {"seq": 1}, "everything": {}},
    VoteInput: {"first option": {"options": [0]}, "vote taken back": {"options": []}},
    SummaryInput: {
        "last hundred messages": {},
        "unread ones, in Russian": {"unread": True, "language": "ru"},
        "kept to be fetched": {"limit": 20, "keep": True},
    },
    AskInput: {"in its own language": {}, "in English": {"language": "en"}},
    TranslationInput: {"into Russian": {"language": "ru"}},
    CallStart: {"video call in a group": {"chatId": 1, "type": "video"}, "call of a user": {"userId": 2}},
    CallAccept: {"accepted": {}, "with an answer to the offer": {"sdp": _SDP}},
    CallEnd: {"hung up": {}, "no connection": {"reason": "failed"}},
    CallRing: {"this device rings": {}},
    CallStates: {"muted": {"muted": True}, "shared screen": {"camera": False, "screen": True}},
    DraftInput: {"begun": {"content": "Dear all,", "replyTo": 1}, "given up": {"content": ""}},
    NewUpload: {"picture": _PICTURE},
    NewLargeUpload: {"film": {"filename": "summer.mp4", "contentType": "video/mp4", "size": 734_003_200}},
    PartsInput: {
        "first part": {"parts": [{"partNumber": 1, "checksum": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}]}
    },
    NewUploads: {
        "two files": {"files": [_PICTURE, {"filename": "map.pdf", "contentType": "application/pdf", "size": 90_112}]}
    },
}
