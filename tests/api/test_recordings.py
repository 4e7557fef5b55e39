"""Sound and video: length, waveform, size and thumbnails come after the upload, and hold up no send."""

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from chalicelib.core.config import settings
from local.faults import Fault
from tests.support.people import Person
from tests.support.pictures import upload
from tests.support.recordings import recording, video, wav
from tests.support.server import Server


def _attachment(message: dict[str, Any]) -> dict[str, Any]:
    [attachment] = message["attachments"]
    return dict(attachment)


def _stored(server: Server, prefix: str) -> list[str]:
    found = server.stack.aws.client("s3").list_objects_v2(Bucket=settings().uploads_bucket, Prefix=prefix)
    return [item["Key"] for item in found.get("Contents", ())]


def test_a_video_is_sent_at_once_and_shown_a_moment_later(server: Server, alice: Person, bob: Person) -> None:
    server.faults.arm(Fault.KILL_BEFORE, of="pictures")  # S3 tries again, after the message was sent
    chat, socket = alice.chat_with(bob), bob.socket()
    mine = upload(alice.http, video(turned=True), "video/mp4")
    sent = alice.send(chat, "", attachments=[mine])
    bare = _attachment(sent)
    assert (bare["kind"], bare["width"], bare["duration"], bare["thumbnails"]) == ("video", None, None, None)
    live = _attachment(socket.wait_for("message:updated", id=sent["id"])["data"])
    assert (live["width"], live["height"], live["duration"]) == (240, 320, pytest.approx(2, abs=0.1))
    assert max(live["waveform"]) == 100
    assert live["placeholder"].startswith("data:image/webp;base64,")
    sizes = {name: (each["width"], each["height"]) for name, each in live["thumbnails"].items()}
    assert sizes == {"small": (120, 160), "medium": (240, 320), "large": (240, 320)}
    small = httpx.get(live["thumbnails"]["small"]["url"], follow_redirects=True, timeout=30)
    assert Image.open(io.BytesIO(small.content)).format == "WEBP"
    assert [_attachment(message) for message in bob.history(chat)] == [live]
    assert bob.http.get(f"/uploads/{mine}", params={"size": "small"}).json()["contentType"] == "image/webp"
    assert alice.http.post(f"/uploads/{mine}/complete").json() == live
    socket.close()
    alice.http.delete(f"/messages/{sent['id']}").raise_for_status()
    alice.http.delete(f"/uploads/{mine}").raise_for_status()
    assert _stored(server, "") == []


def test_what_the_client_said_of_a_recording_stays_unless_it_is_false(
    server: Server, alice: Person, bob: Person
) -> None:
    chat = alice.chat_with(bob)
    mine = upload(alice.http, recording("ogg", "libopus"), "audio/ogg")
    server.settle(60)
    found = alice.http.post(f"/uploads/{mine}/complete").json()
    assert (found["duration"], found["width"], found["thumbnails"]) == (pytest.approx(2, abs=0.1), None, None)
    for said, duration, waveform in (
        ({}, found["duration"], found["waveform"]),
        ({"duration": 2.9}, 2.9, found["waveform"]),
        ({"duration": 2.9, "waveform": [1, 2]}, 2.9, [1, 2]),
        ({"waveform": [1, 2]}, found["duration"], [1, 2]),
        ({"duration": 60, "waveform": [1, 2]}, found["duration"], found["waveform"]),
        ({"duration": 0, "waveform": [1, 2]}, found["duration"], found["waveform"]),
    ):
        sent = alice.send(chat, "", attachments=[mine], attachmentDetails=[{"id": mine, **said}])
        told = _attachment(sent)
        assert (told["duration"], told["waveform"]) == (duration, waveform), said
        assert _attachment(bob.history(chat)[0]) == told or _attachment(bob.history(chat)[-1]) == told
    without = bob.http.get(f"/uploads/{mine}", params={"size": "small"}).json()
    assert without["contentType"] == "audio/ogg", "sound has no thumbnail"


def test_a_recording_that_cannot_be_read_is_sent_as_it_is(server: Server, alice: Person, bob: Person) -> None:
    """One is broken, one takes more than is allowed, and S3 does not answer for one at first."""
    chat = alice.chat_with(bob)
    broken = upload(alice.http, wav()[:20], "audio/wav")
    server.settle(60)
    with server.put("chalicelib.features.uploads.recordings.SECONDS", -1.0):
        slow = upload(alice.http, wav(), "audio/wav")
        server.settle(60)
    for mine in (broken, slow):
        told = _attachment(alice.send(chat, "", attachments=[mine]))
        assert (told["kind"], told["duration"], told["waveform"]) == ("audio", None, None)
        assert httpx.get(bob.http.get(f"/uploads/{mine}").json()["url"]).is_success
    assert _stored(server, "waiting/") == _stored(server, "made/") == []
