"""What is uploaded holds all that a function needs, and nothing else."""

import hashlib
import importlib.util
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from chalicelib.core import config
from infra import layers, package, wheels
from infra.wheels import Target, WheelsError
from local.stack import Options, Stack
from local.trigger_events import schedule_event
from tests.deploy import packaged
from tests.deploy.account import HERE
from tests.deploy.container import Container, HandlerError
from tests.support import people
from tests.support.oracle import Oracle
from tests.support.pictures import photo, upload
from tests.support.server import JWT_SECRET

ZIPPED_BYTES = 9_500_000
UNPACKED_BYTES = 30_000_000
# What a layer may have in a request that publishes it.
LAYER_BYTES = 50_000_000
# What each cold start of the REST API brings along.
PASSKEY_LAYER_BYTES = 6_000_000
# With the package, whose own budget is above, as much as Lambda takes.
UNPACKED_LAYER_BYTES = 250_000_000 - UNPACKED_BYTES


@pytest.fixture(scope="module")
def running(task: Path, unpacked_layers: Mapping[str, Path]) -> Iterator[tuple[Stack, packaged.Package]]:
    """The local stack, with every function run from the package by a Python that has nothing else."""
    shipped = packaged.Package(task, unpacked_layers)
    oracle = Oracle(shipped)
    options = Options(
        port=0,
        data_dir=None,
        jwt_secret=JWT_SECRET,
        settings={"rate_limits": False, "bcrypt_cost": 4, "presence_debounce_seconds": 0, "inline_publish_limit": 0},
        fsync=False,
        schedules=False,
    )
    with Stack(options) as stack:
        stack.use(config.settings(), [("tests.deploy.packaged.redirect", {"address": oracle.address})])
        yield stack, shipped
    oracle.close()
    shipped.stop()


def test_every_function_answers_its_event_from_the_package_alone(
    running: tuple[Stack, packaged.Package], task: Path
) -> None:
    stack, shipped = running
    before = _files(task)
    assert shipped.invoke("migrate", {}) == {"applied": []}

    anna, boris = (people.register(stack.url, name) for name in ("anna", "boris"))
    chat = anna.chat_with(boris)
    speaker, hearer = anna.socket(), boris.socket()
    acknowledged = speaker.act("message:send", {"chatId": chat, "content": "hello", "clientMessageId": "1"})
    assert hearer.wait_for("message:new")["data"]["id"] == acknowledged["id"]
    speaker.close()
    hearer.wait_for("user:status", userId=anna.id, status="offline")
    mine = upload(anna.http, photo(), "image/jpeg")
    stack.triggers.drain(60)
    assert anna.http.post(f"/uploads/{mine}/complete").json()["thumbnails"]
    for someone in (anna, boris):
        someone.close()
    opened = httpx.get(f"{stack.url.removesuffix('/api')}/socket.io/", params={"EIO": "4", "transport": "polling"})
    assert opened.text.startswith("0{")
    for function in ("mail", "notify", "assistant"):
        assert shipped.invoke(function, {"Records": []}) == {"batchItemFailures": []}
    shipped.invoke("sweep", schedule_event("messenger-dev-sweep", "us-east-1"))

    assert shipped.called == set(packaged.HANDLERS)
    assert _files(task) == before  # a file that a Python had to compile would have been written


def test_the_package_holds_every_pinned_library_for_this_runtime_and_nothing_else(package_zip: Path) -> None:
    names = zipfile.ZipFile(package_zip).namelist()
    requirements = (package.ROOT / "requirements.txt").read_text()
    pinned = {_normal(line.split("==")[0]) for line in requirements.splitlines() if not line.startswith("#")}

    shipped = {_normal(name.split("-")[0]) for name in names if ".dist-info/" in name}
    assert shipped == pinned
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {
        *("app.py", "chalice", "chalicelib", "migrations", "__pycache__", "typing_extensions.py"),
        *("aws_lambda_powertools", "bcrypt", "jmespath", "jwt", "msgspec"),
        *("psycopg", "psycopg_binary", "psycopg_binary.libs"),
    }
    assert {"migrations/0001_foundation.sql", "migrations/functions/wire_time.sql"} <= set(names)
    assert [name for name in names if ".dist-info/" in name and not name.endswith("/METADATA")] == []
    assert [name for name in names if re.search(r"(^|/)(tests|bin)/|\.(pyi|c|h|pyx|pxd|js|css)$", name)] == []
    assert len(names) == len(set(names))


def test_every_source_in_the_package_has_its_bytecode_which_is_never_checked(package_zip: Path) -> None:
    with zipfile.ZipFile(package_zip) as archive:
        names = set(archive.namelist())
        sources = {name for name in names if name.endswith(".py")}
        cached = {importlib.util.cache_from_source(name) for name in sources}
        assert cached == {name for name in names if name.endswith(".pyc")}
        for name in sources:
            bytecode = archive.read(importlib.util.cache_from_source(name))
            assert bytecode[:4] == importlib.util.MAGIC_NUMBER
            assert int.from_bytes(bytecode[4:8], "little") == 0b01, name
            assert bytecode[8:16] == importlib.util.source_hash(archive.read(name)), name


def test_the_package_keeps_its_budget(package_zip: Path) -> None:
    with zipfile.ZipFile(package_zip) as archive:
        unpacked = sum(item.file_size for item in archive.infolist())
    assert package_zip.stat().st_size < ZIPPED_BYTES
    assert unpacked < UNPACKED_BYTES


def test_the_layer_of_pictures_has_its_libraries_and_keeps_its_budget(unpacked_layers: Mapping[str, Path]) -> None:
    layer = unpacked_layers["pictures"]
    assert {path.name for path in layer.iterdir() if not path.name.endswith(".dist-info")} == {
        *("PIL", "pillow.libs", "pi_heif", "pi_heif.libs", "av", "av.libs"),
        *(path.name for path in layer.glob("_pi_heif*.so")),
    }
    assert len(layers.zipped(layer, "python")) < LAYER_BYTES
    assert layers.zipped(layer, "python") == layers.zipped(layer, "python")
    assert sum(path.stat().st_size for path in layer.rglob("*") if path.is_file()) < UNPACKED_LAYER_BYTES


def test_the_layer_of_notify_has_its_libraries_and_keeps_its_budget(unpacked_layers: Mapping[str, Path]) -> None:
    layer = unpacked_layers["notify"]
    assert {"cryptography", "cffi", "pycparser"} < {path.name for path in layer.iterdir()}
    assert len(layers.zipped(layer, "python")) < LAYER_BYTES


def test_the_layer_of_passkeys_has_its_libraries_and_keeps_its_budget(unpacked_layers: Mapping[str, Path]) -> None:
    layer = unpacked_layers["api_handler"]
    assert layer.name == "later", "not where Python looks: PyJWT would import cryptography at each cold start"
    assert {"webauthn", "cryptography", "cbor2", "OpenSSL"} < {path.name for path in layer.iterdir()}
    assert len(layers.zipped(layer, "later")) < PASSKEY_LAYER_BYTES


def test_the_same_sources_make_the_same_package(package_zip: Path, tmp_path: Path) -> None:
    package.build(tmp_path / "elsewhere", HERE)
    again = package.zipped(tmp_path / "elsewhere", HERE)
    assert _contents(again) == _contents(package_zip)


def test_what_was_removed_from_the_sources_leaves_the_build_folder(tmp_path: Path) -> None:
    folder = tmp_path / "build"
    package.build(folder, HERE)
    for stale in ("chalicelib/old.py", "vendor/old.py"):
        (folder / stale).write_text("")
    package.build(folder, HERE)
    assert list(folder.rglob("old*")) == []


def test_a_library_without_a_wheel_for_the_target_fails_the_build(tmp_path: Path) -> None:
    # psycopg's arm64 wheels ask for a newer libc than the one under Python 3.11's runtime.
    with pytest.raises(WheelsError, match=r"Python 3\.11 on arm64[\s\S]*psycopg-binary"):
        package.build(tmp_path / "build", Target((3, 11), "arm64"))
    assert not (tmp_path / "build").exists()


def test_the_cheaper_processor_is_usual_where_the_libraries_load() -> None:
    assert [wheels.usual(python) for python in ((3, 11), (3, 12), (3, 14))] == ["x86_64", "arm64", "arm64"]


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_the_wheels_are_those_of_the_targets_processor(architecture: wheels.Architecture) -> None:
    libraries = wheels.install(package.ROOT / "requirements.txt", Target((3, 12), architecture), package.BUILDS)
    machine = {"x86_64": 0x3E, "arm64": 0xB7}[architecture]
    shared = [path for path in libraries.rglob("*") if re.search(r"\.so(\.|$)", path.name)]
    assert len(shared) > 5
    assert {int.from_bytes(path.read_bytes()[18:20], "little") for path in shared} == {machine}
    assert not any("cpython-311" in path.name for path in shared)


def test_a_handler_that_fails_in_its_container_says_why(task: Path) -> None:
    container = Container(task, "app.migrate", "messenger-dev-migrate", {"DATABASE_URL": "nonsense"})
    try:
        with pytest.raises(HandlerError, match="DATABASE_URL is not of the form"):
            container.invoke({})
    finally:
        container.stop()


def _files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _contents(archive_path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive_path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
