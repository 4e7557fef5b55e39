"""The package as it is deployed, made once a run, and an empty account for each module."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from infra import layers, package, wheels
from tests.deploy.account import HERE, Account, account


@pytest.fixture(scope="session")
def package_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `chalice deploy` uploads."""
    folder = tmp_path_factory.mktemp("build") / "dev"
    package.build(folder, HERE)
    return package.zipped(folder, HERE)


@pytest.fixture(scope="session")
def task(package_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip unpacked as Lambda unpacks it, into an empty folder."""
    folder = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(package_zip) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def unpacked_layers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The layers of functions unpacked: the folder in /opt where each is found."""
    folder = tmp_path_factory.mktemp("layers")
    for name, requirements in layers.REQUIREMENTS.items():
        libraries = wheels.install(requirements, HERE, package.BUILDS)
        with zipfile.ZipFile(io.BytesIO(layers.zipped(libraries, layers.FOLDERS[name]))) as archive:
            archive.extractall(folder / name)
    return {name: folder / name / layers.FOLDERS[name] for name in layers.REQUIREMENTS}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Account]:
    """An account for stages that need no database."""
    with account("postgresql://nobody.asks.it/") as there:
        yield there
