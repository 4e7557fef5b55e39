"""How functions come to the database: the role that migrations admit, and what each connection shows at the door."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from bench.sink import make_certificate, server_context
from chalicelib.core import clock, db, rds
from chalicelib.core.errors import Unavailable
from local.functions import FunctionError
from tests.support.people import Person
from tests.support.server import Server

APP = "messenger_app"


def _migrate(server: Server, event: object) -> Any:
    return server.stack.functions.invoke_sync("migrate", event)


def _url_of(server: Server, user: str, password: str = "", port: int | None = None) -> str:
    parts = urlsplit(server.database_url)
    who = f"{user}:{password}" if password else user
    return urlunsplit(parts._replace(netloc=f"{who}@{parts.hostname}:{port or parts.port}"))


def _as_app(server: Server) -> str:
    """The URL of the functions' role, here by password: PostgreSQL outside RDS knows no tokens."""
    _migrate(server, {"masterUrl": server.database_url})
    _set_password(server, "secret")
    return _url_of(server, APP, "secret")


def _set_password(server: Server, password: str) -> None:
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER ROLE messenger_app PASSWORD {}").format(password))


@pytest.mark.usefixtures("roles")
def test_migrate_as_master_admits_the_functions_by_token_alone(server: Server) -> None:
    for _ in range(2):
        assert _migrate(server, {"masterUrl": server.database_url}) == {"applied": []}
    assert server.sql("SELECT pg_has_role('messenger_app', 'rds_iam', 'member')") == [(True,)]
    flags = "SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolpassword FROM pg_authid WHERE rolname = %s"
    assert server.sql(flags, APP) == [(True, False, False, False, None)]


@pytest.mark.usefixtures("roles")
def test_where_there_is_no_rds_the_role_is_made_all_the_same(server: Server) -> None:
    server.sql("DROP ROLE rds_iam")
    _migrate(server, {"masterUrl": server.database_url})
    assert server.sql("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", APP) == [(True,)]


@pytest.mark.usefixtures("roles")
@pytest.mark.parametrize("event", [None, {}])
def test_migrate_without_a_master_does_what_the_settings_say_and_admits_nobody(server: Server, event: object) -> None:
    assert _migrate(server, event) == {"applied": []}
    assert server.sql("SELECT 1 FROM pg_roles WHERE rolname = %s", APP) == []


@pytest.mark.usefixtures("roles")
def test_a_new_database_is_migrated_and_opened_in_one_go(server: Server) -> None:
    assert server.stack.postgres is not None
    fresh = server.stack.postgres.ensure("fresh")
    try:
        applied = _migrate(server, {"masterUrl": fresh})["applied"]
        assert applied[:-1] == sorted(path.stem for path in Path("migrations").glob("*.sql"))
        assert applied[-1].startswith("functions")
        with psycopg.connect(fresh, autocommit=True) as connection:
            row = connection.execute("SELECT has_table_privilege('messenger_app', 'messages', 'INSERT')").fetchone()
        assert row == (True,)
    finally:
        server.stack.postgres.drop("fresh")


@pytest.mark.usefixtures("roles")
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "DROP TABLE drafts",
        "TRUNCATE drafts",
        "ALTER TABLE drafts ADD COLUMN mine int",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
        "SELECT * FROM schema_migrations",
        "UPDATE schema_functions SET checksum = ''",
        "CREATE ROLE mine",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_the_functions_role_may_change_rows_and_nothing_else(server: Server, statement: Any) -> None:
    with (
        psycopg.connect(_as_app(server), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


@pytest.mark.usefixtures("roles")
def test_the_service_runs_as_that_role(server: Server, person: Callable[..., Person]) -> None:
    with server.settings(database_url=_as_app(server)):
        maria, ivan = person("maria"), person("ivan")
        chat = maria.http.post("/chats", json={"type": "private", "participantIds": [ivan.id]})
        assert chat.status_code == 201
        sent = maria.http.post("/messages", json={"chatId": chat.json()["id"], "content": "Привет"})
        assert sent.status_code == 201
        found = ivan.http.get("/messages/search", params={"q": "привет"})
        assert [message["id"] for message in found.json()["messages"]] == [sent.json()["id"]]
        server.stack.triggers.fire_schedule("sweep")


# Tokens, at a door with TLS


class _Door:
    """TLS in front of PostgreSQL, as its protocol begins it: the server here is built without."""

    def __init__(self, target: tuple[str, int], tls: ssl.SSLContext) -> None:
        self.opened = 0
        self._target, self._tls = target, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError):
            assert plain.recv(8) == b"\0\0\0\x08\x04\xd2\x16\x2f"  # SSLRequest
            plain.sendall(b"S")
            client = self._tls.wrap_socket(plain, server_side=True)
            self.opened += 1
            server = socket.create_connection(self._target)
            client.settimeout(0.02)  # one thread may use a TLS socket at a time
            server.settimeout(0.02)
            while True:
                for source, sink in ((client, server), (server, client)):
                    with contextlib.suppress(TimeoutError):
                        data = source.recv(65536)
                        if not data:
                            server.close()
                            client.close()
                            return
                        sink.sendall(data)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path / "server.pem")


@pytest.fixture
def door(server: Server, certificate: Path) -> Iterator[_Door]:
    database = urlsplit(server.database_url)
    opened = _Door((database.hostname or "", database.port or 0), server_context(certificate))
    yield opened
    opened.close()


@pytest.mark.usefixtures("roles")
def test_each_new_connection_shows_a_token_of_its_own_time(
    server: Server, door: _Door, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL is told the token as the role's password: what RDS does by asking IAM."""
    _as_app(server)
    with server.settings(
        database_url=_url_of(server, APP, port=door.port), database_iam=True, database_ca_file=str(certificate)
    ):
        for moment in (1_795_166_824.0, 1_795_170_424.0):
            monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
            expected = rds.token("127.0.0.1", door.port, APP)
            _set_password(server, expected)
            monkeypatch.setattr(db, "_container", db._Container())
            db.execute("SELECT 1", {})
    assert door.opened == 2


@pytest.mark.usefixtures("roles")
def test_a_token_that_is_not_taken_means_unavailable(server: Server, door: _Door, certificate: Path) -> None:
    _as_app(server)
    url = _url_of(server, APP, port=door.port)
    with (
        server.settings(database_url=url, database_iam=True, database_ca_file=str(certificate)),
        pytest.raises(Unavailable),
    ):
        db.execute("SELECT 1", {})


def test_a_server_with_a_strangers_certificate_hears_no_token(server: Server, door: _Door, tmp_path: Path) -> None:
    other = make_certificate(tmp_path / "other.pem")
    url = _url_of(server, "postgres", port=door.port)
    with (
        server.settings(database_url=url, database_iam=True, database_ca_file=str(other)),
        pytest.raises(Unavailable),
    ):
        db.execute("SELECT 1", {})
    assert door.opened == 0


def test_a_server_without_tls_hears_no_token(server: Server) -> None:
    with server.settings(database_url=_url_of(server, "postgres"), database_iam=True), pytest.raises(Unavailable):
        db.execute("SELECT 1", {})


def test_the_master_is_checked_as_well(server: Server, door: _Door, certificate: Path) -> None:
    url = server.database_url.replace(f":{urlsplit(server.database_url).port}/", f":{door.port}/")
    with server.settings(database_iam=True, database_ca_file=str(certificate)):
        assert _migrate(server, {"masterUrl": url}) == {"applied": []}
        assert door.opened == 1
        with pytest.raises(FunctionError):
            _migrate(server, {"masterUrl": server.database_url})
