"""A developer changes the code: what is served next is what was written last."""

import queue
from pathlib import Path

import pytest

from local.functions import Deployment, Functions
from local.host import HostError
from local.watch import Watch

_CODE = """
from chalice.app import Chalice

app = Chalice("changing", configure_logs=False)


@app.lambda_function(name="{name}")
def {name}(event, context):
    return {answer!r}
"""


def _write(root: Path, name: str, answer: str) -> None:
    (root / "changing.py").write_text(_CODE.format(name=name, answer=answer))


def test_code_that_changed_is_served_and_code_that_cannot_be_loaded_is_not(tmp_path: Path) -> None:
    _write(tmp_path, "greet", "hello")
    functions = Functions(Deployment(app="changing", root=tmp_path, output=tmp_path / "log"))
    assert functions.invoke_sync("greet", {}) == "hello"
    _write(tmp_path, "greet", "good morning")
    functions.reload()
    assert functions.invoke_sync("greet", {}) == "good morning"
    (tmp_path / "changing.py").write_text("app = ")
    with pytest.raises(HostError):
        functions.reload()
    assert "SyntaxError" in (tmp_path / "log").read_text()
    assert functions.invoke_sync("greet", {}) == "good morning"
    _write(tmp_path, "part", "goodbye")
    functions.reload()
    assert functions.invoke_sync("part", {}) == "goodbye"
    with pytest.raises(LookupError):
        functions.invoke_sync("greet", {})
    functions.close()


def test_every_kind_of_change_is_noticed_once(tmp_path: Path) -> None:
    package = tmp_path / "chalicelib" / "core"
    package.mkdir(parents=True)
    (tmp_path / "app.py").write_text("1")
    changes: queue.Queue[None] = queue.Queue()
    watch = Watch(lambda: changes.put(None), root=tmp_path, every_seconds=0.05)
    for change in (
        lambda: (package / "new.py").write_text("2"),
        lambda: (tmp_path / "app.py").write_text("longer"),
        lambda: (package / "new.py").rename(package / "newer.py"),
        (package / "newer.py").unlink,
    ):
        assert changes.empty()
        change()
        changes.get(timeout=10)
    (package / "notes.txt").write_text("no code")
    watch.close()
    assert changes.empty()
