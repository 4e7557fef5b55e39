"""Processor time and memory of other processes, from Linux's /proc."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def seconds_of(pid: int | None) -> float | None:
    """What a process, its children and those of them that have ended have used; None where nobody tells."""
    if pid is None or not Path("/proc/self/schedstat").exists():
        return None
    family = _family(pid)
    return sum(_own(number, fields) for number, fields in family.items()) if family else None


def megabytes_of(pid: int) -> float | None:
    """The memory of a process and its children, pages that they share divided among them; None where nobody tells."""
    kilobytes = [size for number in _family(pid) if (size := _proportional(number)) is not None]
    return sum(kilobytes) / 1024 if kilobytes else None


def _family(pid: int) -> dict[int, list[str]]:
    """A process and all that descend from it, with their fields."""
    fields = {number: found for number in _numbers() if (found := _fields(number)) is not None}
    if pid not in fields:
        return {}
    family = {pid}
    grown = True
    while grown:
        children = {number for number, values in fields.items() if int(values[1]) in family}
        grown = not children <= family
        family |= children
    return {number: fields[number] for number in family}


def _numbers() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _own(pid: int, fields: list[str]) -> float:
    """With what the children used that it has waited for."""
    own, reaped = (sum(int(ticks) for ticks in fields[start : start + 2]) / _TICKS for start in (11, 13))
    # The threads tell nanoseconds: ticks would hide what twenty processes each did in less than one.
    return max(own, sum(_nanoseconds(path) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9) + reaped


def _nanoseconds(path: Path) -> int:
    try:
        return int(path.read_text().split()[0])
    except OSError:
        return 0


def _proportional(pid: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), None)


def _fields(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on, behind the name, which may have blanks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
