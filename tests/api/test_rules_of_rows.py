"""Rules of rows: what no statement may leave behind, whoever writes it."""

import psycopg
import pytest

from tests.support.people import Person
from tests.support.server import Server

# Tables of which each send changes or adds a row.
SENT = ("chats", "members", "messages")


def test_tables_that_a_send_writes_have_no_check_constraints(server: Server) -> None:
    """PostgreSQL reads each of them anew from its text in every statement: together they were a seventh of a send.

    Triggers of the columns that a rule is about take their place (migrations/0009_rules_by_trigger.sql).
    """
    found = server.sql(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint"
        " WHERE contype = 'c' AND conrelid = ANY (%s::regclass[])",
        list(SENT),
    )
    assert found == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE chats SET type = 'channel'",
        "UPDATE chats SET who_can_send = 'nobody'",
        "UPDATE chats SET who_can_add = 'nobody'",
        "UPDATE chats SET message_seconds = 0",
        "UPDATE chats SET low_user_id = high_user_id + 1 WHERE type = 'private'",
        "UPDATE chats SET is_public = true WHERE type = 'private'",
        "INSERT INTO chats (type) VALUES ('channel')",
        "INSERT INTO chats (type, is_public) VALUES ('private', true)",
        "INSERT INTO chats (type, message_seconds) VALUES ('group', -1)",
        "UPDATE members SET role = 'king'",
        "UPDATE members SET notify_of = 'some'",
        "UPDATE members SET read_seq = 1, delivered_seq = 0",
        "INSERT INTO members (chat_id, user_id, role) SELECT common_room_id(), id, 'king' FROM users",
        "INSERT INTO members (chat_id, user_id, read_seq) SELECT common_room_id(), id, 1 FROM users",
        "UPDATE messages SET deleted_at = now()",
        "UPDATE messages SET deleted_at = now(), content = '', reactions = '{\"a\": [1]}'",
        "UPDATE messages SET deleted_at = now(), content = '', pinned_at = now()",
    ],
)
def test_a_row_that_breaks_a_rule_is_refused(server: Server, alice: Person, bob: Person, change: str) -> None:
    alice.send(alice.chat_with(bob), "hello")
    with pytest.raises(psycopg.errors.CheckViolation):
        server.sql(change)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE chats SET message_seconds = NULL, low_user_id = NULL",
        "UPDATE members SET read_seq = 1, delivered_seq = 1",
        "UPDATE messages SET deleted_at = now(), content = ''",
    ],
)
def test_a_row_that_keeps_them_is_not(server: Server, alice: Person, bob: Person, change: str) -> None:
    alice.send(alice.chat_with(bob), "hello")
    server.sql(change)
