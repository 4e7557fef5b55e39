"""The process of the local AWS: `python -m local.aws_process DIRECTORY`, which only the stack starts.

Its standard input is a socket to the stack's process; `local/aws_messages.py` has what goes over it. When that socket
ends, so does this process. DIRECTORY comes with the first message as well: on the command line it tells people whose
process this is.
"""

import asyncio
import gc
import importlib
import itertools
import json
import logging
import os
import socket
import time
from collections.abc import Awaitable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from local import aws_tuning
from local.aws_front import Front
from local.aws_messages import (
    LENGTH_BYTES,
    Answered,
    Arm,
    Asked,
    CallQueue,
    Created,
    Disarm,
    FromAws,
    Heard,
    Held,
    Logged,
    Outbox,
    Receive,
    Request,
    Reset,
    Setup,
    ShiftClock,
    StoredObject,
    ToAws,
    Wake,
    framed,
)
from local.aws_moto import Moto
from local.aws_resources import make_anew
from local.endpoints import Endpoints
from local.http_parsers import http_protocol
from local.s3_store import Store
from local.signatures import Verifier
from local.wsgi import Answer

# As long as AWS keeps an idle connection, about.
_KEPT_SECONDS = 75


class RefusedCallError(Exception):
    """SQS refused a call; the message is its answer."""


class Process:
    """Does what the stack asks for, and says what the stack must know."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._numbers = itertools.count(1)
        self._unheard: dict[int, asyncio.Future[None]] = {}
        self._tasks: set[asyncio.Future[Any]] = set()
        self._ahead = 0.0
        self._setup: Setup
        self._moto: Moto
        self._store: Store
        self._front: Front

    def take(self, message: ToAws) -> None:
        """Begins to do what the stack says."""
        if isinstance(message, Heard):
            self._unheard.pop(message.id).set_result(None)
        else:
            self._keep(self._serve(message))

    def say(self, message: FromAws) -> None:
        """Sends a message to the stack."""
        self._writer.write(framed(message))

    async def _serve(self, request: Request) -> None:
        try:
            answered = Answered(request.id, await self._do(request.asked))
        except RefusedCallError as error:
            answered = Answered(request.id, error=str(error))
        except Exception as error:
            logging.getLogger("local.aws").exception("%s failed", type(request.asked).__name__)
            answered = Answered(request.id, error=repr(error))
        self.say(answered)

    async def _do(self, asked: Asked) -> Any:
        match asked:
            case Setup():
                return await self._start(asked)
            case Reset():
                # In the thread of S3 and with the loop held: nobody else looks at moto meanwhile.
                self._front.s3_thread.submit(self._empty).result()
                self._front.queues.look_again()
            case ShiftClock(seconds):
                self._ahead = seconds
            case Arm(fault, of, times, value):
                self._front.faults.arm(fault, of=of, times=times, value=value)
            case Disarm():
                self._front.faults.clear()
            case Wake(wakes):
                self._front.queues.wake(wakes)
            case Held() | Outbox():
                return self._looked(asked)
            case CallQueue(action, payload):
                body = msgspec.json.encode(payload)
                return await self._called(action, self._front.queues.answer(action, body, self._whole(action)))
            case Receive():
                action = "ReceiveMessage"
                receiving = self._front.queues.receive(
                    asked.payload, asked.wait, self._whole(action), wakes=asked.wakes
                )
                return await self._called(action, receiving)
        return None

    def _looked(self, asked: Held | Outbox) -> Any:
        if isinstance(asked, Held):
            return self._front.queues.held(asked.queue)
        return {"letters": self._front.mail.letters, "notifications": self._front.notified.notifications}

    async def _start(self, setup: Setup) -> int:
        """Returns the port."""
        logging.getLogger("local").setLevel(setup.log_level)
        if not setup.whole:
            aws_tuning.tune()
        self._setup = setup
        self._moto = Moto(setup.region, whole=setup.whole)
        self._store = Store(Path(setup.directory) if setup.directory is not None else None)
        verifier = Verifier(credentials=setup.credentials, region=setup.region, now=lambda: time.time() + self._ahead)
        self._front = Front(
            self._moto,
            verifier=verifier,
            endpoints=Endpoints(setup.endpoints),
            store=self._store,
            announce=self._announce,
        )
        make_anew(setup.resources, self._moto)
        self._store.restore()
        # S3 has no other way, and health checks wait for nothing.
        self._moto.prepare("s3")
        listener = socket.create_server(setup.listen, backlog=2048)
        # Inherited by what it accepts: an answer in two writes must not wait 40 ms for the first one's ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = uvicorn.Server(
            uvicorn.Config(
                self._front,
                http=type("AwsHttpProtocol", (http_protocol(),), {"at_once": staticmethod(self._front.at_once)}),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=_KEPT_SECONDS,
            )
        )
        self._keep(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.005)
        # All that is there by now stays, and need not be looked at again.
        gc.freeze()
        return int(listener.getsockname()[1])

    def _empty(self) -> None:
        self._store.clear()
        self._front.mail.letters = []
        self._front.notified.notifications = []
        self._front.chime.reset()
        make_anew(self._setup.resources, self._moto)

    def _whole(self, action: str) -> Any:
        return lambda body: self._moto.whole("sqs", self._moto.request("sqs", action, body))

    async def _called(self, action: str, answering: Awaitable[Answer]) -> Any:
        answer = await answering
        if not answer.ok:
            raise RefusedCallError(f"{action}: {answer.status} {answer.body.decode(errors='replace')}")
        return json.loads(answer.body or b"{}")

    async def _announce(self, stored: StoredObject, event: str) -> None:
        number = next(self._numbers)
        heard = self._unheard[number] = asyncio.get_running_loop().create_future()
        self.say(Created(number, stored, event))
        await heard

    def _keep(self, work: Coroutine[Any, Any, Any]) -> None:
        """Runs it beside the rest."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _ToStack(logging.Handler):
    """What is logged here belongs into the stack's log."""

    def __init__(self, process: Process) -> None:
        super().__init__()
        self._process = process
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        logged = Logged(record.name, record.levelno, self.format(record))
        self._loop.call_soon_threadsafe(self._process.say, logged)


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's, where it is installed."""
    try:
        uvloop: Any = importlib.import_module("uvloop")
        loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
        return loop
    except ImportError:
        return asyncio.new_event_loop()


async def serve() -> None:
    """Runs until the stack's end of the socket is closed."""
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=0))
    process = Process(writer)
    logging.getLogger("local").addHandler(_ToStack(process))
    logging.getLogger("uvicorn.error").addHandler(_ToStack(process))
    decoder: msgspec.msgpack.Decoder[ToAws] = msgspec.msgpack.Decoder(ToAws)
    try:
        while True:
            length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
            process.take(decoder.decode(await reader.readexactly(length)))
    except (asyncio.IncompleteReadError, ConnectionError):
        # At once: whoever still waits for an answer has ended as well, and files are renamed into place when whole.
        os._exit(0)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(serve())
