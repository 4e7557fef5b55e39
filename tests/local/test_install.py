"""What `make run` and `make test` say while they install."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local.install import progress

ROOT = Path(__file__).parents[2]


def install(folder: Path, *requirements: str) -> subprocess.CompletedProcess[str]:
    """Installs into the folder, from what lies there."""
    (folder / "requirements.txt").write_text("\n".join(requirements))
    return subprocess.run(
        [sys.executable, ROOT / "local" / "install.py", "requirements.txt", "what a test needs"],
        cwd=folder,
        env=os.environ
        | {"PIP_TARGET": str(folder / "installed"), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_package_is_told(tmp_path: Path) -> None:
    about = "small-1.5.dist-info"
    with zipfile.ZipFile(tmp_path / "small-1.5-py3-none-any.whl", "w") as wheel:
        wheel.writestr("small.py", "NAME = 'small'\n")
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: small\nVersion: 1.5\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    ran = install(tmp_path, "./small-1.5-py3-none-any.whl")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[0].startswith("Installing what a test needs into ")
    assert ran.stdout.splitlines()[1:] == ["  small 1.5", "  unpacking 1 package"]
    assert (tmp_path / "installed" / "small.py").exists()


def test_a_failure_is_told_in_the_words_of_pip(tmp_path: Path) -> None:
    ran = install(tmp_path, "no-such-package-at-all==1.0")
    assert ran.returncode == 1
    assert "No matching distribution found for no-such-package-at-all==1.0" in ran.stderr


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("  Downloading moto-5.2.5-py3-none-any.whl (7.2 MB)\n", "moto 5.2.5, 7.2 MB"),
        ("  Using cached botocore-1.44.8-py3-none-any.whl (16.9 MB)\n", "botocore 1.44.8, 16.9 MB"),
        ("Processing /wheels/bcrypt-5.0.0-cp39-abi3-manylinux_2_34_x86_64.whl\n", "bcrypt 5.0.0"),
        ("Installing collected packages: one, two, three\n", "unpacking 3 packages"),
        ("  Downloading moto-5.2.5-py3-none-any.whl.metadata (13 kB)\n", ""),
        ("Collecting moto==5.2.5\n", ""),
    ],
)
def test_the_lines_of_pip_that_tell_of_progress(said: str, told: str) -> None:
    assert progress(said) == told
