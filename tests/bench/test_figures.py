"""The table of figures: what is met and missed, and that the commands leave the repository as it is."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from bench import doors, figures
from bench.figures import Figure
from local.postgres import Postgres


@pytest.mark.parametrize(
    ("figure", "ours", "base", "shown"),
    [
        (Figure("a", bound=5), 10.0, 2.0, ["5.0x", "≤ 5.0x", "met"]),
        (Figure("a", bound=5), 10.2, 2.0, ["5.1x", "≤ 5.0x", "MISSED"]),
        (Figure("a", bound=1 / 6, more_is_better=True), 500.0, 3000.0, ["1/6.0", "≥ 1/6.0", "met"]),
        (Figure("a", bound=1 / 6, more_is_better=True), 300.0, 3000.0, ["1/10.0", "≥ 1/6.0", "MISSED"]),
        (Figure("a"), 10.0, 2.0, ["5.0x", "", ""]),
        (Figure("a"), 10.0, None, ["-", "", ""]),
        (Figure("a", bound=2), float("nan"), 1.0, ["-", "≤ 2.0x", "MISSED"]),
    ],
)
def test_a_ratio_is_held_to_its_bound(figure: Figure, ours: float, base: float | None, shown: list[str]) -> None:
    assert figures.row(figure, ours, base)[3:] == shown


def test_a_part_that_does_not_exist_is_refused() -> None:
    command = [sys.executable, "-m", "bench", "figure"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "figures" in ended.stderr


def test_the_product_opens_its_door_with_what_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "SOCKETS", doors.USERS)
    with Postgres.temporary() as server, doors.product(tmp_path, server) as door:
        request = urllib.request.Request(
            f"http://{door.host}{door.page.split()[1].decode()}", headers={"Authorization": f"Bearer {door.token}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            page = json.load(answer)
    assert page["messages"][0]["seq"] == doors.PAGE_OF
    assert page["hasMore"]
    assert len(door.pairs) == len(door.crowd) == doors.USERS
