"""Avatars: only uploads of one's own, so that no other host learns who looks at somebody."""

from typing import Any

import httpx
import pytest

from chalicelib.core import tokens
from tests.support.answers import refusal, refused_fields
from tests.support.groups import changes
from tests.support.people import Person
from tests.support.pictures import PNG, picture, upload
from tests.support.server import Server


def _path(what: str, alice: Person, bob: Person) -> str:
    return "/users/me" if what == "user" else f"/chats/{alice.chat_with(bob, name='group')}"


def _change(who: Person, path: str, **body: Any) -> dict[str, Any]:
    answer = who.http.patch(path, json=body)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


WHATS = pytest.mark.parametrize("what", ["user", "chat"])


@WHATS
def test_an_upload_becomes_an_avatar_that_everybody_can_show(alice: Person, bob: Person, what: str) -> None:
    path, mine = _path(what, alice, bob), picture(alice)
    url = _change(alice, path, avatarId=mine)["avatarUrl"]
    assert url.startswith(str(alice.http.base_url).rstrip("/") + "/files/")
    found = httpx.get(url, follow_redirects=True, timeout=30)
    assert (found.status_code, found.headers["content-type"], found.content) == (200, "image/png", PNG)
    assert httpx.get(url).headers["cache-control"].startswith("private, max-age=")
    seen = bob.http.get(f"/users/{alice.id}" if what == "user" else path).json()
    assert seen["avatarUrl"] == url
    assert _change(alice, path, avatarId=mine)["avatarUrl"] == url, "the same picture keeps its link"
    assert _change(alice, path, avatarUrl=url)["avatarUrl"] == url, "a client sends back what it was shown"
    assert _change(alice, path, avatarUrl=None)["avatarUrl"] is None
    assert httpx.get(url).status_code == 404, "what is nobody's avatar is shown no more"


@WHATS
def test_a_link_that_an_upload_answered_stands_for_it(alice: Person, bob: Person, server: Server, what: str) -> None:
    """As clients of other messengers send it."""
    with server.settings():
        link = f"https://anywhere.example/api/files/{tokens.issue_file(picture(alice))}"
    url = _change(alice, _path(what, alice, bob), avatarUrl=link)["avatarUrl"]
    assert url.startswith(str(alice.http.base_url).rstrip("/"))
    assert httpx.get(url, follow_redirects=True, timeout=30).content == PNG


@WHATS
@pytest.mark.parametrize(
    "url",
    [
        "https://spy.example/a.png",
        "http://127.0.0.1/files/AAAAAAAAAAAAAAAAAAAAAA",
        "https://spy.example/files/AAAAAAAAAAAAAAAAAAAAAA",
        "//spy.example/a.png",
        "/files/1.2.3",
        "javascript:alert(1)",
        "data:image/png;base64,AA",
        "",
    ],
)
def test_a_url_that_leads_elsewhere_is_refused(alice: Person, bob: Person, what: str, url: str) -> None:
    answer = alice.http.patch(_path(what, alice, bob), json={"avatarUrl": url})
    assert (answer.status_code, refused_fields(answer)) == (400, [("avatarUrl", "wrong_form")])


@WHATS
def test_only_a_complete_picture_of_ones_own_can_be_one(alice: Person, bob: Person, what: str) -> None:
    path = _path(what, alice, bob)
    text = upload(alice.http, b"just words", "text/plain")
    pending = alice.http.post("/uploads", json={"filename": "a.png", "contentType": "image/png", "size": 9}).json()
    for unfit in (text, pending["id"], picture(bob), 999_999):
        assert refusal(alice.http.patch(path, json={"avatarId": unfit})) == (422, "not_a_picture")
    for wrong in ("x", 0, -1):
        assert alice.http.patch(path, json={"avatarId": wrong}).status_code == 400
    assert bob.http.get(f"/users/{alice.id}" if what == "user" else path).json()["avatarUrl"] is None


def test_who_may_not_change_a_group_learns_nothing_of_uploads(alice: Person, bob: Person, carol: Person) -> None:
    group, private = alice.chat_with(bob, name="group"), alice.chat_with(bob)
    for who, chat, refused in (
        (bob, group, (403, "forbidden")),
        (carol, group, (404, "not_found")),
        (alice, private, (422, "not_a_group")),
    ):
        assert refusal(who.http.patch(f"/chats/{chat}", json={"avatarId": 999_999})) == refused


@WHATS
def test_a_deleted_upload_takes_the_avatar_away(alice: Person, bob: Person, what: str) -> None:
    path, mine = _path(what, alice, bob), picture(alice)
    url = _change(alice, path, avatarId=mine)["avatarUrl"]
    _, cursor = changes(bob)
    alice.http.delete(f"/uploads/{mine}").raise_for_status()
    assert alice.http.get(path).json()["avatarUrl"] is None
    assert httpx.get(url).status_code == 404
    if what == "chat":
        [told] = [event["data"] for event in changes(bob, cursor)[0] if event["type"] == "chat:updated"]
        assert told["avatarUrl"] is None


def test_urls_of_the_version_before_are_not_shown(server: Server, alice: Person, bob: Person) -> None:
    group = alice.chat_with(bob, name="group")
    server.sql("UPDATE users SET avatar_url = 'https://spy.example/a.png'")
    server.sql("UPDATE chats SET avatar_url = 'https://spy.example/a.png', is_public = true WHERE id = %s", group)
    for path in ("/users/me", f"/users/{alice.id}", "/chats", f"/chats/{group}", f"/chats/{group}/preview", "/users"):
        assert "spy.example" not in bob.http.get(path).raise_for_status().text
    assert "spy.example" not in bob.http.get("/chats/public").raise_for_status().text


def test_a_link_that_nobody_made_leads_nowhere(anonymous: httpx.Client) -> None:
    for name in ("A" * 22, "x", "%00", "' OR 1=1"):
        assert refusal(anonymous.get(f"/files/{name}")) in {(404, "not_found"), (400, "invalid_input")}
