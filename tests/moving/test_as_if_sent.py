"""After an import, a client loads what it would load had everything been sent here."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.moving.rig import HASHES, PASSWORD, Moving
from tests.support.people import Person
from tests.support.server import Server

NAMES = ("maria", "ivan", "olga")
# Who says what where, which message they answer, and who has read everything after it.
TALK = (
    ("private", "maria", "Привет! Как дела?", None, ("ivan",)),
    ("private", "ivan", "Хорошо, <3", 0, ("maria",)),
    ("group", "olga", "hello all", None, ("maria", "ivan")),
    ("group", "ivan", "a slip", None, ("maria", "olga")),
    ("group", "maria", "std::vector<int> x;", 2, ("ivan", "olga")),
    ("private", "maria", "are you there?", None, ()),
    ("private", "maria", "well then", None, ()),
    ("group", "olga", "me too", 2, ("maria", "ivan")),
    ("group", "ivan", "a reply to a reply", 7, ("maria", "olga")),
    ("group", "maria", "another slip", 8, ("ivan", "olga")),
    ("group", "olga", "a reply to a slip", 9, ()),
    ("private", "maria", "a second thread", 6, ()),
)
SLIPS = (3, 9)
# The first run of the import brings so many of them: the next one brings replies to what is here.
FIRST = 8
# What tells one way from the other: ids, and times, of which imported ones are the source's.
_OWN = frozenset(("id", "chatId", "userId", "senderId", "createdBy", "clientMessageId", "messageId"))


def _imported(source: Moving) -> None:
    for name in NAMES:
        source.sql(
            "INSERT INTO users (username, email, password_hash) VALUES (%s, %s, %s)",
            name,
            f"{name}@example.org",
            HASHES["$2b$"],
        )
    source.sql(
        """
        INSERT INTO chats (type, name, created_by) VALUES ('private', NULL, 1), ('group', 'Three', 1);
        INSERT INTO chat_participants (chat_id, user_id) VALUES (1, 1), (1, 2), (2, 1), (2, 2), (2, 3);
        ALTER TABLE messages ADD COLUMN reply_to_id integer, ADD COLUMN is_deleted boolean;
        """
    )
    for number, (chat, sender, content, reply, readers) in enumerate(TALK):
        if number == FIRST:
            assert source.bring() == []
        source.sql(
            "INSERT INTO messages (chat_id, sender_id, content, reply_to_id, is_deleted, created_at)"
            " VALUES (%s, %s, %s, %s, %s, now() + %s * interval '1 second')",
            {"private": 1, "group": 2}[chat],
            NAMES.index(sender) + 1,
            content,
            None if reply is None else reply + 1,
            number in SLIPS,
            number,
        )
        for reader in readers:
            source.sql(
                "INSERT INTO message_reads (message_id, user_id) SELECT id, %s FROM messages"
                " WHERE chat_id = %s AND sender_id <> %s ON CONFLICT DO NOTHING",
                NAMES.index(reader) + 1,
                {"private": 1, "group": 2}[chat],
                NAMES.index(reader) + 1,
            )
    assert source.bring() == []


def _sent(everybody: Mapping[str, Person], server: Server) -> None:
    maria, ivan, olga = (everybody[name] for name in NAMES)
    chats = {"private": maria.chat_with(ivan), "group": maria.chat_with(ivan, olga, name="Three")}
    # A group that was imported does not tell that it was made.
    server.sql("DELETE FROM messages WHERE chat_id = %s", chats["group"])
    server.sql("DELETE FROM uncounted WHERE chat_id = %s", chats["group"])
    server.sql("UPDATE chats SET last_seq = 0 WHERE id = %s", chats["group"])
    server.sql("UPDATE members SET read_seq = 0, delivered_seq = 0 WHERE chat_id = %s", chats["group"])
    messages: list[dict[str, Any]] = []
    for chat, sender, content, reply, readers in TALK:
        more = {} if reply is None else {"replyTo": messages[reply]["id"]}
        messages.append(everybody[sender].send(chats[chat], content, **more))
        for reader in readers:
            everybody[reader].http.post(f"/chats/{chats[chat]}/read", json={}).raise_for_status()
    for slip in SLIPS:
        everybody[TALK[slip][1]].http.delete(f"/messages/{messages[slip]['id']}").raise_for_status()


def _plain(node: Any, names: Mapping[int, str], seqs: Mapping[int, int]) -> Any:
    """An answer with names in place of ids, and without what the two ways cannot share."""
    if isinstance(node, list):
        return [_plain(one, names, seqs) for one in node]
    if not isinstance(node, dict):
        return node
    plain: dict[str, Any] = {}
    for field, value in node.items():
        if field in {"senderId", "userId", "createdBy"}:
            plain[field] = names.get(value, value)
        elif field in {"replyTo", "threadId"}:
            plain[field] = seqs.get(value, value)
        elif field not in _OWN and not field.endswith("At") and field != "deliveredSeq":
            plain[field] = _plain(value, names, seqs)
    return plain


def _load(who: Person, everybody: Mapping[str, Person]) -> Any:
    """What a client loads when it starts."""
    names = {person.id: name for name, person in everybody.items()}
    loaded = []
    for chat in who.http.get("/chats").json()["chats"]:
        history = who.http.get(f"/chats/{chat['id']}/messages").json()
        seqs = {message["id"]: message["seq"] for message in history["messages"]}
        chat["participants"].sort(key=lambda one: names[one["userId"]])
        loaded.append(_plain([chat, history], names, seqs))
    return loaded


def test_a_clients_load_is_the_same(flutter: Moving, person: Callable[..., Person]) -> None:
    _imported(flutter)
    came = {name: flutter.log_in(name) for name in NAMES}
    loads = {name: _load(who, came) for name, who in came.items()}
    # The same names again, on the same server, once the first ones have others.
    flutter.server.sql("UPDATE users SET username = 'old-' || username, email = NULL")
    here = {name: person(name, password=PASSWORD) for name in NAMES}
    _sent(here, flutter.server)
    for name, who in here.items():
        assert loads[name] == _load(who, here), name
