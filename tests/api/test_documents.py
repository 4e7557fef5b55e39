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
from tests.support import model as models
from tests.support import push_service
from tests.support.asking import KEYS
from tests.support.documents import check_answer, check_frame
from tests.support.people import PASSWORD, Person, Register
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
    for path, allowed in (("/docs", "'none'"), ("/docs/", "'none'"), ("/swagger/index.html", "'self'")):
        page = _page(path)
        assert f"default-src {allowed}" in page.headers["content-security-policy"]
        linked = re.findall(r'(?:src|href)="([^"#]+)', page.text)
        assert len(linked) > 3
        assert [link for link in linked if not link.startswith(("/swagger/", "/api/", "/docs/"))] == []
        for link in linked:
            assert link.startswith("/api/") or _page(link).content
    assert "/api/openapi.json" in _page("/swagger/start.js").text
    assert [_page(path).text for path in ("/swagger", "/swagger/")] == [_page("/swagger/index.html").text] * 2


def test_the_api_says_where_it_is_described(anonymous: httpx.Client) -> None:
    for root in ("", "/"):
        index = anonymous.get(root)
        assert index.status_code == 200, index.text
        for path in index.json().values():
            assert httpx.get(str(anonymous.base_url.join(path)), follow_redirects=True).status_code == 200, path


def test_swagger_ui_knows_openapi_3_1() -> None:
    version = re.search(r'PACKAGE_VERSION:"(\d+)\.', _page("/swagger/swagger-ui-bundle.js").text)
    assert version is not None
    assert int(version[1]) >= 5


@pytest.mark.usefixtures("forgotten_timers")
def test_all_that_is_sent_is_described(server: Server, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    for someone in (alice, bob, carol):
        someone.http.event_hooks["response"] = [_check]
    private = alice.chat_with(bob)
    ears, socket = bob.socket(), alice.socket()
    group = alice.chat_with(bob, name="Друзья")
    acks = _acks(alice, socket, ears, private)
    socket.refused("message:send", {"chatId": private + group + 1000, "content": "lost"})
    socket.refused("typing:start", {"chatId": "1"})
    socket.refused("no such thing")

    alice.http.patch(f"/chats/{group}", json={"name": "Подруги", "settings": {"whoCanSend": "admins"}})
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
    acks |= _questions(server, bob, socket, private)
    _tell_of_a_webhook(server, alice, socket, group)
    carol_ears = carol.socket()
    alice.http.delete(f"/chats/{group}/participants/{carol.id}")
    carol_ears.wait_for("chat:left")
    ears.wait_for("chat:left")
    ears.wait_for("user:status", userId=alice.id)
    bob.http.post("/auth/logout", json={})
    ears.wait_for("session:revoked")
    server.settle()
    acks |= _calls(alice, socket, carol_ears, alice.chat_with(carol))

    assert acks.keys() == ACTIONS.keys()
    for action, data in acks.items():
        check_frame({"type": "ack", "id": "c1", "data": data}, action=action)
    sent = [frame for listener in (socket, ears, carol_ears) for frame in list(listener.frames)]
    for frame in sent:
        check_frame(frame)
    assert {frame["type"] for frame in sent} - {"ack", "error"} == set(CATALOGUE)


def _acks(alice: Person, socket: Socket, ears: Socket, private: int) -> dict[str, Any]:
    """What each action answers, on Alice's socket or on Bob's."""
    sent_message = socket.act("message:send", {"chatId": private, "content": "Привет!"})
    message = {"messageId": sent_message["id"]}
    poll = {
        "messageId": alice.send(private, "Когда?", poll={"options": ["Сегодня", "Завтра"], "isAnonymous": True})["id"]
    }
    thread = {"messageId": alice.send(private, "Сегодня?")["id"]}
    voice = {"messageId": alice.send(private, "Послушай", messageType="audio")["id"]}
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
        "message:listened": ears.act("message:listened", voice),
        "messages:read": ears.act("messages:read", {"chatId": private}),
        "draft:set": socket.act("draft:set", {"chatId": private, "content": "И ещё"}),
        "typing:start": socket.act("typing:start", {"chatId": private}),
        "typing:stop": socket.act("typing:stop", {"chatId": private}),
        "message:typing": socket.act("message:typing", {"chatId": private, "isTyping": False}),
        "message": socket.act("message", {"content": "Привет всем"}),
        "chat:leave": ears.act("chat:leave", {"chatId": private}),
        "presence:set": socket.act("presence:set", {"status": "busy"}),
        "presence:get": ears.act("presence:get", {"userIds": [alice.id]}),
        "keys:publish": socket.act("keys:publish", KEYS),
        "keys:claim": ears.act("keys:claim", {"deviceIds": [alice.http.get("/keys").json()["deviceId"]]}),
        "keys:send": ears.act("keys:send", _for_device_of(alice)),
        "keys:received": socket.act("keys:received", {"upTo": 0}),
        "sync": socket.act("sync"),
    }


def _for_device_of(person: Person) -> dict[str, Any]:
    device_id = person.http.get("/keys").json()["deviceId"]
    return {"userIds": [person.id], "messages": [{"deviceId": device_id, "type": "olm.0", "body": "AAAA"}]}


def _tell_of_a_webhook(server: Server, keeper: Person, socket: Socket, group: int) -> None:
    """Has a webhook disabled, since its receiver is gone."""
    with push_service.running() as receiver, server.settings(push_hosts=(receiver.host,)):
        receiver.answers = [(410, {})]
        hook = {"url": f"http://{receiver.host}/", "events": ["message:new"]}
        made = keeper.http.post(f"/chats/{group}/webhooks", json=hook).json()["id"]
        keeper.http.post(f"/webhooks/{made}/ping")
        socket.wait_for("webhook:disabled", webhookId=made)


def _questions(server: Server, other: Person, socket: Socket, private: int) -> dict[str, Any]:
    """The same of questions to the assistant about what another wrote; it answers all but the last."""
    message = {"messageId": other.send(private, "Во сколько?")["id"]}
    with models.running() as model, server.settings(assistant_url=model.url, assistant_model="small-1"):
        model.says("В девять, ", "наверное")
        acks = {
            "assistant:summary": socket.act("assistant:summary", {"chatId": private}),
            "assistant:replies": socket.act("assistant:replies", {"chatId": private}),
            "assistant:translation": socket.act("assistant:translation", {**message, "language": "en"}),
            "assistant:opinion": socket.act("assistant:opinion", message),
        }
        for ack in acks.values():
            socket.wait_for("assistant:done", answerId=ack["answerId"])
        model.fails(500)
        missed = socket.act("assistant:missed")
        socket.wait_for("assistant:failed", answerId=missed["answerId"])
    return {**acks, "assistant:missed": missed}


def _calls(alice: Person, socket: Socket, ears: Socket, private: int) -> dict[str, Any]:
    """The same of calls; one that is declined, and one in which they talk."""
    login = {"username": alice.username, "password": PASSWORD}
    other = Socket(f"{alice.socket_url}?token={alice.http.post('/auth/login', json=login).json()['accessToken']}")
    other.wait_for("hello")
    socket.act("call:start", {"chatId": private})
    declined = ears.act("call:decline")
    started = socket.act("call:start", {"chatId": private, "type": "video", "sdp": "v=0"})
    other.wait_for("call:start")
    rung, accepted = ears.act("call:ring"), ears.act("call:accept", {"sdp": "v=0"})
    acks = {
        "call:start": started,
        "call:ring": rung,
        "call:accept": accepted,
        "call:decline": declined,
        "call:state": ears.act("call:state", {"camera": True}),
        "call:offer": socket.act("call:offer", {"sdp": "v=0"}),
        "call:answer": ears.act("call:answer", {"sdp": "v=0"}),
        "call:ice": ears.act("call:ice", {"candidate": {"candidate": "candidate:0 1 UDP 1 192.0.2.1 9 typ host"}}),
        "call:end": socket.act("call:end"),
    }
    ears.wait_for("call:end")
    socket.act("call:start", {"chatId": private, "room": True})
    acks["call:room"] = socket.act("call:room")
    socket.act("call:end")
    socket.frames += other.frames
    other.close()
    return acks


# Rendered once.
_SITE = Starlette(routes=pages("http://127.0.0.1"))


def _page(path: str) -> httpx.Response:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(_SITE)
        async with httpx.AsyncClient(transport=transport, base_url="http://local", follow_redirects=True) as client:
            return await client.get(path)

    answer = asyncio.run(get())
    assert answer.status_code == 200, path
    return answer


def _check(response: httpx.Response) -> None:
    response.read()
    check_answer(response)
