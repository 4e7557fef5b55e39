"""What `make import` was asked for, and one whole import with its report, wherever the rows go."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from moving.cleaning import Cleaner
from moving.dialects import DIALECTS
from moving.report import Report
from moving.run import Import
from moving.source import Source, SourceError
from moving.target import Target

# Opens the target of an import of this name.
Open = Callable[[str], AbstractContextManager[Target]]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was asked for. `name` tells sources apart, `same` has the accounts here that users of the source have."""

    url: str
    dialect: str
    name: str = ""
    media_url: str = ""
    same: Mapping[str, int]
    data_dir: Path

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] = os.environ) -> "Options":
        """FROM, DIALECT, AS, MEDIA, SAME and DATA_DIR. Raises SourceError."""
        url, dialect = variables.get("FROM", ""), variables.get("DIALECT", "")
        if not url:
            raise SourceError("Say from where: make import FROM=postgresql://USER:PASSWORD@HOST/DATABASE DIALECT=…")
        if dialect not in DIALECTS:
            raise SourceError(f"DIALECT must be one of {', '.join(sorted(DIALECTS))}: their tables are known.")
        return cls(
            url=url,
            dialect=dialect,
            name=variables.get("AS", ""),
            media_url=variables.get("MEDIA", ""),
            same=dict(_pair(pair) for pair in variables.get("SAME", "").split(",") if pair.strip()),
            data_dir=Path(variables.get("DATA_DIR") or ".local"),
        )


def bring(options: Options, open_target: Open) -> None:
    """Imports, says how far it is, and prints the report. Raises SourceError, TargetError."""
    with Source(options.url, DIALECTS[options.dialect]) as source:
        name = options.name or f"{options.dialect}:{source.database}"
        options.data_dir.mkdir(parents=True, exist_ok=True)
        path = options.data_dir / "import.tsv"
        with open_target(name) as target, path.open("w", encoding="utf-8") as file:
            report = Report(file)
            try:
                Import(source, target, report, Cleaner(report, options.media_url), options.same).run()
            finally:
                print("\n".join(["", *report.lines(), "", f"Every row that this speaks of is in {path}."]))


def _pair(text: str) -> tuple[str, int]:
    key, _, account = text.strip().rpartition(":")
    if not key or not account.isdecimal():
        raise SourceError("SAME is a list of USER:ACCOUNT, as 17:4,18:9: an id in the source, and one here.")
    return key, int(account)
