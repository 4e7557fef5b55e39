"""What is bad in a source is told with its row and left out, and nothing stops."""

import subprocess
import sys

import pytest

from local.processes import plain_environment
from moving.source import SourceError
from tests.moving.rig import HASHES, Moving

LONG = "д" * 10_001


@pytest.fixture
def full(flutter: Moving) -> Moving:
    """A source with one good chat of each kind, and one of everything that is bad."""
    flutter.sql(
        """
        INSERT INTO users (id, username, email, password_hash, avatar_url, created_at) VALUES
            (1, 'maria', 'maria@example.org', %(hash)s, 'https://elsewhere.example/m.png', '2025-01-01 10:00'),
            (2, 'ivan', 'ivan@example.org', %(hash)s, NULL, '2025-01-01 10:00'),
            (3, NULL, NULL, %(hash)s, NULL, '2025-01-01 10:00'),
            (4, NULL, 'olga@example.org', %(hash)s, NULL, '2025-01-01 10:00'),
            (5, E'pe\\u202etr\\u0007', 'no address', %(hash)s, NULL, NULL),
            (6, 'al', NULL, 'plain text', NULL, '2025-01-01 10:00'),
            (7, repeat('long', 60), NULL, %(hash)s, NULL, '2025-01-01 10:00'),
            (8, E'\\u200b\\u202e', NULL, %(hash)s, NULL, '2025-01-01 10:00')
        """.replace("%(hash)s", f"'{HASHES['$2b$']}'")
    )
    flutter.sql(
        """
        INSERT INTO chats (id, type, name, avatar, created_by, created_at) VALUES
            (1, 'private', NULL, NULL, 1, '2025-02-01 10:00'),
            (2, 'group', E'Ro\\u0007om', 'https://elsewhere.example/r.png', 2, '2025-02-01 10:00'),
            (3, 'private', NULL, NULL, 1, '2025-02-01 10:00'),
            (4, 'group', repeat('x', 200), NULL, 99, NULL),
            (5, 'group', 'nobody', NULL, 99, '2025-02-01 10:00'),
            (6, 'private', NULL, NULL, 1, '2025-02-01 10:00');
        INSERT INTO chat_participants (chat_id, user_id, role, joined_at) VALUES
            (1, 1, 'member', '2025-02-01 10:00'), (1, 2, 'member', '2025-02-01 10:00'),
            (2, 1, 'member', '2025-02-01 10:00'), (2, 2, 'admin', NULL), (2, 77, 'member', '2025-02-01 10:00'),
            (3, 1, 'member', '2025-02-01 10:00'), (3, 2, 'member', '2025-02-01 10:00'),
            (3, 4, 'member', '2025-02-01 10:00'), (4, 1, 'member', '2025-02-01 10:00'),
            (5, 3, 'member', '2025-02-01 10:00'), (6, 1, 'member', '2025-02-01 10:00'),
            (99, 1, 'member', '2025-02-01 10:00');
        """
    )
    for key, chat, sender, content, at in (
        (1, 1, 1, "good", "2025-02-01 10:01"),
        (2, 1, 1, LONG, "2025-02-01 10:02"),
        (3, 1, 2, None, "2025-02-01 10:03"),
        (4, 1, 2, " \n ", "2025-02-01 10:04"),
        (5, 1, 99, "from nobody", "2025-02-01 10:05"),
        (6, 99, 1, "to nowhere", "2025-02-01 10:06"),
        (7, 1, 2, "no time", None),
        (8, 1, 2, "hi <b>all</b>", "2025-02-01 10:08"),
        (9, 1, None, "by who is gone", "2025-02-01 10:09"),
        (10, 1, 3, "by who did not come", "2025-02-01 10:10"),
        (11, 1, 2, "at the end of time", "infinity"),
        (12, 1, 2, "a bell \a rings", "2025-02-01 10:12"),
        (13, 6, 1, "to myself", "2025-02-01 10:13"),
        (14, 1, 2, "<script>alert(1)</script>", "2025-02-01 10:14"),
        (15, None, 1, "of no chat", "2025-02-01 10:15"),
        (16, 1, 2, "last", "2025-02-01 10:16"),
    ):
        flutter.sql(
            "INSERT INTO messages (id, chat_id, sender_id, content, created_at) VALUES (%s, %s, %s, %s, %s)",
            key,
            chat,
            sender,
            content,
            at,
        )
    return flutter


def test_each_bad_row_is_told_and_the_others_come(full: Moving) -> None:
    told = full.bring()
    assert {(table, key) for verdict, table, key, _ in told if verdict == "left out"} == {
        ("users", "3"),
        ("users", "8"),
        ("members", "77 of chat 2"),
        ("members", "3 of chat 5"),
        ("members", "1 of chat 99"),
        ("chats", "5"),
        *(("messages", str(key)) for key in (2, 3, 4, 5, 6, 7, 10, 11, 14, 15)),
    }
    assert {(table, key) for verdict, table, key, _ in told if verdict == "changed"} == {
        ("users", "1"),
        ("users", "4"),
        ("users", "5"),
        ("users", "6"),
        ("users", "7"),
        ("chats", "2"),
        ("chats", "3"),
        ("chats", "4"),
        ("messages", "8"),
        ("messages", "14"),
    }
    maria = full.log_in("maria")
    chats = {chat["id"]: chat for chat in maria.http.get("/chats").json()["chats"]}
    assert sorted((chat["type"], chat["name"]) for chat in chats.values() if chat["name"]) == [
        ("group", "Room"),
        ("group", "x" * 100),
    ]
    [private] = [chat for chat in chats.values() if chat["type"] == "private" and len(chat["participants"]) == 2]
    assert [(message["seq"], message["content"]) for message in maria.history(private["id"])][::-1] == [
        (1, "good"),
        (2, "hi all"),
        (3, "by who is gone"),
        (4, "a bell \a rings"),
        (5, "last"),
    ]
    [own] = [chat for chat in chats.values() if chat["type"] == "private" and len(chat["participants"]) == 1]
    assert maria.history(own["id"])[0]["content"] == "to myself"
    assert full.server.sql("SELECT username FROM users ORDER BY id") == [
        ("maria",), ("ivan",), ("olga",), ("petr",), ("al-6",), (("long" * 8),),
    ]  # fmt: skip
    roles = {
        p["userId"]: p["role"] for chat in chats.values() if chat["name"] == "Room" for p in chat["participants"]
    }
    assert roles == {full.log_in("ivan").id: "owner", maria.id: "member"}


def test_the_same_is_told_again_and_nothing_is_doubled(full: Moving) -> None:
    first = full.bring()
    before = full.server.sql("SELECT count(*), max(id) FROM messages")
    second = full.bring()
    assert [line for line in second if line[0] == "left out"] == [line for line in first if line[0] == "left out"]
    assert full.server.sql("SELECT count(*), max(id) FROM messages") == before


def test_the_command_reports_and_says_why_it_cannot(full: Moving) -> None:
    def run(**variables: str) -> "subprocess.CompletedProcess[str]":
        environment = {**plain_environment(), "DATABASE_URL": full.server.database_url, "DATA_DIR": str(full.folder)}
        command = [sys.executable, "-m", "moving"]
        return subprocess.run(command, env=environment | variables, capture_output=True, text=True, check=False)

    done = run(FROM=full.url, DIALECT="flutter")
    assert done.returncode == 0, done.stderr
    assert "messages           16 read: 6 added, 10 left out" in done.stdout
    assert "messages: is longer than 10,000 characters: 1 (2)" in done.stdout
    assert "users     [" in done.stderr
    for variables, words in (
        ({}, "Say from where"),
        ({"FROM": full.url, "DIALECT": "icq"}, "DIALECT must be one of conversations, flutter"),
        ({"FROM": full.url, "DIALECT": "conversations"}, "FROM has no table conversations. It has chat_participants"),
        ({"FROM": "nonsense", "DIALECT": "flutter"}, "FROM is not of the form"),
        ({"FROM": full.url.replace("/source", "/none"), "DIALECT": "flutter"}, "cannot connect to FROM"),
        ({"FROM": full.url, "DIALECT": "flutter", "SAME": "seven"}, "SAME is a list of USER:ACCOUNT"),
    ):
        refused = run(**variables)
        assert (refused.returncode, words in refused.stderr) == (1, True), refused.stderr
        assert "Traceback" not in refused.stderr
        assert "password" not in refused.stderr


def test_a_table_without_what_is_needed_is_named(moving: Moving) -> None:
    moving.sql("CREATE TABLE users (id int); CREATE TABLE chats (id int); CREATE TABLE messages (id int)")
    with pytest.raises(SourceError, match="FROM has no table chat_participants"):
        moving.bring(dialect="flutter")
    moving.sql("CREATE TABLE chat_participants (chat_id int, user_id int)")
    with pytest.raises(SourceError, match="The table messages of FROM has no column chat_id or conversation_id"):
        moving.bring(dialect="flutter")
    moving.sql("DROP TABLE messages")
    moving.sql("CREATE TABLE messages (id int, chat_id int, sender_id int, content text, created_at bigint)")
    with pytest.raises(SourceError, match=r"messages\.created_at of FROM is a bigint, where a timestamp is expected"):
        moving.bring(dialect="flutter")
