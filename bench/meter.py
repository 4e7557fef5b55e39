"""What it costs to run a piece of Python in a fresh interpreter: counted where it can be, timed where it cannot."""

import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Enough for the median to say something on a machine that does other work as well.
_RUNS = 15
_REFERENCES = re.compile(r"I\s+refs:\s+([\d,]+)")
_INSTRUCTIONS = re.compile(r"^(\d+),[^,]*,instructions", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Meter:
    """One way to measure. `exact` says whether a second measurement comes to the same."""

    name: str
    unit: str
    exact: bool
    measure: Callable[["Program"], float]


@dataclass(frozen=True)
class Program:
    """A command with its environment and where it runs."""

    command: list[str]
    variables: dict[str, str]
    folder: Path


class ProgramError(RuntimeError):
    """What was measured has failed."""


def find() -> Meter:
    """The best that this machine has."""
    if shutil.which("valgrind"):
        return Meter(name="valgrind's cachegrind", unit="MI", exact=True, measure=_valgrind)
    if shutil.which("perf") and _perf_counts():
        return Meter(name="perf stat", unit="MI", exact=True, measure=_perf)
    return Meter(name=f"processor time, median of {_RUNS}", unit="ms", exact=False, measure=_processor_time)


def program(folder: Path, code: str, *arguments: str, **variables: str) -> Program:
    """A fresh interpreter that runs `code` in a folder with what lies there, and with no other packages."""
    # The interpreter itself, since a virtual environment's would look for its packages.
    command = [str(Path(sys.executable).resolve()), "-S", "-s", "-c", code, *arguments]
    # Nothing but what a function gets; the hash seed makes counts repeatable.
    plain = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(folder), "PYTHONHASHSEED": "0"}
    return Program(command, {**plain, **variables}, folder)


def _valgrind(program: Program) -> float:
    tool = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    return _found(_REFERENCES, _run(program, *tool)) / 1e6


def _perf(program: Program) -> float:
    return _found(_INSTRUCTIONS, _run(program, "perf", "stat", "-x,", "-e", "instructions:u")) / 1e6


def _perf_counts() -> bool:
    try:
        return _perf(Program(["true"], dict(os.environ), Path.cwd())) > 0
    except ProgramError:
        return False


def _processor_time(program: Program) -> float:
    taken = []
    for _ in range(_RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        _run(program)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(taken) * 1000


def _run(program: Program, *tool: str) -> str:
    command = [*tool, *program.command]
    ended = subprocess.run(
        command, env=program.variables, cwd=program.folder, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise ProgramError(ended.stderr[-2000:])
    return ended.stderr


def _found(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    if found is None:
        raise ProgramError(f"no count in: {text[-500:]}")
    return int(found[1].replace(",", ""))
