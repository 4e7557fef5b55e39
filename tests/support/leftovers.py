"""What still runs of a program that was started with a data directory of its own."""

import subprocess
from pathlib import Path

_PROC = Path("/proc")


def that_know(data_dir: Path) -> list[str]:
    """Processes whose command line or first environment names the directory, each as its command line.

    Read from /proc, since a bare Debian has no `ps`; by `ps` where there is no /proc, without the environment.
    """
    if not _PROC.is_dir():
        listed = subprocess.run(
            ["ps", "-ww", "-eo", "stat=,args="], capture_output=True, text=True, check=True
        ).stdout
        return [line for line in listed.splitlines() if str(data_dir) in line and not line.startswith("Z")]
    processes = (_Process(folder) for folder in _PROC.iterdir() if folder.name.isdecimal())
    return [f"{process.pid} {process.command}" for process in processes if process.knows(data_dir)]


class _Process:
    """What can be read of a process; nothing of one that only waits to be reaped, has ended or is another user's."""

    def __init__(self, folder: Path) -> None:
        self.pid = folder.name
        self.command = _read(folder / "cmdline")
        # Never shown: it may hold secrets.
        self._environment = _read(folder / "environ")

    def knows(self, path: Path) -> bool:
        return str(path) in self.command or str(path) in self._environment


def _read(path: Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
