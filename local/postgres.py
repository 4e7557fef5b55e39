"""A PostgreSQL server of our own, which starts and ends with the process that uses it."""

import fcntl
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from local import cluster, processes
from local.binaries import PostgresError, find_binaries, version

_DEADLINE = 60.0

__all__ = ["Databases", "Postgres", "PostgresError", "find_binaries", "version"]


class Databases:
    """The databases of a server that somebody runs. `server_url` names one whose user may create others."""

    def __init__(self, server_url: str) -> None:
        self.server_url = server_url

    def url(self, name: str) -> str:
        """The connection URL of the database `name` on this server."""
        return urlunsplit(urlsplit(self.server_url)._replace(path=f"/{quote(name, safe='')}"))

    def ensure(self, name: str) -> str:
        """Creates an empty database unless it is there. Returns its URL."""
        with self._connect() as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def clone(self, template: str, name: str) -> str:
        """Creates `name` as a copy of `template`, to which nobody may be connected. Returns its URL."""
        # Copying the files takes a quarter of the processor time of PostgreSQL's default, which logs each page.
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        command = statement.format(sql.Identifier(name), sql.Identifier(template))
        with self._connect() as connection:
            connection.execute(command)
        return self.url(name)

    def drop(self, name: str) -> None:
        """Drops the database if it is there, whoever is connected to it."""
        with self._connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _connect(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(self.server_url, autocommit=True, connect_timeout=10)


class Postgres(Databases):
    """A server in `directory`, on a free port of 127.0.0.1, with a password that is kept in the directory.

    Without `fsync` it is quicker and may lose what a power cut interrupts: for tests. `binaries` is the folder of
    `initdb` and `postgres`; by default the one that `find_binaries` finds.
    """

    def __init__(self, directory: Path, *, fsync: bool = True, binaries: Path | None = None) -> None:
        super().__init__("")
        self.directory = directory.absolute()
        self.log = self.directory / "log"
        self.port = 0
        self._data = self.directory / "data"
        self.binaries = binaries or find_binaries()
        self._fsync = fsync
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None
        self._temporary = False

    @classmethod
    def temporary(cls, *, binaries: Path | None = None) -> Self:
        """A server for tests: without fsync, in a new directory that goes away at `stop`."""
        directory = Path(tempfile.mkdtemp(prefix="postgres-"))
        # The server's own user may have to pass through.
        directory.chmod(0o711)
        server = cls(directory, fsync=False, binaries=binaries)
        server._temporary = True
        return server

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Makes the cluster if there is none, starts the server and waits until it takes connections.

        A server that was left over from a killed process is ended first. Raises PostgresError.
        """
        if self.pid is not None:
            return
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._end_leftover()
            password = cluster.make(self.directory, self.binaries, fsync=self._fsync)
            self._launch()
        except BaseException as error:
            self._release()
            if isinstance(error, OSError):
                raise PostgresError(f"{error.filename or self.directory}: {error.strerror}") from error
            raise
        self.server_url = _server_url(password, self.port)

    def stop(self) -> None:
        """Ends all sessions and shuts down in order; by force where that takes more than ten seconds."""
        self._release()
        if self._temporary:
            shutil.rmtree(self.directory, ignore_errors=True)

    def running(self) -> Databases | None:
        """The server that another process runs on this directory; None where none does."""
        lines = cluster.lines_of(self._data / "postmaster.pid")
        password = self.directory / "password"
        ready = len(lines) > 7 and lines[7].strip() == "ready" and processes.works_in(int(lines[0]), self._data)
        if not ready or not password.exists():
            return None
        return Databases(_server_url(password.read_text(), int(lines[3])))

    def kill(self) -> None:
        """Ends the server as a power cut would (SIGKILL). `start` brings it back, under the same URL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _release(self) -> None:
        if self._process is not None:
            processes.end(self._process)
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        lock = (self.directory / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise PostgresError(f"{self.directory} is in use by another process that runs now") from None
        self._lock = lock

    def _end_leftover(self) -> None:
        """The lock is ours, so a server on this data has lost its parent. Its pid may by now be somebody else's."""
        pid_file = self._data / "postmaster.pid"
        pid = cluster.first_number(pid_file)
        if pid is None or not processes.runs(pid):
            return
        if not processes.works_in(pid, self._data):
            pid_file.unlink(missing_ok=True)
        elif not processes.end_stranger(pid):
            raise PostgresError(f"a PostgreSQL server left over on {self._data} (process {pid}) does not end")

    def _launch(self) -> None:
        deadline = time.monotonic() + _DEADLINE
        while True:
            # The port of the last start again, so that URLs stay what they were.
            self.port = self.port or processes.free_port()
            quiet = self.log.stat().st_size if self.log.exists() else 0
            command = [str(self.binaries / "postgres"), *self._options()]
            self._process = processes.spawn(processes.as_child(command, directory=self._data), self.log)
            ended = processes.wait_until(self._is_ready_or_gone, seconds=deadline - time.monotonic(), every=0.01)
            if ended and self.pid is not None:
                return
            processes.end(self._process)
            with self.log.open("rb") as log:
                log.seek(quiet)
                said = log.read().decode(errors="replace").strip()
            # After a kill the server's own children need a moment to notice; and a free port may be taken meanwhile.
            passing = "is still in use" in said or "could not bind" in said
            self.port = 0 if "could not bind" in said else self.port
            if not passing or time.monotonic() > deadline:
                raise PostgresError(f"PostgreSQL did not start (its log is {self.log}):\n{said[-2000:]}")
            time.sleep(0.1)

    def _options(self) -> list[str]:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "lc_messages": "C",
        }
        if not self._fsync:
            # Commits still reach the system before they are answered: what is committed survives a killed server.
            options |= {"fsync": "off", "full_page_writes": "off"}
        return ["-D", str(self._data), *(f"--{name}={value}" for name, value in options.items())]

    def _is_ready_or_gone(self) -> bool:
        if self.pid is None:
            return True
        lines = cluster.lines_of(self._data / "postmaster.pid")
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"


def _server_url(password: str, port: int) -> str:
    return f"postgresql://{cluster.SUPERUSER}:{password}@127.0.0.1:{port}/postgres"
