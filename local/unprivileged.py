"""Runs a command as a child that ends with its parent, and as an ordinary user where the parent is root.

`python -I -S unprivileged.py UID GID COMMAND…`. PostgreSQL refuses to run as root, and a container's root keeps its
files where no other user may enter. So root's child changes its user but keeps the one capability of passing closed
directories. A program of its own, because Python code between fork and exec is not safe in a process with threads.
Imports only the standard library: it starts in some 20 ms.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


def main(arguments: list[str]) -> None:
    parent = os.getppid()
    user, group, *command = arguments
    linux = sys.platform == "linux"
    if os.geteuid() == 0:
        _become(int(user), int(group), keep_access=linux)
    if linux:
        # Last: the kernel forgets this signal when a process changes its user.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            sys.exit("the parent has ended")
    try:
        os.execv(command[0], command)  # noqa: S606  # becoming the command is what this program is for
    except PermissionError:
        sys.exit(f"user {os.geteuid()} may not run {command[0]}: put it and the data where other users may enter")


def _become(user: int, group: int, *, keep_access: bool) -> None:
    libc = ctypes.CDLL(None)
    if keep_access:
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    if keep_access:
        # Where a sandbox withholds the capability these calls change nothing, and open directories still serve.
        wanted = 1 << _CAP_DAC_OVERRIDE
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        sets = (ctypes.c_uint32 * 6)(wanted, wanted, wanted, 0, 0, 0)  # effective, permitted, inheritable; low, high
        libc.capset(header, sets)
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
