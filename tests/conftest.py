"""One local stack a test process; a cloned database and an empty AWS a test."""

import itertools
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg import sql

from chalicelib.core import db
from local.stack import DATABASE, Options, Stack
from tests.support import people, web
from tests.support.people import Person, Register
from tests.support.server import JWT_SECRET, Server, settings_here
from tests.support.wire import Wire, tapped

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The running stack. Its own database stays as the migrations left it: the template of every test's."""
    options = Options(
        port=0,
        data_dir=None,
        jwt_secret=JWT_SECRET,
        settings={
            "rate_limits": False,
            "bcrypt_cost": 4,
            "presence_debounce_seconds": 0,
            "index_seconds": 0,  # a test says when what it sent is indexed
            "presence_retell_seconds": 1,
            "log_level": "ERROR",
            "shed_wait_seconds": 3600,  # a slow machine is not a busy one
            "assistant_model": "nobodys-model",
            "assistant_url": "http://127.0.0.1:9/v1",  # nobody answers there
            "chime_region": "eu-central-1",  # few regions have Chime: it is another one than all else's
        },
        fsync=False,
        schedules=False,
        retry_seconds=0.1,
        async_retry_seconds=(0.1, 0.1),
    )
    with Stack(options) as running:
        yield running


@pytest.fixture
def server(stack: Stack) -> Iterator[Server]:
    """The stack on a database of this test's own."""
    assert stack.postgres is not None
    name = f"test_{next(_numbers)}"
    database_url = stack.postgres.clone(DATABASE, name)
    stack.reset(database_url=database_url)
    yield Server(stack, database_url)
    stack.faults.clear()
    stack.triggers.drain()
    stack.postgres.drop(name)


@pytest.fixture
def forgotten_timers(server: Server) -> Iterator[None]:
    """Forgets what is looked at after a delay, as a call is when it has rung long enough: no test waits for that."""
    yield
    server.stack.reset(database_url=server.database_url)


@pytest.fixture
def roles(server: Server) -> Iterator[None]:
    """What RDS has beside its databases: a role that marks who logs in by token. Gone again after the test."""
    server.sql("CREATE ROLE rds_iam")
    yield
    for role in ("messenger_app", "rds_iam"):
        if server.sql("SELECT 1 FROM pg_roles WHERE rolname = %s", role):
            with psycopg.connect(server.database_url, autocommit=True) as connection:
                connection.execute(
                    sql.SQL("DROP OWNED BY {role}; DROP ROLE {role}").format(role=sql.Identifier(role))
                )


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    """Between this thread, which plays one warm container, and PostgreSQL. The functions have a way of their own."""
    database = urlsplit(server.database_url)
    with tapped(database.hostname or "", database.port or 0) as tap:
        url = server.database_url.replace(f":{database.port}/", f":{tap.port}/")
        with settings_here(database_url=url):
            db.execute("SELECT 1", {})
            yield tap


@pytest.fixture
def person(server: Server) -> Iterator[Callable[..., Person]]:
    """Registers users by name."""
    known: list[Person] = []

    def register(username: str, **more: str) -> Person:
        known.append(people.register(server.url, username, **more))
        return known[-1]

    yield register
    for someone in known:
        someone.close()


@pytest.fixture
def alice(person: Register) -> Person:
    """Registered, by the name that the tests give to whom they are about."""
    return person("alice")


@pytest.fixture
def bob(person: Register) -> Person:
    """Another one."""
    return person("bob")


@pytest.fixture
def carol(person: Register) -> Person:
    """A third."""
    return person("carol")


@pytest.fixture
def anonymous(server: Server) -> Iterator[httpx.Client]:
    """A client without a token."""
    with web.client(server.url) as client:
        yield client
