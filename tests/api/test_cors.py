"""Which pages' scripts may read an answer."""

import httpx
import pytest

from tests.support.server import Server

ONE, OTHER, STRANGER = "https://chat.example", "https://beta.example", "https://elsewhere.example"


@pytest.mark.parametrize(
    ("origins", "asking", "shared_with"),
    [
        (("*",), STRANGER, "*"),
        ((ONE, OTHER), ONE, ONE),
        ((ONE, OTHER), OTHER, OTHER),
        ((ONE, OTHER), STRANGER, ONE),
        ((ONE, "*"), STRANGER, "*"),
    ],
)
def test_an_answer_may_be_read_by_the_configured_pages_only(
    server: Server, anonymous: httpx.Client, origins: tuple[str, ...], asking: str, shared_with: str
) -> None:
    with server.settings(origins=origins):
        for path, status in (("/health", 200), ("/users/me", 401)):
            answer = anonymous.get(path, headers={"Origin": asking})
            assert answer.status_code == status
            assert answer.headers["access-control-allow-origin"] == shared_with
            assert ("Origin" in answer.headers.get("vary", "")) == ("*" not in origins)
