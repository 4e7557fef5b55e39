"""Sessions: seeing them, ending them, and what an ended one can still do, which is nothing."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support import web
from tests.support.people import PASSWORD, Person, of_session
from tests.support.server import Server

_ENDED = (401, "session_ended")


@pytest.fixture
def another_device(server: Server) -> Callable[[Person], Person]:
    """Logs a person in once more."""

    def log_in(who: Person) -> Person:
        with web.client(server.url) as client:
            answer = client.post("/auth/login", json={"username": who.username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return of_session(server.url, answer.json())

    return log_in


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def _sessions(who: Person) -> list[dict[str, Any]]:
    answer = who.http.get("/auth/sessions")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["sessions"]
    return found


def test_verify_tells_whose_the_token_is(alice: Person) -> None:
    answer = alice.http.get("/auth/verify")
    assert answer.status_code == 200
    assert answer.json() == {"valid": True, "user": alice.http.get("/users/me").json()}


def test_logging_out_ends_this_session_only(alice: Person, another_device: Callable[[Person], Person]) -> None:
    tablet = another_device(alice)
    answer = alice.http.post("/auth/logout", json={})
    assert (answer.status_code, answer.content) == (204, b"")
    assert _refusal(alice.http.get("/auth/verify")) == _ENDED
    assert _refusal(alice.http.post("/auth/logout")) == _ENDED
    assert tablet.http.get("/auth/verify").status_code == 200


def test_logging_out_needs_no_body(alice: Person) -> None:
    assert alice.http.post("/auth/logout", content=b"").status_code == 204
    assert _refusal(alice.http.get("/users/me")) == _ENDED


def test_logging_out_takes_the_refresh_tokens_session_along(
    alice: Person, another_device: Callable[[Person], Person], anonymous: httpx.Client
) -> None:
    tablet, phone = another_device(alice), another_device(alice)
    assert alice.http.post("/auth/logout", json={"refreshToken": tablet.refresh_token}).status_code == 204
    assert _refusal(tablet.http.get("/auth/verify")) == _ENDED
    assert phone.http.get("/auth/verify").status_code == 200


def test_nobody_is_logged_out_by_another(alice: Person, person: Callable[[str], Person]) -> None:
    mallory = person("mallory")
    assert mallory.http.post("/auth/logout", json={"refreshToken": alice.refresh_token}).status_code == 204
    assert alice.http.get("/auth/verify").status_code == 200


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 70])
def test_a_useless_refresh_token_is_in_nobodys_way(alice: Person, token: str) -> None:
    assert alice.http.post("/auth/logout", json={"refreshToken": token}).status_code == 204


def test_what_is_no_logout_is_refused(alice: Person) -> None:
    bodies: list[dict[str, Any]] = [
        {"refreshToken": 1},
        {"refreshToken": None},
        {"refreshToken": "\0"},
        {"all": True},
    ]
    for body in bodies:
        answer = alice.http.post("/auth/logout", json=body)
        assert _refusal(answer) == (400, "invalid_input")
        assert answer.json()["errors"][0]["field"] == next(iter(body))
    assert alice.http.get("/auth/verify").status_code == 200


def test_logging_out_everywhere_ends_all_of_ones_sessions(
    alice: Person,
    another_device: Callable[[Person], Person],
    person: Callable[[str], Person],
    anonymous: httpx.Client,
) -> None:
    bob, tablet = person("bob"), another_device(alice)
    assert tablet.http.post("/auth/logout-all").status_code == 204
    for device in (alice, tablet):
        assert _refusal(device.http.get("/auth/verify")) == _ENDED
        answer = anonymous.post("/auth/refresh", json={"refreshToken": device.refresh_token})
        assert _refusal(answer) == (401, "refresh_refused")
    assert bob.http.get("/auth/verify").status_code == 200
    assert len(_sessions(another_device(alice))) == 1


def test_ones_sessions_are_listed_newest_first(alice: Person, another_device: Callable[[Person], Person]) -> None:
    devices = [alice, *(another_device(alice) for _ in range(3))]
    found = _sessions(alice)
    assert [session["id"] for session in found] == sorted((one["id"] for one in found), reverse=True)
    assert [session["current"] for session in found] == [False, False, False, True]
    assert set(found[0]) == {"id", "current", "userAgent", "address", "createdAt", "refreshedAt", "expiresAt"}
    assert [session["current"] for session in _sessions(devices[3])] == [True, False, False, False]


def test_sessions_come_in_pages(alice: Person, another_device: Callable[[Person], Person]) -> None:
    for _ in range(4):
        another_device(alice)
    everything = _sessions(alice)
    cursor, pages = None, []
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = alice.http.get("/auth/sessions", params=query).json()
        pages.append(page["sessions"])
        cursor = page["nextCursor"]
        assert page["hasMore"] is (cursor is not None)
        if cursor is None:
            break
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [session for page in pages for session in page] == everything


def test_a_session_is_ended_from_another_device(alice: Person, another_device: Callable[[Person], Person]) -> None:
    tablet = another_device(alice)
    (listed,) = (session for session in _sessions(tablet) if session["current"])
    for _ in range(2):
        assert alice.http.delete(f"/auth/sessions/{listed['id']}").status_code == 204
    assert _refusal(tablet.http.get("/auth/verify")) == _ENDED
    assert [session["current"] for session in _sessions(alice)] == [True]


def test_anothers_session_is_as_though_it_were_not(alice: Person, person: Callable[[str], Person]) -> None:
    mallory = person("mallory")
    (session,) = _sessions(alice)
    theirs = mallory.http.delete(f"/auth/sessions/{session['id']}")
    nobodys = mallory.http.delete("/auth/sessions/999999")
    assert _refusal(theirs) == (404, "not_found")
    assert theirs.json() | {"requestId": ""} == nobodys.json() | {"requestId": ""}
    assert alice.http.get("/auth/verify").status_code == 200


def test_what_is_no_session_id_is_refused(alice: Person) -> None:
    for session_id in ("0", "-1", "x", "1.5", "9" * 30, "%00", "1%20"):
        answer = alice.http.delete(f"/auth/sessions/{session_id}")
        assert _refusal(answer) == (400, "invalid_input"), session_id
        assert answer.json()["errors"][0]["field"] == "session_id"


def test_what_is_no_page_is_refused_by_name(alice: Person) -> None:
    queries: list[dict[str, Any]] = [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"cursor": "x"}, {"page": 1}]
    for query in queries:
        answer = alice.http.get("/auth/sessions", params=query)
        assert _refusal(answer) == (400, "invalid_input"), query
        assert answer.json()["errors"][0]["field"] == next(iter(query))


def test_a_ticket_opens_a_socket(alice: Person) -> None:
    answer = alice.http.post("/ws/tickets")
    assert answer.status_code == 200
    assert set(answer.json()) == {"ticket", "expiresIn"}
    assert answer.json()["expiresIn"] == 30
    assert answer.json()["ticket"] != alice.http.post("/ws/tickets").json()["ticket"]


def test_a_ticket_is_no_access_token(alice: Person, anonymous: httpx.Client) -> None:
    ticket = alice.http.post("/ws/tickets").json()["ticket"]
    answer = anonymous.get("/users/me", headers={"Authorization": f"Bearer {ticket}"})
    assert _refusal(answer) == (401, "unauthenticated")


def test_an_ended_session_gets_no_ticket(alice: Person) -> None:
    assert alice.http.post("/auth/logout").status_code == 204
    assert _refusal(alice.http.post("/ws/tickets")) == _ENDED


@pytest.mark.parametrize("way", ["logout", "logout-all", "delete", "reuse"])
def test_the_sockets_of_an_ended_session_hear_so_and_are_closed(
    alice: Person, another_device: Callable[[Person], Person], anonymous: httpx.Client, way: str
) -> None:
    socket = alice.socket()
    (session,) = _sessions(alice)
    match way:
        case "delete":
            assert another_device(alice).http.delete(f"/auth/sessions/{session['id']}").status_code == 204
        case "reuse":
            first = anonymous.post("/auth/refresh", json={"refreshToken": alice.refresh_token}).json()
            anonymous.post("/auth/refresh", json={"refreshToken": first["refreshToken"]})
            stolen = anonymous.post("/auth/refresh", json={"refreshToken": alice.refresh_token})
            assert _refusal(stolen) == (401, "refresh_refused")
        case _:
            assert alice.http.post(f"/auth/{way}").status_code == 204
    socket.wait_for("session:revoked")
    socket.wait_closed()


@pytest.mark.parametrize(
    ("key", "shown", "address"),
    [
        ("", {"X-Viewer-Address": "198.51.100.7"}, "127.0.0.1"),
        ("", {"X-Edge-Key": "", "X-Viewer-Address": "198.51.100.7"}, "127.0.0.1"),
        ("secret", {"X-Viewer-Address": "198.51.100.7"}, "127.0.0.1"),
        ("secret", {"X-Edge-Key": "guessed", "X-Viewer-Address": "198.51.100.7"}, "127.0.0.1"),
        ("secret", {"X-Edge-Key": "secret", "X-Viewer-Address": "198.51.100.7"}, "198.51.100.7"),
        ("secret", {"X-Edge-Key": "secret", "X-Viewer-Address": "2001:db8::7"}, "2001:db8::7"),
        ("secret", {"X-Edge-Key": "secret"}, "unknown"),
    ],
)
def test_only_who_shows_the_edges_key_says_where_a_client_is(
    server: Server, key: str, shown: dict[str, str], address: str
) -> None:
    with server.settings(edge_key=key), web.client(server.url, shown) as client:
        answer = client.post("/auth/register", json={"username": "maria", "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    assert server.sql("SELECT address FROM sessions") == [(address,)]
