"""What `make sql` runs, and that every statement of the runbooks is one that this schema takes."""

import re
from pathlib import Path

import pytest

from chalicelib.entry import triggers
from chalicelib.features.ops import statements
from tests.support.people import Person
from tests.support.server import Server

GUIDE = (Path(__file__).parents[2] / "docs/operations.md").read_text()
_SQL = sorted({" ".join(text.split()) for text in re.findall(r'[`"]((?:SELECT|UPDATE)\b[^`"…]+)[`"]', GUIDE)})


@pytest.mark.parametrize("statement", _SQL)
def test_the_schema_takes_each_statement_of_the_runbooks(server: Server, alice: Person, statement: str) -> None:
    assert alice.id
    answer = statements.run(server.database_url, statement.replace("PID", "0"), write=True)
    assert "refused" not in answer, answer


def test_the_runbooks_have_statements() -> None:
    assert {text.split()[1] for text in _SQL} >= {"count(*),", "epoch", "sessions", "c.id", "pid,"}


def test_rows_come_as_text_and_no_more_than_an_answer_holds(server: Server) -> None:
    answer = statements.run(server.database_url, "SELECT 1 AS one, NULL AS none, now() IS NULL AS later", write=False)
    assert answer == {"columns": ["one", "none", "later"], "rows": [["1", None, "False"]], "count": 1}
    many = statements.run(server.database_url, "SELECT generate_series(1, 1000)", write=False)
    assert (len(many["rows"]), many["count"]) == (statements.MOST_ROWS, 1000)


def test_nothing_is_changed_unless_it_is_said(server: Server, alice: Person) -> None:
    change = {"statement": "UPDATE epoch SET name = 'changed'", "masterUrl": server.database_url}
    asked = {"statement": "SELECT name FROM epoch", "masterUrl": server.database_url}
    before = triggers.migrate(asked)["rows"]
    assert "read-only" in triggers.migrate(change)["refused"]
    assert "read-only" in triggers.migrate({**change, "write": "yes"})["refused"]
    assert triggers.migrate(asked)["rows"] == before
    assert triggers.migrate({**change, "write": True})["count"] == 1
    assert triggers.migrate(asked)["rows"] == [["changed"]]


def test_what_postgresql_refuses_is_told_in_its_words(server: Server) -> None:
    answer = statements.run(server.database_url, "SELECT nonsense", write=False)
    assert answer == {"refused": 'column "nonsense" does not exist'}
