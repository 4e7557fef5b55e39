"""What was shared in a chat: its messages with files, by kind."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from bench.data import Loader
from bench.plans import MODES, Mode, Reads, trial
from chalicelib.core.config import Settings
from chalicelib.core.context import Actor
from chalicelib.features.messages.history import shared
from chalicelib.features.messages.schemas import SharedQuery
from tests.support.people import Person, Register
from tests.support.plans import filled
from tests.support.server import Server

TYPES = {"image": "image/png", "video": "video/mp4", "audio": "audio/ogg", "file": "application/pdf"}
PEOPLE = 2_000
HELD = 30
CHATS = 500
ME = Actor(user_id=1, session_id=1)


def _file(server: Server, owner: Person, kind: str) -> int:
    row = server.sql(
        "INSERT INTO uploads (owner_id, key, filename, content_type, size, state, expires_at)"
        " VALUES (%s, gen_random_uuid()::text, 'f', %s, 3, 'ready', now()) RETURNING id",
        owner.id,
        TYPES[kind],
    )
    return int(row[0][0])


def _ids(reader: Person, chat: int, **query: Any) -> list[int]:
    """All that the pages answer."""
    found: list[int] = []
    while True:
        answer = reader.http.get(f"/chats/{chat}/media", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [message["id"] for message in page["messages"]]
        assert {"id", "username"} <= page["users"][0].keys() if page["messages"] else page["users"] == []
        if not page["hasMore"]:
            return found
        query["cursor"] = page["nextCursor"]


def test_files_are_listed_by_kind(server: Server, person: Register) -> None:
    alice, bob, mallory = person("alice"), person("bob"), person("mallory")
    chat = alice.chat_with(bob, name="Album")

    def send(*kinds: str) -> int:
        files = [_file(server, alice, kind) for kind in kinds]
        return int(alice.send(chat, "", attachments=files)["id"])

    album, film, note, paper = send("image", "image", "image"), send("video"), send("audio"), send("file")
    mixed = send("image", "file")
    alice.send(chat, "words alone", messageType="image")
    assert _ids(bob, chat) == [mixed, paper, note, film, album]
    assert _ids(bob, chat, kind="image", limit=1) == _ids(bob, chat, kind="image,image") == [mixed, album]
    assert _ids(bob, chat, kind="file") == [mixed, paper]
    assert _ids(bob, chat, kind="voice") == _ids(bob, chat, kind="audio") == [note]
    assert _ids(bob, chat, kind="image,video", limit=2) == [mixed, film, album]
    forwarded = alice.http.post(f"/messages/{film}/forward", json={"chatIds": [chat]}).json()["messages"][0]["id"]
    assert _ids(bob, chat, kind="video") == [forwarded, film]

    # What is hidden, deleted or expired is there no more; who is no member learns nothing.
    bob.http.delete(f"/messages/{mixed}", params={"for": "me"}).raise_for_status()
    alice.http.delete(f"/messages/{paper}").raise_for_status()
    server.sql("UPDATE messages SET expires_at = now() - interval '1 second' WHERE id = %s", film)
    assert _ids(bob, chat) == [forwarded, note, album]
    assert _ids(alice, chat, kind="file") == [mixed]
    assert mallory.http.get(f"/chats/{chat}/media").status_code == 404
    bob.http.post(f"/chats/{chat}/leave").raise_for_status()
    assert bob.http.get(f"/chats/{chat}/media").status_code == 404
    for kind in ("", "pictures", "image,", "image;file", "Image"):
        refused = alice.http.get(f"/chats/{chat}/media", params={"kind": kind})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "kind"), kind
    assert alice.http.get(f"/chats/{chat}/media", params={"cursor": "x"}).status_code == 400


def test_the_version_before_names_no_kind(server: Server, person: Register) -> None:
    alice = person("alice")
    chat = alice.chat_with(name="Alone")
    sent = alice.send(chat, "picture", attachments=[_file(server, alice, "image")])
    other = alice.send(chat, "a second one")
    server.sql(
        "INSERT INTO attachments (upload_id, chat_id, seq) SELECT upload_id, chat_id, %s FROM attachments",
        other["seq"],
    )
    assert _ids(alice, chat, kind="image") == [other["id"], sent["id"]]


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    """Chats with many files, and one in which each message but few has one."""
    yield from filled(_fill)


def _fill(loader: Loader, connection: psycopg.Connection[Any]) -> None:
    loader.people(1, PEOPLE)
    loader.belongings(1, PEOPLE)
    loader.groups(1, CHATS)
    loader.members(1, CHATS, user_ids=[1, 2])
    loader.messages(1, 1, seqs=range(1, 5_001), sender_id=2)
    loader.messages(2, CHATS, seqs=range(1, HELD + 1), sender_id=2)
    into = "INSERT INTO attachments (upload_id, chat_id, seq, kind)"
    connection.execute(f"{into} SELECT 1, chat_id, seq, 'image' FROM messages")
    connection.execute(f"{into} VALUES (2, 1, 5, 'audio'), (2, 1, 4000, 'audio')")
    loader.finish()
    connection.execute("ANALYZE attachments")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (SharedQuery(kind="image", limit=10), 11),
        (SharedQuery(kind="audio", limit=10), 2),
        (SharedQuery(limit=10), 13),
    ],
    ids=["many", "few", "all"],
)
def test_a_page_reads_what_it_gives(database_url: str, mode: Mode, query: SharedQuery, rows: int) -> None:
    with trial(Settings(database_url=f"{database_url}?options=-c%20plan_cache_mode%3D{mode}")):
        read = Reads()
        page = shared(ME, 1, query)
        by_index = read.by_index
        assert read.sequential == {}
    assert len(page.messages) == min(rows, 10)
    # Looked at, and shown.
    assert by_index["messages"] <= 2 * rows
    assert by_index.get("attachments", 0) <= 3 * rows
