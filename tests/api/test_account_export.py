"""Everything personal as an archive: made in the background, one page after the other, and fetched by its owner."""

import io
import json
import zipfile

import httpx

from tests.support.answers import refusal
from tests.support.people import PASSWORD, Register
from tests.support.server import Server


def test_everything_personal_comes_as_an_archive(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    first, second = alice.chat_with(bob), alice.chat_with(bob, name="group")
    for number in range(5):
        alice.send(first, f"one {number}")
        bob.send(first, "not hers")
    alice.send(second, "две")
    gone = alice.send(second, "taken back")
    alice.http.delete(f"/messages/{gone['id']}").raise_for_status()
    alice.http.post("/contacts", json={"userId": bob.id, "name": "Bobby"}).raise_for_status()
    assert alice.http.get("/users/me/export").json() == {"state": "none", "progress": 0, "uploadId": None}
    assert refusal(alice.http.post("/users/me/export", json={"password": "wrong"})) == (403, "wrong_password")
    assert alice.http.post("/users/me/export", json={"password": PASSWORD}).status_code == 202
    assert alice.http.get("/users/me/export").json()["state"] == "working"

    with server.put("chalicelib.features.accounts.export._PAGE", 3):
        server.stack.triggers.fire_schedule("sweep")
        server.settle()
    ready = alice.http.get("/users/me/export").json()
    assert (ready["state"], ready["progress"]) == ("ready", 100)
    assert refusal(bob.http.get(f"/uploads/{ready['uploadId']}"))[0] == 404
    link = alice.http.get(f"/uploads/{ready['uploadId']}").raise_for_status().json()
    assert link["filename"] == "personal-data.zip"
    archive = zipfile.ZipFile(io.BytesIO(httpx.get(link["url"], timeout=30).content))
    account = json.loads(archive.read("account.json"))
    assert account["profile"]["username"] == "alice"
    assert account["contacts"] == [{"userId": bob.id, "name": "Bobby"}]
    assert len(account["sessions"]) == 1
    lines = [json.loads(line) for line in archive.read("messages.jsonl").splitlines()]
    assert [line["content"] for line in lines if line["messageType"] != "system"] == [
        *(f"one {number}" for number in range(5)),
        "две",
    ]

    # It is there for a day, and then another one can be made.
    server.sql("UPDATE exports SET ready_at = ready_at - interval '25 hours'")
    server.stack.triggers.fire_schedule("sweep")
    assert alice.http.get("/users/me/export").json()["state"] == "none"
    assert refusal(alice.http.get(f"/uploads/{ready['uploadId']}"))[0] == 404
