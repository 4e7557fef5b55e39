"""What happened here since an earlier run stands, and what a run brings is as if it had been sent."""

import threading
from typing import Any

import pytest

from tests.moving.rig import HASHES, Moving
from tests.support.people import Person


@pytest.fixture
def moved(flutter: Moving) -> Moving:
    """Maria, Ivan and Olga, who came over with a private chat and a group."""
    for name in ("maria", "ivan", "olga"):
        flutter.sql(
            "INSERT INTO users (username, email, password_hash, created_at) VALUES (%s, %s, %s, '2025-01-01')",
            name,
            f"{name}@example.org",
            HASHES["$2b$"],
        )
    flutter.sql(
        """
        INSERT INTO chats (type, name, created_by, created_at)
        VALUES ('private', NULL, 1, '2025-02-01'), ('group', 'Three', 1, '2025-02-01');
        INSERT INTO chat_participants (chat_id, user_id, joined_at)
        VALUES (1, 1, '2025-02-01'), (1, 2, '2025-02-01'),
            (2, 1, '2025-02-01'), (2, 2, '2025-02-01'), (2, 3, '2025-02-01');
        """
    )
    for number in range(1, 5):
        _write(flutter, 1, 1 + number % 2, f"private {number}")
        _write(flutter, 2, 1 + number % 3, f"group {number}")
    flutter.sql(
        "INSERT INTO message_reads (message_id, user_id) SELECT m.id, p.user_id"
        " FROM messages m JOIN chat_participants p ON p.chat_id = m.chat_id AND p.user_id <> m.sender_id"
        " WHERE m.id <= 4"
    )
    assert flutter.bring() == []
    return flutter


def _write(source: Moving, chat: int, sender: int, content: str) -> None:
    source.sql(
        "INSERT INTO messages (chat_id, sender_id, content, created_at) VALUES (%s, %s, %s,"
        " '2025-03-01'::timestamp + (SELECT count(*) FROM messages) * interval '1 minute')",
        chat,
        sender,
        content,
    )


def _chats(who: Person) -> dict[str, dict[str, Any]]:
    return {chat["type"]: chat for chat in who.http.get("/chats").json()["chats"]}


def _texts(who: Person, chat: dict[str, Any]) -> list[str]:
    return [message["content"] for message in who.history(chat["id"])][::-1]


def _unread(who: Person) -> dict[str, int]:
    return {kind: chat["unreadCount"] for kind, chat in _chats(who).items()}


def test_what_was_read_is_known_from_the_rows_that_say_so(moved: Moving) -> None:
    # Rows say that the first two of each chat were read. What Ivan wrote after that he has read as well.
    assert _chats(moved.log_in("maria"))["private"]["readSeq"] == 2
    assert _chats(moved.log_in("ivan"))["private"]["readSeq"] == 3
    assert _chats(moved.log_in("olga"))["group"]["readSeq"] == 2


def test_a_second_run_adds_what_is_new(moved: Moving) -> None:
    _write(moved, 1, 2, "private 5")
    moved.sql("INSERT INTO users (username, password_hash) VALUES ('pavel', %s)", HASHES["$2a$"])
    moved.sql("INSERT INTO chat_participants (chat_id, user_id, joined_at) VALUES (2, 4, '2025-04-01')")
    _write(moved, 2, 4, "hello, I am new")
    assert moved.bring() == []
    maria = moved.log_in("maria")
    assert _texts(maria, _chats(maria)["private"]) == [f"private {number}" for number in range(1, 6)]
    pavel = moved.log_in("pavel")
    assert _texts(pavel, _chats(pavel)["group"])[-1] == "hello, I am new"
    assert _unread(pavel) == {"group": 0}


def test_what_was_written_here_meanwhile_stays_unread(moved: Moving) -> None:
    maria, ivan = moved.log_in("maria"), moved.log_in("ivan")
    chat = _chats(maria)["private"]
    maria.send(chat["id"], "written here")
    _write(moved, 1, 2, "written there")
    moved.sql(
        "INSERT INTO message_reads (message_id, user_id) SELECT m.id, p.user_id"
        " FROM messages m JOIN chat_participants p ON p.chat_id = m.chat_id AND p.user_id <> m.sender_id"
        " ON CONFLICT DO NOTHING"
    )
    assert moved.bring() == []
    assert _texts(ivan, chat)[-2:] == ["written here", "written there"]
    # All that was imported at first is read; nobody knows that of what follows.
    assert _chats(ivan)["private"]["readSeq"] == 4
    assert _chats(maria)["private"]["readSeq"] == 5, "who wrote has read what was there"


def test_what_somebody_wrote_without_reading_is_not_unread_for_them(moved: Moving) -> None:
    # Of four messages Maria has read two; the fourth is her own.
    maria = moved.log_in("maria")
    assert _unread(maria)["private"] == 1
    _write(moved, 1, 1, "mine as well")
    _write(moved, 1, 2, "not mine")
    for _ in range(2):
        assert moved.bring() == []
        assert _unread(maria)["private"] == 2
    own = maria.history(_chats(maria)["private"]["id"])[1]
    maria.http.delete(f"/messages/{own['id']}").raise_for_status()
    assert _unread(maria)["private"] == 2


def test_marks_never_go_back(moved: Moving) -> None:
    ivan = moved.log_in("ivan")
    chat = _chats(ivan)["private"]
    ivan.http.post(f"/chats/{chat['id']}/read", json={}).raise_for_status()
    assert moved.bring() == []
    assert _unread(ivan)["private"] == 0


def test_what_was_deleted_here_does_not_come_back(moved: Moving) -> None:
    maria, ivan = moved.log_in("maria"), moved.log_in("ivan")
    private, group = _chats(maria)["private"], _chats(maria)["group"]
    first = maria.history(private["id"])[-1]
    moved.log_in("ivan" if first["senderId"] == ivan.id else "maria").http.delete(
        f"/messages/{first['id']}"
    ).raise_for_status()
    maria.http.delete(f"/chats/{group['id']}").raise_for_status()
    _write(moved, 2, 2, "into the deleted group")
    told = moved.bring()
    assert {(line[1], line[2]) for line in told} == {("chats", "2"), ("messages", "9")}
    assert _texts(maria, private) == ["", "private 2", "private 3", "private 4"]
    assert "group" not in _chats(maria)
    for _ in range(3):
        moved.server.stack.triggers.fire_schedule("sweep")
    moved.bring()
    assert moved.server.sql("SELECT count(*) FROM chats WHERE type = 'group' AND created_by IS NOT NULL") == [(0,)]


def test_an_account_that_was_deleted_here_stays_deleted(moved: Moving) -> None:
    ivan = moved.log_in("ivan")
    moved.server.sql("DELETE FROM users WHERE id = %s", ivan.id)
    _write(moved, 1, 2, "written before that")
    told = moved.bring()
    assert [line[:3] for line in told] == [["left out", "users", "2"]]
    assert moved.try_log_in("ivan").status_code == 401
    maria = moved.log_in("maria")
    newest = maria.history(_chats(maria)["private"]["id"])[0]
    assert (newest["content"], newest["senderId"]) == ("written before that", None)


def test_who_left_or_was_removed_is_not_added_again(moved: Moving) -> None:
    maria, ivan, olga = (moved.log_in(name) for name in ("maria", "ivan", "olga"))
    group = _chats(maria)["group"]["id"]
    ivan.http.delete(f"/chats/{group}/participants/{ivan.id}").raise_for_status()
    maria.http.delete(f"/chats/{group}/participants/{olga.id}").raise_for_status()
    _write(moved, 2, 1, "among myself")
    assert moved.bring() == []
    assert [p["userId"] for p in _chats(maria)["group"]["participants"]] == [maria.id]
    assert olga.http.get(f"/chats/{group}/messages").status_code == 404


def test_two_private_chats_of_the_same_two_become_one(moved: Moving) -> None:
    moved.sql("INSERT INTO chats (type, created_by, created_at) VALUES ('private', 2, '2025-05-01')")
    moved.sql("INSERT INTO chat_participants (chat_id, user_id) VALUES (3, 1), (3, 2)")
    _write(moved, 3, 2, "in the other one")
    assert moved.bring() == []
    maria = moved.log_in("maria")
    assert len(maria.http.get("/chats").json()["chats"]) == 2
    assert _texts(maria, _chats(maria)["private"])[-1] == "in the other one"
    assert _chats(maria)["private"]["readSeq"] == 2, "before what was unread in either of them"


def test_search_and_sync_know_what_came(moved: Moving) -> None:
    maria = moved.log_in("maria")

    def found() -> list[str]:
        answer = maria.http.get("/messages/search", params={"q": "private"}).json()
        return [message["content"] for message in answer["messages"]]

    expected = [f"private {number}" for number in range(4, 0, -1)]
    assert found() == expected
    moved.server.stack.triggers.fire_schedule("sweep")
    assert moved.server.sql("SELECT count(*) FROM unindexed_messages") == [(0,)]
    assert found() == expected
    cursor = maria.http.get("/sync").json()["nextCursor"]
    _write(moved, 1, 2, "private 5")
    moved.bring()
    told = maria.http.get("/sync", params={"cursor": cursor}).json()["events"]
    assert [event["data"]["content"] for event in told if event["type"] == "message:new"] == ["private 5"]


def test_a_run_and_sends_at_the_same_time_leave_no_gap(moved: Moving) -> None:
    maria = moved.log_in("maria")
    chat = _chats(maria)["private"]["id"]
    for number in range(300):
        _write(moved, 1, 2, f"there {number}")
    sending = threading.Event()
    sending.set()

    def send() -> None:
        while sending.is_set():
            maria.send(chat, "here")

    thread = threading.Thread(target=send)
    thread.start()
    try:
        assert moved.bring() == []
    finally:
        sending.clear()
        thread.join()
    assert moved.server.sql(
        "SELECT count(*) = max(m.seq), max(m.seq) = max(c.last_seq), count(DISTINCT m.seq) = count(*)"
        " FROM messages m JOIN chats c ON c.id = m.chat_id WHERE m.chat_id = %s",
        chat,
    ) == [(True, True, True)]
    assert (
        moved.server.sql(
            "SELECT FROM messages a JOIN messages b ON a.chat_id = b.chat_id AND a.seq < b.seq AND a.id > b.id"
        )
        == []
    )
