"""Serves a WSGI application on a loopback port, keeping connections as AWS does."""

import contextlib
import logging
import socket
import threading
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from local import wsgi

logger = logging.getLogger("local.aws")


class LoopbackServer:
    """Listens on a free port of 127.0.0.1, a thread for each connection."""

    def __init__(self, application: wsgi.Application) -> None:
        self._connections: set[socket.socket] = set()
        handler = type("Handler", (_Handler,), {"connections": self._connections})
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, application, threaded=True, request_handler=handler
        )
        self.port = self._server.port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="local-aws", daemon=True)

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Ends all connections."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(WSGIRequestHandler):
    # Headers and body go out in one packet, and at once: otherwise a kept connection waits 40 ms for an ACK.
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    # Set by the server's own subclass.
    connections: set[socket.socket]

    def setup(self) -> None:
        super().setup()
        self.connections.add(self.connection)

    def finish(self) -> None:
        self.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def run_wsgi(self) -> None:
        """Reads the whole request before it answers, so that the connection can be used again."""
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        self.environ = environ = self.make_environ()
        wsgi.read_body(environ)
        answer = wsgi.call(self.server.app, environ)
        code, _, phrase = answer.status.partition(" ")
        self.send_response_only(int(code), phrase)
        length = str(len(answer.body))
        for name, value in answer.headers:
            if name.lower() == "content-length" and self.command == "HEAD":
                length = value
            elif name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                self.send_header(name, value)
        self.send_header("Date", self.date_time_string())
        if int(code) not in {204, 304}:
            self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # werkzeug's own name for it
        """Requests are not worth a line each."""
        if type == "error":
            logger.warning(message, *args)
