"""Installs a requirements file into this environment, and says what it is doing: `python local/install.py FILE WHY`.

It runs before anything is installed, so it imports only the standard library.
"""

import re
import subprocess
import sys
from pathlib import Path

# A size is told of what was fetched, and none of a file that was on this machine.
_FETCHED = re.compile(
    r"\s*(?:Downloading|Using cached|Processing) (?:\S*/)?([^/\s]+)\.(?:whl|tar\.gz)(?: \((\d[^)]*)\))?(?:\s|$)"
)
_UNPACKING = re.compile(r"Installing collected packages: (.*)")


def main(requirements: str, why: str) -> int:
    """Prints a line for each package. pip's exit code, with what pip said where it failed."""
    print(f"Installing {why} into {Path(sys.prefix).name} ({requirements}); this happens once.", flush=True)
    # Python compiles a module when it is first imported; most of what is installed never is.
    options = ("--disable-pip-version-check", "--progress-bar=off", "--no-compile")
    said: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", "pip", "install", *options, "-r", requirements],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if told := progress(line):
                print(f"  {told}", flush=True)
    if process.returncode != 0:
        print("".join(said[-30:]), end="", file=sys.stderr)
    return process.returncode


def progress(line: str) -> str:
    """What a line of pip's tells about progress; nothing where it tells of something else."""
    if fetched := _FETCHED.match(line):
        name, version, *_ = fetched[1].split("-")
        return f"{name} {version}" + (f", {fetched[2]}" if fetched[2] else "")
    if unpacking := _UNPACKING.match(line):
        count = len(unpacking[1].split(","))
        return f"unpacking {count} package{'s' if count > 1 else ''}"
    return ""


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
