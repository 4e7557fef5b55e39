"""What runs the documented curl commands: curl where it is installed, and this program, since a bare Debian has none.

`python -I curl.py ARGUMENTS` does what curl does, for the options that the commands use.
"""

import argparse
import os
import shlex
import shutil
import sys
from pathlib import Path

import httpx

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
    given = dict(header.split(": ", 1) for header in asked.header)
    headers = {"Content-Type": "application/x-www-form-urlencoded", **given} if asked.data is not None else given
    with httpx.Client(trust_env=asked.noproxy != "*", timeout=asked.max_time) as client:
        method = asked.request or ("GET" if asked.data is None else "POST")
        answer = client.request(method, asked.url, headers=headers, content=asked.data)
    told = asked.write_out.replace(r"\n", "\n").replace("%{http_code}", str(answer.status_code))
    sys.stdout.buffer.write(answer.content + told.encode())


if __name__ == "__main__":
    main(sys.argv[1:])
