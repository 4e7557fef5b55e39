"""What was read, however a source keeps it."""

import pytest

from tests.moving.rig import HASHES, Moving

SECOND = "'2025-03-01'::timestamp + interval '2 minutes'"
# What makes the first two of five messages read, all of which Maria wrote to Ivan.
FORMS = {
    "rows": "INSERT INTO message_reads (message_id, user_id) VALUES (1, 2), (2, 2)",
    "a flag": "DROP TABLE message_reads; UPDATE messages SET is_read = id <= 2",
    "both": "INSERT INTO message_reads (message_id, user_id) VALUES (1, 2); UPDATE messages SET is_read = id = 2",
    "a time": "DROP TABLE message_reads; ALTER TABLE messages DROP COLUMN is_read;"
    " ALTER TABLE chat_participants ADD COLUMN last_read_at timestamp;"
    f" UPDATE chat_participants SET last_read_at = {SECOND}",
    "a hole": "INSERT INTO message_reads (message_id, user_id) VALUES (1, 2), (2, 2), (4, 2)",
    "nothing": "DROP TABLE message_reads; ALTER TABLE messages DROP COLUMN is_read",
}


@pytest.mark.parametrize("form", FORMS)
def test_what_was_read_stays_read_and_nothing_else(flutter: Moving, form: str) -> None:
    for name in ("maria", "ivan"):
        flutter.sql("INSERT INTO users (username, password_hash) VALUES (%s, %s)", name, HASHES["$2b$"])
    flutter.sql(
        """
        INSERT INTO chats (type, created_at) VALUES ('private', '2025-02-01');
        INSERT INTO chat_participants (chat_id, user_id, joined_at) VALUES (1, 1, '2025-02-01'), (1, 2, '2025-02-01');
        INSERT INTO messages (chat_id, sender_id, content, created_at)
        SELECT 1, 1, 'number ' || n, '2025-03-01'::timestamp + n * interval '1 minute' FROM generate_series(1, 5) n;
        """
    )
    with flutter.connection() as connection:
        connection.execute(FORMS[form].encode())
    assert flutter.bring() == []
    [chat] = flutter.log_in("ivan").http.get("/chats").json()["chats"]
    read = 5 if form == "nothing" else 2
    assert (chat["readSeq"], chat["unreadCount"]) == (read, 5 - read)
    [theirs] = flutter.log_in("maria").http.get("/chats").json()["chats"]
    assert theirs["unreadCount"] == 0


def test_ids_that_are_no_numbers_come_too(moving: Moving) -> None:
    moving.sql(
        """
        CREATE TABLE users (id uuid PRIMARY KEY, username text, password text, "createdAt" timestamptz);
        CREATE TABLE chats (id uuid PRIMARY KEY, type text, "createdAt" timestamptz);
        CREATE TABLE participants ("chatId" uuid, "userId" uuid);
        CREATE TABLE messages (
            id uuid PRIMARY KEY, "chatId" uuid, "senderId" uuid, text text, "createdAt" timestamptz
        );
        INSERT INTO users SELECT gen_random_uuid(), name, %s, now() FROM unnest(ARRAY['maria', 'ivan']) name;
        INSERT INTO chats VALUES (gen_random_uuid(), 'direct', now());
        INSERT INTO participants SELECT c.id, u.id FROM chats c, users u;
        INSERT INTO messages
        SELECT gen_random_uuid(), c.id, u.id, u.username || ' ' || n, now() + n * interval '1 second'
        FROM chats c, users u, generate_series(1, 20) n;
        """.replace("%s", f"'{HASHES['$2b$']}'")
    )
    assert moving.bring(dialect="flutter") == []
    assert moving.bring(dialect="flutter") == []
    maria = moving.log_in("maria")
    [chat] = maria.http.get("/chats").json()["chats"]
    texts = [message["content"] for message in maria.history(chat["id"])][::-1]
    assert [int(text.split()[1]) for text in texts] == sorted([*range(1, 21), *range(1, 21)])
