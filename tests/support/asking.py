"""Requests and frames that are made from the declared types alone: what every route and every action takes."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args, get_origin
from urllib.parse import urlencode

import msgspec

from chalicelib.core.http import Endpoint, camel
from tests.support.authenticator import Passkey
from tests.support.push_service import Browser

NOBODYS = 1_000_000
SOON = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
# Path parameters that are no ids.
WORDS = {"emoji": "👍", "token": "x" * 22, "answer_id": "x" * 22}
WEBHOOK = {"url": "https://hooks.example.com/1", "events": ["message:new"]}
# Input that is looked at only after the session was; the rest is made from the declared types.
BODIES: dict[str, dict[str, Any]] = {
    "PUT /auth/password": {"currentPassword": "x", "newPassword": "correct horse battery"},
    "PUT /auth/email": {"email": "x@example.com", "password": "x"},
    "POST /chats": {"type": "private", "participantIds": [NOBODYS]},
    "POST /messages": {"chatId": NOBODYS, "content": "x"},
    "POST /scheduled-messages": {"chatId": NOBODYS, "content": "x", "sendAt": SOON},
    "POST /auth/passkeys": {"name": "x", "credential": Passkey().made("AA")},
    "POST /devices": Browser("https://push.example.com/1").device,
    "POST /calls": {"chatId": NOBODYS},
    "POST /chats/{chat_id}/webhooks": WEBHOOK,
    "POST /admin/webhooks": WEBHOOK,
    "PUT /messages/{message_id}/vote": {"options": [0]},
    "POST /messages/{message_id}/translation": {"language": "ru"},
    "PATCH /chats/{chat_id}": {"description": "x"},
    "POST /chats/{chat_id}/participants": {"userId": NOBODYS},
}
UPLOAD = {"filename": "a.png", "contentType": "image/png", "size": 10}
for uploads in ("POST /uploads", "POST /upload"):
    BODIES |= {uploads: UPLOAD, f"{uploads}/multiple": {"files": [UPLOAD]}}
BODIES |= {
    "POST /uploads/multipart": UPLOAD,
    "POST /uploads/{upload_id}/parts": {"parts": [{"partNumber": 1, "checksum": f"{'A' * 43}="}]},
}
# Those of no device, as their form is.
KEYS = {
    "identityKey": f"{'A' * 42}E",
    "signingKey": f"{'A' * 42}E",
    "signedPreKey": {"id": "1", "key": f"{'A' * 42}I", "signature": f"{'A' * 85}Q"},
    "oneTimeKeys": [{"id": "2", "key": f"{'A' * 42}M"}],
}
BODIES |= {
    "PUT /keys": KEYS,
    "POST /keys/messages": {
        "userIds": [NOBODYS],
        "messages": [{"deviceId": NOBODYS, "type": "olm.0", "body": "AAAA"}],
    },
}
PLAIN: dict[Any, Any] = {int: NOBODYS, str: "x", bool: True, datetime: SOON}


class Asked(NamedTuple):
    """What is asked of an endpoint."""

    method: str
    path: str
    query: dict[str, Any]
    body: dict[str, Any] | None

    @property
    def address(self) -> str:
        """The path with the query."""
        return self.path + (f"?{urlencode(self.query)}" if self.query else "")


def sample(kind: Any) -> Any:
    """A value of a declared type, with its required fields alone."""
    plain = get_args(kind)[0] if hasattr(kind, "__metadata__") else kind
    if get_origin(plain) is Literal:
        return get_args(plain)[0]
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        fields = msgspec.structs.fields(plain)
        return {field.encode_name: sample(field.type) for field in fields if field.required}
    if get_origin(plain) is list:
        return [sample(get_args(plain)[0])]
    if plain in PLAIN:
        return PLAIN[plain]
    return sample(get_args(plain)[0])


def asked_of(endpoint: Endpoint, **ids: Any) -> Asked:
    """Asks an endpoint for nobody's things, or for those of these ids, in the path, the query and the body."""
    values = {name: ids.get(name) or WORDS.get(name, NOBODYS) for name in endpoint.path_parameters}
    asked, body = endpoint.input("query"), endpoint.input("body")
    query = sample(asked) if asked else {}
    query |= {endpoint.word(name): value for name, value in values.items() if f"{{{name}}}" not in endpoint.path}
    given = BODIES.get(endpoint.alias_of or endpoint.name, sample(body) if body else {})
    mine = {camel(name): value for name, value in ids.items()}
    return Asked(
        method=endpoint.method,
        path=endpoint.path.format(**values),
        query=query,
        body=given | {name: mine[name] for name in given.keys() & mine.keys()} if body else None,
    )
