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
    processes = [folder for folder in _PROC.iterdir() if folder.name.isdecimal()]
    found = {folder.name: _known_to(folder) for folder in processes}
    return [f"{pid} {known}" for pid, known in found.items() if str(data_dir) in known]


def _known_to(process: Path) -> str:
    """Command line and environment; both are empty for a process that only waits to be reaped."""
    try:
        known = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    except OSError:  # it has ended, or is another user's
        return ""
    return known.replace(b"\0", b" ").decode(errors="replace")
