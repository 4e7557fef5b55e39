"""A host with addresses of both families: a path that is dead is noticed within a second, and the other one used."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from chalicelib.core import config, paths, transport
from chalicelib.core.exchanges import Call, Location, NotExchangedError
from chalicelib.realtime import gateway, sockets
from chalicelib.realtime.gateway import Post, post_all
from chalicelib.realtime.outcome import Outcome
from tests.unit.scripted_server import Script, Seen, Server, answer

NAME = "both.test"
OK = answer(200)
SETTINGS = config.Settings(access_key_id="AKIDEXAMPLE", secret_access_key="secret" * 6)
SIX, FOUR = "::1", "127.0.0.1"
# From the start of a request to its answer by the other path: the head start, or the silence, and a slow machine.
SOON, AFTER_A_SECOND = 0.8, 1.8


class Host:
    """A host name with an IPv6 and an IPv4 address, and what stands behind each."""

    def __init__(self) -> None:
        self._vacant = socket.create_server((FOUR, 0))
        self.port: int = self._vacant.getsockname()[1]
        self._vacant.close()
        self.listed = [(socket.AF_INET6, SIX), (socket.AF_INET, FOUR)]
        self._ends = contextlib.ExitStack()

    def resolve(self, name: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        """`getaddrinfo` of a machine whose resolver puts IPv6 first."""
        assert name == NAME
        tails = {socket.AF_INET6: (0, 0), socket.AF_INET: ()}
        return [(family, socket.SOCK_STREAM, 6, "", (at, port, *tails[family])) for family, at in self.listed]

    def serve(self, at: str, script: Script = lambda _: OK) -> Server:
        """A server at one of the addresses."""
        server = Server(script, host=at, port=self.port)
        self._ends.callback(server.stop)
        return server

    def swallow(self, at: str) -> None:
        """Has an address swallow every attempt to connect, as one behind no route does."""
        family = socket.AF_INET6 if at == SIX else socket.AF_INET
        listener = self._ends.enter_context(socket.create_server((at, self.port), family=family, backlog=0))
        for _ in range(4):  # who is never accepted fills the queue, and of the next no packet is answered
            waiting = self._ends.enter_context(socket.socket(family))
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())

    def post(self, count: int = 1) -> list[Outcome]:
        """Posts to as many connections."""
        return post_all([Post(f"http://{NAME}:{self.port}/api", f"c{n}", b"1") for n in range(count)])

    def close(self) -> None:
        """Ends everything."""
        self._ends.close()


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    before = config.settings()
    config.use(SETTINGS)
    made = Host()
    monkeypatch.setattr(socket, "getaddrinfo", made.resolve)
    paths.forget()
    yield made
    gateway.close_sockets()
    transport.close_connections()
    paths.forget()
    made.close()
    config.use(before)


@pytest.fixture(params=["one by one", "in the loop"])
def exchange(request: pytest.FixtureRequest, host: Host, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes one request, by the one or the other client."""
    monkeypatch.setattr(gateway, "FEW_POSTS", 8 if request.param == "one by one" else 0)

    def once() -> None:
        assert host.post() == [Outcome.POSTED]

    return once


def _seconds(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


@pytest.mark.parametrize("first", [SIX, FOUR])
def test_the_path_that_the_resolver_puts_first_is_taken(host: Host, exchange: Callable[[], None], first: str) -> None:
    host.listed.sort(key=lambda found: found[1] != first)
    servers = {at: host.serve(at) for at in (SIX, FOUR)}
    exchange()
    assert {at for at, server in servers.items() if server.seen} == {first}


@pytest.mark.parametrize("dead", [SIX, FOUR])
def test_a_path_that_swallows_everything_costs_a_moment_once(
    host: Host, exchange: Callable[[], None], dead: str
) -> None:
    host.listed.sort(key=lambda found: found[1] != dead)
    host.swallow(dead)
    server = host.serve(FOUR if dead == SIX else SIX)
    assert _seconds(exchange) < SOON
    server.close_all()
    assert _seconds(exchange) < paths.HEAD_START_SECONDS, "the path that worked is tried first"
    assert len(server.seen) == 2


def test_a_path_that_refuses_costs_nothing(host: Host, exchange: Callable[[], None]) -> None:
    host.serve(FOUR)
    assert _seconds(exchange) < paths.HEAD_START_SECONDS


def test_a_family_without_a_route_costs_nothing(
    host: Host, exchange: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = socket.socket

    class Unrouted(made):  # type: ignore[misc, valid-type]  # the class that the machine has
        def connect(self, where: tuple[object, ...]) -> None:
            if self.family == socket.AF_INET6:
                raise OSError(101, "Network is unreachable")
            super().connect(where)

    monkeypatch.setattr(socket, "socket", Unrouted)
    host.serve(FOUR)
    assert _seconds(exchange) < paths.HEAD_START_SECONDS


def test_where_no_path_leads_that_is_said_in_time(host: Host) -> None:
    host.swallow(SIX)
    host.swallow(FOUR)
    where, call = Location("http", f"{NAME}:{host.port}", "/"), Call("GET", "", {}, b"")
    with pytest.raises(NotExchangedError):
        transport.exchange(where, call, 0.6)
    began = time.monotonic()
    posts = [Post(f"http://{NAME}:{host.port}/api", "a", b"1")]
    assert post_all(posts, deadline_seconds=0.6) == [Outcome.FAILED]
    assert time.monotonic() - began < 1.2


def test_many_posts_find_the_living_path_together(host: Host) -> None:
    host.swallow(SIX)
    server = host.serve(FOUR)
    began = time.monotonic()
    assert host.post(40) == [Outcome.POSTED] * 40
    assert time.monotonic() - began < 2 * SOON
    assert len(server.seen) == 40


def test_a_kept_connection_that_leads_nowhere_any_more_is_given_up_after_a_second(
    host: Host, exchange: Callable[[], None]
) -> None:
    dead = threading.Event()

    def script(_: Seen) -> bytes:
        if dead.is_set():
            time.sleep(5)
        return OK

    six, four = host.serve(SIX, script), host.serve(FOUR)
    exchange()
    assert (len(six.seen), len(four.seen)) == (1, 0)
    dead.set()
    assert paths.SILENT_SECONDS <= _seconds(exchange) < AFTER_A_SECOND
    assert len(four.seen) == 1
    assert _seconds(exchange) < paths.HEAD_START_SECONDS, "the other path is kept"


def test_a_host_with_one_path_has_all_the_time_that_it_had(
    host: Host, exchange: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "SILENT_SECONDS", 0.1)
    monkeypatch.setattr(sockets, "ANSWER_SECONDS", 2.0)
    del host.listed[1]

    def script(request: Seen) -> bytes:
        time.sleep(0.4)
        return OK

    server = host.serve(SIX, script)
    exchange()
    exchange()
    assert (len(server.seen), server.sockets) == (2, 1)


def test_an_ipv6_address_stands_in_brackets_where_it_is_a_host_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "_installed", [SETTINGS])
    server = Server(lambda _: OK, host=SIX)
    try:
        assert post_all([Post(f"{server.url}/api", "a", b"1")]) == [Outcome.POSTED]
        assert server.seen[0].headers["host"] == f"[::1]:{server.port}"
    finally:
        gateway.close_sockets()
        transport.close_connections()
        server.stop()


_FROZEN = """
import sys
from chalicelib.core import config
from chalicelib.realtime import gateway
config.use(config.Settings(access_key_id="A", secret_access_key="B"))
gateway.FEW_POSTS = int(sys.argv[2])
for line in sys.stdin:
    posts = [gateway.Post(sys.argv[1] + "/api", "a", line.strip().encode())]
    print(gateway.post_all(posts, deadline_seconds=3)[0].value, flush=True)
"""


@pytest.mark.parametrize("few", [8, 0], ids=["one by one", "in the loop"])
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_thawed_container_notices_what_was_closed_while_it_was_frozen(few: int, reset: bool) -> None:
    server = Server(lambda _: OK)
    command = [sys.executable, "-c", _FROZEN, server.url, str(few)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as container:
        assert container.stdin is not None
        assert container.stdout is not None

        def post(data: str) -> str:
            assert container.stdin is not None
            assert container.stdout is not None
            container.stdin.write(f"{data}\n")
            container.stdin.flush()
            return container.stdout.readline().strip()

        try:
            assert post("before") == "posted"
            os.kill(container.pid, signal.SIGSTOP)
            server.close_all(reset=reset)
            os.kill(container.pid, signal.SIGCONT)
            began = time.monotonic()
            assert post("after") == "posted"
            assert time.monotonic() - began < SOON
        finally:
            container.kill()
            server.stop()
    assert [(request.socket, request.body) for request in server.seen] == [(0, b"before"), (1, b"after")]
