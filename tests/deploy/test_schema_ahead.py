"""A deployment migrates first: until the functions follow, and after a rollback, older code serves on a newer schema.

What a migration may add is added here to every table at once, and the code of today is what is old.
"""

import psycopg
import pytest
from psycopg import sql

from tests.support.people import PASSWORD, Register
from tests.support.server import Server


@pytest.fixture
def _ahead(server: Server) -> None:
    tables = server.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        for (table,) in tables:
            added = sql.SQL(
                "ALTER TABLE {} ADD COLUMN later_empty text, ADD COLUMN later_filled integer NOT NULL DEFAULT 7"
            )
            connection.execute(added.format(sql.Identifier(table)))
        connection.execute("INSERT INTO schema_migrations (number, name, checksum) VALUES (9999, '9999_later', '')")


@pytest.mark.usefixtures("_ahead")
def test_older_code_serves_on_a_newer_schema(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    ears, mouth = bob.socket(), alice.socket()
    first = mouth.act("message:send", {"chatId": chat, "content": "by socket", "clientMessageId": "c1"})
    ears.wait_for("message:new", id=first["id"])
    second = alice.send(chat, "by REST, a meeting", clientMessageId="c2")
    cursor = bob.http.get("/sync").json()["nextCursor"]
    for method, path, body in (
        ("PUT", f"/messages/{first['id']}", {"content": "edited"}),
        ("PUT", f"/messages/{second['id']}/reactions/👍", None),
        ("PUT", f"/chats/{chat}/draft", {"content": "not yet"}),
        ("POST", "/contacts", {"userId": bob.id}),
        ("POST", "/chats", {"type": "group", "name": "group", "participantIds": [bob.id]}),
        ("POST", "/uploads", {"filename": "a.png", "contentType": "image/png", "size": 100}),
        ("PUT", "/users/status", {"status": "busy"}),
    ):
        answer = alice.http.request(method, path, json=body)
        assert answer.is_success, (path, answer.text)
    assert bob.http.post(f"/chats/{chat}/read", json={}).json()["readSeq"] == 2
    assert [message["content"] for message in bob.history(chat)] == ["by REST, a meeting", "edited"]
    found = bob.http.get("/messages/search", params={"q": "meetings"}).json()["messages"]
    assert [message["id"] for message in found] == [second["id"]]
    told = bob.http.get("/sync", params={"cursor": cursor}).json()["events"]
    assert {event["type"] for event in told} >= {"message:updated", "chat:created"}
    server.stack.triggers.fire_schedule("sweep")
    again = {"username": "alice", "password": PASSWORD}
    assert alice.http.post("/auth/login", json=again).is_success
    assert alice.http.post("/auth/refresh", json={"refreshToken": alice.refresh_token}).is_success
