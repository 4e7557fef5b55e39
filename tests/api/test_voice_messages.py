"""Captions of files, and voice messages: their length, their waveform, and who has listened."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.people import Person, Register
from tests.support.server import Server

OGG, PNG = "audio/ogg", "image/png"
SAID = {"duration": 3.25, "waveform": [0, 40, 100, 7]}
NOTHING = {"caption": None, "duration": None, "waveform": None}
_MANY = [0] * 101


@pytest.fixture
def file(server: Server) -> Callable[[Person, str], int]:
    """A complete upload of somebody's."""

    def make(owner: Person, content_type: str) -> int:
        row = server.sql(
            "INSERT INTO uploads (owner_id, key, filename, content_type, size, state, expires_at)"
            " VALUES (%s, gen_random_uuid()::text, 'f', %s, 3, 'ready', now()) RETURNING id",
            owner.id,
            content_type,
        )
        return int(row[0][0])

    return make


File = Callable[[Person, str], int]


def _said(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: one[name] for name in NOTHING} for one in message["attachments"]]


def test_what_is_said_of_files_goes_with_them(person: Register, file: File) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    pictures = [file(alice, PNG) for _ in range(10)]
    details = [{"id": pictures[1], "caption": " <b>The</b> lake "}, {"id": pictures[0], **SAID}]
    album = alice.send(chat, "", attachments=pictures, attachmentDetails=details)
    assert album["messageType"] == "image"
    assert _said(album) == [NOTHING, {**NOTHING, "caption": "The lake"}, *[NOTHING] * 8], "pictures have no length"
    sound = file(alice, OGG)
    voice = alice.send(chat, "", attachments=[sound], attachmentDetails=[{"id": sound, **SAID}])
    assert (voice["messageType"], _said(voice)) == ("audio", [{"caption": None, **SAID}])
    assert [_said(one) for one in bob.history(chat)] == [_said(voice), _said(album)]
    copy = bob.http.post(f"/messages/{voice['id']}/forward", json={"chatIds": [chat]}).json()["messages"][0]
    assert _said(copy) == _said(voice)
    waiting = alice.schedule(chat, "", attachments=[sound], attachmentDetails=[{"id": sound, **SAID}])
    [listed] = alice.http.get("/scheduled-messages").json()["scheduled"]
    assert (listed["id"], _said(listed)) == (waiting, _said(voice))
    sent = alice.http.post(f"/scheduled-messages/{waiting}/send-now").json()
    assert _said(sent) == _said(voice)
    alice.http.delete(f"/messages/{voice['id']}").raise_for_status()
    assert bob.http.get(f"/messages/{voice['id']}").json()["attachments"] == []


def test_bad_details_are_refused_by_name(person: Register, file: File) -> None:
    alice = person("alice")
    chat = alice.chat_with(name="Alone")
    sound = file(alice, OGG)
    for details, field, code in (
        ([{"id": sound + 1}], "attachmentDetails[0].id", "unknown_value"),
        ([{"id": sound}, {"id": sound}], "attachmentDetails[1].id", "repeated"),
        ([{"id": sound, "duration": -1}], "attachmentDetails[0].duration", "out_of_range"),
        ([{"id": sound, "duration": "3"}], "attachmentDetails[0].duration", "wrong_type"),
        ([{"id": sound, "duration": 86_401}], "attachmentDetails[0].duration", "out_of_range"),
        ([{"id": sound, "waveform": []}], "attachmentDetails[0].waveform", "wrong_length"),
        ([{"id": sound, "waveform": _MANY}], "attachmentDetails[0].waveform", "wrong_length"),
        ([{"id": sound, "waveform": [101]}], "attachmentDetails[0].waveform[0]", "out_of_range"),
        ([{"id": sound, "caption": "x" * 1_001}], "attachmentDetails[0].caption", "wrong_length"),
        ([{"id": sound, "width": 3}], "attachmentDetails[0].width", "unknown_field"),
    ):
        body = {"chatId": chat, "attachments": [sound], "attachmentDetails": details}
        answer = alice.http.post("/messages", json=body)
        assert answer.status_code == 400, answer.text
        assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]
    body = {"chatId": chat, "content": "x" * 9_001, "attachments": [sound]}
    answer = alice.http.post("/messages", json={**body, "attachmentDetails": [{"id": sound, "caption": "y" * 1_000}]})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "attachmentDetails")
    alice.http.post(
        "/messages", json={**body, "attachmentDetails": [{"id": sound, "caption": "y" * 999}]}
    ).raise_for_status()
    eleven = [file(alice, PNG) for _ in range(11)]
    answer = alice.http.post("/messages", json={"chatId": chat, "attachments": eleven})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "attachments")


def test_who_has_listened_is_told_live_and_by_sync(server: Server, person: Register) -> None:
    alice, bob, carol, mallory = (person(name) for name in ("alice", "bob", "carol", "mallory"))
    chat = alice.chat_with(bob, carol, name="Voices")
    voice = alice.send(chat, "Listen", messageType="audio")
    assert voice["listenedBy"] == []
    ears = alice.socket()
    cursor = alice.http.get("/sync").json()["nextCursor"]
    path = f"/messages/{voice['id']}/listened"
    for _ in range(2):
        answer = bob.http.post(path)
        assert (answer.status_code, answer.json()["listenedBy"]) == (200, [bob.id])
    heard = ears.wait_for("message:updated")
    assert (heard["data"]["listenedBy"], heard["users"][0]["username"]) == ([bob.id], alice.username)
    assert bob.username in {user["username"] for user in heard["users"]}
    carol.http.post(path).raise_for_status()
    told = alice.http.get("/sync", params={"cursor": cursor}).json()["events"]
    assert [event["data"]["listenedBy"] for event in told if event["type"] == "message:updated"] == [
        [bob.id, carol.id]
    ]

    # The sender has heard themselves; what is not shared is not told; a copy begins anew.
    assert alice.http.post(path).json()["listenedBy"] == [bob.id, carol.id]
    dave = person("dave")
    alice.http.post(f"/chats/{chat}/participants", json={"userId": dave.id}).raise_for_status()
    dave.http.patch("/users/me/privacy", json={"readReceipts": False}).raise_for_status()
    assert dave.http.post(path).json()["listenedBy"] == [bob.id, carol.id]
    copy = bob.http.post(f"/messages/{voice['id']}/forward", json={"chatIds": [chat]}).json()["messages"][0]
    assert copy["listenedBy"] == []
    assert [one["listenedBy"] for one in bob.history(chat)] == [[], [bob.id, carol.id]]

    again = carol.socket().act("message:listened", {"messageId": voice["id"]})
    assert again["listenedBy"] == [bob.id, carol.id]
    assert mallory.socket().refused("message:listened", {"messageId": voice["id"]})["code"] == "not_found"
    assert mallory.http.post(path).status_code == 404
    text = alice.send(chat, "words")
    refused = bob.http.post(f"/messages/{text['id']}/listened")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_a_recording")
    alice.http.delete(f"/messages/{voice['id']}").raise_for_status()
    gone = bob.http.post(path)
    assert (gone.status_code, gone.json()["code"]) == (410, "message_deleted")
    assert bob.http.get(f"/messages/{voice['id']}").json()["listenedBy"] == []


@pytest.mark.parametrize("is_indexed", [False, True], ids=["before indexing", "indexed"])
def test_search_finds_names_and_captions(server: Server, person: Register, file: File, is_indexed: bool) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    picture, report = file(alice, PNG), file(alice, "application/pdf")
    server.sql("UPDATE uploads SET filename = 'QuarterlyReport_2026.pdf' WHERE id = %s", report)
    said = [{"id": picture, "caption": "Закат над озером"}]
    first = alice.send(chat, "", attachments=[picture], attachmentDetails=said)["id"]
    second = alice.send(chat, "as promised", attachments=[report])["id"]
    if is_indexed:
        server.stack.triggers.fire_schedule("sweep")
        assert server.sql("SELECT FROM unindexed_messages") == []

    def found(q: str, **query: Any) -> list[dict[str, Any]]:
        answer = bob.http.get("/messages/search", params={"q": q, **query})
        return list(answer.raise_for_status().json()["messages"])

    for q, expected in (("озеро", first), ("закат", first), ("quarterly", second), ("report promised 2026", second)):
        for order in ("newest", "rank"):
            assert [message["id"] for message in found(q, order=order)] == [expected], (q, order)
    assert {"text": "озером", "isMatch": True} in found("озеро")[0]["snippet"]
    assert found("lake") == []

    # A file that is gone with its owner is found no more; what was written beside it is.
    server.sql("SELECT erase_files(%s)", [picture, report])
    assert [[message["id"] for message in found(q)] for q in ("озеро", "quarterly", "promised")] == [[], [], [second]]
