"""The house's rules, read from the code itself. Each test lists the places that break its rule."""

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = sorted((ROOT / "chalicelib").rglob("*.py"))
ROOMS = ("chalicelib", "local", "infra", "web", "moving", "bench", "tests")
EVERYTHING = [ROOT / "app.py", *sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]

STOREYS = ("core", "realtime", "features", "entry")
OUTSIDE = {"app", "local", "tests", "bench", "infra", "web", "moving", "boto3", "botocore", "moto"}
# Whose SQL may name a table: everybody else goes through these features' modules.
TABLE_OWNERS = {
    "messages": {"messages"},
    "chats": {"chats", "messages", "presence"},
    "sessions": {"accounts", "ops"},
    "letter_tokens": {"accounts", "ops"},
    "second_factors": {"accounts"},
    "recovery_codes": {"accounts"},
    "passkeys": {"accounts"},
    "passkey_challenges": {"accounts", "ops"},
    "exports": {"accounts"},
    "export_parts": {"accounts"},
    "known_networks": {"accounts", "ops"},
    "known_devices": {"accounts", "ops"},
    "uploads": {"uploads", "messages"},
    "audit": {"accounts", "people", "moderation"},
    "reports": {"moderation"},
    "sanctions": {"moderation"},
    "word_rules": {"moderation"},
    "held_messages": {"moderation", "ops"},
    "device_keys": {"encryption"},
    "one_time_keys": {"encryption", "ops"},
    "key_peers": {"encryption"},
    "key_log": {"encryption"},
    "device_messages": {"encryption", "ops"},
    "push_devices": {"notifications"},
    "notification_choices": {"notifications"},
    "webhooks": {"webhooks"},
    "webhook_deliveries": {"webhooks"},
}
_BEFORE_A_TABLE = {"FROM", "JOIN", "INTO", "UPDATE"}


# All at once, before any test has started a thread: CPython 3.11 may fail to parse while another shows a traceback.
_TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in EVERYTHING}


def _place(path: Path, node: ast.AST | None = None) -> str:
    line = getattr(node, "lineno", None)
    return f"{path.relative_to(ROOT)}" + (f":{line}" if line else "")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_TREES[path]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _storey(module: str) -> int | None:
    parts = module.split(".")
    return STOREYS.index(parts[1]) if parts[0] == "chalicelib" and len(parts) > 1 and parts[1] in STOREYS else None


def test_imports_go_down_only() -> None:
    upward = []
    for path in PRODUCT:
        here = _storey(".".join(path.relative_to(ROOT).parts))
        for module in _imports(path):
            there = _storey(module)
            if here is not None and there is not None and there > here:
                upward.append(f"{_place(path)} imports {module}")
    assert upward == []


def test_the_product_knows_nothing_of_its_surroundings() -> None:
    foreign = [
        f"{_place(path)} imports {module}"
        for path in PRODUCT
        for module in _imports(path)
        if module.split(".")[0] in OUTSIDE
    ]
    assert foreign == []


def test_chalice_stays_at_the_edge() -> None:
    inside = [
        _place(path)
        for path in PRODUCT
        if "entry" not in path.parts and path.name != "routes.py" and path != ROOT / "chalicelib/core/http.py"
        if any(module.split(".")[0] == "chalice" for module in _imports(path))
    ]
    assert inside == []


def test_a_feature_never_reaches_into_anothers_store() -> None:
    reaching = []
    for path in PRODUCT:
        for module in _imports(path):
            parts = module.split(".")
            foreign = (
                parts[:2] == ["chalicelib", "features"]
                and bool(parts[3:])
                and parts[3].endswith(("store", "storage"))
            )
            if foreign and path.parent.name != parts[2]:
                reaching.append(f"{_place(path)} uses {module}")
    assert reaching == []


def test_only_the_settings_read_the_environment() -> None:
    readers = [
        _place(path, node)
        for path in PRODUCT
        if path != ROOT / "chalicelib/core/config.py"
        for node in ast.walk(_TREES[path])
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    ]
    assert readers == []


def test_tables_are_named_by_their_own_features_only() -> None:
    strangers = []
    for path in PRODUCT:
        for node in ast.walk(_TREES[path]):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                pairs = itertools.pairwise(node.value.split())
                named = {after for before, after in pairs if before in _BEFORE_A_TABLE}
                strangers += [
                    f"{_place(path, node)} names {table}"
                    for table in named & TABLE_OWNERS.keys()
                    if path.parent.name not in TABLE_OWNERS[table]
                ]
    assert strangers == []


def test_sql_is_never_put_together() -> None:
    made_up = []
    for path in PRODUCT:
        constants = {
            target.id
            for node in _TREES[path].body
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        made_up += [
            _place(path, statement)
            for statement in _statements(path)
            if not isinstance(statement, ast.Constant)
            if not (isinstance(statement, ast.Name) and statement.id in constants)
        ]
    assert made_up == []


def _statements(path: Path) -> Iterator[ast.expr]:
    """What is handed to the database."""
    place = {"execute": 0, "one": 1, "the": 1, "many": 1}
    for node in ast.walk(_TREES[path]):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="db"), attr=verb)) if verb in place:
                yield node.args[place[verb]]


def test_files_and_functions_stay_small() -> None:
    large = [_place(path) for path in EVERYTHING if len(path.read_text(encoding="utf-8").splitlines()) > 400]
    large += [
        f"{_place(path, node)} {node.name}"
        for path in EVERYTHING
        for node in ast.walk(_TREES[path])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert large == []


def test_the_client_that_follows_the_guide_shares_no_code_with_the_service() -> None:
    """It is a device of the consistency checker, and shows that the documents are enough to write a client by."""
    waiting, seen = [ROOT / "tests" / "consistency" / "device.py"], set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        imported = set(_imports(path))
        assert [name for name in imported if name.partition(".")[0] in {"app", "chalicelib"}] == [], path
        modules = {ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in imported}
        waiting += [module for module in modules if module in _TREES and module not in seen]
    assert {ROOT / "tests" / "support" / name for name in ("hearing.py", "kept.py", "socket.py")} <= seen
