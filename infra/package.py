"""The folder from which `chalice deploy` runs, and the zip that it makes of it.

Chalice ships `app.py`, `chalicelib/` and `vendor/` as they stand, and of itself two source files. So everything else
lies in `vendor/`, which it unpacks beside them: the libraries, the migrations, and the bytecode of `app.py` and of
Chalice, without which every cold start would compile them. Bytecode is not checked against its source: the zip
carries no times worth comparing, and is never edited.
"""

import importlib.util
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import chalice
from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager
from chalice.utils import UI, OSUtils

from infra import wheels
from infra.wheels import Target

ROOT = Path(__file__).parents[1]
BUILDS = ROOT / ".build"
# Of Chalice itself no more than this is shipped.
_CHALICE = ("__init__.py", "app.py")
_UNCHECKED = "unchecked-hash"
_COMPILE = """
import pathlib, py_compile, sys
source, place, shipped_as = sys.argv[1:]
pathlib.Path(place).parent.mkdir(parents=True, exist_ok=True)
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
py_compile.compile(source, place, shipped_as, doraise=True, invalidation_mode=unchecked)
"""
_NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.pyc")


class PackageError(Exception):
    """The package cannot be made; the words say of what."""


def build(folder: Path, target: Target, *, requirements: Path = ROOT / "requirements.txt") -> None:
    """Makes the folder anew, but for its `.chalice`.

    Raises WheelsError where a library has no wheel for the target, PackageError where a file does not compile.
    """
    libraries = wheels.install(requirements, target, BUILDS)
    vendor = folder / "vendor"
    _remove(vendor)
    copy_sources(folder)
    shutil.copytree(libraries, vendor)
    shutil.copytree(ROOT / "migrations", vendor / "migrations")
    for compiled, shipped_from in ((folder / "chalicelib", folder), (vendor, vendor)):
        _python(
            "-m", "compileall", "-q", "-f", "--invalidation-mode", _UNCHECKED, "-s", str(shipped_from), str(compiled)
        )
    _compile_beside(vendor, folder / "app.py", "app.py")
    for name in _CHALICE:
        _compile_beside(vendor, Path(chalice.__file__).with_name(name), f"chalice/{name}")


def copy_sources(folder: Path) -> None:
    """As much of the folder as Chalice must read to know the app."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("app.py", "chalicelib"):
        _remove(folder / name)
    shutil.copy(ROOT / "app.py", folder / "app.py")
    shutil.copytree(ROOT / "chalicelib", folder / "chalicelib", ignore=_NOT_SHIPPED)


def zipped(folder: Path, target: Target) -> Path:
    """The zip of a built folder, which `chalice deploy` finds there and takes."""
    return Path(_packager(target).create_deployment_package(str(folder), f"python{target.version}"))


def zip_place(folder: Path, target: Target) -> Path:
    """Where `chalice deploy` looks for the zip of a folder before it makes one."""
    return Path(_packager(target).deployment_package_filename(str(folder), f"python{target.version}"))


def _packager(target: Target) -> LambdaDeploymentPackager:
    system = OSUtils()
    builder = DependencyBuilder(system, architecture=target.architecture)
    return LambdaDeploymentPackager(system, builder, UI(io.StringIO()), target.architecture)


def _compile_beside(vendor: Path, source: Path, shipped_as: str) -> None:
    """Bytecode in the place where a source that Chalice adds to the zip by itself will look for it."""
    place = importlib.util.cache_from_source(str(vendor / shipped_as))
    # As compileall strips the others: bytecode remembers where its source was.
    _python("-c", _COMPILE, str(source), place, shipped_as)


def _python(*arguments: str) -> None:
    """Runs a fresh interpreter: what else one has done shows in the bytecode that it writes."""
    command = [sys.executable, "-S", *arguments]
    variables = {"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    if done.returncode != 0:
        raise PackageError(f"the sources do not compile:\n{done.stdout}{done.stderr}")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
