"""The floor server does what the product is measured against: it stores, acknowledges, tells and pages."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from bench import floor
from bench.doors import message
from bench.wire import Requester, Talker, WireError, request_of
from local.postgres import Postgres


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with Postgres.temporary() as server:
        url = server.ensure("floor")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(floor.SCHEMA)
            connection.execute(floor.FILL, {"chat_id": 9, "count": 120})
        yield url


@pytest.fixture(scope="module")
def host(database_url: str) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.floor", database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


def test_a_message_is_stored_once_acknowledged_and_told_to_its_chat(host: str, database_url: str) -> None:
    async def talk() -> tuple[bytes, list[int]]:
        sender, hearer, stranger = [await Talker.connect(host, f"/?chat={chat}") for chat in (1, 1, 2)]
        ack = b""
        for number in range(3):
            ack = await sender.send(message(1, f"name-{number}"))
        while hearer.events < 3:
            await asyncio.sleep(0.01)
        counts = [talker.events for talker in (sender, hearer, stranger)]
        for talker in (sender, hearer, stranger):
            talker.close()
        return ack, counts

    ack, counts = asyncio.run(asyncio.wait_for(talk(), 20))
    assert counts == [3, 3, 0]
    with psycopg.connect(database_url) as connection:
        stored = connection.execute("SELECT id FROM messages WHERE chat_id = 1 ORDER BY id").fetchall()
    assert len(stored) == 3
    assert json.loads(ack)["data"]["id"] == stored[-1][0]


def test_a_page_is_the_newest_fifty(host: str) -> None:
    async def ask() -> list[bytes]:
        requester = await Requester.connect(host)
        # The connection is kept from one request to the next.
        answers = [await requester.request(request_of("GET", host, "/chats/9/messages")) for _ in range(2)]
        requester.close()
        return answers

    for answer in asyncio.run(asyncio.wait_for(ask(), 20)):
        contents = [told["content"].split()[1] for told in json.loads(answer)["messages"]]
        assert contents == [str(number) for number in range(120, 70, -1)]


def test_the_client_raises_what_the_server_refuses(host: str) -> None:
    async def connect() -> None:
        await Talker.connect(host, "/?other=1")

    with pytest.raises(WireError):
        asyncio.run(asyncio.wait_for(connect(), 20))
