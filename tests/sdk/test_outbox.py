"""What the client library has not sent yet: kept, and sent once, whatever is restarted meanwhile."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.faults import Fault
from local.processes import free_port
from tests.sdk.cable import Cable, cable
from tests.sdk.conftest import LogIn
from tests.sdk.nodes import JavaScriptError, Node, when
from tests.support.people import Person
from tests.support.server import Server

_RESUME = "kept.me = await Messenger.resume(url, {storage: new FileStorage(folder)})"
_SEND = "for (const text of texts) kept.me.chat(chatId).send(text).catch(() => undefined)"
_WAITING = """
  const chat = kept.me.chat(chatId);
  while (chat.pending.length < count) await chat.next("pending");
  return chat.pending;
"""
_PENDING = "return kept.me.chat(chatId).pending.map(({body}) => body.content)"
_REGISTER = """
  kept.heard = [];
  kept.me = await Messenger.register(url, {username, password: "correct horse battery"});
  kept.me.on("message", ({message}) => kept.heard.push([message.seq, message.content]));
"""


class _Service:
    """`make run`, in a process of its own."""

    def __init__(self, port: int, data_dir: Path) -> None:
        self._variables = os.environ | {"PORT": str(port), "DATA_DIR": str(data_dir), "RATE_LIMITS": "off"}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns when it is ready."""
        command = [sys.executable, "-m", "local"]
        self._process = subprocess.Popen(command, env=self._variables, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert any(line.strip() == "ready" for line in self._process.stdout)

    def stop(self) -> None:
        """Ends it, as Ctrl-C does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.communicate()
            self._process = None


@pytest.fixture
def line(server: Server) -> Iterator[Cable]:
    """The network between one client and the service."""
    with cable(server.stack.port) as laid:
        yield laid


def _texts(person: Person, chat_id: int) -> list[str]:
    return [message["content"] for message in reversed(person.history(chat_id))]


def test_it_outlives_the_process(
    alice: Person, bob: Person, log_in: LogIn, nodes: Callable[[], Node], line: Cable, tmp_path: Path
) -> None:
    chat_id = alice.chat_with(bob)
    first = log_in(alice, url=line.origin, folder=str(tmp_path))
    first.run("await kept.me.keeper.flush()")
    line.cut()
    first.run(_SEND, chatId=chat_id, texts=["one", "two", "three"])
    first.run(_WAITING, chatId=chat_id, count=3)
    first.kill()

    second = nodes()
    second.run(_RESUME, url=line.origin, folder=str(tmp_path))
    assert second.run(_PENDING, chatId=chat_id) == ["one", "two", "three"]
    line.mend()
    second.run("kept.me.socket.wake()")
    assert when(second, "message", "me.chat(chatId).messages.length === 3", chatId=chat_id)
    assert _texts(bob, chat_id) == ["one", "two", "three"]
    second.run("await kept.me.close()")

    third = nodes()
    third.run(_RESUME, url=line.origin, folder=str(tmp_path))
    assert third.run(_PENDING, chatId=chat_id) == []


@pytest.mark.parametrize("fault", [Fault.KILL_BEFORE, Fault.KILL_AFTER])
def test_a_container_that_dies_loses_and_doubles_nothing(
    alice: Person, bob: Person, log_in: LogIn, server: Server, fault: Fault
) -> None:
    chat_id = alice.chat_with(bob)
    ours = log_in(alice)
    server.faults.arm(fault, of="websocket_message", times=2)
    sent = ours.run(
        "return (await Promise.all(texts.map((text) => kept.me.chat(chatId).send(text)))).map(({seq}) => seq)",
        chatId=chat_id,
        texts=["one", "two", "three"],
    )
    assert sent == [1, 2, 3]
    assert _texts(bob, chat_id) == ["one", "two", "three"]


def test_connections_that_break_all_the_time_lose_and_double_nothing(
    alice: Person, bob: Person, log_in: LogIn, line: Cable
) -> None:
    chat_id = alice.chat_with(bob)
    ours, theirs = log_in(alice, url=line.origin), log_in(bob)
    texts = [str(number) for number in range(1, 31)]
    ours.run(_SEND, chatId=chat_id, texts=texts)
    for seen in range(5, 31, 5):
        line.drop()
        when(theirs, "message", "kept.heard.length >= seen", seen=seen)
    assert when(ours, "message", "kept.heard.length === 30 && kept.heard.map(([, , text]) => text)") == texts
    assert theirs.run("return kept.heard.map(([, seq, text]) => [seq, text])") == [
        [number, str(number)] for number in range(1, 31)
    ]
    assert _texts(bob, chat_id) == texts


def test_a_restarted_service_loses_and_doubles_nothing(nodes: Callable[[], Node], tmp_path: Path) -> None:
    """Everything is stopped and started again, while two clients talk."""
    port = free_port()
    service = _Service(port, tmp_path / "data")
    ours, theirs = nodes(), nodes()
    try:
        service.start()
        for process, name in ((ours, "alice"), (theirs, "bob")):
            process.run(_REGISTER, url=f"http://127.0.0.1:{port}", username=name)
        bob_id = theirs.run("return kept.me.id")
        chat_id = ours.run("return (await kept.me.openPrivate(bob)).id", bob=bob_id)
        ours.run(_SEND, chatId=chat_id, texts=[str(number) for number in range(1, 6)])
        when(theirs, "message", "kept.heard.length >= 2")
        service.stop()
        ours.run(_SEND, chatId=chat_id, texts=[str(number) for number in range(6, 11)])
        service.start()
        expected = [[number, str(number)] for number in range(1, 11)]
        assert when(theirs, "message", "kept.heard.length >= 10 && kept.heard") == expected
        ours.run(
            "while (kept.me.chat(chatId).pending.length) await kept.me.chat(chatId).next('pending')", chatId=chat_id
        )
        theirs.run("await kept.me.sync()")
        assert theirs.run("return kept.heard") == expected
    finally:
        service.stop()


def test_what_is_refused_waits_with_the_reason(alice: Person, bob: Person, log_in: LogIn) -> None:
    chat_id = alice.chat_with(bob)
    ours = log_in(alice)
    bob.http.put(f"/blocks/{alice.id}").raise_for_status()
    with pytest.raises(JavaScriptError) as refused:
        ours.run("await kept.me.chat(chatId).send('hello?')", chatId=chat_id)
    assert refused.value.code == "blocked"
    (waiting,) = ours.run("return kept.me.chat(chatId).pending", chatId=chat_id)
    assert waiting["failed"]["code"] == "blocked"

    bob.http.delete(f"/blocks/{alice.id}").raise_for_status()
    again = {"chatId": chat_id, "id": waiting["clientMessageId"]}
    ours.run("await kept.me.chat(chatId).retry(id)", **again)
    when(ours, "message", "me.chat(chatId).messages.length === 1", chatId=chat_id)
    assert _texts(bob, chat_id) == ["hello?"]


def test_what_is_given_up_is_never_sent(alice: Person, bob: Person, log_in: LogIn, line: Cable) -> None:
    chat_id = alice.chat_with(bob)
    ours = log_in(alice, url=line.origin)
    line.cut()
    ours.run(_SEND, chatId=chat_id, texts=["a mistake", "what I meant"])
    mistake, _ = ours.run(_WAITING, chatId=chat_id, count=2)
    ours.run("await kept.me.chat(chatId).discard(id)", chatId=chat_id, id=mistake["clientMessageId"])
    line.mend()
    when(ours, "message", "me.chat(chatId).messages.length === 1", chatId=chat_id)
    assert _texts(bob, chat_id) == ["what I meant"]
