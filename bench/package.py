"""The folder that a function finds as /var/task: the zip of a deployment, unpacked under `.local/bench`."""

import shutil
import zipfile
from pathlib import Path

from infra import package
from infra.wheels import Target

KEPT = package.ROOT / ".local" / "bench"


def make() -> Path:
    """What lies there decides what an import costs."""
    package.build(KEPT / "build", Target.here())
    shutil.rmtree(KEPT / "build" / ".chalice", ignore_errors=True)
    task = KEPT / "task"
    shutil.rmtree(task, ignore_errors=True)
    with zipfile.ZipFile(package.zipped(KEPT / "build", Target.here())) as archive:
        archive.extractall(task)
    return task
