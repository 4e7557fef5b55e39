"""Pictures: thumbnails, a placeholder and the size come after the upload; personal data goes."""

import io
from typing import Any

import httpx

from chalicelib.core.config import settings
from local.faults import Fault
from tests.support.answers import refusal
from tests.support.people import Person
from tests.support.pictures import MAKER, PNG, animation, heic, photo, upload
from tests.support.server import Server

TURNED = {0x0112: 6}


def _opened(content: bytes) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(content))


def _fetch(url: str) -> bytes:
    answer = httpx.get(url, follow_redirects=True, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.content


def _file(reader: Person, upload_id: int, **query: str) -> tuple[dict[str, Any], bytes]:
    told: dict[str, Any] = reader.http.get(f"/uploads/{upload_id}", params=query).raise_for_status().json()
    return told, _fetch(told["url"])


def _made(server: Server, owner: Person, content: bytes, kind: str) -> dict[str, Any]:
    """An upload, once it was looked at."""
    upload_id = upload(owner.http, content, kind)
    server.settle(60)
    told: dict[str, Any] = owner.http.post(f"/uploads/{upload_id}/complete").raise_for_status().json()
    return told


def _stored(server: Server, prefix: str) -> set[str]:
    found = server.stack.aws.client("s3").list_objects_v2(Bucket=settings().uploads_bucket, Prefix=prefix)
    return {item["Key"] for item in found.get("Contents", ())}


def _attachment(message: dict[str, Any]) -> dict[str, Any]:
    [attachment] = message["attachments"]
    return dict(attachment)


def test_a_photo_is_sent_at_once_and_shown_in_three_sizes_a_moment_later(
    server: Server, alice: Person, bob: Person, carol: Person
) -> None:
    server.faults.arm(Fault.KILL_BEFORE, of="pictures")  # S3 tries again, after the message was sent
    chat, socket = alice.chat_with(bob), bob.socket()
    cursor = bob.http.get("/sync").json()["nextCursor"]
    mine = upload(alice.http, photo(), "image/jpeg")
    sent = alice.send(chat, "", messageType="image", attachments=[mine])
    bare = _attachment(sent)
    assert (bare["kind"], bare["width"], bare["placeholder"], bare["thumbnails"]) == ("image", None, None, None)
    assert _attachment(socket.wait_for("message:new", id=sent["id"])["data"]) == bare

    live = socket.wait_for("message:updated", id=sent["id"])["data"]
    shown = _attachment(live)
    assert (shown["width"], shown["height"]) == (400, 600), "as it is looked at, upright"
    assert shown["placeholder"].startswith("data:image/webp;base64,")
    assert len(shown["placeholder"]) < 400
    sizes = {name: (each["width"], each["height"]) for name, each in shown["thumbnails"].items()}
    assert sizes == {"small": (107, 160), "medium": (320, 480), "large": (400, 600)}
    for name, (width, height) in sizes.items():
        small = _opened(_fetch(shown["thumbnails"][name]["url"]))
        assert (small.format, small.size, dict(small.getexif())) == ("WEBP", (width, height), {})

    events = bob.http.get("/sync", params={"cursor": cursor}).json()["events"]
    assert [_attachment(event["data"]) for event in events if event.get("seq") == sent["seq"]][-1] == shown
    assert [_attachment(message) for message in bob.messages(chat) if message["id"] == sent["id"]] == [shown]
    copy = alice.http.post(f"/messages/{sent['id']}/forward", json={"chatIds": [alice.chat_with(carol)]}).json()
    assert shown in [_attachment(message) for message in copy["messages"]]
    assert alice.http.post(f"/uploads/{mine}/complete").json() == shown, "who completes it again is told as well"
    socket.close()

    told, stored = _file(bob, mine)
    assert MAKER not in stored
    assert dict(_opened(stored).getexif()) == TURNED
    assert told["size"] == shown["size"] == len(stored)
    assert alice.http.get("/uploads/usage").json()["used"] == len(stored)
    told, small = _file(bob, mine, size="small")
    assert (told["contentType"], told["size"], told["filename"]) == ("image/webp", len(small), "me.webp")
    assert refusal(bob.http.get(f"/uploads/{mine}", params={"size": "huge"})) == (400, "invalid_input")


def test_pictures_of_each_kind_get_thumbnails_and_lose_their_maker(server: Server, alice: Person) -> None:
    for content, kind in (
        (heic(), "image/heic"),
        (photo(kind="AVIF"), "image/avif"),
        (animation("GIF"), "image/gif"),
    ):
        told = _made(server, alice, content, kind)
        small = _opened(_fetch(told["thumbnails"]["small"]["url"]))
        assert small.format == "WEBP"
        assert getattr(small, "n_frames", 1) == (5 if kind == "image/gif" else 1)
        assert MAKER not in _file(alice, told["id"])[1]


def test_a_file_that_breaks_the_decoder_is_sent_as_it_is(server: Server, alice: Person, bob: Person) -> None:
    bomb = bytearray(PNG)
    bomb[16:24] = b"\0\0\xff\xff" * 2
    told = _made(server, alice, bytes(bomb), "image/png")
    assert (told["kind"], told["thumbnails"], told["width"]) == ("image", None, None)
    alice.send(alice.chat_with(bob), "", attachments=[told["id"]])
    assert _file(bob, told["id"], size="small")[1] == bytes(bomb), "in place of a thumbnail"
    assert _stored(server, "waiting/") == _stored(server, "made/") == set()


def test_a_thumbnail_is_shown_to_those_alone_who_have_its_link(
    server: Server, alice: Person, bob: Person, carol: Person
) -> None:
    told = _made(server, alice, photo(), "image/jpeg")
    alice.send(alice.chat_with(bob), "", attachments=[told["id"]])
    assert refusal(carol.http.get(f"/uploads/{told['id']}", params={"size": "small"})) == (404, "not_found")
    base, _, token = told["thumbnails"]["small"]["url"].rpartition("/")
    upload_id, _, until, mark = token.split(".")
    text = upload(alice.http, b"just words", "text/plain")
    for forged, refused in {
        f"{upload_id}.large.{until}.{mark}": (401, "unauthenticated"),
        f"{upload_id}.small.{int(until) + 3600}.{mark}": (401, "unauthenticated"),
        f"{upload_id}.small.{until}.{mark[:-1]}": (401, "unauthenticated"),
        f"{upload_id}.small.{until}.%C3%BC": (401, "unauthenticated"),
        f"{upload_id}.huge.{until}.{mark}": (401, "unauthenticated"),
        f"x.small.{until}.{mark}": (401, "unauthenticated"),
        f"{upload_id}.small.{'9' * 40}.{mark}": (401, "unauthenticated"),
        f"999999.small.{until}.{mark}": (404, "not_found"),
        f"{text}.small.{until}.{mark}": (404, "not_found"),
    }.items():
        assert refusal(httpx.get(f"{base}/{forged}")) == refused, forged
    with server.ahead(2 * 60 * 60):
        assert refusal(httpx.get(f"{base}/{token}")) == (401, "unauthenticated")


def test_what_was_made_of_a_picture_goes_with_it(server: Server, alice: Person) -> None:
    told = _made(server, alice, photo(), "image/jpeg")
    assert len(_stored(server, "made/")) == 3
    alice.http.delete(f"/uploads/{told['id']}").raise_for_status()
    assert _stored(server, "") == set()
    assert httpx.get(told["thumbnails"]["small"]["url"]).status_code == 404


def test_a_picture_that_is_stored_over_a_clean_one_is_withdrawn(server: Server, alice: Person) -> None:
    content = photo()
    form = alice.http.post(
        "/uploads", json={"filename": "me.jpg", "contentType": "image/jpeg", "size": len(content)}
    ).json()
    for each in (content, content[:-2] + b"xx"):
        httpx.post(form["url"], data=form["fields"], files={"file": ("me.jpg", each)}, timeout=30).raise_for_status()
        server.settle(60)
    assert refusal(alice.http.post(f"/uploads/{form['id']}/complete")) == (410, "gone")
    assert _stored(server, "") == set()


def test_avatars_are_shown_in_three_sizes(server: Server, alice: Person) -> None:
    mine = upload(alice.http, photo(), "image/jpeg")
    url = alice.http.patch("/users/me", json={"avatarId": mine}).raise_for_status().json()["avatarUrl"]
    server.settle(60)
    longest = {size: max(_opened(_fetch(f"{url}?size={size}")).size) for size in ("small", "medium", "large")}
    assert longest == {"small": 160, "medium": 480, "large": 600}
    for whole in (url, f"{url}?size=huge"):
        assert _opened(_fetch(whole)).format == "JPEG"
    bare = alice.http.patch("/users/me", json={"avatarId": upload(alice.http)}).json()["avatarUrl"]
    assert _fetch(f"{bare}?size=small")
