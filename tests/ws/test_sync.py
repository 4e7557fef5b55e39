"""Sync by the socket, which carries less at once than an HTTP answer."""

from collections.abc import Callable

import pytest

from tests.support.people import Register
from tests.support.server import Server
from tests.support.socket import Socket

ConnectNative = Callable[..., Socket]


@pytest.mark.parametrize("vocabulary", [None, "conversations"])
@pytest.mark.parametrize("text", ["я" * 10_000, "\x01" * 10_000, "short"])
def test_long_messages_come_in_pages_that_fit(
    server: Server, person: Register, native: ConnectNative, vocabulary: str | None, text: str
) -> None:
    alice, bob = person("alice"), person("bob")
    chat, socket = alice.chat_with(bob), native(bob, vocabulary)
    cursor = socket.act("sync")["nextCursor"]
    server.write_many(chat, alice.id, text, 12)
    seen: list[int] = []
    more, pages = True, 0
    while more:
        page = socket.act("sync", {"cursor": cursor})
        seen += [event["seq"] for event in page["events"] if event["type"] == "message:new"]
        cursor, more, pages = page["nextCursor"], page["hasMore"], pages + 1
    assert seen == list(range(1, 13))
    assert (pages > 1) == (text != "short")
