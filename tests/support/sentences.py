"""Every sentence of the product that can reach a person in an error, read from the code."""

import ast
from collections.abc import Iterator
from pathlib import Path

from chalicelib.core.every_error import catalogue

_ROOT = Path(__file__).parents[2] / "chalicelib"
# Which argument of a call is a sentence.
_CALLS = {"at": 2, "Fault": 2, "Wrong": 1, "_forbidden": 1}
_BEGINNINGS = ("must ", "is ", "cannot be ", "does not ")


def sentences() -> set[str]:
    """The titles of all problems, their details, and what is said of fields."""
    problems = {problem.__name__: problem.title for problem in catalogue()}
    found = set(problems.values())
    for path in _ROOT.rglob("*.py"):
        if path.name != "russian.py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found.update(_said(tree, dict.fromkeys(problems, 0) | _CALLS), _begun(tree))
    return found


def _said(tree: ast.Module, calls: dict[str, int]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = calls.get(name)
            if place is not None and len(node.args) > place:
                yield from _texts(node.args[place])


def _begun(tree: ast.Module) -> Iterator[str]:
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in parts)
    return (text for text in texts if isinstance(text, str) and text.startswith(_BEGINNINGS) and "\n" not in text)


def _texts(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from _texts(node.body)
            yield from _texts(node.orelse)
        case ast.BoolOp():
            for value in node.values:
                yield from _texts(value)
