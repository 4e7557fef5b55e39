"""Posts to connections: hand-signed, many at once, over kept sockets. It is the whole of the pusher's work.

The event loop and the kept sockets outlive a call, as a Lambda container outlives an invocation. A socket carries
one post at a time, so a slow one delays that post alone. Everything is at least once: a post whose socket drops
before the answer is made again, and its client may get it twice.
"""

import asyncio
import collections
import contextlib
import functools
import ssl
import time
from collections.abc import Sequence, Set
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from chalicelib.core import aws, http1, metrics, sigv4, transport
from chalicelib.core.exchanges import Call, Location, NotExchangedError
from chalicelib.core.logs import logger
from chalicelib.realtime import shedding, sockets
from chalicelib.realtime.outcome import Outcome

# API Gateway answers 410 for a connection until its `$connect` has returned: a fresh one is tried again, soon.
FRESH_SECONDS = 2.0
FRESH_PACE = 3  # tries after which the pauses grow no longer: 0.2 s
# A handshake that is under way when the last answer comes is finished within this, for the next call's good.
LAST_HANDSHAKE_SECONDS = 0.05
# So few posts need no event loop, which takes several times as long as they do.
FEW_POSTS = 8
_TOO_MANY = 429
# How often silent sockets are looked for.
_LOOK_SECONDS = 0.25
# Turns of the loop in which it hears, before anything is posted, which kept sockets were closed since the last call.
_TURNS_TO_HEAR = 3


class Post(NamedTuple):
    """One message for one connection.

    `endpoint` is the API with its stage (`https://abc.execute-api.eu-central-1.amazonaws.com/api`). `fresh` says
    that the connection was made moments ago: 410 may then only mean that its `$connect` has not returned.
    """

    endpoint: str
    connection_id: str
    data: bytes
    fresh: bool = False


def post_all(posts: Sequence[Post], *, deadline_seconds: float = 10.0) -> list[Outcome]:
    """Makes every post and says what became of each, in the same order. Raises nothing for a post's sake.

    Posts to one connection are made in their order, each after the one before it was answered. Throttled, failed
    and dropped ones are tried again until the deadline, and are FAILED then; so are those that the gateway refuses
    for another reason, at once and with a line in the log. Not to be called inside a running event loop.
    """
    return _exchange("POST", posts, deadline_seconds)


def close_connection(endpoint: str, connection_id: str, *, deadline_seconds: float = 5.0) -> Outcome:
    """Disconnects a client: POSTED when that is done, GONE where there was no such connection."""
    return _exchange("DELETE", [Post(endpoint, connection_id, b"")], deadline_seconds)[0]


def close_sockets() -> None:
    """Closes the kept sockets and the loop: for a call that was interrupted, and for tests."""
    while _kept:
        _kept.pop().close()


def _exchange(method: str, posts: Sequence[Post], seconds: float) -> list[Outcome]:
    began = time.monotonic()
    outcomes = _at_once(method, posts, min(seconds, sockets.ANSWER_SECONDS))
    left = [place for place, outcome in enumerate(outcomes) if outcome is None]
    if left:
        rest = seconds - (time.monotonic() - began)
        for place, outcome in zip(left, _in_loop(method, [posts[place] for place in left], rest), strict=True):
            outcomes[place] = outcome
    return [Outcome.FAILED if outcome is None else outcome for outcome in outcomes]


def _at_once(method: str, posts: Sequence[Post], seconds: float) -> list[Outcome | None]:
    """Makes a few posts side by side, each once; None for what is left to be tried again.

    The second post to a connection follows the answer to the first, and is left where that one is.
    """
    outcomes: list[Outcome | None] = [None] * len(posts)
    if len(posts) > FEW_POSTS:
        return outcomes
    until = time.monotonic() + seconds
    left: set[tuple[str, str]] = set()
    for wave in _waves(posts):
        places = [place for place in wave if _whose(posts[place]) not in left]
        made = _side_by_side(method, [posts[place] for place in places], until)
        for place, outcome in zip(places, made, strict=True):
            outcomes[place] = outcome
        left.update(_whose(posts[place]) for place in places if outcomes[place] is None)
    return outcomes


def _waves(posts: Sequence[Post]) -> list[list[int]]:
    """The places of posts of which none is to the same connection as another one, in their order."""
    waves: list[list[int]] = []
    made: dict[tuple[str, str], int] = {}
    for place, post in enumerate(posts):
        number = made.get(_whose(post), 0)
        made[_whose(post)] = number + 1
        if number == len(waves):
            waves.append([])
        waves[number].append(place)
    return waves


def _whose(post: Post) -> tuple[str, str]:
    return post.endpoint, post.connection_id


def _side_by_side(method: str, posts: Sequence[Post], until: float) -> list[Outcome | None]:
    """Makes posts to different connections, each once; None for what is left."""
    outcomes: list[Outcome | None] = [None] * len(posts)
    who = aws.credentials()
    sent = []
    throttled = 0
    refusals: set[str] = set()
    # What is not settled here is made in the loop, which says what was wrong.
    with contextlib.suppress(NotExchangedError, ValueError):
        for post in posts:
            sent.append(_sent(method, post, who, max(until - time.monotonic(), 0.001)))
    for place, exchange in enumerate(sent):
        with contextlib.suppress(NotExchangedError):
            answer = exchange.answer(max(until - time.monotonic(), 0.001))
            throttled += answer.status == _TOO_MANY
            outcome = _outcome(answer.status, answer.body)
            if outcome is not Outcome.GONE or not posts[place].fresh:
                outcomes[place] = outcome
            if outcome is Outcome.FAILED:
                refusals.add(f"HTTP {answer.status}")
    if refusals:
        _log(outcomes.count(Outcome.FAILED), len(posts), refusals)
    metrics.count("PushesThrottled", throttled)
    shedding.note_posts(len(posts) - outcomes.count(None) + throttled, throttled)
    return outcomes


def _log(failed: int, posts: int, reasons: Set[str]) -> None:
    logger().warning("posts failed", failed=failed, posts=posts, reasons=sorted(reasons))


def _sent(method: str, post: Post, who: sigv4.Credentials, patience: float) -> transport.Exchange:
    """Raises NotExchangedError, and ValueError where the address makes no sense."""
    endpoint = _endpoint(post.endpoint)
    path, signed_path = _paths(endpoint.stage, post.connection_id)
    headers = _signed(method, endpoint.host, signed_path, post.data, who)
    headers["host"] = endpoint.host
    where = Location("https" if endpoint.tls else "http", endpoint.host, path)
    return transport.Exchange(where, Call(method, "", headers, post.data), patience)


def _signed(method: str, host: str, path: str, data: bytes, who: sigv4.Credentials) -> dict[str, str]:
    request = sigv4.Request(method, host, path, payload=data)
    return sigv4.sign_headers(request, who=who, service="execute-api", now=time.time())


def _in_loop(method: str, posts: Sequence[Post], seconds: float) -> list[Outcome]:
    if not _kept:
        _kept.append(_Courier())
    courier = _kept[0]
    try:
        return courier.loop.run_until_complete(_Round(courier, method, posts).run(seconds))
    except BaseException:
        # Interrupted in the middle: what the sockets carry is unknown now, so the next call begins anew.
        close_sockets()
        raise


class _Endpoint(NamedTuple):
    """An endpoint, taken apart. `host` is the Host header, `stage` the path before `/@connections`."""

    name: str
    port: int
    tls: bool
    host: str
    stage: str


class _Courier:
    """The container's event loop and kept sockets."""

    def __init__(self) -> None:
        self.loop = asyncio.SelectorEventLoop()
        self._pools: dict[tuple[str, int, ssl.SSLContext | None], sockets.Pool] = {}

    def pool(self, endpoint: _Endpoint) -> sockets.Pool:
        """The sockets to an endpoint's host, trusted as the settings in force say."""
        tls = transport.tls_context() if endpoint.tls else None
        key = (endpoint.name, endpoint.port, tls)
        if key not in self._pools:
            self._pools[key] = sockets.Pool(self.loop, endpoint.name, endpoint.port, tls)
        return self._pools[key]

    def close(self) -> None:
        """Ends everything, at whatever point it is."""
        self.loop.run_until_complete(self._end())
        self.loop.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for pool in self._pools.values():
            await pool.close()
        await asyncio.sleep(0)  # the transports close their sockets in the loop's next turn


# The courier, once something was posted.
_kept: list[_Courier] = []


class _Round:
    """One call of `post_all`."""

    def __init__(self, courier: _Courier, method: str, posts: Sequence[Post]) -> None:
        self.method = method
        self.posts = posts
        self.outcomes = [Outcome.FAILED] * len(posts)
        self.who = aws.credentials()
        self.loop = courier.loop
        self.troubles: set[str] = set()
        self.throttled = 0
        self.began = courier.loop.time()
        self.over = courier.loop.create_future()
        self.lanes = self._lanes(courier)
        self.left = len(self.lanes)

    async def run(self, seconds: float) -> list[Outcome]:
        """Makes the posts until all are answered or the time is up."""
        pools = {lane.pool for lane in self.lanes}
        for pool in pools:
            pool.close_old()
        for _ in range(_TURNS_TO_HEAR):
            await asyncio.sleep(0)
        for lane in self.lanes:
            lane.pool.add(lane)
        for pool in pools:
            pool.pump()
        while self.left and (rest := self.began + seconds - self.loop.time()) > 0:
            await asyncio.wait([self.over], timeout=min(rest, _LOOK_SECONDS))
            for pool in pools:
                pool.drop_silent()
        self.over.cancel()
        for pool in pools:
            await pool.rest(patience_seconds=0.0 if self.left else LAST_HANDSHAKE_SECONDS)
        self._log()
        metrics.count("PushesThrottled", self.throttled)
        shedding.note_posts(len(self.posts) + self.throttled, self.throttled)
        return self.outcomes

    def done(self) -> None:
        """A lane's report: it is empty."""
        self.left -= 1
        if self.left == 0 and not self.over.done():
            self.over.set_result(None)

    def _lanes(self, courier: _Courier) -> "list[_Lane]":
        """The posts of each connection; those whose address makes no sense are in none, and stay FAILED."""
        lanes: dict[tuple[str, str], _Lane] = {}
        for place, post in enumerate(self.posts):
            key = (post.endpoint, post.connection_id)
            lane = lanes.get(key)
            if lane is None:
                try:
                    endpoint = _endpoint(post.endpoint)
                    paths = _paths(endpoint.stage, post.connection_id)
                except ValueError:
                    self.troubles.add("no such endpoint")
                    continue
                lane = lanes[key] = _Lane(self, courier.pool(endpoint), endpoint.host, paths)
            lane.todo.append(place)
            lane.fresh = lane.fresh or post.fresh
        return list(lanes.values())

    def _log(self) -> None:
        failed = self.outcomes.count(Outcome.FAILED)
        if failed:
            late = {lane.trouble or lane.pool.trouble or "no answer in time" for lane in self.lanes if lane.todo}
            _log(failed, len(self.posts), self.troubles | late)


class _Lane(sockets.Exchange):
    """What one connection is to be sent, in order: the first of it is under way, the rest waits for its answer."""

    def __init__(self, call: _Round, pool: sockets.Pool, host: str, paths: tuple[str, str]) -> None:
        self.pool = pool
        self.todo: collections.deque[int] = collections.deque()
        self.fresh = False
        self.trouble = ""
        self._call = call
        self._host = host
        self._sent_path, self._signed_path = paths
        self._tries = 0

    def request(self) -> bytes:
        self._tries += 1
        call = self._call
        data = call.posts[self.todo[0]].data
        headers = _signed(call.method, self._host, self._signed_path, data, call.who)
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        head = f"{call.method} {self._sent_path} HTTP/1.1\r\nhost: {self._host}\r\ncontent-length: {len(data)}\r\n"
        return f"{head}{lines}\r\n".encode() + data

    def answered(self, answer: http1.Answer) -> None:
        outcome = _outcome(answer.status, answer.body)
        young = self._call.loop.time() - self._call.began < FRESH_SECONDS
        if outcome is Outcome.GONE and self.fresh and young:
            self._again(aws.pause_seconds(min(self._tries, FRESH_PACE)))
        elif outcome is None:
            self.trouble = f"HTTP {answer.status}"
            self._call.throttled += answer.status == _TOO_MANY
            self._again(aws.pause_seconds(self._tries))
        else:
            self._settle(outcome, answer.status)

    def dropped(self, *, kept: bool) -> None:
        self.trouble = "socket dropped"
        # The server may have closed a kept socket just as it was used. That says nothing about the next one.
        self._again(0.0 if kept and self._tries == 1 else aws.pause_seconds(self._tries))

    def _again(self, delay: float) -> None:
        self._call.loop.call_later(delay, self._queue)

    def _queue(self) -> None:
        if not self._call.over.done():
            self.pool.add(self)
            self.pool.pump()

    def _settle(self, outcome: Outcome, status: int) -> None:
        if outcome is Outcome.FAILED:
            self._call.troubles.add(f"HTTP {status}")
        for _ in range(len(self.todo) if outcome is Outcome.GONE else 1):
            self._call.outcomes[self.todo.popleft()] = outcome
        self._tries = 0
        if self.todo:
            self.pool.add(self)
        else:
            self._call.done()


@functools.lru_cache(maxsize=64)
def _endpoint(url: str) -> _Endpoint:
    """Raises ValueError where this is no endpoint."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an endpoint is http:// or https://, a host and a stage")
    usual = 443 if parts.scheme == "https" else 80
    port = parts.port or usual
    literal = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    host = literal if port == usual else f"{literal}:{port}"
    return _Endpoint(parts.hostname, port, parts.scheme == "https", host, parts.path.rstrip("/"))


@functools.lru_cache(maxsize=8192)
def _paths(stage: str, connection_id: str) -> tuple[str, str]:
    """A connection's path as it is sent, and as it is signed."""
    sent = f"{stage}/@connections/{quote(connection_id, safe='')}"
    return sent, sigv4.canonical_path(sent)


def _outcome(status: int, body: bytes) -> Outcome | None:
    """What an answer says; None where the same post may do better later."""
    if 200 <= status < 300:
        return Outcome.POSTED
    if status == 410 or (status == 400 and b"connectionid" in body.lower()):
        return Outcome.GONE  # API Gateway says 400 "Invalid connectionId" to an id that it cannot have made
    if status == 413:
        return Outcome.TOO_LARGE
    return None if status in {408, _TOO_MANY} or status >= 500 else Outcome.FAILED
