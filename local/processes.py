"""Child processes that end with this one, and the small waits around them."""

import os
import pwd
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

_UNPRIVILEGED = Path(__file__).with_name("unprivileged.py")


def as_child(command: list[str], *, directory: Path) -> list[str]:
    """The command that runs `command` so that it ends with this process, and never as root.

    Where its user cannot reach the program or the directory, it says so and what helps, and exits with 1.
    """
    user, group = ordinary_user()
    return [sys.executable, "-I", "-S", str(_UNPRIVILEGED), str(user), str(group), str(directory), *command]


def ordinary_user() -> tuple[int, int]:
    """User and group ids a child runs with: our own, or those of postgres or nobody when we are root."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return 65534, 65534


def give(path: Path) -> None:
    """Makes the ordinary user the owner of a file or an empty directory."""
    if os.geteuid() == 0:
        os.chown(path, *ordinary_user())


def spawn(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Starts a command, its output appended to `log`, in a session of its own: a Ctrl-C at the terminal is for us."""
    started: list[subprocess.Popen[bytes] | OSError] = []
    ready = threading.Event()

    def run() -> None:
        # Linux tells a child that its parent has ended when the *thread* that started it ends: this one stays.
        try:
            with log.open("ab") as output:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd="/",
                    env=plain_environment(),
                    start_new_session=True,
                )
        except OSError as error:
            started.append(error)
            ready.set()
            return
        started.append(process)
        ready.set()
        process.wait()

    threading.Thread(target=run, name=f"parent-of-{Path(command[0]).name}", daemon=True).start()
    ready.wait()
    if isinstance(started[0], OSError):
        raise started[0]
    return started[0]


def plain_environment() -> dict[str, str]:
    """Our environment without what would change how PostgreSQL's programs behave."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG", "TZ"))}


def end(process: subprocess.Popen[bytes]) -> None:
    """Asks the process to end (SIGINT: PostgreSQL's fast shutdown); by force after ten seconds."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(number)
        wait_until(lambda: process.poll() is not None, seconds=10, every=0.005)


def end_stranger(pid: int) -> bool:
    """The same for a process that is not our child. False where it does not end."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        if wait_until(lambda: not runs(pid), seconds=10):
            return True
    return False


def runs(pid: int) -> bool:
    """Is there a process of this number, other than one that only waits to be reaped?"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


def works_in(pid: int, directory: Path) -> bool:
    """Does the process work in this directory, or name it on its command line (where there is no /proc)?"""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == directory.resolve()
    except OSError:
        listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return str(directory) in listed.stdout


def wait_until(condition: Callable[[], bool], *, seconds: float, every: float = 0.05) -> bool:
    """Asks again and again. False where the condition was not true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
