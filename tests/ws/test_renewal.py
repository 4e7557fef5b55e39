"""Make before break: a client renews its socket before the gateway ends it, while others go on talking."""

import threading
import time
from collections.abc import Iterator

import pytest

from local.events import Limits
from tests.support.people import Person, Register
from tests.support.presence import noticed
from tests.support.renewing import Renewing
from tests.support.server import Server

# What the gateway grants, and what hello says, which leaves a slow machine the time to be late.
GRANTED_SECONDS = 9
SAID_SECONDS = 5
RENEWALS = 2


@pytest.fixture
def short_lives(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sockets live for seconds, as they live for hours elsewhere. Leaving is noticed at once."""
    monkeypatch.setattr(server.stack.sockets, "limits", Limits(life_seconds=GRANTED_SECONDS))
    with server.settings(connection_seconds=SAID_SECONDS, presence_debounce_seconds=0):
        yield


class Talk:
    """Somebody who goes on sending and editing in a chat until told to stop."""

    def __init__(self, who: Person, chat: int) -> None:
        self._who, self._chat = who, chat
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._talk)
        self.sent = 0
        self._thread.start()

    def stop(self) -> None:
        """Stops, when what is being said was said."""
        self._stop.set()
        self._thread.join(30)

    def _talk(self) -> None:
        while not self._stop.wait(0.02):
            message = self._who.send(self._chat, f"number {self.sent}")
            self.sent += 1
            if self.sent % 3 == 0:
                change = {"content": f"edited {self.sent}"}
                self._who.http.put(f"/messages/{message['id']}", json=change).raise_for_status()


@pytest.mark.usefixtures("short_lives")
def test_a_renewed_socket_misses_nothing_and_nobody_sees_it(server: Server, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob)
    carol.chat_with(bob)
    watcher = Renewing(carol)
    noticed(server, carol, True)
    idle, client = alice.socket(), Renewing(bob)
    watcher.socket.wait_for("user:status", userId=bob.id, status="online")
    talk = Talk(alice, chat)
    try:
        for _ in range(RENEWALS):
            assert client.renews_after < SAID_SECONDS < GRANTED_SECONDS
            time.sleep(client.renews_after)
            for renewing in (watcher, client):
                old = renewing.renew()
                if renewing is client:
                    client.socket.wait_for("message:new")
                assert old.close_code is None, "the old one was there until the new one was"
                old.close()
    finally:
        talk.stop()
    assert idle.wait_closed() == 1001, "this is what happens to who does not renew"
    server.settle()
    client.sync()

    [(last_seq,)] = server.sql("SELECT last_seq FROM chats WHERE id = %s", chat)
    assert last_seq == talk.sent > 20
    assert sorted(event["seq"] for event in client.heard("message:new")) == list(range(1, last_seq + 1))
    assert sum(times > 1 for times in client.times_heard("message:new").values()) >= RENEWALS, "there was an overlap"
    kept = {
        message["id"]: (message["seq"], message["content"], message["updatedAt"])
        for message in _history(bob, chat, last_seq)
    }
    for told in (client.messages(), client.messages(live_alone=True)):
        assert {id_: (one["seq"], one["content"], one["updatedAt"]) for id_, one in told.items()} == kept
    assert [event["data"]["status"] for event in watcher.heard("user:status")] == ["online"], "no flap"
    assert server.sql("SELECT is_online FROM users WHERE id = %s", bob.id) == [(True,)]


def _history(who: Person, chat: int, last_seq: int) -> list[dict[str, object]]:
    return [message for after in range(0, last_seq, 100) for message in who.history(chat, after=after, limit=100)]


@pytest.mark.usefixtures("short_lives")
def test_breaking_before_making_is_seen_and_heard_of_by_sync_alone(server: Server, person: Register) -> None:
    """The same the other way round, so that the test above is known to be able to fail."""
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob)
    carol.chat_with(bob)
    watcher = carol.socket()
    noticed(server, carol, True)
    client = Renewing(bob)
    watcher.wait_for("user:status", userId=bob.id, status="online")
    client.socket.close()
    watcher.wait_for("user:status", userId=bob.id, status="offline")
    missed = alice.send(chat, "while you were away")
    client.renew()
    assert client.messages(live_alone=True) == {}
    assert list(client.messages()) == [missed["id"]]
