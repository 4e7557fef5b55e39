"""Notifications in a browser: the web client subscribes, and its worker shows what arrives while no page is open."""

import json
from typing import Any

from tests.browser.app_page import client, until
from tests.support import push_service
from tests.support.people import Person
from tests.support.server import Server

# What the browser's own push service would answer, which cannot be reached here.
_SUBSCRIBE = """
PushManager.prototype.subscribe = async function ({userVisibleOnly, applicationServerKey}) {
  window.subscribedWith = applicationServerKey;
  return {toJSON: () => (%s)};
};
"""
_SHOWN = """
const [done] = arguments;
navigator.serviceWorker.ready.then((worker) => worker.getNotifications())
  .then((all) => done(all.map(({title, body, tag, data}) => ({title, body, tag, data}))));
"""


def test_a_message_is_shown_while_no_page_is_open(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    with (
        push_service.running() as service,
        server.settings(push_hosts=(service.host,)),
        client(server.origin) as page,
    ):
        browser = service.browser()
        stub = {"source": _SUBSCRIBE % json.dumps(browser.subscription)}
        page.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", stub)
        allowed = {"permissions": ["notifications"], "origin": server.origin}
        page.browser.execute_cdp_cmd("Browser.grantPermissions", allowed)
        page.log_in("bob")
        key = bob.http.get("/devices/key").json()["applicationServerKey"]
        page.until("return window.subscribedWith === arguments[0]", key)
        until(lambda: bob.http.get("/devices").json()["devices"], lambda: "no device is registered")

        opened = page.browser.current_window_handle
        page.browser.switch_to.new_window("tab")
        another = page.browser.current_window_handle
        page.browser.switch_to.window(opened)
        page.browser.close()
        page.browser.switch_to.window(another)
        page.browser.execute_cdp_cmd("Browser.grantPermissions", allowed)  # which the closed page has taken along
        until(lambda: _is_away(alice, bob), lambda: "the page's socket stays open")
        alice.send(chat, "Dinner at eight?")
        server.settle()
        (pushed,) = service.to(browser)
        told = browser.read(pushed)
        page.browser.get(f"{server.origin}/manifest.webmanifest")
        page.browser.execute_cdp_cmd("ServiceWorker.enable", {})

        def shown(pushed: dict[str, Any] = told) -> list[dict[str, Any]]:
            # A worker that is only starting misses it; the tag has one notification of several.
            message = {"origin": server.origin, "registrationId": "0", "data": json.dumps(pushed)}
            page.browser.execute_cdp_cmd("ServiceWorker.deliverPushMessage", message)
            return list(page.browser.execute_async_script(_SHOWN))

        expected = {
            "title": "alice",
            "body": "Dinner at eight?",
            "tag": f"chat-{chat}",
            "data": {"type": "message", "chatId": chat},
        }
        assert until(shown, lambda: "nothing is shown") == [expected]

        rings, over = _call(alice, chat)
        # The second ring comes late, and changes nothing, however often it is told.
        for sent, body in (
            (rings, "Incoming call"),
            (over, "Missed call"),
            (rings, "Missed call"),
            (rings, "Missed call"),
        ):

            def is_shown(sent: dict[str, Any] = sent, body: str = body) -> bool:
                return [one["body"] for one in shown(sent) if one["tag"] == "call-5"] == [body]

            until(is_shown, lambda: "the call is not shown as it stands")


def _call(caller: Person, chat: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What tells that a call rings, and that it was missed."""
    preview = {"callerId": caller.id, "callerName": caller.username, "chatName": None}
    call = {"callId": 5, "chatId": chat, "callType": "audio", "tag": "call-5", "badge": 1, "preview": preview}
    rings = {"type": "call", "silent": False, "ringUntil": "2100-01-01T00:00:00.000Z"}
    return {**call, **rings}, {**call, "type": "call-ended", "silent": True, "reason": "missed"}


def _is_away(asking: Person, who: Person) -> bool:
    answer = asking.http.post("/presence/query", json={"userIds": [who.id]}).raise_for_status()
    return [one["status"] for one in answer.json()["presences"]] == ["offline"]
