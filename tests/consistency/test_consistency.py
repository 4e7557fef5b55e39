"""The short run of every `make test`; `make torture` is the long one."""

import pytest

from tests.consistency.run import run
from tests.support.server import Server


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_doubled_or_out_of_order(server: Server, seed: int) -> None:
    report = run(server, seed=seed, changes=400)
    assert report.violations == []
    assert report.acknowledged >= 400
    assert sum(report.faults.values()) > 10
