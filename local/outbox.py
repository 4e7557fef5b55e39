"""`/outbox`: the letters that the service would have sent by email, as a page for people and as JSON.

It belongs to the local stack. Nothing of it is deployed.
"""

import html
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

Letter = dict[str, Any]

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
  <p>What would have been sent, the newest first. Nothing leaves this machine.</p>
  {letters}
</body>
</html>
"""
_LETTER = "<article><h2>{subject}</h2><p>To {to}, {sent}</p><pre>{text}</pre></article>"


def outbox(read: Callable[[], list[Letter]]) -> list[BaseRoute]:
    """The routes of `/outbox`. `read` answers the letters; `?to=` leaves those to one address."""

    async def show(request: Request) -> Response:
        wanted = request.query_params.get("to", "").lower()
        letters = await run_in_threadpool(read)
        if wanted:
            letters = [letter for letter in letters if wanted in map(str.lower, letter["to"])]
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(_PAGE.format(letters="".join(map(_shown, letters))), headers=_HEADERS)
        return JSONResponse({"letters": letters}, headers=_HEADERS)

    return [Route("/outbox", show)]


def _shown(letter: Letter) -> str:
    return _LETTER.format(
        subject=html.escape(letter["subject"]),
        to=html.escape(", ".join(letter["to"])),
        sent=html.escape(letter["sentAt"]),
        text=html.escape(letter["text"]),
    )
