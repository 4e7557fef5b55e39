"""The sample app's functions without a gateway, for the length of a `with`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.functions import Deployment, Functions
from local.loop import LoopThread
from tests.local.sample import app as sample
from tests.support.oracle import Oracle


@contextmanager
def deployed(loop: LoopThread | None = None, **deployment: Any) -> Iterator[Functions]:
    """Functions that report to `sample.record`, which is empty at first."""
    sample.record.reset()
    oracle = Oracle(sample.record)
    functions = Functions(Deployment(app=sample.__name__, **deployment), loop=loop)
    functions.renew(prepare=[(f"{sample.__name__}.report_to", {"address": oracle.address})])
    try:
        yield functions
    finally:
        functions.close(seconds=1)
        oracle.close()
