"""Announcing files: what is accepted, what the form holds, and the limits."""

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.people import Person
from tests.support.server import Server

PHOTO: dict[str, Any] = {"filename": "photo.png", "contentType": "image/png", "size": 68}
MEGABYTE = 1024 * 1024


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def _rows(server: Server) -> int:
    return len(server.sql("SELECT id FROM uploads"))


def _fill(server: Server, owner: Person, size: int) -> None:
    server.sql(
        "INSERT INTO uploads (owner_id, key, filename, content_type, size, state, expires_at) "
        "VALUES (%s, 'uploads/0/big', 'big', 'application/zip', %s, 'ready', now())",
        owner.id,
        size,
    )


@pytest.mark.parametrize("path", ["/uploads", "/upload"])
def test_a_form_fixes_key_type_and_size(person: Callable[[str], Person], path: str) -> None:
    alice = person("alice")
    answer = alice.http.post(path, json=PHOTO)
    assert answer.status_code == 201
    form = answer.json()
    assert set(form) == {"id", "method", "url", "fields", "expiresAt"}
    assert form["method"] == "POST"
    assert form["fields"]["Content-Type"] == "image/png"
    policy = json.loads(base64.b64decode(form["fields"]["policy"]))
    assert ["content-length-range", 68, 68] in policy["conditions"]
    assert {"key": form["fields"]["key"]} in policy["conditions"]
    assert {"Content-Type": "image/png"} in policy["conditions"]
    assert form["fields"]["key"].startswith(f"uploads/{alice.id}/")
    assert len(form["fields"]["key"].rpartition("/")[2]) == 22


@pytest.mark.parametrize("path", ["/uploads/multiple", "/upload/multiple"])
def test_several_files_get_a_form_each_in_order(person: Callable[[str], Person], path: str) -> None:
    files = [{"filename": f"{size}.txt", "contentType": "text/plain", "size": size} for size in range(1, 11)]
    answer = person("alice").http.post(path, json={"files": files})
    assert answer.status_code == 201
    forms = answer.json()["uploads"]
    assert len({form["fields"]["key"] for form in forms}) == 10
    assert [form["id"] for form in forms] == sorted(form["id"] for form in forms)
    for size, form in enumerate(forms, start=1):
        policy = json.loads(base64.b64decode(form["fields"]["policy"]))
        assert ["content-length-range", size, size] in policy["conditions"]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"filename": 7}, "filename", "wrong_type"),
        ({"filename": ""}, "filename", "wrong_length"),
        ({"filename": "n" * 256}, "filename", "wrong_length"),
        ({"filename": "a\0b"}, "filename", "forbidden_character"),
        ({"contentType": None}, "contentType", "wrong_type"),
        ({"contentType": "t/" + "p" * 200}, "contentType", "wrong_length"),
        ({"size": "68"}, "size", "wrong_type"),
        ({"size": 1.5}, "size", "wrong_type"),
        ({"size": -1}, "size", "out_of_range"),
        ({"size": 10**30}, "size", None),
        ({"ownerId": 1}, "ownerId", "unknown_field"),
        ({"key": "uploads/1/x"}, "key", "unknown_field"),
    ],
)
def test_wrong_input_is_named(
    person: Callable[[str], Person], change: dict[str, Any], field: str, code: str | None
) -> None:
    alice = person("alice")
    for path, body, place in (
        ("/uploads", PHOTO | change, field),
        ("/uploads/multiple", {"files": [PHOTO, PHOTO | change]}, f"files[1].{field}"),
    ):
        answer = alice.http.post(path, json=body)
        assert answer.status_code == 400
        error = answer.json()["errors"][0]
        assert error["field"].replace("[...]", "[1]") == place
        assert code in {None, error["code"]}


@pytest.mark.parametrize("missing", ["filename", "size"])
def test_missing_fields_are_named(person: Callable[[str], Person], missing: str) -> None:
    answer = person("alice").http.post("/uploads", json={k: v for k, v in PHOTO.items() if k != missing})
    assert answer.status_code == 400
    assert answer.json()["errors"][0] | {"message": ""} == {"field": missing, "code": "missing", "message": ""}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"filename": "\\ud800"}', b"null"])
def test_unreadable_bodies_are_refused(person: Callable[[str], Person], body: bytes) -> None:
    answer = person("alice").http.post("/uploads", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


def test_a_form_in_place_of_json_is_a_wrong_type(person: Callable[[str], Person]) -> None:
    answer = person("alice").http.post("/upload", files={"file": b"old clients sent the file itself"})
    assert _refusal(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize("count", [0, 11])
def test_one_to_ten_files_at_once(server: Server, person: Callable[[str], Person], count: int) -> None:
    answer = person("alice").http.post("/upload/multiple", json={"files": [PHOTO] * count})
    assert _refusal(answer) == (400, "invalid_input")
    assert _rows(server) == 0


def test_a_file_over_the_limit_is_refused_before_it_is_sent(server: Server, person: Callable[[str], Person]) -> None:
    alice = person("alice")
    assert alice.http.post("/uploads", json=PHOTO | {"size": 10 * MEGABYTE}).status_code == 201
    assert _refusal(alice.http.post("/uploads", json=PHOTO | {"size": 10 * MEGABYTE + 1})) == (413, "too_large")
    answer = alice.http.post("/uploads/multiple", json={"files": [PHOTO, PHOTO | {"size": 10 * MEGABYTE + 1}]})
    assert _refusal(answer) == (413, "too_large")
    assert _rows(server) == 1


@pytest.mark.parametrize(
    "content_type",
    ["text/html", "image/svg+xml", "text/javascript", "application/xhtml+xml", "application/hta", "x/y", "nonsense"],
)
def test_types_that_could_run_or_are_unknown_are_refused(person: Callable[[str], Person], content_type: str) -> None:
    answer = person("alice").http.post("/uploads", json=PHOTO | {"contentType": content_type})
    assert _refusal(answer) == (422, "file_type_refused")


def test_a_type_is_stored_under_its_usual_name(person: Callable[[str], Person]) -> None:
    answer = person("alice").http.post("/uploads", json=PHOTO | {"contentType": "Audio/WebM; codecs=opus"})
    assert answer.json()["fields"]["Content-Type"] == "audio/webm"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\Отчёт за март.pdf", "Отчёт за март.pdf"),
        ("a\r\nSet-Cookie: x\x7f.txt", "aSet-Cookie: x.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("👨\u200d👩\u200d👧.png", "👨\u200d👩\u200d👧.png"),
        ("  .hidden ", ".hidden"),
        ("dir/", "file"),
        ("..", "file"),
        ("\u0001\u2028", "file"),
    ],
)
def test_filenames_lose_paths_and_what_deceives(
    server: Server, person: Callable[[str], Person], given: str, kept: str
) -> None:
    person("alice").http.post("/uploads", json=PHOTO | {"filename": given}).raise_for_status()
    assert server.sql("SELECT filename FROM uploads") == [(kept,)]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/uploads"),
        ("POST", "/upload"),
        ("POST", "/uploads/multiple"),
        ("POST", "/upload/multiple"),
        ("GET", "/uploads/usage"),
        ("POST", "/uploads/1/complete"),
        ("GET", "/uploads/1"),
        ("DELETE", "/uploads/1"),
    ],
)
def test_every_route_wants_a_living_session(
    anonymous: httpx.Client, person: Callable[[str], Person], method: str, path: str
) -> None:
    body = {"files": [PHOTO]} if path.endswith("multiple") else PHOTO
    json_body = body if method == "POST" and not path.endswith("complete") else None
    assert _refusal(anonymous.request(method, path, json=json_body)) == (401, "unauthenticated")
    forged = {"Authorization": "Bearer a.b.c"}
    assert _refusal(anonymous.request(method, path, json=json_body, headers=forged)) == (401, "unauthenticated")
    alice = person("alice")
    alice.http.post("/auth/logout", json={"refreshToken": alice.refresh_token}).raise_for_status()
    assert _refusal(alice.http.request(method, path, json=json_body)) == (401, "session_ended")


@pytest.mark.parametrize("upload_id", ["0", "-1", "abc", "1.5", str(2**53), "9" * 40, "%00", "null"])
@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("DELETE", ""), ("POST", "/complete")])
def test_ids_that_are_none_are_refused(
    person: Callable[[str], Person], method: str, suffix: str, upload_id: str
) -> None:
    answer = person("alice").http.request(method, f"/uploads/{upload_id}{suffix}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "upload_id"


def test_the_same_key_gets_the_same_form(server: Server, person: Callable[[str], Person]) -> None:
    alice = person("alice")
    key = {"Idempotency-Key": "upload-1"}
    first = alice.http.post("/uploads", json=PHOTO, headers=key)
    again = alice.http.post("/uploads", json=PHOTO, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert _rows(server) == 1
    other = alice.http.post("/uploads", json=PHOTO | {"size": 69}, headers=key)
    assert _refusal(other) == (422, "idempotency_key_reused")


def test_the_quota_counts_what_is_stored_and_what_may_come(server: Server, person: Callable[[str], Person]) -> None:
    alice = person("alice")
    usage = alice.http.get("/uploads/usage").json()
    assert usage["used"] == 0
    _fill(server, alice, usage["quota"] - 100)
    assert alice.http.post("/uploads", json=PHOTO).status_code == 201
    assert _refusal(alice.http.post("/uploads", json=PHOTO)) == (422, "quota_exceeded")
    assert alice.http.get("/uploads/usage").json() == {"used": usage["quota"] - 32, "quota": usage["quota"]}
    assert person("bob").http.post("/uploads", json=PHOTO).status_code == 201
    server.sql("UPDATE uploads SET expires_at = now() WHERE state = 'pending'")
    assert alice.http.post("/uploads", json=PHOTO).status_code == 201


def test_several_files_fit_the_quota_together_or_none_is_taken(
    server: Server, person: Callable[[str], Person]
) -> None:
    alice = person("alice")
    _fill(server, alice, alice.http.get("/uploads/usage").json()["quota"] - 100)
    assert _refusal(alice.http.post("/uploads/multiple", json={"files": [PHOTO, PHOTO]})) == (422, "quota_exceeded")
    assert _rows(server) == 1


def test_two_at_once_do_not_share_the_last_of_the_quota(server: Server, person: Callable[[str], Person]) -> None:
    alice = person("alice")
    _fill(server, alice, alice.http.get("/uploads/usage").json()["quota"] - 100)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: alice.http.post("/uploads", json=PHOTO).status_code, range(8)))
    assert sorted(answers) == [201] + [422] * 7


def test_sixty_files_an_hour(server: Server, person: Callable[[str], Person]) -> None:
    alice, bob = person("alice"), person("bob")
    batch = {"files": [PHOTO] * 10}
    with server.settings(rate_limits=True):
        for left in (50, 40, 30, 20, 10):
            answer = alice.http.post("/uploads/multiple", json=batch)
            assert answer.headers["RateLimit"].startswith(f'"uploads";r={left};')
            assert answer.headers["RateLimit-Policy"] == '"uploads";q=60;w=3600'
        assert alice.http.post("/uploads", json=PHOTO).status_code == 201
        refused = alice.http.post("/uploads/multiple", json=batch)
        assert _refusal(refused) == (429, "rate_limited")
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        # What was refused took nothing: nine are left, and all nine can be had.
        assert alice.http.post("/uploads/multiple", json={"files": [PHOTO] * 9}).status_code == 201
        assert _refusal(alice.http.post("/upload", json=PHOTO)) == (429, "rate_limited")
        assert _rows(server) == 60
        assert bob.http.post("/uploads", json=PHOTO).status_code == 201
