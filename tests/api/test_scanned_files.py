"""Files that wait for a scanner, and those that it finds harmful."""

import json
from typing import Any

import httpx
import pytest

from local.trigger_events import sqs_event
from tests.support.answers import refusal
from tests.support.people import Person
from tests.support.pictures import PNG, upload
from tests.support.server import Server


def _guardduty(key: str, status: str) -> dict[str, Any]:
    """The event as EventBridge hands it on."""
    return {
        "version": "0",
        "id": "72c7d362-737a-6dce-fc78-9e27a0171419",
        "detail-type": "GuardDuty Malware Protection Object Scan Result",
        "source": "aws.guardduty",
        "account": "123456789012",
        "time": "2026-11-30T12:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:guardduty:us-east-1:123456789012:malware-protection-plan/b4c7f464ab3a4EXAMPLE"],
        "detail": {
            "schemaVersion": "1.0",
            "scanStatus": "COMPLETED",
            "resourceType": "S3_OBJECT",
            "s3ObjectDetails": {
                "bucketName": "b",
                "objectKey": key,
                "eTag": "e",
                "versionId": "",
                "s3Throttled": False,
            },
            "scanResultDetails": {"scanResultStatus": status, "threats": None},
        },
    }


def _say(server: Server, upload_id: int, verdict: bool | str) -> None:
    """Has a scanner of one's own, or GuardDuty, judge a file."""
    ((key,),) = server.sql("SELECT key FROM uploads WHERE id = %s", upload_id)
    said = _guardduty(key, verdict) if isinstance(verdict, str) else {"scanned": {"key": key, "isClean": verdict}}
    message = {"MessageId": "1", "ReceiptHandle": "1", "Body": json.dumps(said), "MD5OfBody": ""}
    event = sqs_event([message], "arn:aws:sqs:us-east-1:1:messenger-presence")
    assert server.stack.functions.invoke_sync("presence_changed", event) == {"batchItemFailures": []}
    server.settle()


def _stored(owner: Person) -> int:
    """A picture that S3 has."""
    new = {"filename": "dot.png", "contentType": "image/png", "size": len(PNG)}
    form = owner.http.post("/uploads", json=new).raise_for_status().json()
    httpx.post(form["url"], data=form["fields"], files={"file": PNG}, timeout=30).raise_for_status()
    return int(form["id"])


@pytest.mark.parametrize("clean", [True, "NO_THREATS_FOUND"])
def test_a_file_waits_for_its_verdict(server: Server, alice: Person, bob: Person, clean: bool | str) -> None:
    chat = alice.chat_with(bob)
    with server.settings(scan_files=True):
        file = _stored(alice)
        server.settle()
        waiting = alice.http.post(f"/uploads/{file}/complete")
        assert refusal(waiting) == (409, "upload_scanning")
        assert (waiting.json()["retryable"], waiting.headers["Retry-After"]) == (True, "5")
        assert refusal(alice.http.get(f"/uploads/{file}")) == (409, "upload_scanning")
        early = alice.http.post("/messages", json={"chatId": chat, "content": "", "attachments": [file]})
        assert refusal(early) == (422, "unusable_attachment")
        assert refusal(alice.http.patch("/users/me", json={"avatarId": file}))[1] == "not_a_picture"
        assert alice.http.get("/uploads/usage").json()["used"] == len(PNG)
        _say(server, file, "FAILED")  # it may be asked again
        assert refusal(alice.http.post(f"/uploads/{file}/complete")) == (409, "upload_scanning")
        for _ in range(2):
            _say(server, file, clean)
        assert alice.http.post(f"/uploads/{file}/complete").json()["state"] == "ready"
        sent = alice.send(chat, "", attachments=[file])
        assert sent["attachments"][0]["thumbnails"], "made once the file was known to be harmless"
        assert httpx.get(bob.http.get(f"/uploads/{file}").json()["url"]).is_success


def test_what_is_harmful_is_gone_for_everybody(server: Server, alice: Person, bob: Person) -> None:
    """Also for who has a link that would still work, and where the verdict comes after the file was sent."""
    chat = alice.chat_with(bob)
    file = upload(alice.http)
    server.settle()
    sent = alice.send(chat, "look", attachments=[file])
    link = bob.http.get(f"/uploads/{file}").json()["url"]
    thumbnail = sent["attachments"][0]["thumbnails"]["small"]["url"]
    assert httpx.get(link).is_success
    ears, cursor = bob.socket(), bob.http.get("/sync").json()["nextCursor"]
    _say(server, file, "THREATS_FOUND")
    told = ears.wait_for("message:updated", id=sent["id"])["data"]
    assert told["attachments"][0]["state"] == "quarantined"
    events = bob.http.get("/sync", params={"cursor": cursor}).json()["events"]
    (synced,) = [event["data"]["attachments"] for event in events if event.get("seq") == sent["seq"]]
    assert synced == told["attachments"] == bob.history(chat)[0]["attachments"]
    assert httpx.get(link).status_code in {403, 404}
    assert httpx.get(thumbnail).status_code == 404
    for reader in (alice, bob):
        assert refusal(reader.http.get(f"/uploads/{file}")) == (403, "file_quarantined")
    assert refusal(alice.http.post(f"/uploads/{file}/complete")) == (403, "file_quarantined")
    again = alice.http.post("/messages", json={"chatId": chat, "content": "", "attachments": [file]})
    assert refusal(again) == (422, "unusable_attachment")
    assert alice.http.get("/uploads/usage").json()["used"] == 0
    _say(server, file, True)  # there is nothing left to be used
    server.stack.triggers.fire_schedule("sweep")
    assert server.sql("SELECT state FROM uploads") == [("quarantined",)]


def test_an_unscanned_file_is_given_up(server: Server, alice: Person) -> None:
    with server.settings(scan_files=True):
        refused, forgotten = _stored(alice), _stored(alice)
        server.settle()
        _say(server, refused, False)
        assert refusal(alice.http.post(f"/uploads/{refused}/complete")) == (403, "file_quarantined")
        assert alice.http.delete(f"/uploads/{refused}").status_code == 204
        server.sql("UPDATE uploads SET expires_at = now() WHERE id = %s", forgotten)
        assert refusal(alice.http.post(f"/uploads/{forgotten}/complete")) == (410, "gone")
        server.stack.triggers.fire_schedule("sweep")
    assert server.sql("SELECT id FROM uploads") == []
    aws = server.stack.aws
    assert "Contents" not in aws.client("s3").list_objects_v2(Bucket=aws.name("UploadsBucket"))
