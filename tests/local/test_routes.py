"""The table of routes: what API Gateway would refuse, and what it would match."""

import pytest
from chalice.app import Chalice

from local.routes import RouteTable


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (("/a/{one}", "/a/{two}/b"), "beside"),
        (("/v1/a",), "maps"),
    ],
)
def test_a_route_table_that_cannot_be_deployed_is_refused(paths: tuple[str, ...], words: str) -> None:
    app = Chalice("refused")
    for number, path in enumerate(paths):
        app.route(path, name=f"view{number}")(lambda **_: {})
    with pytest.raises(ValueError, match=words):
        RouteTable(app.routes)


def test_a_greedy_path_takes_what_nothing_else_does() -> None:
    app = Chalice("greedy")
    for path in ("/a/{path+}", "/a/{b}", "/a/b/c", "/d"):
        app.route(path)(dict)
    table = RouteTable(app.routes)

    def found(*segments: str) -> tuple[str, dict[str, str]] | None:
        match = table.match(list(segments))
        return None if match is None else (match.resource, match.parameters)

    assert found("a", "x") == ("/a/{b}", {"b": "x"})
    assert found("a", "b", "c") == ("/a/b/c", {})
    assert found("a", "b", "x") == ("/a/{path+}", {"path": "b/x"})
    assert found("a", "x", "y", "z") == ("/a/{path+}", {"path": "x/y/z"})
    assert found("a") is None
    assert found("d", "x") is None


def test_authorizers_are_not_passed_over() -> None:
    app = Chalice("refused")
    app.route("/a", api_key_required=True)(dict)
    with pytest.raises(ValueError, match="API keys"):
        RouteTable(app.routes)
