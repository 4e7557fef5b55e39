"""The main job, at once: two clients exchange a thousand messages, and both see the same."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.support.people import Person
from tests.support.server import Server

EACH = 500


async def _talk(socket: ClientConnection, name: str, chat: int, acked: dict[str, int], heard: list[Any]) -> None:
    """Sends its half without waiting for answers, and listens until everything has come."""

    async def speak() -> None:
        for number in range(EACH):
            data = {"chatId": chat, "content": f"{name} {number}", "clientMessageId": f"{name}-{number}"}
            await socket.send(json.dumps({"action": "message:send", "id": f"{name}-{number}", "data": data}))

    speaking = asyncio.create_task(speak())
    while len(heard) < 2 * EACH or len(acked) < EACH:
        frame = json.loads(await socket.recv())
        assert frame["type"] != "error", frame
        if frame["type"] == "ack":
            acked[frame["id"]] = frame["data"]["seq"]
        elif frame["type"] == "message:new":
            heard.append(frame["data"])
    await speaking


def test_a_thousand_messages_end_the_same_for_both(server: Server, person: Callable[[str], Person]) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)

    async def converse() -> tuple[list[Any], list[Any], dict[str, int]]:
        acked: dict[str, int] = {}
        alices: list[Any] = []
        bobs: list[Any] = []
        alices_acks: dict[str, int] = {}
        bobs_acks: dict[str, int] = {}
        async with (
            connect(f"{alice.socket_url}?token={alice.access_token}") as first,
            connect(f"{bob.socket_url}?token={bob.access_token}") as second,
            asyncio.timeout(240),
        ):
            await asyncio.gather(
                _talk(first, "alice", chat, alices_acks, alices), _talk(second, "bob", chat, bobs_acks, bobs)
            )
        acked |= alices_acks | bobs_acks
        return alices, bobs, acked

    alices, bobs, acked = asyncio.run(converse())

    def in_order(messages: list[Any]) -> list[tuple[int, str]]:
        return sorted({(message["seq"], message["content"]) for message in messages})

    history: list[Any] = []
    while len(history) < 2 * EACH:
        page = alice.history(chat, after=history[-1]["seq"] if history else 0, limit=100)
        assert page, "history ends early"
        history += page
    assert [message["seq"] for message in history] == list(range(1, 2 * EACH + 1))
    assert in_order(alices) == in_order(bobs) == [(message["seq"], message["content"]) for message in history]
    assert {message["clientMessageId"]: message["seq"] for message in history} == acked
