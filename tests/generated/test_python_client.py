"""openapi-python-client makes a whole client of the OpenAPI document. It is well typed and talks to the service."""

import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.entry.documents import openapi_document
from local.documents import written
from tests.support.packages import pip_installed
from tests.support.server import Server

HERE = Path(__file__).parent
# Its hooks would format the code by ruff, which shows nothing.
CONFIG = "post_hooks: []\n"


@pytest.fixture(scope="module")
def programs() -> Path:
    """The programs of the generator's environment."""
    return pip_installed(HERE)


@pytest.fixture(scope="module")
def client(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where the generated client is. Anything that the generator leaves out fails."""
    folder = tmp_path_factory.mktemp("python")
    (folder / "config.yaml").write_text(CONFIG)
    _run(
        *(programs / "openapi-python-client", "generate", "--fail-on-warning", "--meta", "none"),
        *("--path", written(folder)["openapi"], "--output-path", folder / "messenger_client"),
        *("--config", folder / "config.yaml"),
        folder=folder,
    )
    return folder


def test_it_has_every_operation(client: Path) -> None:
    operations = [operation for path in openapi_document()["paths"].values() for operation in path.values()]
    modules = [path for path in (client / "messenger_client" / "api").rglob("*.py") if path.name != "__init__.py"]
    assert len(modules) == len(operations)


def test_it_is_well_typed(client: Path, programs: Path) -> None:
    (client / "session.py").write_text((HERE / "session.py").read_text())
    _run(
        *(sys.executable, "-m", "mypy", "--strict", "--python-executable", programs / "python"),
        *("--config-file", "/dev/null", "messenger_client", "session.py"),
        folder=client,
    )


def test_it_talks_to_the_service(client: Path, programs: Path, server: Server) -> None:
    (client / "session.py").write_text((HERE / "session.py").read_text())
    _run(programs / "python", "session.py", server.url, folder=client)


def _run(*command: str | Path, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
