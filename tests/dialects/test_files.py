"""Pictures: sent as clients send them, in one request, and opened without a header."""

from typing import Any

import httpx
import pytest

from chalicelib.core import tokens
from chalicelib.entry.dialects.files import MOST_BYTES
from tests.dialects.conftest import At, Listen, signed_up
from tests.support.fields import misfits
from tests.support.reference import Client

PICTURE = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + bytes(range(256)) * 8 + b"\r\n--x\r\n\r\n"


def _signed_up(at: At, dialect: str, username: str) -> Client:
    client = at(dialect)
    signed_up(client, username)
    return client


def _upload(client: Client, content: bytes = PICTURE, **fields: str) -> httpx.Response:
    return client.http.post("/api/upload", files={"file": ("cat.png", content, "image/png")}, data=fields)


def _fetched(url: str) -> bytes:
    answer = httpx.get(url, follow_redirects=True, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.parametrize("dialect", ["flutter", "conversations", "gateway"])
def test_a_picture_in_a_chat(at: At, listen: Listen, dialect: str) -> None:
    alice, bob = (_signed_up(at, dialect, name) for name in ("alice", "bob"))
    answer = _upload(alice)
    assert answer.status_code in {200, 201}, answer.text
    told = answer.json()
    assert misfits(told, {"message": str, "fileUrl": str, "fileName": str, "fileSize": int, "mimeType": str}) == []
    assert (told["fileName"], told["fileSize"], told["mimeType"]) == ("cat.png", len(PICTURE), "image/png")
    assert _fetched(told["fileUrl"]) == PICTURE
    chat: Any = alice.ask("POST /api/chats", {"type": "private", "participantIds": [bob.id]}, status=201)
    chat_id = chat.get("id") or chat["_id"]
    ears = listen(bob, dialect)
    field = "mediaUrl" if dialect == "conversations" else "fileUrl"
    body = {"chatId": chat_id, "content": "", "messageType": "image", field: told["fileUrl"]}
    body["attachmentDetails"] = [{"id": told["id"], "caption": "A cat"}] if dialect == "flutter" else None
    sent = alice.ask("POST /api/messages", body, status=201)
    sent = sent.get("message", sent) if dialect == "gateway" else sent
    assert _fetched(sent[field]) == PICTURE
    assert dialect != "flutter" or sent["content"] == "A cat", "its clients know no captions"
    assert _fetched(ears.wait_for("message:new")[field]) == PICTURE


def test_several_at_once(at: At) -> None:
    alice = _signed_up(at, "flutter", "alice")
    text = ("note.txt", b"Hello", "text/plain")
    forms = [("files", ("cat.png", PICTURE, "image/png")), ("files", text)]
    answer = alice.http.post("/api/upload/multiple", files=forms)
    assert answer.status_code == 201, answer.text
    file = {"fileUrl": str, "fileName": str, "fileSize": int, "mimeType": str}
    assert misfits(answer.json(), {"message": str, "files": [file]}) == []
    assert [_fetched(one["fileUrl"]) for one in answer.json()["files"]] == [PICTURE, b"Hello"]
    used = alice.ask("GET /api/uploads/usage")["used"]
    bad = alice.http.post(
        "/api/upload/multiple", files=[forms[1], ("files", ("x.png", b"<html><script>", "image/png"))]
    )
    assert (bad.status_code, misfits(bad.json(), {"error": str, "message": str})) == (422, [])
    assert alice.ask("GET /api/uploads/usage")["used"] == used, "all, or none"
    assert alice.http.post("/api/upload/multiple", files={"files": (None, b"x")}).status_code == 400
    large = [("files", (f"{number}.txt", bytes(MOST_BYTES // 2 + 1), "text/plain")) for number in range(2)]
    assert alice.http.post("/api/upload/multiple", files=large).status_code == 413


def test_an_upload_to_a_chat_is_a_message_in_c(at: At) -> None:
    alice, bob = (_signed_up(at, "skype", name) for name in ("alice", "bob"))
    chat = alice.ask("POST /api/v1/chats", {"type": "private", "member_ids": [bob.id]}, status=201)["chat"]["id"]
    message = _upload(alice, chat_id=str(chat)).json()["message"]
    assert (message["chat_id"], message["type"]) == (chat, "image")
    assert _fetched(bob.ask(f"GET /api/v1/messages?chat_id={chat}")["messages"][0]["files"][0]["url"]) == PICTURE


def test_what_is_refused(at: At) -> None:
    alice = _signed_up(at, "flutter", "alice")
    large = _upload(alice, PICTURE + bytes(MOST_BYTES))
    assert large.status_code == 413
    assert "POST /uploads" in large.json()["message"]
    assert _upload(alice, b"<html><script>alert(1)</script>").status_code == 422
    no_file = alice.http.post("/api/upload", files={"file": (None, b"x")})
    assert no_file.status_code == 400
    assert _upload(at("flutter")).status_code == 401
    foreign = {"chatId": 1, "content": "x", "fileUrl": "https://example.com/files/1.2.3"}
    alice.ask("POST /api/messages", foreign, status=400)
    forged = f"{tokens.issue_file(1)[:-1]}!"
    for token in (forged, "1.1.x"):
        assert at("").http.get(f"/api/files/{token}").status_code == 401
    assert at("").http.get("/api/files/nonsense").status_code == 404
    assert at("").http.get(f"/api/files/{tokens.issue_file(999)}").status_code == 404
