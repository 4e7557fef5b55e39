"""The client library where the network fails: sockets that are lost, renewed or closed to it, and gaps."""

import time
from collections.abc import Iterator

import pytest

from local.faults import Fault
from local.processes import wait_until
from tests.sdk.cable import Cable, cable
from tests.sdk.conftest import LogIn
from tests.sdk.nodes import when
from tests.support.people import Person
from tests.support.server import Server

_TEXTS = "me.chats[0].messages.map(({content}) => content)"


@pytest.fixture
def line(server: Server) -> Iterator[Cable]:
    """The network between one client and the service."""
    with cable(server.stack.port) as laid:
        yield laid


def test_what_was_said_while_the_network_was_away_arrives_in_order(
    alice: Person, bob: Person, log_in: LogIn, line: Cable
) -> None:
    chat_id = alice.chat_with(bob)
    theirs = log_in(bob, url=line.origin)
    alice.send(chat_id, "before")
    when(theirs, "message", "kept.heard.length === 1")
    line.cut()
    when(theirs, "connection", "me.connection !== 'open'")
    for number in range(3):
        alice.send(chat_id, f"missed {number}")
    line.mend()
    expected = [[chat_id, 1, "before"], *([chat_id, number + 2, f"missed {number}"] for number in range(3))]
    assert when(theirs, "message", "kept.heard.length >= 4 && kept.heard") == expected
    when(theirs, "connection", "me.connection === 'open'")
    alice.send(chat_id, "after")
    when(theirs, "message", "kept.heard.length >= 5")
    assert theirs.run("return kept.heard") == [*expected, [chat_id, 5, "after"]]


def test_a_gap_is_noticed_and_filled(alice: Person, bob: Person, log_in: LogIn, server: Server) -> None:
    """Posts to the socket are lost, and the connection stays: the next message shows that one is missing."""
    chat_id = alice.chat_with(bob)
    theirs = log_in(bob)
    alice.send(chat_id, "one")
    when(theirs, "message", "kept.heard.length === 1")
    connection = theirs.run(
        "const {socket} = kept.me; let id; socket.on('ready', (hello) => (id = hello.connectionId));"
        "socket.stop(); socket.start(); await socket.next('ready'); await kept.me.sync(); return id"
    )
    server.faults.arm(Fault.POST_GONE, of=connection, times=None)
    alice.send(chat_id, "lost")
    server.settle()
    assert theirs.run("return kept.heard.length") == 1
    theirs.run("await kept.me.chats[0].send('answer')")
    assert [text for _, _, text in theirs.run("return kept.heard")] == ["one", "lost", "answer"]


def test_who_says_something_needs_no_ping(alice: Person, log_in: LogIn, server: Server) -> None:
    with server.settings(heartbeat_seconds=2), server.recorded("DEBUG") as lines:
        ours = log_in(alice)
        ours.run(
            "const until = Date.now() + 5000; while (Date.now() < until) {"
            "await kept.me.socket.request('presence:get', {userIds: [1]});"
            "await new Promise((done) => setTimeout(done, 500)); }"
        )
        assert lines.all("frame", action="ping") == []
        assert len(lines.all("frame", action="presence:get")) > 2
        assert wait_until(lambda: bool(lines.all("frame", action="ping")), seconds=10), "it is silent now"


def test_a_socket_is_renewed_before_its_end_and_hears_everything_once(
    alice: Person, bob: Person, log_in: LogIn, server: Server
) -> None:
    chat_id = alice.chat_with(bob)
    with server.settings(connection_seconds=3):
        theirs = log_in(bob)
        theirs.run(
            "kept.hellos = 0; kept.states = []; kept.me.socket.on('ready', () => kept.hellos++);"
            "kept.me.on('connection', (state) => kept.states.push(state))"
        )
        until = time.monotonic() + 30
        number = 0
        while theirs.run("return kept.hellos") < 3 and time.monotonic() < until:
            number += 1
            alice.send(chat_id, str(number))
        assert theirs.run("return kept.hellos") >= 3
    when(theirs, "message", "kept.heard.length >= count", count=number)
    assert theirs.run("return kept.heard") == [[chat_id, seq, str(seq)] for seq in range(1, number + 1)]
    assert theirs.run("return kept.states") == []


def test_without_sockets_everything_goes_by_http(alice: Person, bob: Person, log_in: LogIn) -> None:
    """Some networks let no WebSocket through."""
    chat_id = alice.chat_with(bob)
    ours = log_in(alice)
    ours.run("kept.me.socket.stop()")
    sent = ours.run("return kept.me.chat(chatId).send('by http')", chatId=chat_id)
    assert [message["id"] for message in bob.history(chat_id)] == [sent["id"]]
    bob.send(chat_id, "answer")
    ours.run("await kept.me.sync()")
    assert ours.run("return kept.me.chat(chatId).messages.map(({content}) => content)", chatId=chat_id) == [
        "by http",
        "answer",
    ]


def test_too_long_away_everything_is_loaded_anew(alice: Person, bob: Person, log_in: LogIn) -> None:
    chat_id = alice.chat_with(bob)
    theirs = log_in(bob)
    alice.send(chat_id, "one")
    when(theirs, "message", "kept.heard.length === 1")
    theirs.run("kept.chat = kept.me.chats[0]; kept.me.socket.stop(); kept.me.ingest.cursor = 'not understood'")
    alice.send(chat_id, "two")
    theirs.run("await kept.me.sync()")
    assert theirs.run("return kept.chat.lastMessage.content") == "two"
    assert theirs.run("return kept.chat === kept.me.chats[0]") is True


def test_who_is_removed_and_added_again_has_the_group_as_it_is(alice: Person, bob: Person, log_in: LogIn) -> None:
    group = alice.chat_with(bob, name="comers and goers")
    theirs = log_in(bob)
    alice.send(group, "one")
    when(theirs, "message", "kept.heard.length === 1")
    alice.http.delete(f"/chats/{group}/participants/{bob.id}").raise_for_status()
    assert when(theirs, "chats", "me.chats.length === 0")
    alice.send(group, "two")
    alice.http.post(f"/chats/{group}/participants", json={"userId": bob.id}).raise_for_status()
    assert when(theirs, "chats", "me.chats.length === 1 && me.chats[0].name") == "comers and goers"
    alice.send(group, "three")
    when(theirs, "message", "kept.heard.at(-1)[2] === 'three'")
    assert theirs.run(
        "await kept.me.chats[0].loadOlder(); return kept.me.chats[0].messages.map((one) => one.content)"
    ) == [
        "alice made the group “comers and goers” with bob",
        "one",
        "alice removed bob",
        "two",
        "alice added bob",
        "three",
    ]
    assert theirs.run("return kept.me.chats[0].unreadCount") == 1, "what a group tells does not count"
