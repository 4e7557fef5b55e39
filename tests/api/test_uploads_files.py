"""Files on their way: stored by the form, checked, fetched by those who may, given up."""

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from local.faults import Fault
from tests.support.people import Person
from tests.support.pictures import PNG
from tests.support.server import Server

NO_PICTURE = b"<script>alert(1)</script>".ljust(len(PNG))
ANY_POLICY = base64.b64encode(b'{"expiration":"2100-01-01T00:00:00Z","conditions":[]}').decode()
OTHER_PICTURE = PNG[:-1] + b"\x83"


@pytest.fixture
def without_trigger(server: Server) -> None:
    """S3's event never gets through: the client's own completion decides."""
    server.faults.arm(Fault.KILL_BEFORE, of="upload_stored", times=None)


def _announce(owner: Person, content: bytes = PNG, **change: Any) -> dict[str, Any]:
    body = {"filename": "пиксель.png", "contentType": "image/png", "size": len(content)} | change
    answer = owner.http.post("/uploads", json=body)
    assert answer.status_code == 201, answer.text
    form: dict[str, Any] = answer.json()
    return form


def _store(form: dict[str, Any], content: bytes = PNG, **change: str) -> httpx.Response:
    return httpx.post(form["url"], data=form["fields"] | change, files={"file": ("blob", content)}, timeout=30)


def _complete(owner: Person, upload_id: int) -> httpx.Response:
    return owner.http.post(f"/uploads/{upload_id}/complete")


def _upload(owner: Person, content: bytes = PNG, **change: Any) -> int:
    """A file that is stored and checked; its id."""
    form = _announce(owner, content, **change)
    assert _store(form, content).status_code == 204
    assert _complete(owner, form["id"]).status_code == 200
    return int(form["id"])


def _fetch(reader: Person, upload_id: int) -> httpx.Response:
    answer = reader.http.get(f"/uploads/{upload_id}")
    assert answer.status_code == 200, answer.text
    return httpx.get(answer.json()["url"], timeout=30)


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def _keys(server: Server) -> list[str]:
    """Which files are in the bucket. What is made of pictures has its own time: see test_pictures.py."""
    aws = server.stack.aws
    listed = aws.client("s3").list_objects_v2(Bucket=aws.name("UploadsBucket"), Prefix="uploads/")
    return [entry["Key"] for entry in listed.get("Contents", [])]


def _expire(server: Server) -> None:
    server.sql("UPDATE uploads SET expires_at = now() WHERE state <> 'ready'")


def test_a_picture_travels_from_one_to_the_other(alice: Person, bob: Person) -> None:
    form = _announce(alice)
    assert _store(form).status_code == 204
    completed = _complete(alice, form["id"])
    attachment = {"id": form["id"], "filename": "пиксель.png", "contentType": "image/png", "size": len(PNG)}
    assert completed.status_code == 200
    chat_id = alice.chat_with(bob)
    sent = alice.send(chat_id, "", messageType="image", attachments=[form["id"]])
    link = bob.http.get(f"/uploads/{form['id']}").json()
    for told in (completed.json(), *sent["attachments"], *bob.history(chat_id)[0]["attachments"], link):
        assert {name: told[name] for name in attachment} == attachment
    fetched = httpx.get(link["url"])
    assert (fetched.status_code, fetched.content) == (200, PNG)
    assert fetched.headers["content-type"] == "image/png"
    name = "%D0%BF%D0%B8%D0%BA%D1%81%D0%B5%D0%BB%D1%8C.png"
    assert fetched.headers["content-disposition"] == f"inline; filename=\"_______.png\"; filename*=UTF-8''{name}"


def test_what_could_run_is_only_downloaded(alice: Person) -> None:
    page = b"<html><script>alert(1)</script></html>"
    for content_type in ("text/plain", "application/octet-stream"):
        fetched = _fetch(alice, _upload(alice, page, filename='a"b;\\.html', contentType=content_type))
        assert fetched.headers["content-type"].partition(";")[0] == content_type
        assert fetched.headers["content-disposition"] == "attachment; filename=\".html\"; filename*=UTF-8''.html"


def test_several_files_are_stored_each_by_its_form(alice: Person) -> None:
    contents = [PNG, b"notes", b"%PDF-1.7\n"]
    kinds = ["image/png", "text/plain", "application/pdf"]
    files = [
        {"filename": "f", "contentType": kind, "size": len(content)}
        for kind, content in zip(kinds, contents, strict=True)
    ]
    forms = alice.http.post("/upload/multiple", json={"files": files}).json()["uploads"]
    for form, content in zip(forms, contents, strict=True):
        assert _store(form, content).status_code == 204
        assert _complete(alice, form["id"]).status_code == 200
        assert _fetch(alice, form["id"]).content == content


@pytest.mark.parametrize(
    ("content", "change", "status"),
    [
        pytest.param(PNG + b"x", {}, 400, id="larger"),
        pytest.param(PNG[:-1], {}, 400, id="smaller"),
        pytest.param(b"", {}, 400, id="empty"),
        pytest.param(PNG, {"Content-Type": "text/html"}, 403, id="other type"),
        pytest.param(PNG, {"key": "uploads/1/another"}, 403, id="other key"),
        pytest.param(PNG, {"acl": "public-read"}, 403, id="more fields"),
        pytest.param(PNG, {"x-amz-signature": "0" * 64}, 403, id="forged"),
        pytest.param(PNG, {"policy": ANY_POLICY}, 403, id="other policy"),
    ],
)
def test_the_form_stores_nothing_else(
    server: Server, alice: Person, content: bytes, change: dict[str, str], status: int
) -> None:
    form = _announce(alice)
    assert _store(form, content, **change).status_code == status
    assert _keys(server) == []
    assert _refusal(_complete(alice, form["id"])) == (409, "upload_pending")


def test_a_form_ends(server: Server, alice: Person) -> None:
    with server.settings(upload_seconds=0):
        form = _announce(alice)
    late = _store(form)
    assert late.status_code == 403
    assert "Policy expired" in late.text
    assert _keys(server) == []


def test_completing_waits_for_the_file(alice: Person) -> None:
    form = _announce(alice)
    answer = _complete(alice, form["id"])
    assert _refusal(answer) == (409, "upload_pending")
    assert (answer.headers["Retry-After"], answer.json()["retryable"]) == ("1", True)
    assert _refusal(alice.http.get(f"/uploads/{form['id']}")) == (409, "upload_pending")
    assert _refusal(alice.http.post("/uploads/999999/complete")) == (404, "not_found")


def test_a_file_must_be_complete_before_it_is_sent(alice: Person, bob: Person) -> None:
    form = _announce(alice)
    body = {"chatId": alice.chat_with(bob), "content": "", "attachments": [form["id"]]}
    assert _refusal(alice.http.post("/messages", json=body)) == (422, "unusable_attachment")
    stolen = body | {"chatId": bob.chat_with(alice), "attachments": [_upload(alice)]}
    assert _refusal(bob.http.post("/messages", json=stolen)) == (422, "unusable_attachment")


@pytest.mark.usefixtures("without_trigger")
def test_the_client_completes_without_the_trigger(alice: Person) -> None:
    form = _announce(alice)
    _store(form)
    first, again = _complete(alice, form["id"]), _complete(alice, form["id"])
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()


@pytest.mark.parametrize("fault", [None, Fault.TRIGGER_DOUBLED, Fault.KILL_AFTER])
def test_the_trigger_completes_without_the_client(
    server: Server, alice: Person, bob: Person, fault: Fault | None
) -> None:
    if fault:
        server.faults.arm(fault, of="upload_stored")
    form = _announce(alice)
    _store(form)
    server.settle()
    assert _fetch(alice, form["id"]).content == PNG
    alice.send(alice.chat_with(bob), "", attachments=[form["id"]])
    assert _fetch(bob, form["id"]).content == PNG


def test_all_at_once_complete_the_same_file(server: Server, alice: Person) -> None:
    form = _announce(alice)
    _store(form)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: _complete(alice, form["id"]), range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len({answer.text for answer in answers}) == 1
    server.settle()
    assert _fetch(alice, form["id"]).content == PNG


@pytest.mark.usefixtures("without_trigger")
def test_another_type_is_refused_and_gone(server: Server, alice: Person) -> None:
    form = _announce(alice)
    assert _store(form, NO_PICTURE).status_code == 204
    for _ in range(2):
        assert _refusal(_complete(alice, form["id"])) == (422, "upload_refused")
    assert _keys(server) == []
    assert _refusal(alice.http.get(f"/uploads/{form['id']}")) == (404, "not_found")
    # The right file comes too late: it was refused once.
    _store(form)
    assert _refusal(_complete(alice, form["id"])) == (422, "upload_refused")
    assert _keys(server) == []
    assert alice.http.get("/uploads/usage").json()["used"] == 0
    _expire(server)
    server.stack.triggers.fire_schedule("sweep")
    assert _refusal(_complete(alice, form["id"])) == (404, "not_found")


@pytest.mark.parametrize(
    ("announced", "content", "found"),
    [
        ("image/jpeg", PNG, "image/png"),
        ("application/vnd.ms-excel", b"name;phone\r\nMaria;123\r\n", "text/csv"),
        ("image/x-ms-bmp", b"BM" + bytes(60), "image/bmp"),
        ("application/x-blender", b"BLENDER-v300", "application/octet-stream"),
    ],
)
def test_a_harmless_difference_of_types_is_corrected(
    alice: Person, announced: str, content: bytes, found: str
) -> None:
    new = {"filename": "holiday.jpg", "contentType": announced, "size": len(content)}
    form = alice.http.post("/uploads", json=new).json()
    assert _store(form, content).status_code == 204
    done = _complete(alice, form["id"])
    assert (done.status_code, done.json()["contentType"]) == (200, found)
    fetched = _fetch(alice, form["id"])
    assert (fetched.content, fetched.headers["Content-Type"]) == (content, found)


@pytest.mark.parametrize(
    ("announced", "content", "found"),
    [
        ({}, PNG, "image/png"),
        ({"contentType": ""}, b"\0\1\2", "application/octet-stream"),
        ({"contentType": "text/plain"}, b"", "text/plain"),
        ({"contentType": "image/png"}, b"", "application/octet-stream"),
    ],
)
def test_a_file_without_a_type_or_bytes_is_what_it_is(
    alice: Person, announced: dict[str, str], content: bytes, found: str
) -> None:
    form = alice.http.post("/uploads", json={"filename": "file", "size": len(content), **announced}).json()
    assert _store(form, content).status_code == 204
    done = _complete(alice, form["id"])
    assert (done.status_code, done.json()["contentType"]) == (200, found)
    assert _fetch(alice, form["id"]).content == content
    sent = alice.send(alice.chat_with(name="files"), "", attachments=[form["id"]])
    assert sent["messageType"] == ("image" if content == PNG else "file")


def test_the_trigger_refuses_another_type_too(server: Server, alice: Person) -> None:
    form = _announce(alice)
    _store(form, NO_PICTURE)
    server.settle()
    assert _keys(server) == []
    assert _refusal(_complete(alice, form["id"])) == (422, "upload_refused")


def test_a_checked_file_cannot_be_exchanged(server: Server, alice: Person, bob: Person) -> None:
    form = _announce(alice)
    _store(form)
    server.settle()
    alice.send(alice.chat_with(bob), "", attachments=[form["id"]])
    assert _store(form).status_code == 204
    server.settle()
    assert _fetch(bob, form["id"]).content == PNG
    assert _store(form, OTHER_PICTURE).status_code == 204
    server.settle()
    assert _keys(server) == []
    assert _refusal(bob.http.get(f"/uploads/{form['id']}")) == (404, "not_found")
    assert _refusal(_complete(alice, form["id"])) == (410, "gone")


def test_what_was_not_finished_in_time_is_gone(server: Server, alice: Person) -> None:
    form = _announce(alice)
    _expire(server)
    assert _refusal(_complete(alice, form["id"])) == (410, "gone")
    assert _refusal(alice.http.get(f"/uploads/{form['id']}")) == (410, "gone")
    _store(form)
    server.settle()
    assert _keys(server) == []
    assert _refusal(_complete(alice, form["id"])) == (410, "gone")


@pytest.mark.usefixtures("without_trigger")
def test_the_sweep_takes_what_was_given_up(server: Server, alice: Person) -> None:
    ready = _upload(alice)
    for _ in range(3):
        _store(_announce(alice), NO_PICTURE)
    waiting = _announce(alice)["id"]
    assert len(_keys(server)) == 4
    server.stack.triggers.fire_schedule("sweep")
    assert len(_keys(server)) == 4
    server.sql("UPDATE uploads SET expires_at = now() WHERE id <> %s", waiting)
    server.stack.triggers.fire_schedule("sweep")
    assert len(_keys(server)) == 1
    assert sorted(server.sql("SELECT id FROM uploads")) == [(ready,), (waiting,)]
    assert _fetch(alice, ready).content == PNG


@pytest.mark.usefixtures("without_trigger")
def test_the_sweep_keeps_the_rows_while_s3_fails(server: Server, alice: Person) -> None:
    _store(_announce(alice))
    _expire(server)
    server.faults.arm(Fault.SERVICE_FAILING, of="s3", times=None)
    server.stack.triggers.fire_schedule("sweep")
    server.faults.clear()
    assert len(server.sql("SELECT id FROM uploads")) == 1
    server.stack.triggers.fire_schedule("sweep")
    assert server.sql("SELECT id FROM uploads") == []
    assert _keys(server) == []


@pytest.mark.usefixtures("without_trigger")
def test_completing_while_s3_fails_may_be_repeated(server: Server, alice: Person) -> None:
    form = _announce(alice)
    _store(form)
    server.faults.arm(Fault.SERVICE_FAILING, of="s3", times=None)
    answer = _complete(alice, form["id"])
    assert _refusal(answer) == (503, "unavailable")
    assert answer.json()["retryable"]
    server.faults.clear()
    assert _complete(alice, form["id"]).status_code == 200
