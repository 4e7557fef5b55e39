"""What docs/protocol.md has clients do on their side: closing gaps, and sending few receipts."""

from tests.support.people import Register
from tests.support.server import Server


def test_gap_rule_what_is_between_is_fetched_page_by_page(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    socket = bob.socket()
    known = {alice.send(chat, "heard")["id"]: 1}
    socket.wait_for("message:new", seq=1)
    socket.close()
    for number in range(120):
        alice.send(chat, f"missed {number}")
    back = bob.socket()
    newest = alice.send(chat, "heard again")
    event = back.wait_for("message:new", id=newest["id"])
    highest = max(known.values())
    assert event["seq"] > highest + 1, "more than the next one"
    query: dict[str, str | int] = {"after": highest, "limit": 100}
    pages, more = 0, True
    while more:
        page = bob.http.get(f"/chats/{chat}/messages", params=query).json()
        assert not known.keys() & {message["id"] for message in page["messages"]}
        known |= {message["id"]: message["seq"] for message in page["messages"]}
        query, more, pages = {"cursor": page["nextCursor"], "limit": 100}, page["hasMore"], pages + 1
    assert list(known.values()) == list(range(1, 123)), "in order, and none twice"
    assert known[newest["id"]] == event["seq"]
    assert pages == 2


def test_batched_receipts_one_mark_serves_a_burst(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    ears, device = alice.socket(), bob.socket()
    ids = [alice.send(chat, str(number))["id"] for number in range(25)]
    device.wait_for("message:new", id=ids[-1])
    device.act("message:delivered", {"chatId": chat, "seq": 25})
    device.act("messages:read", {"chatId": chat, "seq": 10})
    device.act("messages:read", {"chatId": chat, "seq": 25})
    ears.wait_for("messages:read", seq=25)
    server.settle()
    heard = [
        (event["type"], event["data"]["seq"], event["data"]["messageId"])
        for event in ears.frames
        if event["type"] in {"message:delivered", "messages:read"}
    ]
    assert heard == [
        ("message:delivered", 25, ids[24]),
        ("messages:read", 10, ids[9]),
        ("messages:read", 25, ids[24]),
    ]
    statuses = {message["status"] for message in alice.history(chat, limit=100)}
    assert statuses == {"read"}
