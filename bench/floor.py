"""The least that a messenger can do, as a server: `python -m bench.floor DATABASE_URL` prints its port and serves.

One process, one prepared INSERT a message, and events go straight to the sockets of this process. Nobody logs in, and
nothing is checked, limited, numbered or sent once. It speaks the product's frames, so that one client measures both:

    ws://HOST:PORT/?chat=1              joins a chat; `message:send` is acknowledged, and told as `message:new`
    http://HOST:PORT/chats/1/messages   the newest 50
"""

import asyncio
import socket
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from typing import Any, LiteralString
from urllib.parse import parse_qs

import msgspec
import psycopg
import uvicorn

Row = tuple[int, int, str, datetime]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# As many statements run at once; more would wait for the disk all the same.
CONNECTIONS = 20

# One index: beside one on the ids alone, PostgreSQL would look for a quiet chat's messages among all of them.
SCHEMA: LiteralString = """
CREATE TABLE messages (
    id bigint GENERATED ALWAYS AS IDENTITY,
    chat_id bigint NOT NULL,
    content text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (chat_id, id)
)
"""
FILL: LiteralString = """
INSERT INTO messages (chat_id, content)
SELECT %(chat_id)s, 'message ' || n || ' ' || repeat('word ', 12) FROM generate_series(1, %(count)s::bigint) n
"""
_INSERT: LiteralString = """
INSERT INTO messages (chat_id, content) VALUES (%s, %s) RETURNING id, chat_id, content, created_at
"""
_NEWEST: LiteralString = """
SELECT id, chat_id, content, created_at FROM messages WHERE chat_id = %s ORDER BY id DESC LIMIT 50
"""


class _Input(msgspec.Struct, rename="camel"):
    chat_id: int
    content: str


class _Frame(msgspec.Struct):
    id: str
    data: _Input


class Floor:
    """The server, as an ASGI application."""

    def __init__(self, database_url: str, port: int) -> None:
        self._database_url = database_url
        self._port = port
        self._idle: asyncio.LifoQueue[psycopg.AsyncConnection[Row]] = asyncio.LifoQueue()
        self._sockets: defaultdict[int, set[Send]] = defaultdict(set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection or request."""
        match scope["type"]:
            case "lifespan":
                await self._live(receive, send)
            case "websocket":
                chat_id = int(parse_qs(scope["query_string"])[b"chat"][0])
                try:
                    await self._talk(chat_id, receive, send)
                finally:
                    self._sockets[chat_id].discard(send)
            case _:
                await self._answer(int(scope["path"].split("/")[2]), send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        for _ in range(CONNECTIONS):
            self._idle.put_nowait(await psycopg.AsyncConnection.connect(self._database_url, autocommit=True))
        await send({"type": "lifespan.startup.complete"})
        print(self._port, flush=True)
        await receive()
        while not self._idle.empty():
            await self._idle.get_nowait().close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _talk(self, chat_id: int, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self._sockets[chat_id].add(send)
        while (event := await receive())["type"] == "websocket.receive":
            frame = msgspec.json.decode(event["text"], type=_Frame)
            (stored,) = await self._run(_INSERT, (frame.data.chat_id, frame.data.content))
            message = _shape(stored)
            ack = msgspec.json.encode({"type": "ack", "id": frame.id, "data": message}).decode()
            await send({"type": "websocket.send", "text": ack})
            told = {"type": "websocket.send", "text": _event(message)}
            for hearer in tuple(self._sockets[frame.data.chat_id]):
                await hearer(told)

    async def _answer(self, chat_id: int, send: Send) -> None:
        messages = [_shape(row) for row in await self._run(_NEWEST, (chat_id,))]
        body = msgspec.json.encode({"messages": messages, "hasMore": True})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _run(self, statement: LiteralString, values: tuple[object, ...]) -> list[Row]:
        connection = await self._idle.get()
        try:
            return await (await connection.execute(statement, values, prepare=True)).fetchall()
        finally:
            self._idle.put_nowait(connection)


def _shape(row: Row) -> dict[str, object]:
    return {"id": row[0], "chatId": row[1], "content": row[2], "createdAt": row[3]}


def _event(message: dict[str, object]) -> str:
    return msgspec.json.encode({"type": "message:new", "data": message}).decode()


def main() -> None:
    """Serves until SIGTERM."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    floor = Floor(sys.argv[1], listener.getsockname()[1])
    config = uvicorn.Config(
        floor,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        access_log=False,
        log_config=None,
        lifespan="on",
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
