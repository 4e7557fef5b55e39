"""`python -m local`, which is `make run`: the whole product on this machine until SIGINT or SIGTERM."""

import contextlib
import dataclasses
import os
import shlex
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from chalicelib.core import config
from chalicelib.core.migrations import MigrationError
from local import dotenv
from local.host import HostError
from local.log import Output, configure
from local.postgres import PostgresError
from local.stack import DATABASE, Options, Stack, StackError, StartCancelledError
from local.watch import Watch


def main() -> int:
    """Runs until a signal. 0 after an orderly end; 1 with one line of reason where it cannot start."""
    dotenv.load()
    output = Output()
    try:
        return _run(output)
    except StartCancelledError:
        return 0
    except (StackError, PostgresError, MigrationError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or 'cannot start'}: {error.strerror or error}", file=sys.stderr)
        return 1


def _run(output: Output) -> int:
    """Starts, waits and stops, with all that is said meanwhile in the log."""
    with contextlib.closing(output):
        stack = Stack(dataclasses.replace(Options.from_environment(), on_data_dir=partial(_log_to, output)))
        signalled = _heed_signals(stack, output)
        broken: list[str] = []

        def end(why: str) -> None:
            broken.append(why)
            signalled.set()

        stack.when_broken = end
        stack.start(signalled.is_set)
        try:
            _say_where(stack, output)
            with contextlib.closing(Watch(partial(_reload, stack, output))):
                signalled.wait()
            print("stopping", file=output.terminal)
        finally:
            stack.stop()
    if broken:
        raise StackError(broken[0])
    return 0


def _log_to(output: Output, data_dir: Path) -> None:
    level = os.environ.get("LOG_LEVEL", "").upper()
    configure(level if level in config.LOG_LEVELS else "WARNING")
    output.to_file(data_dir / "log")


def _reload(stack: Stack, output: Output) -> None:
    """The code was changed: the next request is served by it."""
    try:
        stack.functions.reload()
    except HostError:
        print(f"the code cannot be loaded, see {output.file}; what was there before goes on", file=output.terminal)
    else:
        print("the code was changed and is loaded anew", file=output.terminal)


def _say_where(stack: Stack, output: Output) -> None:
    origin = stack.url.removesuffix("/api")
    lines = {
        "client": f"{origin}/",
        "REST": f"{stack.url}/…  (also {stack.url}/v1/…)",
        "sockets": f"{stack.socket_url}  (also {stack.socket_url.removesuffix('/api')}/ws)",
        "health": f"{stack.url}/health",
        "API pages": f"{origin}/docs",
        "outbox": f"{origin}/outbox  (emails and notifications)",
        "AWS": f"{stack.aws.endpoint}  (DynamoDB, SQS, S3, SNS, SES)",
        "PostgreSQL": _how_to_psql(stack),
        "data": str(stack.data_dir),
        "log": f"{output.file}  (LOG_LEVEL=DEBUG says more)",
    }
    if stack.applied:
        lines["migrations"] = ", ".join(stack.applied)
    for name, where in lines.items():
        print(f"{name:<11}{where}", file=output.terminal)
    print("ready", file=output.terminal)


def _how_to_psql(stack: Stack) -> str:
    if stack.postgres is None:
        parts = urlsplit(stack.options.database_url or "")
        return f"{parts.hostname}:{parts.port or 5432}{parts.path}  (DATABASE_URL)"
    password = shlex.quote(str(stack.postgres.directory / "password"))
    program = "psql" if shutil.which("psql") else shlex.quote(str(stack.postgres.binaries / "psql"))
    return f'PGPASSWORD="$(cat {password})" {program} -h 127.0.0.1 -p {stack.postgres.port} -U postgres {DATABASE}'


def _heed_signals(stack: Stack, output: Output) -> threading.Event:
    """The event is set by the first signal; a second one ends the process at once."""
    signalled = threading.Event()

    def first(_number: int, _frame: object) -> None:
        _install(second)
        signalled.set()

    def second(_number: int, _frame: object) -> None:
        print("forced", file=output.terminal)
        if stack.postgres is not None and stack.postgres.pid is not None:
            # Elsewhere than on Linux it would outlive us. It recovers from its log at the next start.
            os.kill(stack.postgres.pid, signal.SIGQUIT)
        os._exit(1)

    _install(first)
    return signalled


def _install(handler: Callable[[int, object], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
