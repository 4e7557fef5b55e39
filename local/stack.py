"""The whole product on one machine: the gateway and the triggers in this process, and in processes of their own
PostgreSQL, the local AWS and the functions' containers."""

import concurrent.futures
import contextlib
import fcntl
import logging
import os
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from chalicelib.core import config
from chalicelib.core.migrations import migrate
from chalicelib.entry.ways import SERVED_APART
from chalicelib.features.notifications import webpush
from local import protocols
from local.aws import REGION, Aws
from local.aws_link import AwsError
from local.events import DEFAULT_LIMITS, STAGE, Limits
from local.faults import Faults
from local.functions import PROCESSES, Deployment, Functions, Preparation
from local.gateway import Gateway
from local.host import HostError
from local.loop import LoopThread
from local.network import functions_in_the_vpc
from local.outbox import outbox
from local.pages import pages
from local.postgres import Postgres
from local.triggers import ASYNC_RETRY_SECONDS, Triggers

logger = logging.getLogger("local.stack")

DATABASE = "messenger"
MIGRATIONS = Path(__file__).parent.parent / "migrations"

# What the functions import when they first need it: containers share it, so that none of them has to.
WARM = (
    "aws_lambda_powertools",
    "bcrypt",
    "concurrent.futures.thread",  # asyncio resolves names in a thread
    "encodings.idna",  # encodes the names
    "jwt",
    "psycopg",
    "chalicelib.core.statements",
    "chalicelib.core.transport",
    "chalicelib.entry.connecting",
    "chalicelib.entry.polling",
    "chalicelib.entry.queues",
    "chalicelib.entry.triggers",
    "chalicelib.entry.websocket",
    "chalicelib.realtime.gateway",
)

# Letters are sent to `/outbox` alone.
_SENDER = "Messenger <no-reply@messenger.example>"
_CONTACT = "mailto:no-reply@messenger.example"
# Other messengers' documents register with it.
_PASSWORDS_OF_EXAMPLES = ("password123",)

# In a big group a push to each of more recipients than this goes through the queue, as it does on AWS.


class StartCancelledError(Exception):
    """Nobody wants the stack any more, and nothing of it runs."""


class StackError(RuntimeError):
    """The stack cannot start; the message is for whoever typed the command."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What can be chosen. Port 0 takes a free one, and as `files_port` one for this machine alone. Without
    `data_dir` nothing outlives the stack.

    `database_url` is used instead of a server of our own. `settings` overrides fields of the product's Settings.
    `on_data_dir` is called with the data directory once it is ours. `app` names the module of the Chalice app, and
    `warm` what is loaded beside it before containers are forked, of which at most `processes` are there at once.
    `fsync`, `schedules`, the retry times and `limits` are for tests.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    files_port: int = 0
    data_dir: Path | None = Path(".local")
    database_url: str | None = None
    jwt_secret: str | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    app: str = "app"
    on_data_dir: Callable[[Path], None] = lambda _: None
    warm: Sequence[str] = WARM
    fsync: bool = True
    processes: int = PROCESSES
    schedules: bool = True
    retry_seconds: float | None = None
    async_retry_seconds: Sequence[float] = ASYNC_RETRY_SECONDS
    limits: Limits = DEFAULT_LIMITS

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] = os.environ) -> "Options":
        """What these variables say: see README.md. Raises StackError for a port that is none."""
        port, files_port = variables.get("PORT") or "8000", variables.get("FILES_PORT") or "0"
        for name, given in (("PORT", port), ("FILES_PORT", files_port)):
            if not given.isdecimal() or int(given) > 65535:
                raise StackError(f"{name} must be a number from 0 to 65535, not {given}")
        return cls(
            host=variables.get("HOST") or "127.0.0.1",
            port=int(port),
            files_port=int(files_port),
            data_dir=Path(variables.get("DATA_DIR") or ".local"),
            database_url=variables.get("DATABASE_URL") or None,
            jwt_secret=variables.get("JWT_SECRET") or None,
        )


class Stack:
    """Starts everything, in order, and stops it in the reverse order; a start that fails leaves nothing running."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.faults = Faults()
        self.port = options.port
        self.data_dir = Path()
        self.applied: list[str] = []
        self.postgres: Postgres | None = None
        self.aws: Aws
        self.functions: Functions
        self.triggers: Triggers
        self.gateway: Gateway
        self._listener: socket.socket
        # Hears in words of a part that ended by itself, without which nothing goes on.
        self.when_broken: Callable[[str], None] = logger.error
        self._loop: LoopThread
        self._database_url = ""
        self._to_stop = contextlib.ExitStack()

    @property
    def host(self) -> str:
        """The name under which this machine reaches the gateway."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.options.host, self.options.host)  # noqa: S104  # not bound, read
        return f"[{host}]" if ":" in host else host

    @property
    def url(self) -> str:
        """Where REST is: `http://HOST:PORT/api`."""
        return f"http://{self.host}:{self.port}/{STAGE}"

    @property
    def socket_url(self) -> str:
        """Where sockets are: `ws://HOST:PORT/api`."""
        return f"ws://{self.host}:{self.port}/{STAGE}"

    @property
    def functions_log(self) -> Path:
        """What the functions write, as CloudWatch would keep it."""
        return self.data_dir / "log"

    @property
    def sockets(self) -> Any:
        """The gateway's WebSocketApi with its live connections."""
        return self.gateway.sockets

    def start(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Returns when requests are served. Raises StackError, PostgresError, MigrationError.

        `cancelled` is asked between steps; once it is true, StartCancelledError.
        """
        with contextlib.ExitStack() as starting:
            for step in (
                self._listen,
                self._start_loop,
                self._open_data_dir,
                self._make_aws,
                self._start_database,
                self._start_aws,
                self._migrate,
                self._start_functions,
                self._serve,
            ):
                step(starting)
                if cancelled():
                    raise StartCancelledError("cancelled")
            self.triggers.start()
            self._to_stop = starting.pop_all()

    def stop(self) -> None:
        """Closes sockets, lets handlers end within seconds, and stops what `start` started."""
        self._to_stop.close()

    def __enter__(self) -> "Stack":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def reset(self, *, database_url: str | None = None, **settings: object) -> None:
        """For tests: an empty AWS, no armed faults, and from now on another database and other settings.

        Work that triggers have in hand ends before; what was to be tried again is forgotten.
        """
        self.faults.clear()
        with self.triggers.paused():
            self.aws.reset()
            fresh = self._settings(database_url or config.settings().database_url)
            self.use(msgspec.structs.replace(fresh, **settings), prepare=())

    def use(self, settings: config.Settings, prepare: Sequence[Preparation] | None = None) -> None:
        """Puts settings in force, here and in the functions: new containers take the place of those that are there.

        `prepare` is what each of them does first (see Functions.renew); None leaves that as it is.
        """
        config.use(settings)
        self.functions.renew(prepare=prepare)

    def _listen(self, starting: contextlib.ExitStack) -> None:
        """Takes the port before anything else is started."""
        host, port = self.options.host, self.options.port
        try:
            family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
            listener = socket.create_server((address[0], address[1]), family=family, backlog=2048)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            raise StackError(f"cannot listen on {host}:{port}: {why}. Choose another HOST or PORT.") from error
        # Inherited by what it accepts: an answer in two writes must not wait 40 ms for the first one's ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._listener = starting.enter_context(listener)
        self.port = listener.getsockname()[1]

    def _start_loop(self, starting: contextlib.ExitStack) -> None:
        self._loop = LoopThread()
        starting.callback(self._loop.stop)

    def _open_data_dir(self, starting: contextlib.ExitStack) -> None:
        if self.options.data_dir is None:
            self.data_dir = Path(tempfile.mkdtemp(prefix="messenger-"))
            starting.callback(shutil.rmtree, self.data_dir, ignore_errors=True)
            return
        self.data_dir = self.options.data_dir.absolute()
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            lock = starting.enter_context((self.data_dir / "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.options.on_data_dir(self.data_dir)
        except BlockingIOError:
            raise StackError(f"{self.data_dir} is in use by another run. Choose another DATA_DIR.") from None
        except OSError as error:
            raise StackError(
                f"cannot write to {self.data_dir}: {error.strerror}. Choose another DATA_DIR."
            ) from error

    def _start_database(self, starting: contextlib.ExitStack) -> None:
        if self.options.database_url is not None:
            self._database_url = self.options.database_url
            return
        self.postgres = Postgres(self.data_dir / "postgres", fsync=self.options.fsync)
        starting.enter_context(self.postgres)
        self._database_url = self.postgres.ensure(DATABASE)

    def _make_aws(self, starting: contextlib.ExitStack) -> None:
        """Its process starts beside the database."""
        port = self.options.files_port
        listen = (self.options.host if port else "127.0.0.1", port)
        self.aws = Aws(directory=self.data_dir / "s3", faults=self.faults, on_ended=self._broken, listen=listen)
        starting.callback(self.aws.stop)

    def _broken(self, why: str) -> None:
        self.when_broken(why)

    def _start_aws(self, _starting: contextlib.ExitStack) -> None:
        try:
            self.aws.start()
        except AwsError as error:
            raise StackError(f"{error} {self.data_dir / 'log'} may say why.") from error
        config.use(self._settings(self._database_url))

    def _migrate(self, _starting: contextlib.ExitStack) -> None:
        self.applied = migrate(self._database_url, MIGRATIONS)

    def _settings(self, database_url: str) -> config.Settings:
        """What the environment says of the product, and all that this stack decides itself."""
        try:
            given = config.from_environment()
        except ValueError as error:
            raise StackError(str(error)) from error
        ours: dict[str, Any] = {
            "region": REGION,
            "access_key_id": self.aws.credentials.access_key_id,
            "secret_access_key": self.aws.credentials.secret_access_key,
            "session_token": self.aws.credentials.session_token,
            "aws_endpoint_url": self.aws.endpoint,
            "websocket_endpoint": self.url,
            "one_host": True,
            "public_url": self.url,
            "live_table": self.aws.name("LiveTable"),
            "push_queue_url": self.aws.queue_url(self.aws.name("PushQueue")),
            "presence_queue_url": self.aws.queue_url(self.aws.name("PresenceQueue")),
            "mail_queue_url": self.aws.queue_url(self.aws.name("MailQueue")),
            "notify_queue_url": self.aws.queue_url(self.aws.name("NotifyQueue")),
            "assistant_queue_url": self.aws.queue_url(self.aws.name("AssistantQueue")),
            "uploads_bucket": self.aws.name("UploadsBucket"),
            "database_url": database_url,
            "jwt_secret": self.options.jwt_secret or given.jwt_secret or self._kept("jwt_secret"),
        }
        if "INLINE_PUBLISH_LIMIT" not in os.environ:
            ours["inline_publish_limit"] = config.INLINE_PUBLISH_LIMIT
        if not given.mail_from:
            ours["mail_from"] = _SENDER
        if not given.push_contact:
            ours["push_contact"] = _CONTACT
        if "WEBHOOKS" not in os.environ:
            ours["webhooks"] = True
        if not given.vapid_private_key:
            pair = webpush.pair_of(self._kept("vapid_seed").encode())
            ours |= {"vapid_private_key": pair.private, "vapid_public_key": pair.public}
        if not given.allowed_passwords:
            ours["allowed_passwords"] = _PASSWORDS_OF_EXAMPLES
        return msgspec.structs.replace(given, **{**ours, **self.options.settings})

    def _kept(self, name: str) -> str:
        """A secret that is made once: sessions, and what browsers subscribed to, outlive a restart."""
        path = self.data_dir / name
        if not path.exists():
            unfinished = path.with_suffix(".new")
            unfinished.touch(mode=0o600)
            unfinished.write_text(secrets.token_urlsafe(48))
            unfinished.replace(path)
        return path.read_text()

    def _start_functions(self, starting: contextlib.ExitStack) -> None:
        options = self.options
        deployment = Deployment(
            app=options.app,
            in_vpc=functions_in_the_vpc(),
            warm=options.warm,
            output=self.functions_log,
            processes=options.processes,
        )
        try:
            self.functions = Functions(deployment, faults=self.faults, loop=self._loop)
        except HostError as error:
            raise StackError(f"{error}; why is in {self.functions_log}") from error
        starting.callback(self.functions.close)
        self.triggers = Triggers(
            self.functions,
            self.aws.queues,
            faults=self.faults,
            retry_seconds=options.retry_seconds,
            async_retry_seconds=options.async_retry_seconds,
            schedules=options.schedules,
        )
        starting.callback(self.triggers.stop)
        self.aws.on_created = self.triggers.object_created

    def _serve(self, starting: contextlib.ExitStack) -> None:
        options = self.options
        self.gateway = Gateway(
            self.functions,
            self.faults,
            limits=options.limits,
            apart=SERVED_APART,
            extra_routes=[*pages(self.aws.endpoint), *outbox(self.aws.outbox)],
        )
        server = protocols.server(self.gateway, host=options.host, port=self.port, limits=options.limits)
        serving = self._loop.start(server.serve([self._listener]))
        starting.callback(_end, server, serving)
        while not server.started:
            if serving.done():
                raise StackError("the gateway did not start")
            time.sleep(0.01)


def _end(server: uvicorn.Server, serving: "concurrent.futures.Future[None]") -> None:
    server.should_exit = True
    serving.result()
