"""What a function's first event needs around it: PostgreSQL, and an AWS that is reached over TLS, as on AWS."""

import contextlib
import http.client
import http.server
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bench.data import Loader
from bench.sink import make_certificate, server_context
from chalicelib.core import aws, config, tokens
from chalicelib.core.context import Actor
from chalicelib.core.migrations import migrate
from chalicelib.realtime import connections
from chalicelib.realtime.connections import Connection
from local import environment
from local.aws import REGION, Aws
from local.postgres import Postgres

CHAT = 1
SENDER = Actor(user_id=1, session_id=1)
HEARER = Actor(user_id=2, session_id=2)
SENDERS_CONNECTION = "SENDERcOFvHcCIhw="
HEARERS_CONNECTION = "HEARERcOFvHcCIhw="
# Of S3's answers.
_PASSED_ON = ("content-type", "content-range", "etag", "x-amz-meta-cleaned")


@dataclass(frozen=True)
class Surroundings:
    """The environment variables of a function that finds everything, and an access token of the sender's."""

    variables: dict[str, str]
    token: str


@contextlib.contextmanager
def surroundings() -> Iterator[Surroundings]:
    """A chat of two, each with a connection. Posts to connections are answered and go nowhere."""
    with contextlib.ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        server = opened.enter_context(Postgres.temporary())
        database_url = server.ensure("bench")
        migrate(database_url)
        with psycopg.connect(database_url, autocommit=True) as connection:
            _fill(Loader(connection))
        local = Aws()
        opened.callback(local.stop)
        local.start()
        certificate = make_certificate(folder / "front.pem")
        endpoint = opened.enter_context(_front(certificate, local.endpoint))
        settings = config.Settings(
            region=REGION,
            access_key_id=local.credentials.access_key_id,
            secret_access_key=local.credentials.secret_access_key,
            session_token=local.credentials.session_token,
            aws_endpoint_url=endpoint,
            websocket_endpoint=f"{endpoint}/api",
            ca_file=str(_roots(folder, certificate)),
            database_url=database_url,
            live_table=local.name("LiveTable"),
            push_queue_url=local.queue_url(local.name("PushQueue")),
            mail_queue_url=local.queue_url(local.name("MailQueue")),
            notify_queue_url=local.queue_url(local.name("NotifyQueue")),
            assistant_queue_url=local.queue_url(local.name("AssistantQueue")),
            presence_queue_url=local.queue_url(local.name("PresenceQueue")),
            jwt_secret="a secret for benchmarks, long enough for HS256",
        )
        config.use(settings)
        for actor, name in ((SENDER, SENDERS_CONNECTION), (HEARER, HEARERS_CONNECTION)):
            connections.register(
                Connection(id=name, endpoint=f"{endpoint}/api", user_id=actor.user_id, session_id=actor.session_id),
                ticket_id=None,
            )
        yield Surroundings(environment.variables_of(settings), tokens.issue(SENDER, "access")[0])


def socket_event(kind: str, connection_id: str, *, route: str = "$default") -> dict[str, Any]:
    """What API Gateway sends for a CONNECT, MESSAGE or DISCONNECT, as far as the functions read it."""
    context = {
        "routeKey": route if kind == "MESSAGE" else "$connect",
        "eventType": kind,
        "connectionId": connection_id,
        "requestId": "bench=",
        "apiId": "bench",
        "stage": "api",
        "domainName": f"bench.execute-api.{config.settings().region}.amazonaws.com",
    }
    return {"requestContext": context, "isBase64Encoded": False}


def rest_event(
    token: str, method: str, resource: str, parameters: dict[str, str] | None = None, *, body: str = ""
) -> dict[str, Any]:
    """What API Gateway sends for a call, as far as the function reads it."""
    path = resource.format(**(parameters or {}))
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        "multiValueQueryStringParameters": None,
        "pathParameters": parameters,
        "stageVariables": None,
        "requestContext": {
            "httpMethod": method,
            "resourcePath": resource,
            "path": f"/api{path}",
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": body or None,
        "isBase64Encoded": False,
    }


def _fill(loader: Loader) -> None:
    loader.people(1, 2)
    loader.groups(CHAT, CHAT)
    loader.members(CHAT, CHAT, user_ids=[SENDER.user_id, HEARER.user_id])
    loader.finish()


def _roots(folder: Path, certificate: Path) -> Path:
    """The sink's certificate behind the roots that a function would load anyway: reading those takes its time."""
    roots = folder / "roots.pem"
    amazon = Path(aws.__file__).with_name("amazon_roots.pem").read_text()
    begin = certificate.read_text().index("-----BEGIN CERTIFICATE-----")
    roots.write_text(amazon + certificate.read_text()[begin:])
    return roots


@contextlib.contextmanager
def _front(certificate: Path, behind: str) -> Iterator[str]:
    """The endpoint of a server that passes requests on from TLS."""

    class Front(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers: dict[str, str] = {}
            status, answer = 200, b""
            if "/@connections/" not in self.path:
                status, headers, answer = self._pass_on(body)
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() in _PASSED_ON:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def do_GET(self) -> None:
            self.do_POST()

        def do_PUT(self) -> None:
            self.do_POST()

        def do_DELETE(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

        def _pass_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(urlsplit(behind).netloc, timeout=20)
            try:
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            finally:
                connection.close()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Front)
    server.socket = server_context(certificate).wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
