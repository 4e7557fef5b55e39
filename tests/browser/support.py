"""A headless Chromium, and pages for it to open.

The installed `chromium` and `chromedriver` (Debian: chromium, chromium-driver) are used. Where they are missing,
the tests are skipped; in CI (the environment variable CI) they fail.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page that a test opens reaches this machine only.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def need(*what: str | Path) -> None:
    """Skips the test where a program (by name) or a file (by path) is not there; in CI, fails it."""
    missing = [str(each) for each in what if not (each.exists() if isinstance(each, Path) else shutil.which(each))]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


@contextmanager
def chromium(*flags: str) -> Iterator[Chrome]:
    """A browser with a new, empty profile."""
    need("chromium", "chromedriver")
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        options = ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for flag in (*FLAGS, f"--user-data-dir={profile}", *flags):
            options.add_argument(flag)
        driver = Chrome(options=options, service=ChromeService(str(shutil.which("chromedriver"))))
        try:
            driver.set_script_timeout(120)
            yield driver
        finally:
            driver.quit()


class Pages:
    """A web site of one page, and the scripts it loads. `asked` lists the paths that were asked for, in order."""

    def __init__(self, html: str, scripts: Mapping[str, Path] | None = None) -> None:
        self.asked: list[str] = []
        pages = self
        answers = {"/": ("text/html", html.encode())}
        for path, script in (scripts or {}).items():
            answers[path] = ("text/javascript", script.read_bytes())

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pages.asked.append(self.path)
                # A browser that needs an answer no more does not wait for it.
                with suppress(ConnectionError):
                    self._answer(*answers.get(self.path, ("text/html", b"")))

            def _answer(self, kind: str, body: bytes) -> None:
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        """Stops serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
