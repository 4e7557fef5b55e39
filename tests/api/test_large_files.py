"""Large files: sent in parts that the store checks, gone on with later, joined, given up."""

import base64
import hashlib
from typing import Any

import httpx
import pytest

from local.faults import Fault
from tests.support.people import Person, Register
from tests.support.server import Server

PART = 8 * 1024 * 1024
CONTENT = b"a line of a long text\n" * (PART // 22) + b"and the end of it\n" * 10
NEW: dict[str, Any] = {"filename": "../../log.txt", "contentType": "text/plain", "size": len(CONTENT)}
PARTS = [CONTENT[:PART], CONTENT[PART:]]


def _checksum(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def _announce(owner: Person, **change: Any) -> dict[str, Any]:
    answer = owner.http.post("/uploads/multipart", json=NEW | change)
    assert answer.status_code == 201, answer.text
    announced: dict[str, Any] = answer.json()
    return announced


def _sign(owner: Person, upload_id: int, *parts: tuple[int, bytes]) -> list[dict[str, Any]]:
    body = {"parts": [{"partNumber": number, "checksum": _checksum(content)} for number, content in parts]}
    answer = owner.http.post(f"/uploads/{upload_id}/parts", json=body)
    assert answer.status_code == 200, answer.text
    signed: list[dict[str, Any]] = answer.json()["parts"]
    return signed


def _put(signed: dict[str, Any], content: bytes) -> httpx.Response:
    return httpx.request(signed["method"], signed["url"], content=content, headers=signed["headers"], timeout=30)


def _send(owner: Person, upload_id: int, *numbers: int) -> None:
    parts = [(number, PARTS[number - 1]) for number in numbers]
    for signed, (_, content) in zip(_sign(owner, upload_id, *parts), parts, strict=True):
        assert _put(signed, content).status_code == 200


def _refusal(answer: httpx.Response) -> tuple[int, str, list[str]]:
    problem = answer.json()
    return answer.status_code, problem["code"], [error["field"] for error in problem.get("errors", [])]


def _in_store(server: Server) -> tuple[int, int]:
    """How many files and unfinished uploads the bucket has."""
    aws = server.stack.aws
    s3, bucket = aws.client("s3"), aws.name("UploadsBucket")
    files = s3.list_objects_v2(Bucket=bucket, Prefix="uploads/").get("KeyCount", 0)
    return files, len(s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []))


def test_a_file_arrives_in_parts(server: Server, alice: Person, bob: Person) -> None:
    announced = _announce(alice)
    upload_id = announced["id"]
    assert (announced["partSize"], announced["partCount"]) == (PART, 2)
    (first,) = _sign(alice, upload_id, (1, PARTS[0]))
    assert (first["partNumber"], first["size"]) == (1, PART)
    # The store takes no other bytes and no other number of them.
    assert "BadDigest" in _put(first, PARTS[0][:-1] + b"?").text
    assert _put(first, PARTS[1]).status_code == 403
    _send(alice, upload_id, 2)
    listed = alice.http.get(f"/uploads/{upload_id}/parts").json()
    assert listed["missing"] == [1]
    assert listed["arrived"] == [{"partNumber": 2, "size": len(PARTS[1]), "checksum": _checksum(PARTS[1])}]
    unfinished = alice.http.post(f"/uploads/{upload_id}/complete")
    assert _refusal(unfinished) == (409, "parts_missing", ["parts"])
    assert "must have arrived; 1 part is missing: 1" in unfinished.text
    assert alice.http.get("/uploads/usage").json()["used"] == len(CONTENT)
    # What the owner alone may do.
    body = {"parts": [{"partNumber": 1, "checksum": _checksum(PARTS[0])}]}
    for method, path, given in (
        ("POST", "parts", body),
        ("GET", "parts", None),
        ("POST", "complete", None),
        ("DELETE", "", None),
    ):
        theirs = bob.http.request(method, f"/uploads/{upload_id}/{path}".rstrip("/"), json=given)
        assert _refusal(theirs) == (404, "not_found", [])
    # The first URL is still good, from wherever.
    assert _put(first, PARTS[0]).status_code == 200
    complete = [alice.http.post(f"/uploads/{upload_id}/complete") for _ in range(2)]
    assert [answer.status_code for answer in complete] == [200, 200]
    assert complete[0].json() == complete[1].json()
    assert (complete[0].json()["filename"], complete[0].json()["size"]) == ("log.txt", len(CONTENT))
    assert _refusal(alice.http.post(f"/uploads/{upload_id}/parts", json=body)) == (409, "upload_complete", [])
    done = alice.http.get(f"/uploads/{upload_id}/parts").json()
    assert (done["missing"], done["arrived"]) == ([], [])
    alice.send(alice.chat_with(bob), "", attachments=[upload_id])
    assert httpx.get(bob.http.get(f"/uploads/{upload_id}").json()["url"]).content == CONTENT
    assert _refusal(alice.http.delete(f"/uploads/{upload_id}")) == (409, "upload_in_use", [])
    server.settle()
    assert _in_store(server) == (1, 0)
    assert alice.http.get("/uploads/usage").json()["used"] == len(CONTENT)


@pytest.mark.parametrize("trigger_runs", [True, False])
def test_a_joined_file_is_checked_as_others_are(server: Server, alice: Person, trigger_runs: bool) -> None:
    if not trigger_runs:
        server.faults.arm(Fault.KILL_BEFORE, of="upload_stored", times=None)
    upload_id = _announce(alice, contentType="image/png")["id"]
    _send(alice, upload_id, 1, 2)
    for _ in range(2):
        refused = alice.http.post(f"/uploads/{upload_id}/complete")
        assert _refusal(refused)[:2] == (422, "upload_refused")
    sign = {"parts": [{"partNumber": 1, "checksum": _checksum(b"")}]}
    assert _refusal(alice.http.post(f"/uploads/{upload_id}/parts", json=sign))[:2] == (422, "upload_refused")
    server.settle()
    assert _in_store(server) == (0, 0)
    assert alice.http.get("/uploads/usage").json()["used"] == 0


def test_what_is_wrong_is_named_and_leaves_nothing(server: Server, alice: Person) -> None:
    def announced(**change: Any) -> tuple[int, str, list[str]]:
        return _refusal(alice.http.post("/uploads/multipart", json=NEW | change))

    def signed(*parts: dict[str, Any]) -> tuple[int, str, list[str]]:
        return _refusal(alice.http.post(f"/uploads/{upload_id}/parts", json={"parts": parts}))

    two_gigabytes = 2 * 1024**3
    assert announced(size=0) == (400, "invalid_input", ["size"])
    assert announced(size=two_gigabytes + 1) == (413, "too_large", ["size"])
    assert announced(contentType="text/html") == (422, "file_type_refused", ["contentType"])
    form = alice.http.post("/uploads", json=NEW | {"size": 10 * 1024**2 + 1})
    assert _refusal(form) == (413, "too_large", ["size"])
    assert "POST /uploads/multipart" in form.json()["detail"]
    with server.settings(upload_quota=len(CONTENT) - 1):
        assert announced() == (422, "quota_exceeded", ["size"])
    server.faults.arm(Fault.SERVICE_FAILING, of="s3", times=None)
    assert announced()[:2] == (503, "unavailable")
    server.faults.clear()
    assert (server.sql("SELECT id FROM uploads"), _in_store(server)) == ([], (0, 0))

    large = _announce(alice, size=two_gigabytes)
    assert large["partCount"] * large["partSize"] == two_gigabytes
    alice.http.delete(f"/uploads/{large['id']}").raise_for_status()
    upload_id = _announce(alice)["id"]
    good = {"partNumber": 1, "checksum": _checksum(b"")}
    assert signed() == (400, "invalid_input", ["parts"])
    assert signed(*[good] * 51) == (400, "invalid_input", ["parts"])
    assert signed(good, good) == (400, "invalid_input", ["parts[1].partNumber"])
    assert signed(good, good | {"partNumber": 3}) == (400, "invalid_input", ["parts[1].partNumber"])
    assert signed(good | {"partNumber": 0}) == (400, "invalid_input", ["parts[0].partNumber"])
    assert signed(good | {"checksum": "x" * 44}) == (400, "invalid_input", ["parts[0].checksum"])
    small = alice.http.post("/uploads", json=NEW | {"size": 10}).json()["id"]
    parts = {"parts": [good]}
    assert _refusal(alice.http.post(f"/uploads/{small}/parts", json=parts))[:2] == (422, "not_in_parts")
    assert _refusal(alice.http.get(f"/uploads/{small}/parts"))[:2] == (422, "not_in_parts")


def test_what_is_given_up_is_deleted(server: Server, person: Register) -> None:
    alice = person("alice")
    deleted, forgotten, expired, kept = (_announce(alice)["id"] for _ in range(4))
    for upload_id in (deleted, expired, kept):
        _send(alice, upload_id, 2)
    assert _in_store(server) == (0, 4)
    assert alice.http.delete(f"/uploads/{deleted}").status_code == 204
    assert _refusal(alice.http.get(f"/uploads/{deleted}/parts"))[:2] == (404, "not_found")
    server.sql("UPDATE uploads SET expires_at = now() WHERE id IN (%s, %s)", forgotten, expired)
    for method, path in (("GET", "parts"), ("POST", "complete")):
        assert _refusal(alice.http.request(method, f"/uploads/{expired}/{path}"))[:2] == (410, "gone")
    assert alice.http.get("/uploads/usage").json()["used"] == len(CONTENT)
    # As long as the store fails, nothing is forgotten.
    server.faults.arm(Fault.SERVICE_FAILING, of="s3", times=None)
    server.stack.triggers.fire_schedule("sweep")
    server.faults.clear()
    assert len(server.sql("SELECT id FROM uploads")) == 3
    server.stack.triggers.fire_schedule("sweep")
    assert server.sql("SELECT id FROM uploads") == [(kept,)]
    assert _in_store(server) == (0, 1)
    # The bucket's lifecycle was faster.
    aws = server.stack.aws
    bucket = aws.name("UploadsBucket")
    for upload in aws.client("s3").list_multipart_uploads(Bucket=bucket)["Uploads"]:
        aws.client("s3").abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    for method, path in (("GET", "parts"), ("POST", "complete")):
        assert _refusal(alice.http.request(method, f"/uploads/{kept}/{path}"))[:2] == (410, "gone")
