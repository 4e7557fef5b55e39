"""Message requests in a browser: a stranger's chat waits apart, and is accepted or declined."""

import pytest

from tests.browser.app_page import client
from tests.support.people import Person
from tests.support.server import Server

# The tab of requests, which is seen only while there are some.
_TAB = "[...document.querySelectorAll('.tabs button')].find(e => !e.hidden && e.innerText.includes('Requests'))"
_ROWS = "document.querySelectorAll('.rows a')"


@pytest.mark.parametrize("accepts", [True, False])
def test_a_request_waits_apart_until_it_is_answered(
    server: Server, alice: Person, bob: Person, *, accepts: bool
) -> None:
    alice.http.patch("/users/me/privacy", json={"messages": "requests"}).raise_for_status()
    chat = bob.chat_with(alice)
    bob.send(chat, "Hello, stranger")
    with client(server.origin) as page:
        page.log_in(alice.username)
        page.until(f"return {_TAB}?.innerText.includes('1')")
        assert page.run(f"return {_ROWS}.length") == 0
        page.run(f"{_TAB}.click()")
        page.until(f"const [row] = {_ROWS}; row?.click(); return row")
        page.until_texts("Hello, stranger")
        button = "primary" if accepts else "plain"
        page.until(f"const found = document.querySelector('.asks .{button}'); found?.click(); return found")
        if not accepts:
            page.choose("Decline")
        page.until(f"return !document.querySelector('.asks') && !{_TAB}")
        page.until(f"return {_ROWS}.length === arguments[0]", int(accepts))
        assert page.refused() == []
    assert bob.http.get(f"/chats/{chat}").json()["canSend"] is accepts
