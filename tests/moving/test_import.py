"""`make import`: people log in as before and find their chats as they left them."""

from bench.sources import fill_conversations
from moving.target import Database
from tests.moving.rig import HASHES, CutError, Cutting, Moving

EVERYTHING = """
SELECT m.chat_id, m.seq, u.username, m.content, r.seq, m.created_at, m.deleted_at
FROM messages m LEFT JOIN users u ON u.id = m.sender_id LEFT JOIN messages r ON r.id = m.reply_to
ORDER BY m.chat_id, m.seq
"""
MARKS = """
SELECT c.created_at, u.username, m.role, m.delivered_seq, m.read_seq, m.read_at, c.last_seq, c.last_message_at
FROM members m JOIN users u ON u.id = m.user_id JOIN chats c ON c.id = m.chat_id ORDER BY 1, 2
"""


def _two(source: Moving) -> None:
    """Maria and Ivan, and what they wrote to each other."""
    source.sql(
        """
        INSERT INTO users (email, password, name, status, "lastSeen", "createdAt") VALUES
            ('maria@example.org', %s, 'Мария Петрова', 'Hey there!', '2025-03-01 10:00Z', '2025-01-01 10:00Z'),
            ('ivan@example.org', %s, 'Ivan', 'online', NULL, '2025-01-02 10:00Z')
        """,
        HASHES["$2a$"],
        HASHES["$2y$"],
    )
    source.sql(
        """
        INSERT INTO conversations ("createdAt") VALUES ('2025-02-01 10:00Z');
        INSERT INTO conversation_participants ("conversationId", "userId", "createdAt")
        VALUES (1, 1, '2025-02-01 10:00Z'), (1, 2, '2025-02-01 10:00Z');
        INSERT INTO messages ("conversationId", "senderId", content, "replyToId", "isDeleted", "createdAt") VALUES
            (1, 1, 'Привет! Как дела?', NULL, false, '2025-02-01 10:00:01.5Z'),
            (1, 2, 'Хорошо', 1, false, '2025-02-01 10:00:02Z'),
            (1, 2, 'a slip', NULL, true, '2025-02-01 10:00:03Z'),
            (1, 1, 'I see', 3, false, '2025-02-01 10:00:04Z'),
            (1, 1, 'and you?', NULL, false, '2025-02-01 10:00:05Z');
        INSERT INTO messages ("conversationId", "senderId", type, content, "mediaUrl", "createdAt") VALUES
            (1, 1, 'image', NULL, '/uploads/cat.jpg', '2025-02-01 10:00:06Z');
        INSERT INTO message_reads ("messageId", "userId", status, "readAt") VALUES
            (1, 2, 'read', '2025-02-01 10:01Z'), (2, 1, 'read', '2025-02-01 10:02Z'), (3, 1, 'sent', NULL),
            (4, 2, 'read', '2025-02-01 10:03Z'), (5, 2, 'delivered', NULL), (6, 2, 'sent', NULL);
        """
    )


def test_people_find_their_chats_as_they_left_them(conversations: Moving) -> None:
    _two(conversations)
    told = conversations.bring(media_url="https://old.example.org")
    assert [line[:3] for line in told] == [["changed", "messages", "6"]]

    maria = conversations.log_in("maria@example.org")
    me = maria.http.get("/users/me").json()
    assert (me["displayName"], me["statusText"], me["createdAt"], me["lastSeenAt"]) == (
        "Мария Петрова",
        "Hey there!",
        "2025-01-01T10:00:00.000Z",
        "2025-03-01T10:00:00.000Z",
    )
    [chat] = maria.http.get("/chats").json()["chats"]
    assert (chat["type"], chat["unreadCount"], chat["createdAt"]) == ("private", 0, "2025-02-01T10:00:00.000Z")
    assert chat["lastMessage"]["content"] == "https://old.example.org/uploads/cat.jpg"

    history = maria.history(chat["id"])
    assert [message["content"] for message in history][::-1] == [
        "Привет! Как дела?",
        "Хорошо",
        "",
        "I see",
        "and you?",
        "https://old.example.org/uploads/cat.jpg",
    ]
    by_seq = {message["seq"]: message for message in history}
    assert list(by_seq) == [6, 5, 4, 3, 2, 1]
    assert by_seq[1]["createdAt"] == "2025-02-01T10:00:01.500Z"
    assert by_seq[2]["replyTo"] == by_seq[1]["id"]
    assert (by_seq[3]["isDeleted"], by_seq[3]["senderId"]) == (True, chat["participants"][1]["userId"])
    assert by_seq[4]["replyTo"] == by_seq[3]["id"]
    assert [by_seq[seq]["status"] for seq in (1, 4, 5, 6)] == ["read", "read", "delivered", "sent"]

    ivan = conversations.log_in("ivan@example.org")
    assert ivan.http.get("/users/me").json()["statusText"] == ""
    [theirs] = ivan.http.get("/chats").json()["chats"]
    assert (theirs["unreadCount"], theirs["readSeq"], theirs["deliveredSeq"]) == (2, 4, 5)
    readers = maria.http.get(f"/messages/{by_seq[4]['id']}/receipts").json()["receipts"]
    assert [reader["readAt"] for reader in readers] == ["2025-02-01T10:03:00.000Z"]
    ivan.send(theirs["id"], "now here")
    assert maria.history(chat["id"])[0]["seq"] == 7


def test_a_password_is_brought_to_todays_cost_at_the_first_login(conversations: Moving) -> None:
    _two(conversations)
    conversations.bring()
    with conversations.server.settings(bcrypt_cost=5):
        conversations.log_in("maria@example.org")
    [(kept,)] = conversations.server.sql("SELECT password_hash FROM users WHERE email = 'maria@example.org'")
    assert kept.startswith("$2b$05$")
    assert conversations.try_log_in("maria@example.org", "another").status_code == 401
    assert conversations.try_log_in("maria@example.org").status_code == 200


def _fill(source: Moving, messages: int) -> None:
    with source.connection() as connection:
        fill_conversations(connection, users=20, messages=messages)


def test_a_run_that_is_killed_anywhere_goes_on(moving: Moving) -> None:
    _fill(moving, 3_000)
    calls = 0
    while True:
        with Database(moving.server.database_url, moving.name) as target:
            try:
                moving.bring_to(Cutting(target, calls))
            except CutError:
                calls += 1
            else:
                break
    assert calls > 5
    server = moving.server
    assert server.sql("SELECT count(*), count(DISTINCT content) FROM messages") == [(3_000, 3_000)]
    assert (
        server.sql("SELECT FROM chats c WHERE last_seq <> (SELECT max(seq) FROM messages WHERE chat_id = c.id)") == []
    )
    assert server.sql("SELECT FROM messages GROUP BY chat_id HAVING max(seq) <> count(*)") == []
    before = (server.sql(EVERYTHING), server.sql(MARKS))
    assert moving.bring() == []
    assert (server.sql(EVERYTHING), server.sql(MARKS)) == before
