"""Pages outside the stage: the web client, the documentation, and Swagger UI over the OpenAPI document.

All are served from files of this machine, so that they work offline.
"""

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from web import site

# Nothing is fetched from elsewhere, and the browser sees to it.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    "X-Content-Type-Options": "nosniff",
}

# The pages of the web client, by path.
_CLIENT = {"/": "index.html", "/admin": "admin.html", "/admin.html": "admin.html"}

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
    <a href="/docs/">The documentation</a>.
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


def pages(files_origin: str) -> list[BaseRoute]:
    """The routes of the web client, of `/docs` and `/swagger/…`; `/swagger/index.html` is where clients of other
    backends look. Files are put to, and got from, `files_origin`.
    """
    client, docs = _Client(files_origin), _Docs(files_origin)
    return [
        *(Route(path, client.page) for path in _CLIENT),
        Route("/web/{name:path}", client.file),
        Route("/manifest.webmanifest", client.file),
        Route("/worker.js", client.file),
        Route("/docs", docs.page),
        Route("/docs/{name:path}", docs.page),
        *(Route(path, _swagger) for path in ("/swagger", "/swagger/")),
        Route("/swagger/index.html", _page),
        Route("/swagger/start.js", _start),
        # The package is Flask's; only its copy of Swagger UI is of use here, and nothing of it is imported.
        Mount("/swagger", StaticFiles(packages=[("flask_swagger_ui", "dist")])),
    ]


class _Client:
    """The files of the web client. They are read anew with each request of a page, so that changes are seen."""

    def __init__(self, files_origin: str) -> None:
        self._headers = site.headers(files_origin)
        self._files: dict[str, site.File] = {}

    def page(self, request: Request) -> Response:
        self._files |= site.files()
        return self._answer(_CLIENT[request.url.path])

    def file(self, request: Request) -> Response:
        return self._answer(request.url.path.removeprefix("/"))

    def _answer(self, name: str) -> Response:
        self._files = self._files or site.files()
        return _file(self._files.get(name), self._headers)


class _Docs:
    """The documentation. It is made at the first request, and anew once one of its files is changed."""

    def __init__(self, files_origin: str) -> None:
        self._headers = site.headers(files_origin)
        self._files: dict[str, site.File] = {}
        self._made_of = 0.0

    def page(self, request: Request) -> Response:
        from web.docs import build  # what renders it takes a moment to load

        newest = max(path.stat().st_mtime for path in build.sources())
        if newest != self._made_of:
            self._files, self._made_of = build.files(), newest
        return _file(self._files.get(build.path_of(request.url.path) or ""), self._headers)


def _file(found: site.File | None, headers: dict[str, str]) -> Response:
    if found is None:
        return Response(status_code=404, headers=headers)
    return Response(found.content, headers={**headers, "Cache-Control": found.caching, "Content-Type": found.kind})


def _swagger(_request: Request) -> Response:
    return RedirectResponse("/swagger/index.html")


def _page(_request: Request) -> Response:
    return HTMLResponse(_PAGE, headers=_HEADERS)


def _start(_request: Request) -> Response:
    return Response(_START, media_type="text/javascript", headers=_HEADERS)
