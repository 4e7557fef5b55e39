"""The example of docs/sdk.md does what the guide says."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.packages import node
from tests.support.people import PASSWORD, Person
from tests.support.server import Server
from tests.support.socket import Socket
from web.pack import ROOT, SDK

_GUIDE = ROOT / "docs" / "sdk.md"


@pytest.fixture
def bot(tmp_path: Path, server: Server, bob: Person) -> Iterator[subprocess.Popen[str]]:
    """Bob's account, in the hands of the example."""
    shutil.copytree(SDK, tmp_path / "node_modules" / "messenger-sdk")
    example = re.findall(r"```js\n(.*?)```", _GUIDE.read_text(), re.DOTALL)[0]
    assert 25 <= example.count("\n") <= 36
    (tmp_path / "bot.mjs").write_text(example)
    command = [node(), "bot.mjs", server.origin, bob.username, PASSWORD]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


def _said(socket: Socket, seq: int) -> str:
    return str(socket.wait_for("message:new", seq=seq)["data"]["content"])


def test_it_answers(bot: subprocess.Popen[str], alice: Person, bob: Person) -> None:
    assert bot.stdout is not None
    assert bot.stdout.readline() == "bob listens\n"
    chat_id = alice.chat_with(bob)
    socket = alice.socket()
    alice.send(chat_id, "hello")
    assert _said(socket, 2) == "You said: hello"
    alice.send(chat_id, "history")
    assert _said(socket, 4) == "So far: hello, You said: hello, history"
    bot.terminate()
    assert bot.wait(20) == 0
