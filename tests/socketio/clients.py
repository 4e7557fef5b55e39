"""The clients that people use: python-socketio, and socket.io-client under Node. Tests drive both alike."""

import contextlib
import itertools
import json
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import socketio

from tests.support.packages import node, npm_installed

HERE = Path(__file__).parent
PATIENCE_SECONDS = 20.0

Data = dict[str, Any]

# The packages of the major versions, and the options for a WebSocket at the API's own address.
PACKAGES = {2: "socket.io-client-2", 3: "socket.io-client-3", 4: "socket.io-client"}
SOCKET_ALONE: Data = {"path": "/api", "transports": ["websocket"]}
PYTHON_SOCKET_ALONE: Data = {"socketio_path": "/api", "transports": ["websocket"]}
# Beside the defaults at the default path: polling first, then an upgrade.
OPTIONS: dict[str, Data] = {
    "default": {},
    "polling": {"transports": ["polling"]},
    "WebSocket": {"transports": ["websocket"]},
}


class Transport(Protocol):
    """A client, as far as it differs from the other one. `heard` is told of everything that arrives."""

    def connect(self, url: str, auth: Data | None, heard: Callable[[str, list[Any]], None]) -> None:
        """Begins to connect."""

    def emit(self, name: str, args: list[Any], answered: Callable[[list[Any]], None] | None) -> None:
        """Emits an event, with or without asking for an ack."""

    def emit_bytes(self, name: str) -> None:
        """Emits an event with a binary argument."""

    def disconnect(self) -> None:
        """Leaves, as the protocol has it."""

    def stop(self) -> None:
        """Ends the client, in whatever state it is."""


class Client:
    """One connection of a real client. Everything that arrives is kept, in order."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._arrived = threading.Condition()
        self._heard: list[tuple[str, list[Any]]] = []

    def connect(self, url: str, auth: Data | None = None) -> None:
        """Begins to connect to an address, and to its namespace."""
        self._transport.connect(url, auth, self._hear)

    def log_in(self, url: str, auth: Data | None = None) -> Data:
        """Connects, waits for `hello` and answers its data."""
        self.connect(url, auth)
        self.wait_for("connect")
        return self.wait_for("hello")

    def refusal(self, url: str, auth: Data | None = None) -> Data:
        """Connects, which must be refused, and answers the reason: `{message, data}`."""
        self.connect(url, auth)
        return self.wait_for("connect_error")

    def emit(self, name: str, *args: Any) -> None:
        """Emits an event and asks for no ack."""
        self._transport.emit(name, list(args), None)

    def call(self, name: str, *args: Any) -> Data:
        """Emits an event and answers its ack."""
        arrived = threading.Event()
        answers: list[list[Any]] = []

        def answered(arguments: list[Any]) -> None:
            answers.append(arguments)
            arrived.set()

        self._transport.emit(name, list(args), answered)
        assert arrived.wait(PATIENCE_SECONDS), f"no ack of {name}"
        (ack,) = answers[0]
        assert isinstance(ack, dict)
        return ack

    def act(self, name: str, *args: Any) -> Data:
        """Emits an event that must succeed; the ack's fields without `success`."""
        ack = self.call(name, *args)
        assert ack.pop("success") is True, ack
        return ack

    def refused(self, name: str, *args: Any) -> Data:
        """Emits an event that must be refused, and answers the problem."""
        ack = self.call(name, *args)
        assert ack["success"] is False, ack
        problem: Data = ack["error"]
        return problem

    def emit_bytes(self, name: str) -> None:
        """Emits an event with a binary argument."""
        self._transport.emit_bytes(name)

    def events(self, name: str) -> list[Data]:
        """The data of the events of a name that have arrived."""
        with self._arrived:
            return [args[0] for heard, args in self._heard if heard == name]

    def wait_for(self, name: str, /, *, times: int = 1, **fields: Any) -> Data:
        """The data of an event that has these fields, after it has come so many times; it is the only argument."""
        until = time.monotonic() + PATIENCE_SECONDS
        with self._arrived:
            while True:
                fitting = [
                    args
                    for heard, args in self._heard
                    if heard == name
                    and fields.items() <= (args[0] if args and isinstance(args[0], dict) else {}).items()
                ]
                if len(fitting) >= times:
                    (data,) = fitting[times - 1]
                    return dict(data)
                left = until - time.monotonic()
                assert left > 0, f"never came: {name} {fields}; came last: {self._heard[-5:]}"
                self._arrived.wait(left)

    def disconnect(self) -> None:
        """Leaves, as the protocol has it."""
        self._transport.disconnect()

    def stop(self) -> None:
        """Ends the client, in whatever state it is."""
        self._transport.stop()

    def _hear(self, name: str, args: list[Any]) -> None:
        with self._arrived:
            self._heard.append((name, args))
            self._arrived.notify_all()


class PythonClient:
    """python-socketio, on requests and websocket-client, with options of its `connect`."""

    def __init__(self, options: Data = PYTHON_SOCKET_ALONE) -> None:
        self._options = options
        self._namespace = "/"
        self._client = socketio.Client(reconnection_delay=0.1, reconnection_delay_max=1, handle_sigint=False)

    def connect(self, url: str, auth: Data | None, heard: Callable[[str, list[Any]], None]) -> None:
        client = self._client
        namespace = self._namespace = "/" + url.split("/", 3)[3].partition("?")[0] if url.count("/") > 2 else "/"
        client.on("connect", lambda: heard("connect", [{"sid": client.get_sid()}]), namespace=namespace)
        client.on("connect_error", lambda *args: heard("connect_error", _reason(args)), namespace=namespace)
        client.on("disconnect", lambda reason: heard("disconnect", [{"reason": reason}]), namespace=namespace)
        client.on("*", lambda name, *args: heard(name, list(args)), namespace=namespace)
        with contextlib.suppress(socketio.exceptions.ConnectionError):  # the handler of connect_error has told why
            client.connect(
                url,
                auth=auth,
                **self._options,
                namespaces=[namespace],
                wait_timeout=10,
            )

    def emit(self, name: str, args: list[Any], answered: Callable[[list[Any]], None] | None) -> None:
        callback = None if answered is None else lambda *answer: answered(list(answer))
        self._client.emit(name, tuple(args), namespace=self._namespace, callback=callback)

    def emit_bytes(self, name: str) -> None:
        self._client.emit(name, b"{binary")

    def disconnect(self) -> None:
        self._client.disconnect()

    def stop(self) -> None:
        self._client.shutdown()


class ScriptClient(ABC):
    """socket.io-client, driven by the commands of `commands.mjs`, with options beside those of each test."""

    def __init__(self, options: Data) -> None:
        self._options = options
        self._ids = itertools.count(1)
        self._waiting: dict[int, Callable[[list[Any]], None]] = {}
        self._reader: threading.Thread | None = None

    def connect(self, url: str, auth: Data | None, heard: Callable[[str, list[Any]], None]) -> None:
        self._reader = threading.Thread(target=self._read, args=(heard,), daemon=True)
        self._reader.start()
        options: Data = {**self._options, "reconnectionDelay": 100}
        if auth is not None:
            options["auth"] = auth
        self._say(do="connect", url=url, options=options)

    def emit(self, name: str, args: list[Any], answered: Callable[[list[Any]], None] | None) -> None:
        command: Data = {"do": "emit", "name": name, "args": args}
        if answered is not None:
            command["id"] = next(self._ids)
            self._waiting[command["id"]] = answered
        self._say(**command)

    def emit_bytes(self, name: str) -> None:
        self._say(do="emitBytes", name=name)

    def disconnect(self) -> None:
        self._say(do="disconnect")

    @abstractmethod
    def stop(self) -> None:
        """Ends the client, in whatever state it is."""

    @abstractmethod
    def _say(self, **command: Any) -> None:
        """Has a command done."""

    @abstractmethod
    def _messages(self) -> Iterator[Data]:
        """What the script says, until its end."""

    def _read(self, heard: Callable[[str, list[Any]], None]) -> None:
        for message in self._messages():
            if "id" in message:
                self._waiting.pop(message["id"])(message["answer"])
            else:
                heard(message["event"], message["args"])


class NodeClient(ScriptClient):
    """socket.io-client of a major version under Node, in a process of its own."""

    def __init__(self, options: Data = SOCKET_ALONE, version: int = 4) -> None:
        super().__init__(options)
        self._process = subprocess.Popen(
            [node(), "driver.mjs", PACKAGES[version]],
            cwd=installed(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _say(self, **command: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def _messages(self) -> Iterator[Data]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield json.loads(line)


TRANSPORTS: dict[str, Callable[[], Transport]] = {"python": PythonClient, "node": NodeClient}


def _reason(args: tuple[Any, ...]) -> list[Any]:
    """The library says "Connection error" in words of its own where there was no answer."""
    return list(args) if args and isinstance(args[0], dict) else [{"message": args[0] if args else "", "data": None}]


def installed() -> Path:
    """Where socket.io-client is installed, with the scripts that drive it."""
    return npm_installed(HERE, "driver.mjs", "commands.mjs")
