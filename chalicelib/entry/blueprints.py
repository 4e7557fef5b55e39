"""The features that have routes."""

from chalicelib.core.http import Endpoint, Routes
from chalicelib.entry.aliases import aliases
from chalicelib.entry.documents import routes as documents
from chalicelib.features.accounts.routes import routes as accounts
from chalicelib.features.chats.routes import routes as chats
from chalicelib.features.messages.routes import routes as messages
from chalicelib.features.ops.routes import routes as ops
from chalicelib.features.people.routes import routes as people
from chalicelib.features.presence.routes import routes as presence
from chalicelib.features.uploads.routes import routes as uploads

_OWN = (accounts, people, presence, chats, messages, uploads, ops, documents)
FEATURES: tuple[Routes, ...] = (*_OWN, aliases(_OWN))


def endpoints() -> list[Endpoint]:
    """Every endpoint there is, in the order of the features."""
    return [endpoint for feature in FEATURES for endpoint in feature.endpoints]
