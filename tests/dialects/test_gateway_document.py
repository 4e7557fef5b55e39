"""System E's quick test: its two curl calls and its script for a console, on a host that speaks its dialect.

They run as they are written but for the host, the token and the ids.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.dialects.conftest import At
from tests.dialects.test_gateway import MESSAGE, signed_up
from tests.socketio.clients import PATIENCE_SECONDS, installed
from tests.support import curl
from tests.support.fields import misfits
from tests.support.packages import node
from tests.support.server import Server

SEND = """curl -X POST http://localhost:3000/api/messages \\
  -H "Authorization: Bearer YOUR_JWT_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"chat": "CHAT_ID", "text": "Hello, World!"}'"""
HISTORY = """curl "http://localhost:3000/api/messages/chats/CHAT_ID?limit=50" \\
  -H "Authorization: Bearer YOUR_JWT_TOKEN\""""
CONSOLE = """
const socket = io('http://localhost:3000', { auth: { token: 'YOUR_JWT_TOKEN' } });
socket.on('connect', () => {
  console.log('Connected:', socket.id);
  socket.emit('chat:join', { chatId: 'CHAT_ID' }, (response) => {
    console.log('Joined:', response);
    socket.emit('message:typing', { chatId: 'CHAT_ID', isTyping: true }, (answer) => console.log('Typing:', answer));
    socket.emit('message:send', { chatId: 'CHAT_ID', text: 'Hello from console!' }, (answer) => {
      console.log('Sent:', answer);
      socket.emit('chat:leave', { chatId: 'CHAT_ID' }, (left) => console.log('Left:', left));
    });
  });
});
socket.on('message:new', (message) => console.log('New message:', message));
socket.on('connect_error', (error) => console.log('Error:', error.message));
"""
# What a page has: the library, and a console, whose lines are read here. Then the page is closed.
PAGE = """
import { io } from 'socket.io-client';
const said = new Set();
console.log = (title, value) => {
  process.stdout.write(JSON.stringify([title, value]) + '\\n');
  said.add(title);
  if (['Left:', 'Typing:', 'New message:'].every((each) => said.has(each)) || title === 'Error:') process.exit(0);
};
"""


@pytest.mark.parametrize("by", curl.AVAILABLE)
def test_the_quick_test_of_the_document(at: At, server: Server, by: str, tmp_path: Path) -> None:
    with server.settings(dialect="gateway"):
        alice, bob = signed_up(at(""), "Alice"), signed_up(at(""), "Bob")
        chat = alice.ask("POST /api/chats", {"type": "personal", "participantId": str(bob.id)}, status=201)["_id"]

        def here(text: str) -> str:
            given = text.replace("http://localhost:3000", server.origin)
            return given.replace("YOUR_JWT_TOKEN", alice.token).replace("CHAT_ID", chat)

        def run(command: str) -> Any:
            quiet = f"{here(command)} --silent --show-error --max-time 30 --noproxy '*'"
            environment = curl.environment(by, tmp_path)
            return json.loads(subprocess.check_output(["sh", "-c", quiet], env=environment))

        sent = run(SEND)
        assert misfits(sent, {"success": bool, "message": MESSAGE}) == []
        assert (sent["message"]["text"], sent["message"]["chat"]) == ("Hello, World!", chat)
        page = run(HISTORY)
        assert misfits(page, {"messages": [MESSAGE], "hasMore": bool}) == []
        assert [message["_id"] for message in page["messages"]] == [sent["message"]["_id"]]

        script = [node(), "--input-type=module", "-e", PAGE + here(CONSOLE)]
        said = subprocess.check_output(script, cwd=installed(), text=True, timeout=3 * PATIENCE_SECONDS)
        lines = dict(json.loads(line) for line in said.splitlines())
        assert lines.keys() == {"Connected:", "Joined:", "Typing:", "Sent:", "New message:", "Left:"}, said
        assert [lines[title]["success"] for title in ("Joined:", "Typing:", "Sent:", "Left:")] == [True] * 4
        assert misfits(lines["New message:"], MESSAGE) == []
        assert lines["New message:"] == lines["Sent:"]["message"]
        assert [one["text"] for one in bob.ask(f"GET /api/chats/{chat}/messages")["messages"]] == [
            "Hello, World!",
            "Hello from console!",
        ]
    server.stack.reset(database_url=server.database_url)
