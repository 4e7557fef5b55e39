"""Pages of other messengers: what browsers ask before a request, and what they want to read in its answer."""

import httpx
import pytest

from chalicelib.core.config import DIALECTS
from tests.support import web
from tests.support.server import Server

PAGE = "https://chat.example.com"


def _asked(
    server: Server, path: str, method: str, origin: str = PAGE, headers: str = "authorization"
) -> httpx.Response:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }
    with web.client(server.origin) as client:
        return client.request("OPTIONS", path, headers=asked)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_page_may_send_every_method_with_credentials(server: Server, dialect: str, method: str) -> None:
    wanted = "authorization,cache-control,content-type,x-requested-with"
    answer = _asked(server, f"/{dialect}/api/v1/any/path", method, headers=wanted)
    assert answer.status_code == 204
    assert method in answer.headers["access-control-allow-methods"].split(",")
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-headers"] == wanted


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_page_reads_answers_and_refusals(server: Server, dialect: str) -> None:
    with web.client(f"{server.origin}/{dialect}", {"Origin": PAGE}) as client:
        for answer in (client.get("/api/users/me"), client.get("/api/no/such/path"), client.post("/api/auth/login")):
            assert answer.headers["access-control-allow-origin"] == PAGE
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert answer.headers["vary"] == "Origin"


def test_only_pages_that_the_settings_name_are_let_in(server: Server) -> None:
    others = ("https://other.example.com", f"{PAGE}.evil.example", "null")
    with server.settings(origins=(PAGE, "https://web.example.com")):
        for origin in (PAGE, "https://web.example.com"):
            answer = _asked(server, "/gateway/api/chats", "GET", origin)
            assert answer.headers["access-control-allow-origin"] == origin
        for origin in others:
            answer = _asked(server, "/gateway/api/chats", "GET", origin)
            assert "access-control-allow-origin" not in answer.headers
            assert "access-control-allow-credentials" not in answer.headers


def test_names_of_headers_are_given_back_only_where_they_are_names(server: Server) -> None:
    answer = _asked(server, "/gateway/api/chats", "GET", headers="x-one, x two, <b>, x-three")
    assert answer.headers["access-control-allow-headers"] == "x-one,x-three"
