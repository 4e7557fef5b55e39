"""Runs a command as a child that ends with its parent, and as an ordinary user where the parent is root.

`python -I -S unprivileged.py UID GID DIRECTORY COMMAND…`. PostgreSQL refuses to run as root, and root often keeps its
files where no other user may enter, such as /root. So root's child changes its user, but keeps the capability to pass
closed directories. DIRECTORY is where the command works; a user who may not enter it is told so before the command
starts. This is a program of its own because Python code between fork and exec is not safe in a process with threads.
It imports only the standard library, so that it starts in some 20 ms.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_SET_SECUREBITS = 28
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION_3 = 0x20080522

_WAYS_OUT = (
    "Run this as an ordinary user, or move the project and DATA_DIR to where every user may enter, "
    "or name a running server in DATABASE_URL."
)


def main(arguments: list[str]) -> None:
    parent = os.getppid()
    user, group, directory, *command = arguments
    linux = sys.platform == "linux"
    if os.geteuid() == 0:
        _become(int(user), int(group), keep_access=linux)
    if linux:
        # Last: the kernel forgets this signal when a process changes its user.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            sys.exit("the parent has ended")
    try:
        os.chdir(directory)
        os.chdir("/")
    except PermissionError:
        _refuse(directory)
    # access(2), as initdb asks it about itself: it heeds less than open(2) does.
    if not os.access(command[0], os.R_OK | os.X_OK):
        _refuse(command[0])
    os.execv(command[0], command)  # noqa: S606  # becoming the command is what this program is for


def _become(user: int, group: int, *, keep_access: bool) -> None:
    libc = ctypes.CDLL(None)
    if keep_access:
        # access(2) asks for the rights of the real user. Only with this bit does it heed that user's capabilities.
        libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
        # Where a container may not set that bit, this keeps the capability for open(2), which is enough for the data.
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    try:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    except PermissionError:
        sys.exit(f"PostgreSQL does not run as root, and this system lets root become no other user. {_WAYS_OUT}")
    if keep_access:
        _keep_one_capability(libc)


def _keep_one_capability(libc: ctypes.CDLL) -> None:
    """Keeps the right to pass closed directories, and no other. Where this system withholds it, nothing is kept."""
    for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
        wanted = 1 << capability
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        sets = (ctypes.c_uint32 * 6)(wanted, wanted, wanted, 0, 0, 0)  # effective, permitted, inheritable; low, high
        if libc.capset(header, sets) == 0:
            libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)
            return


def _refuse(needed: str) -> NoReturn:
    """Names the first directory on the way that this user may not enter, else the path itself."""
    way = reversed(Path(needed).parents)
    closed = next((folder for folder in way if not os.access(folder, os.X_OK)), needed)
    sys.exit(f"PostgreSQL runs as user {os.geteuid()}, who may not enter {closed}, and needs {needed}. {_WAYS_OUT}")


if __name__ == "__main__":
    main(sys.argv[1:])
