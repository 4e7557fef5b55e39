"""`python -m local`, which is `make run`: the whole product on this machine until SIGINT or SIGTERM."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from chalicelib.core.migrations import MigrationError
from local.postgres import PostgresError
from local.stack import DATABASE, Options, Stack, StackError, StartCancelledError


def main() -> int:
    """Runs until a signal. 0 after an orderly end; 1 with one line of reason where it cannot start."""
    _log_to_stderr()
    try:
        stack = Stack(Options.from_environment())
        signalled = _heed_signals(stack)
        stack.start(signalled.is_set)
    except StartCancelledError:
        return 0
    except (StackError, PostgresError, MigrationError) as error:
        print(error, file=sys.stderr)
        return 1
    try:
        _say_where(stack)
        signalled.wait()
        print("stopping", flush=True)
    finally:
        stack.stop()
    return 0


def _say_where(stack: Stack) -> None:
    origin = stack.url.removesuffix("/api")
    lines = {
        "REST": f"{stack.url}/…  (also {stack.url}/v1/…)",
        "sockets": f"{stack.socket_url}  (also {stack.socket_url.removesuffix('/api')}/ws)",
        "health": f"{stack.url}/health",
        "API pages": f"{origin}/docs",
        "AWS": f"{stack.aws.endpoint}  (DynamoDB, SQS, S3, SNS)",
        "PostgreSQL": _how_to_psql(stack),
        "data": str(stack.data_dir),
    }
    if stack.applied:
        lines["migrations"] = ", ".join(stack.applied)
    for name, where in lines.items():
        print(f"{name:<11}{where}")
    print("ready", flush=True)


def _how_to_psql(stack: Stack) -> str:
    if stack.postgres is None:
        parts = urlsplit(stack.options.database_url or "")
        return f"{parts.hostname}:{parts.port or 5432}{parts.path}  (DATABASE_URL)"
    password = stack.postgres.directory / "password"
    return f"PGPASSWORD=$(cat {password}) psql -h 127.0.0.1 -p {stack.postgres.port} -U postgres {DATABASE}"


def _heed_signals(stack: Stack) -> threading.Event:
    """The event is set by the first signal; a second one ends the process at once."""
    signalled = threading.Event()

    def first(_number: int, _frame: object) -> None:
        _install(second)
        signalled.set()

    def second(_number: int, _frame: object) -> None:
        print("forced", file=sys.stderr, flush=True)
        if stack.postgres is not None and stack.postgres.pid is not None:
            # Elsewhere than on Linux it would outlive us. It recovers from its log at the next start.
            os.kill(stack.postgres.pid, signal.SIGQUIT)
        os._exit(1)

    _install(first)
    return signalled


def _install(handler: Callable[[int, object], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for name in ("local", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.WARNING)
        logger.propagate = False


if __name__ == "__main__":
    sys.exit(main())
