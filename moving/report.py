"""What an import tells: how many rows of each table came, and of each row that came otherwise or not at all, why."""

from collections import Counter
from collections.abc import Iterator
from typing import TextIO

# Of each reason so many rows are named on the terminal; all are in the file.
_SHOWN = 3


class Report:
    """Counts what became of rows, and writes down each row that something is to be said of."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.read: Counter[str] = Counter()
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self._said: dict[tuple[bool, str, str], list[str]] = {}
        self._times: Counter[tuple[bool, str, str]] = Counter()

    def count(self, table: str, outcome: str, rows: int = 1) -> None:
        """So many rows of a table were added, were known, or were matched with what is here."""
        self.outcomes[table, outcome] += rows

    def left_out(self, table: str, key: str, why: str) -> None:
        """A row that did not come."""
        self._say(table, key, why, came=False)

    def changed(self, table: str, key: str, what: str, detail: str = "") -> None:
        """A row that came, but otherwise than it was."""
        self._say(table, key, what, came=True, detail=detail)

    def count_left_out(self, table: str) -> int:
        """How many rows of a table did not come."""
        return sum(times for (came, of, _), times in self._times.items() if of == table and not came)

    def _say(self, table: str, key: str, why: str, *, came: bool, detail: str = "") -> None:
        reason = (came, table, why)
        self._times[reason] += 1
        examples = self._said.setdefault(reason, [])
        if len(examples) < _SHOWN:
            examples.append(key + (f" ({detail})" if detail else ""))
        verdict = "changed" if came else "left out"
        self._file.write(f"{verdict}\t{table}\t{key}\t{why}{f': {detail}' if detail else ''}\n")

    def lines(self) -> Iterator[str]:
        """The report for people."""
        for table in ("users", "chats", "members", "messages", "reads"):
            parts = [f"{rows:,} {outcome}" for (of, outcome), rows in self.outcomes.items() if of == table and rows]
            if missing := self.count_left_out(table):
                parts.append(f"{missing:,} left out")
            yield f"{table:9} {self.read[table]:>11,} read: {', '.join(parts) or 'nothing to do'}"
        for came, title in ((False, "Left out:"), (True, "Came otherwise:")):
            reasons = [reason for reason in self._times if reason[0] is came]
            if reasons:
                yield ""
                yield title
            for reason in sorted(reasons, key=lambda one: (one[1], -self._times[one])):
                times, examples = self._times[reason], self._said[reason]
                more = ", …" if times > len(examples) else ""
                yield f"  {reason[1]}: {reason[2]}: {times:,} ({', '.join(examples)}{more})"
