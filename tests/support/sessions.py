"""A person as the service's own functions know them: for tests that call these past HTTP."""

import jwt

from chalicelib.core.context import Actor
from tests.support.people import Person


def actor_of(person: Person) -> Actor:
    """Who acts with a person's access token."""
    claims = jwt.decode(person.access_token, options={"verify_signature": False})
    return Actor(user_id=person.id, session_id=claims["sid"])
