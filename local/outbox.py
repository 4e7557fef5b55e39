"""`/outbox`: the letters that the service would have sent by email, and its notifications, as a page and as JSON.

It belongs to the local stack. Nothing of it is deployed.
"""

import html
import json
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

Sent = dict[str, Any]

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Outbox</title>
  <style>body {{ font-family: sans-serif; margin: 1em }} pre {{ white-space: pre-wrap }}</style>
</head>
<body>
  <h1>Outbox</h1>
  <p>What would have been sent, the newest first. No letter leaves this machine. Notifications do: they go to the push
    services of the browsers that have subscribed.</p>
  <h2>Letters</h2>
  {letters}
  <h2>Notifications</h2>
  {notifications}
</body>
</html>
"""
_ARTICLE = "<article><h3>{subject}</h3><p>To {to}, {sent}</p><pre>{text}</pre></article>"


def outbox(read: Callable[[], dict[str, list[Sent]]]) -> list[BaseRoute]:
    """The routes of `/outbox`. `read` answers letters and notifications.

    `?to=` leaves those to one address, or to the user with this id.
    """

    async def show(request: Request) -> Response:
        wanted = request.query_params.get("to", "").lower()
        sent = await run_in_threadpool(read)
        letters, notifications = sent["letters"], sent["notifications"]
        if wanted:
            letters = [letter for letter in letters if wanted in map(str.lower, letter["to"])]
            notifications = [each for each in notifications if wanted == str(each["to"])]
        if "text/html" in request.headers.get("accept", ""):
            page = _PAGE.format(
                letters="".join(map(_shown, letters)), notifications="".join(map(_shown_notification, notifications))
            )
            return HTMLResponse(page, headers=_HEADERS)
        return JSONResponse({"letters": letters, "notifications": notifications}, headers=_HEADERS)

    return [Route("/outbox", show)]


def _shown(letter: Sent) -> str:
    return _article(letter["subject"], ", ".join(letter["to"]), letter["sentAt"], letter["text"])


def _shown_notification(notification: Sent) -> str:
    told = notification["told"]
    preview = told["preview"] or {}
    subject = preview.get("chatName") or preview.get("senderName") or preview.get("callerName") or told["type"]
    receiver = f"user {notification['to']} by {notification['endpoint']}"
    return _article(subject, receiver, notification["sentAt"], json.dumps(told, indent=2, ensure_ascii=False))


def _article(subject: str, to: str, sent: str, text: str) -> str:
    return _ARTICLE.format(
        subject=html.escape(subject), to=html.escape(to), sent=html.escape(sent), text=html.escape(text)
    )
