"""The package as it is deployed, made once a run, and an empty account for each module."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import package
from infra.wheels import Target
from tests.deploy.account import Account, account


@pytest.fixture(scope="session")
def package_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `chalice deploy` uploads."""
    folder = tmp_path_factory.mktemp("build") / "dev"
    package.build(folder, Target.here())
    return package.zipped(folder, Target.here())


@pytest.fixture(scope="session")
def task(package_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip unpacked as Lambda unpacks it, into an empty folder."""
    folder = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(package_zip) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def cloud() -> Iterator[Account]:
    """An account for stages that need no database."""
    with account("postgresql://nobody.asks.it/") as there:
        yield there
