"""The documents as they are served, and what is really sent against them."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from chalicelib.entry.actions import ACTIONS
from chalicelib.entry.documents import aliases_document, asyncapi_document, openapi_document
from chalicelib.realtime.events import CATALOGUE
from local.pages import pages
from tests.support.documents import check_answer, check_frame
from tests.support.people import Person, Register
from tests.support.server import Server
from tests.support.socket import Socket


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_the_documents_are_served(anonymous: httpx.Client, prefix: str) -> None:
    documents = {
        "openapi": openapi_document(),
        "openapi-aliases": aliases_document(),
        "asyncapi": asyncapi_document(),
    }
    for name, document in documents.items():
        answer = anonymous.get(f"{prefix}/{name}.json")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == document


def test_an_unchanged_document_is_not_sent_again(anonymous: httpx.Client) -> None:
    first = anonymous.get("/openapi.json")
    again = anonymous.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_pages_are_whole_without_the_internet() -> None:
    for path in ("/docs", "/swagger/index.html"):
        page = _page(path)
        assert "default-src 'self'" in page.headers["content-security-policy"]
        linked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(linked) > 3
        assert [link for link in linked if not link.startswith(("/swagger/", "/api/"))] == []
        for link in linked:
            assert link.startswith("/api/") or _page(link).content
    assert "/api/openapi.json" in _page("/swagger/start.js").text


def test_swagger_ui_knows_openapi_3_1() -> None:
    version = re.search(r'PACKAGE_VERSION:"(\d+)\.', _page("/swagger/swagger-ui-bundle.js").text)
    assert version is not None
    assert int(version[1]) >= 5


def test_all_that_is_sent_is_described(server: Server, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    for someone in (alice, bob, carol):
        someone.http.event_hooks["response"] = [_check]
    private = alice.chat_with(bob)
    ears, socket = bob.socket(), alice.socket()
    group = alice.chat_with(bob, name="Друзья")
    acks = _acks(alice, socket, ears, private)
    assert acks.keys() == ACTIONS.keys()
    for action, data in acks.items():
        check_frame({"type": "ack", "id": "c1", "data": data}, action=action)
    socket.refused("message:send", {"chatId": private + group + 1000, "content": "lost"})
    socket.refused("typing:start", {"chatId": "1"})
    socket.refused("no such thing")

    alice.http.patch(f"/chats/{group}", json={"name": "Подруги"})
    alice.http.post(f"/chats/{group}/participants", json={"userId": carol.id})
    alice.http.patch(f"/chats/{group}/participants/{carol.id}", json={"role": "admin"})
    alice.http.put(f"/chats/{group}/pin")
    alice.http.delete(f"/chats/{group}/participants/{bob.id}")
    alice.http.patch("/users/me", json={"displayName": "Алиса"})
    alice.http.post("/contacts", json={"userId": bob.id})
    alice.http.delete(f"/contacts/{bob.id}")
    alice.http.put(f"/blocks/{carol.id}")
    alice.http.delete(f"/blocks/{carol.id}")
    alice.http.patch("/users/me/privacy", json={"lastSeen": "contacts"})
    alice.http.delete(f"/scheduled-messages/{alice.schedule(private)}")
    carol_ears = carol.socket()
    alice.http.delete(f"/chats/{group}/participants/{carol.id}")
    carol_ears.wait_for("chat:left")
    ears.wait_for("chat:left")
    ears.wait_for("user:status", userId=alice.id)
    bob.http.post("/auth/logout", json={})
    ears.wait_for("session:revoked")
    server.settle()

    sent = [frame for listener in (socket, ears, carol_ears) for frame in list(listener.frames)]
    for frame in sent:
        check_frame(frame)
    assert {frame["type"] for frame in sent} - {"ack", "error"} == set(CATALOGUE)


def _acks(alice: Person, socket: Socket, ears: Socket, private: int) -> dict[str, Any]:
    """What each action answers, on Alice's socket or on Bob's."""
    sent_message = socket.act("message:send", {"chatId": private, "content": "Привет!"})
    message = {"messageId": sent_message["id"]}
    poll = {"messageId": alice.send(private, "Когда?", poll={"options": ["Сегодня", "Завтра"]})["id"]}
    thread = {"messageId": alice.send(private, "Сегодня?")["id"]}
    alice.send(private, "Или завтра", replyTo=thread["messageId"])
    return {
        "ping": socket.act("ping"),
        "message:send": sent_message,
        "message:edit": socket.act("message:edit", {**message, "content": "Привет"}),
        "message:react": ears.act("message:react", {**message, "emoji": "👍"}),
        "message:delete": socket.act("message:delete", message),
        "poll:vote": ears.act("poll:vote", {**poll, "options": [1]}),
        "poll:close": socket.act("poll:close", poll),
        "chat:join": ears.act("chat:join", {"chatId": private}),
        "thread:read": ears.act("thread:read", thread),
        "message:delivered": ears.act("message:delivered", {"chatId": private}),
        "messages:read": ears.act("messages:read", {"chatId": private}),
        "draft:set": socket.act("draft:set", {"chatId": private, "content": "И ещё"}),
        "typing:start": socket.act("typing:start", {"chatId": private}),
        "typing:stop": socket.act("typing:stop", {"chatId": private}),
        "message:typing": socket.act("message:typing", {"chatId": private, "isTyping": False}),
        "message": socket.act("message", {"content": "Привет всем"}),
        "chat:leave": ears.act("chat:leave", {"chatId": private}),
        "presence:set": socket.act("presence:set", {"status": "busy"}),
        "presence:get": ears.act("presence:get", {"userIds": [alice.id]}),
        "sync": socket.act("sync"),
    }


def _page(path: str) -> httpx.Response:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=pages()))
        async with httpx.AsyncClient(transport=transport, base_url="http://local") as client:
            return await client.get(path)

    answer = asyncio.run(get())
    assert answer.status_code == 200, path
    return answer


def _check(response: httpx.Response) -> None:
    response.read()
    check_answer(response)
