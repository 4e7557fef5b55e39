"""Pages outside the stage: Swagger UI over the OpenAPI document, from files of its own, so that it works offline."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

# Nothing is fetched from elsewhere, and the browser sees to it.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    "X-Content-Type-Options": "nosniff",
}

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Messenger API</title>
  <link rel="icon" href="/swagger/favicon-32x32.png">
  <link rel="stylesheet" href="/swagger/swagger-ui.css">
</head>
<body>
  <p style="margin: 1em; font-family: sans-serif">
    <a href="/api/openapi.json">openapi.json</a> describes this REST API,
    <a href="/api/openapi-aliases.json">openapi-aliases.json</a> its other paths,
    <a href="/api/asyncapi.json">asyncapi.json</a> the WebSocket.
  </p>
  <div id="pages"></div>
  <script src="/swagger/swagger-ui-bundle.js"></script>
  <script src="/swagger/start.js"></script>
</body>
</html>
"""

_START = """SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#pages",
  deepLinking: true,
  persistAuthorization: true,
  validatorUrl: null,
});
"""


def pages() -> list[BaseRoute]:
    """The routes of `/`, `/docs` and `/swagger/…`; `/swagger/index.html` is where clients of other backends look."""
    return [
        Route("/", _front),
        Route("/docs", _page),
        Route("/swagger/index.html", _page),
        Route("/swagger/start.js", _start),
        # The package is Flask's; only its copy of Swagger UI is of use here, and nothing of it is imported.
        Mount("/swagger", StaticFiles(packages=[("flask_swagger_ui", "dist")])),
    ]


def _front(_request: Request) -> Response:
    # Until there is a client for people, its place leads to what developers need.
    return RedirectResponse("/docs", headers=_HEADERS)


def _page(_request: Request) -> Response:
    return HTMLResponse(_PAGE, headers=_HEADERS)


def _start(_request: Request) -> Response:
    return Response(_START, media_type="text/javascript", headers=_HEADERS)
