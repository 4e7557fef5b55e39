"""`make torture`: a long run with a progress bar, a written report, and beside it the evidence of a broken rule."""

import argparse
import sys
from pathlib import Path

import msgspec

from local.stack import DATABASE, Options, Stack
from tests.consistency.record import Record
from tests.consistency.run import Report, run
from tests.support.server import JWT_SECRET, Server

_WIDTH = 40


def main() -> int:
    """Runs once; 1 where a rule was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.consistency", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="replays the same choices")
    parser.add_argument("--changes", type=int, default=100_000, help="acknowledged changes to reach")
    parser.add_argument("--report", type=Path, default=Path(".local/torture.md"), help="where to write the report")
    chosen = parser.parse_args()
    settings = {
        "rate_limits": False,
        "bcrypt_cost": 4,
        "presence_debounce_seconds": 0,
        "log_level": "CRITICAL",
        "access_token_seconds": 24 * 60 * 60,
    }
    options = Options(
        port=0,
        data_dir=None,
        jwt_secret=JWT_SECRET,
        settings=settings,
        fsync=False,
        schedules=False,
        retry_seconds=0.1,
    )
    with Stack(options) as stack:
        assert stack.postgres is not None
        server = Server(stack, stack.postgres.url(DATABASE))

        chosen.report.parent.mkdir(parents=True, exist_ok=True)

        def show(done: int) -> None:
            filled = min(_WIDTH, done * _WIDTH // chosen.changes)
            print(f"\r[{'#' * filled}{'.' * (_WIDTH - filled)}] {done}/{chosen.changes}", end="", flush=True)

        def keep(report: Report) -> None:
            chosen.report.write_text(_written(report), encoding="utf-8")
            evidence = chosen.report.with_suffix(".jsonl")
            evidence.unlink(missing_ok=True)
            if report.evidence is not None:
                _write_evidence(evidence, report.evidence)

        report = run(server, seed=chosen.seed, changes=chosen.changes, progress=show, keep=keep)
    print(f"\n{len(report.violations)} violations; report in {chosen.report}")
    return 1 if report.violations else 0


def _written(report: Report) -> str:
    lines = [
        "# Torture report",
        "",
        f"Seed {report.seed}, {report.acknowledged} acknowledged changes in {report.rounds} rounds, "
        f"{report.events} events heard, {report.faults.total()} faults, {report.seconds:.0f} s.",
        "",
        "| change | acknowledged |",
        "|---|---|",
        *(f"| {kind} | {count} |" for kind, count in sorted(report.changes.items())),
        "",
        "| fault | times |",
        "|---|---|",
        *(f"| {fault} | {count} |" for fault, count in sorted(report.faults.items())),
        "",
        f"## Violations: {len(report.violations)}",
        "",
        *(f"- {violation}" for violation in report.violations[:200]),
    ]
    return "\n".join(lines) + "\n"


def _write_evidence(path: Path, record: Record) -> None:
    """What the clients did and heard in the round that broke a rule, a line each."""
    lines = [
        *(msgspec.json.encode({"acknowledged": change}) for change in record.changes),
        *(msgspec.json.encode({"refused": change}) for change in record.doubtful),
        *(msgspec.json.encode({"heard": heard}) for heard in record.heard),
    ]
    path.write_bytes(b"\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
