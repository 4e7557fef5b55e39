"""What runs the documented curl commands: curl where it is installed, and this program, since a bare Debian has none.

`python -I curl.py ARGUMENTS` does what curl does, for the options that the commands use. It imports only the standard
library: each command is a new process.
"""

import argparse
import os
import shlex
import shutil
import sys
import urllib.error
import urllib.request
from pathlib import Path

# By what the commands are run here.
AVAILABLE = [*(["curl"] if shutil.which("curl") else []), "stand-in"]


def environment(which: str, folder: Path) -> dict[str, str]:
    """The environment in which a shell finds this one of `AVAILABLE` as `curl`; `folder` takes what that needs."""
    if which == "curl":
        return dict(os.environ)
    program = folder / "curl"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I {shlex.quote(__file__)} "$@"\n')
    program.chmod(0o755)
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}


def main(arguments: list[str]) -> None:
    """Makes the request and writes the answer's body. Ends with 2 for an option that it does not know."""
    parser = argparse.ArgumentParser(prog="curl", allow_abbrev=False)
    parser.add_argument("url")
    parser.add_argument("-X", "--request")
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("-d", "--data")
    parser.add_argument("-w", "--write-out", default="")
    parser.add_argument("--max-time", type=float)
    parser.add_argument("--noproxy")
    for silent in (("-s", "--silent"), ("-S", "--show-error"), ("--no-progress-meter",)):
        parser.add_argument(*silent, action="store_true")
    asked = parser.parse_args(arguments)
    headers = dict(header.split(": ", 1) for header in asked.header)
    data = asked.data.encode() if asked.data is not None else None
    request = urllib.request.Request(
        asked.url, data, headers, method=asked.request
    )  # a form where no header says else
    proxies = urllib.request.ProxyHandler({} if asked.noproxy == "*" else None)
    try:
        answer = urllib.request.build_opener(proxies).open(request, timeout=asked.max_time)
    except urllib.error.HTTPError as refused:
        answer = refused
    told = asked.write_out.replace(r"\n", "\n").replace("%{http_code}", str(answer.status))
    sys.stdout.buffer.write(answer.read() + told.encode())


if __name__ == "__main__":
    main(sys.argv[1:])
