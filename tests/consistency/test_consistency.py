"""The short run of every `make test`; `make torture` is the long one."""

import pytest

from tests.consistency.run import run
from tests.support.packages import node
from tests.support.server import Server


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_doubled_or_out_of_order(server: Server, seed: int) -> None:
    report = run(server, seed=seed, changes=400)
    assert report.violations == []
    assert report.acknowledged >= 400
    assert sum(report.faults.values()) > 10


def test_the_client_library_loses_doubles_and_reorders_nothing(server: Server) -> None:
    node()
    report = run(server, seed=3, changes=400, library=True)
    assert report.violations == []
    assert report.acknowledged >= 400
    assert sum(report.faults.values()) > 10
