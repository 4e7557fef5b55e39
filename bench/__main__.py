"""The benchmarks, one after another, each in a process of its own: `python -m bench`, which is `make bench`.

`python -m bench figures send` runs these alone. What they print goes to the terminal and to `.local/bench/report.md`.
No file of the repository is written, but with `--redraw` the plot in `bench/README.md`.
"""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

REDRAW = "--redraw"
REPORT = Path(".local/bench/report.md")

# What is measured, and after how many seconds a part is given up: fourteen minutes in all.
PARTS = {
    "figures": 240,
    "database": 120,
    "cold_start": 110,
    "send": 110,
    "growth": 200,
    "pusher": 60,
}


def main() -> int:
    """1 where a part failed or took too long, 2 where there is none of this name."""
    chosen = [argument for argument in sys.argv[1:] if argument != REDRAW]
    if unknown := set(chosen) - PARTS.keys():
        print(f"no such part: {', '.join(sorted(unknown))}. Choose of: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    parts = {name: seconds for name, seconds in PARTS.items() if not chosen or name in chosen}
    failed = []
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    with REPORT.open("w", encoding="utf-8") as report:
        report.write(f"# Benchmarks, {time.strftime('%Y-%m-%d %H:%M')}\n\nOne run on one machine.\n")
        for number, (name, seconds) in enumerate(parts.items(), start=1):
            print(f"\n[{number}/{len(parts)}] {name}", flush=True)
            began = time.monotonic()
            text, code = _run(name, seconds)
            report.write(f"\n## {name}\n\n```\n{text.strip()}\n```\n")
            print(f"[{number}/{len(parts)}] {name}: {time.monotonic() - began:.0f} s", flush=True)
            if code != 0:
                failed.append(name)
    print(f"\nkept in {REPORT}" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def _run(name: str, seconds: float) -> tuple[str, int]:
    """What a part printed, and its exit code."""
    redraw = [REDRAW] if name == "growth" and REDRAW in sys.argv else []
    command = [sys.executable, "-u", "-m", f"bench.{name}", *redraw]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        # As Ctrl-C does, so that it cleans up after itself.
        giving_up = threading.Timer(seconds, process.send_signal, [signal.SIGINT])
        giving_up.start()
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
        code = process.wait()
        giving_up.cancel()
    return "".join(lines), code


if __name__ == "__main__":
    sys.exit(main())
