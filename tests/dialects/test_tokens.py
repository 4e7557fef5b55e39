"""Tokens as clients of other messengers send them: with or without `Bearer `, in the header or in the address."""

import pytest

from tests.dialects.conftest import At
from tests.support.reference import Client

DIALECT_LISTS = {
    "flutter": "/api/chats",
    "common-room": "/api/users",
    "skype": "/api/v1/chats",
    "conversations": "/api/conversations",
    "gateway": "/api/chats",
}


@pytest.mark.parametrize("dialect", DIALECT_LISTS)
def test_a_token_is_taken_in_every_usual_place(at: At, dialect: str) -> None:
    client = at(dialect)
    body = {"username": "alice", "email": "alice@example.com", "name": "Alice", "password": "secret"}
    answer = client.ask("POST /api/auth/register", body, status=201)
    token = answer.get("access_token") or answer["token"]
    path = DIALECT_LISTS[dialect]
    for header in (f"Bearer {token}", f"bearer {token}", token):
        assert client.http.get(path, headers={"Authorization": header}).status_code == 200, header[:7]
    for given in (token, f"Bearer {token}"):
        assert client.http.get(path, params={"token": given}).status_code == 200, given[:7]
    _refused(client, path, None, {})
    _refused(client, path, f"Bearer {token[:-3]}abc", {})
    _refused(client, path, f"Basic {token}", {})
    _refused(client, path, None, {"token": token[:-3] + "abc"})
    # The header is who they say they are; the address does not help it.
    _refused(client, path, "Bearer x", {"token": token})


def _refused(client: Client, path: str, header: str | None, query: dict[str, str]) -> None:
    answer = client.http.get(path, params=query, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401, (header, query)
    assert isinstance(answer.json()["error"], str)
