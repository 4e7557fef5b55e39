"""Posts to connections over real sockets, plain and TLS, with a server that does its worst."""

import itertools
import random
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from msgspec.structs import replace

from bench.sink import make_certificate, server_context
from chalicelib.core import aws, config, transport
from chalicelib.realtime import gateway, sockets
from chalicelib.realtime.gateway import Post, close_connection, post_all
from chalicelib.realtime.outcome import Outcome
from tests.unit.scripted_server import ClosedError, Script, Seen, Server, answer

SERVE = Callable[[Script], Server]
SETTINGS = config.Settings(access_key_id="AKIDEXAMPLE", secret_access_key="secret" * 6, session_token="token")
OK = answer(200)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture(params=[("http", 8), ("https", 8), ("https", 0)], ids=["http", "https", "https, all in the loop"])
def serve(request: pytest.FixtureRequest, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SERVE]:
    scheme, few = request.param
    monkeypatch.setattr(gateway, "FEW_POSTS", few)
    before = config.settings()
    config.use(replace(SETTINGS, ca_file=str(certificate)))
    servers: list[Server] = []

    def start(script: Script) -> Server:
        servers.append(Server(script, server_context(certificate) if scheme == "https" else None))
        return servers[-1]

    yield start
    gateway.close_sockets()
    transport.close_connections()
    for server in servers:
        server.stop()
    config.use(before)


def _posts(server: Server, *ids: str, fresh: bool = False) -> list[Post]:
    return [Post(f"{server.url}/api", name, f"{name}:{n}".encode(), fresh) for n, name in enumerate(ids)]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (OK, Outcome.POSTED),
        (answer(204), Outcome.POSTED),
        (answer(410, b'{"message": "GoneException"}'), Outcome.GONE),
        (answer(400, b'{"message": "Invalid connectionId: a"}'), Outcome.GONE),
        (answer(400, b'{"message": "Bad request"}'), Outcome.FAILED),
        (answer(403, b'{"message": "Forbidden"}'), Outcome.FAILED),
        (answer(413, b'{"message": "Too large"}'), Outcome.TOO_LARGE),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", Outcome.POSTED),
        (b"HTTP/1.1 410 Gone\r\nConnection: close\r\n\r\nno length", Outcome.GONE),
    ],
)
def test_what_the_gateway_says_becomes_an_outcome(serve: SERVE, said: bytes, outcome: Outcome) -> None:
    server = serve(lambda _: said)
    assert post_all(_posts(server, "a")) == [outcome]
    assert len(server.seen) == 1


def test_outcomes_are_in_the_order_of_the_posts(serve: SERVE) -> None:
    statuses = {"a": 200, "b": 410, "c": 413, "d": 403}
    server = serve(lambda request: answer(statuses[request.path[-1]]))
    wanted = {"a": Outcome.POSTED, "b": Outcome.GONE, "c": Outcome.TOO_LARGE, "d": Outcome.FAILED}
    ids = random.Random(7).choices("abcd", k=60)
    assert post_all(_posts(server, *ids)) == [wanted[name] for name in ids]
    assert len(server.bodies("/b")) == 1, "what is gone is not asked again"


def test_no_posts_need_no_socket() -> None:
    assert post_all([]) == []


def test_a_request_is_signed_and_its_id_is_encoded(serve: SERVE) -> None:
    server = serve(lambda _: OK)
    assert post_all([Post(f"{server.url}/api", "L0SM9cOFvHcCIhw=", "Привет".encode())]) == [Outcome.POSTED]
    (request,) = server.seen
    assert (request.method, request.path) == ("POST", "/api/@connections/L0SM9cOFvHcCIhw%3D")
    assert request.body == "Привет".encode()
    names = request.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert names == ["host", "x-amz-date", "x-amz-security-token"]
    headers = {name: request.headers[name] for name in names}
    theirs = AWSRequest("POST", server.url + request.path, headers=headers, data=request.body)
    theirs.context["timestamp"] = request.headers["x-amz-date"]
    who = Credentials(SETTINGS.access_key_id, SETTINGS.secret_access_key)
    signer = SigV4Auth(who, "execute-api", SETTINGS.region)
    signature = signer.signature(signer.string_to_sign(theirs, signer.canonical_request(theirs)), theirs)
    assert request.headers["authorization"].endswith(f"Signature={signature}")


def test_an_answer_may_come_in_pieces(serve: SERVE) -> None:
    whole = b"HTTP/1.1 100 Continue\r\n\r\n" + answer(200, b"{}")
    server = serve(lambda _: [whole[at : at + 9] for at in range(0, len(whole), 9)])
    assert post_all(_posts(server, "a", "b", "a")) == [Outcome.POSTED] * 3


def test_each_connection_hears_its_posts_in_order_whatever_happens(serve: SERVE) -> None:
    fate = random.Random(11)
    heard: dict[str, list[bytes]] = {}

    def script(request: Seen) -> bytes:
        roll = fate.random()
        time.sleep(roll / 200)
        if roll < 0.1:
            return answer(429)
        if roll < 0.15:
            return answer(500)
        if roll < 0.2:
            raise ClosedError
        heard.setdefault(request.path, []).append(request.body)
        if roll < 0.25:
            raise ClosedError  # the post was made, and the answer lost: it is made again
        return OK

    server = serve(script)
    posts = _posts(server, *fate.choices("abcdefgh", k=120))
    assert set(post_all(posts)) == {Outcome.POSTED}
    for name in "abcdefgh":
        once = [body for body, _ in itertools.groupby(heard[f"/api/@connections/{name}"])]
        assert once == [post.data for post in posts if post.connection_id == name]


def test_connections_do_not_wait_for_each_other(serve: SERVE) -> None:
    def script(_: Seen) -> bytes:
        time.sleep(0.05)
        return OK

    server = serve(script)
    began = time.monotonic()
    assert set(post_all(_posts(server, *map(str, range(100))))) == {Outcome.POSTED}
    assert time.monotonic() - began < 100 * 0.05 / 4
    assert server.sockets <= sockets.SOCKETS


@pytest.mark.parametrize("refused", [answer(429), answer(500), answer(503), None])
def test_what_may_do_better_is_tried_again(serve: SERVE, refused: bytes | None) -> None:
    count = itertools.count()

    def script(_: Seen) -> bytes:
        if next(count) < 3:
            if refused is None:
                raise ClosedError
            return refused
        return OK

    server = serve(script)
    assert post_all(_posts(server, "a")) == [Outcome.POSTED]
    assert len(server.seen) == 4


def test_a_silent_socket_holds_up_nobody_else(serve: SERVE) -> None:
    hold = threading.Event()

    def script(request: Seen) -> bytes:
        if request.path.endswith("/dead"):
            hold.wait(5)
            raise ClosedError
        return OK

    server = serve(script)
    ids = [str(n) for n in range(50)]
    began = time.monotonic()
    outcomes = post_all(_posts(server, "dead", *ids, "dead"), deadline_seconds=0.5)
    took = time.monotonic() - began
    hold.set()
    assert outcomes == [Outcome.FAILED, *[Outcome.POSTED] * 50, Outcome.FAILED]
    assert 0.5 <= took < 2
    assert post_all(_posts(server, *ids)) == [Outcome.POSTED] * 50


def test_a_post_that_got_no_answer_goes_to_another_socket(serve: SERVE, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "ANSWER_SECONDS", 0.1)
    hold = threading.Event()
    count = itertools.count()

    def script(_: Seen) -> bytes:
        if next(count) == 0:
            hold.wait(5)
        return OK

    server = serve(script)
    assert post_all(_posts(server, "a", "a")) == [Outcome.POSTED] * 2
    hold.set()
    assert [(request.socket, request.body) for request in server.seen] == [(0, b"a:0"), (1, b"a:0"), (1, b"a:1")]


def test_sockets_are_kept_for_the_next_call(serve: SERVE) -> None:
    server = serve(lambda _: OK)
    for _ in range(5):
        assert post_all(_posts(server, "a")) == [Outcome.POSTED]
    assert server.sockets == 1


def test_a_socket_that_the_server_gives_up_is_not_used_again(serve: SERVE) -> None:
    server = serve(lambda _: answer(200, headers="Connection: close\r\n"))
    assert post_all(_posts(server, "a", "a", "a")) == [Outcome.POSTED] * 3
    assert [request.socket for request in server.seen] == [0, 1, 2]


@pytest.mark.parametrize("reset", [False, True])
def test_sockets_that_were_closed_between_two_calls_are_not_used(
    serve: SERVE, reset: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(_: Seen) -> bytes:
        time.sleep(0.01)
        return OK

    server = serve(script)
    ids = [str(n) for n in range(30)]
    assert post_all(_posts(server, *ids)) == [Outcome.POSTED] * 30
    before = server.sockets
    assert before > 1
    server.close_all(reset=reset)
    monkeypatch.setattr(gateway._Lane, "dropped", None)  # nothing is to be lost on the way
    assert post_all(_posts(server, *ids)) == [Outcome.POSTED] * 30
    assert server.sockets > before


def test_a_kept_socket_that_closes_as_it_is_used_costs_no_pause(
    serve: SERVE, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: Counter[int] = Counter()

    def script(request: Seen) -> bytes:
        used[request.socket] += 1
        if request.socket == 0 and used[0] > 1:
            raise ClosedError
        return OK

    server = serve(script)
    assert post_all(_posts(server, "a")) == [Outcome.POSTED]
    monkeypatch.setattr(aws, "FIRST_PAUSE_SECONDS", 60.0)
    monkeypatch.setattr(aws, "LONGEST_PAUSE_SECONDS", 60.0)
    assert post_all(_posts(server, "a"), deadline_seconds=2) == [Outcome.POSTED]


def test_a_socket_that_was_idle_for_long_is_not_trusted(serve: SERVE, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(lambda _: OK)
    assert post_all(_posts(server, "a")) == [Outcome.POSTED]
    monkeypatch.setattr(sockets, "IDLE_SECONDS", -1.0)
    monkeypatch.setattr(transport, "IDLE_SECONDS", -1.0)
    assert post_all(_posts(server, "a")) == [Outcome.POSTED]
    assert [request.socket for request in server.seen] == [0, 1]


def test_a_fresh_connection_is_waited_for(serve: SERVE) -> None:
    said = iter([answer(410), answer(410), OK, OK])
    server = serve(lambda _: next(said))
    assert post_all(_posts(server, "a", "a", fresh=True)) == [Outcome.POSTED] * 2
    assert server.bodies() == [b"a:0"] * 3 + [b"a:1"]


def test_a_fresh_connection_is_not_waited_for_for_ever(serve: SERVE, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "FRESH_SECONDS", 0.2)
    server = serve(lambda _: answer(410))
    began = time.monotonic()
    assert post_all(_posts(server, "a", fresh=True)) == [Outcome.GONE]
    assert 0.2 <= time.monotonic() - began < 2
    assert len(server.seen) > 1


def test_the_deadline_holds(serve: SERVE) -> None:
    server = serve(lambda request: OK if request.path.endswith("/a") else answer(429))
    began = time.monotonic()
    outcomes = post_all(_posts(server, "a", "b", "a"), deadline_seconds=0.3)
    assert outcomes == [Outcome.POSTED, Outcome.FAILED, Outcome.POSTED]
    assert 0.3 <= time.monotonic() - began < 2


def test_a_bad_address_fails_alone(serve: SERVE) -> None:
    server = serve(lambda _: OK)
    vacant = serve(lambda _: OK)
    vacant.stop()
    bad = ["", "ftp://host/api", "http://host:port/api", "https:///api", f"{vacant.url}/api"]
    posts = [*(Post(endpoint, "a", b"") for endpoint in bad), Post(server.url, "\udc80", b""), *_posts(server, "a")]
    assert post_all(posts, deadline_seconds=0.3) == [*[Outcome.FAILED] * 6, Outcome.POSTED]


def test_a_dead_address_of_the_host_costs_little(serve: SERVE, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("127.0.0.1", "127.0.0.2")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    server = serve(lambda _: OK)
    assert post_all(_posts(server, *map(str, range(40))), deadline_seconds=2) == [Outcome.POSTED] * 40


def test_a_connection_can_be_closed(serve: SERVE) -> None:
    said = iter([answer(204), answer(410)])
    server = serve(lambda _: next(said))
    assert close_connection(f"{server.url}/api", "a=") is Outcome.POSTED
    assert close_connection(f"{server.url}/api", "a=") is Outcome.GONE
    assert [(request.method, request.path) for request in server.seen] == [("DELETE", "/api/@connections/a%3D")] * 2


def test_a_call_that_was_interrupted_leaves_nothing_behind(serve: SERVE) -> None:
    hold = threading.Event()
    count = itertools.count()

    def script(_: Seen) -> bytes:
        if next(count) == 0:
            hold.wait(5)
        return OK

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    server = serve(script)
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    with pytest.raises(KeyboardInterrupt):
        post_all(_posts(server, "a"))
    signal.signal(signal.SIGALRM, before)
    hold.set()
    assert post_all(_posts(server, "b")) == [Outcome.POSTED]


@pytest.mark.parametrize("serve", [("https", 8), ("https", 0)], indirect=True)
def test_a_stranger_is_told_nothing(serve: SERVE) -> None:
    server = serve(lambda _: OK)
    config.use(SETTINGS)
    assert post_all(_posts(server, "a"), deadline_seconds=0.2) == [Outcome.FAILED]
    assert server.seen == []
