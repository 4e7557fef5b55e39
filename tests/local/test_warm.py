"""Containers import nothing that the process they are forked from could have imported once for all of them."""

from pathlib import Path

from tests.support.people import Register
from tests.support.server import Server


def test_a_container_imports_nothing_for_the_usual_events(server: Server, person: Register, tmp_path: Path) -> None:
    noted = tmp_path / "imports"
    noted.touch()
    with server.prepared(("tests.support.doctored.note_imports", {"path": str(noted)})):
        alice, bob = person("alice"), person("bob")
        socket = bob.socket()
        chat = alice.chat_with(bob)
        alice.send(chat, "by REST")
        alice.socket().act("message:send", {"chatId": chat, "content": "by socket"})
        socket.wait_for("message:new", seq=2)
        assert alice.http.get("/sync").is_success
        server.settle()
    assert noted.read_text().split() == []
