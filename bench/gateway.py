"""What the local gateway costs at each of its doors, with functions that do nothing: `python -m bench.gateway`.

The gateway runs in a process of its own, and only that process's processor time is counted. With `--instructions` it
runs under callgrind, which counts the instructions of its own code (not the kernel's) and repeats itself exactly.
"""

import argparse
import asyncio
import base64
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import processors
from chalicelib.core import config
from chalicelib.realtime.gateway import Post, post_all
from chalicelib.realtime.outcome import Outcome

SETTINGS = config.Settings(access_key_id="AKIALOCAL", secret_access_key="secret" * 6, session_token="token" * 10)
SOCKETS = 200
TALKERS = 20
ROUNDS = 5
BODY = b'{"action":"message:send","data":{"chatId":"0190f3a1-5d1e-7c3b-9a51-2f0d6c1b7e42","content":"hello hello"}}'
ACK = '{"type":"ack","data":{"id":"0190f3a1-5d1e-7c3b-9a51-2f0d6c1b7e43","seq":4711}}'
EVENT = b'{"type":"message:new","data":{"content":"' + b"hello " * 40 + b'"}}'
PAGE = '{"items":[' + ",".join(['{"id":"0190f3a1-5d1e-7c3b-9a51-2f0d6c1b7e43","content":"hello"}'] * 50) + "]}"


class IdleFunctions:
    """Answers as the functions would, at once."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.connected: list[str] = []

    async def invoke(self, name: str, event: Any, *, timeout: float | None = None) -> Any:
        """The same answer to every event of a function."""
        if name == "websocket_message":
            return {"statusCode": 200, "body": ACK}
        if name == "websocket_connect":
            return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": event["requestContext"]["connectionId"]}}
        return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": PAGE}


def serve() -> None:
    """The process that is measured. It prints its port, and ends when its input does."""
    import app
    from local.faults import Faults
    from local.gateway import Gateway
    from local.protocols import server

    config.use(SETTINGS)
    functions: Any = IdleFunctions(app.app)
    running = server(Gateway(functions, Faults()), host="127.0.0.1", port=0)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        threading.Event().wait(0.01)
    print(os.getpid(), running.servers[0].sockets[0].getsockname()[1], flush=True)
    sys.stdin.read()
    running.should_exit = True
    thread.join()


class Client(asyncio.Protocol):
    """Sends the same bytes again whenever as many answers as it awaits have come."""

    def __init__(self) -> None:
        self.received = b""
        self.changed = asyncio.Event()
        self.transport: Any = None
        self.again = b""
        self.ends = b""
        self.left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self.left:
            self.received += data
        elif data.endswith(self.ends):
            self.left -= 1
            if self.left:
                self.transport.write(self.again)
                return
        self.changed.set()

    async def upgraded(self, port: int) -> str:
        """Opens the socket; the connection's id, which the idle functions give as its subprotocol."""
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            f"GET /api HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: any\r\n"
            f"User-Agent: bench\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self.received:
            self.changed.clear()
            await self.changed.wait()
        head, self.received = self.received.decode(), b""
        [line] = [line for line in head.split("\r\n") if line.lower().startswith("sec-websocket-protocol:")]
        return line.partition(": ")[2]

    async def repeat(self, sent: bytes, ends: bytes, times: int) -> None:
        """Makes so many exchanges, one after another."""
        self.again, self.ends, self.left = sent, ends, times
        self.transport.write(sent)
        while self.left:
            self.changed.clear()
            await self.changed.wait()


class Clients:
    """An event loop in a thread of its own with all the clients."""

    def __init__(self, port: int, sockets: int) -> None:
        self.port = port
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.sockets = [self.open() for _ in range(sockets)]
        self.ids = [self.run(socket.upgraded(port)) for socket in self.sockets]
        self.callers = [self.open() for _ in range(4)]

    def run(self, work: Any) -> Any:
        """Waits for a coroutine."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def open(self) -> Client:
        """A client with an open connection."""
        made: Client = self.run(self.loop.create_connection(Client, "127.0.0.1", self.port))[1]
        return made

    def frames(self, count: int) -> int:
        """Frames in and acknowledgements out, by twenty at once."""
        mask = b"\x01\x02\x03\x04"
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(BODY))
        frame = bytes([0x81, 0x80 | len(BODY)]) + mask + masked
        return self._all(self.sockets[:TALKERS], frame, ACK.encode(), count)

    def requests(self, count: int) -> int:
        """Pages by REST, by four at once."""
        request = (
            f"GET /api/chats/0190f3a1-5d1e-7c3b-9a51-2f0d6c1b7e42/messages?limit=50 HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{self.port}\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\n"
            f"User-Agent: bench\r\nAuthorization: Bearer {'x' * 200}\r\n\r\n"
        )
        return self._all(self.callers, request.encode(), b"}]}", count)

    def posts(self, count: int) -> int:
        """Posts to all of the sockets."""
        endpoint = f"http://127.0.0.1:{self.port}/api"
        posts = [Post(endpoint, identifier, EVENT) for identifier in self.ids]
        rounds = max(1, count // len(posts))
        for _ in range(rounds):
            assert set(post_all(posts)) == {Outcome.POSTED}
        for socket in self.sockets:
            socket.received = b""
        return rounds * len(posts)

    def _all(self, clients: list[Client], sent: bytes, ends: bytes, count: int) -> int:
        times = count // len(clients)

        async def talk() -> None:
            await asyncio.gather(*(client.repeat(sent, ends, times) for client in clients))

        self.run(talk())
        return times * len(clients)


@contextlib.contextmanager
def gateway(*wrapper: str, sockets: int = SOCKETS) -> Iterator[tuple[int, Clients]]:
    """The gateway's process id, and clients that are connected to it."""
    command = [*wrapper, sys.executable, "-m", "bench.gateway", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        pid, port = process.stdout.readline().split()
        yield int(pid), Clients(int(port), sockets)
        process.stdin.close()


DOORS: dict[str, Callable[[Clients, int], int]] = {
    "a frame in, its answer out": Clients.frames,
    "a REST request": Clients.requests,
    "a post to @connections": Clients.posts,
}


def microseconds(count: int) -> None:
    """Prints the processor time of an exchange at each door: the median of several rounds, in turns."""
    found: dict[str, list[float]] = {name: [] for name in DOORS}
    with gateway() as (pid, clients):
        for door in DOORS.values():
            door(clients, 400)
        for _ in range(ROUNDS):
            for name, door in DOORS.items():
                before = processors.seconds_of(pid) or 0.0
                done = door(clients, count)
                found[name].append(((processors.seconds_of(pid) or 0.0) - before) / done * 1e6)
    print(f"{'processor time of the gateway':34}{'µs':>10}")
    for name, values in found.items():
        print(f"{name:34}{statistics.median(values):10.1f}")


def instructions(count: int) -> None:
    """Prints how many instructions an exchange at each door takes, by callgrind."""
    print(f"{'instructions of the gateway':34}{'thousand':>10}")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        tool = ("--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}")
        # So few that posts are answered in time, though it is fifty times as slow.
        with gateway("valgrind", "--quiet", *tool, sockets=TALKERS) as (pid, clients):
            _control("--instr=on", pid)
            for number, (name, door) in enumerate(DOORS.items(), start=1):
                door(clients, 100)
                _control("--zero", pid)
                done = door(clients, count)
                _control("--dump", pid)
                counted = Path(f"{out}.{number}").read_text().rpartition("\ntotals: ")[2]
                print(f"{name:34}{int(counted) / done / 1000:10.1f}", flush=True)


def _control(command: str, pid: int) -> None:
    subprocess.run(["callgrind_control", command, str(pid)], check=True, capture_output=True)


def main() -> None:
    """Measures, or serves for the process that measures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--instructions", action="store_true")
    given = parser.parse_args()
    config.use(SETTINGS)
    if given.serve:
        serve()
    elif given.instructions:
        instructions(400)
    else:
        microseconds(4000)


if __name__ == "__main__":
    main()
