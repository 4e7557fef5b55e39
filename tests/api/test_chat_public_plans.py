"""What finding public groups reads where there are many: not all, whether a word is common, rare or unused."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from bench.plans import MODES, Mode, explain, statement_of
from chalicelib.core import context
from chalicelib.features.chats import public
from chalicelib.features.chats.schemas import PublicChatQuery
from tests.support.people import Person
from tests.support.server import Server
from tests.support.sessions import actor_of

GROUPS = 20_000
# Groups that are looked at, one after the other, before the index is asked.
NEAR = 2_000
EVERY = 500


@pytest.fixture
def alice(server: Server, person: Callable[[str], Person]) -> Person:
    server.sql(
        "INSERT INTO chats (type, name, is_public)"
        " SELECT 'group', 'club ' || md5(n::text) || CASE WHEN n %% %s = 0 THEN ' rare' ELSE '' END, true"
        " FROM generate_series(1, %s) n",
        EVERY,
        GROUPS,
    )
    server.sql("VACUUM ANALYZE chats")
    server.sql("VACUUM ANALYZE public_names")
    return person("alice")


@pytest.fixture
def connection(server: Server) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("mode", MODES)
def test_it_reads_few_of_them(connection: psycopg.Connection[Any], alice: Person, mode: Mode) -> None:
    most = {None: 60, "club": 120, "c": 120, "rare": NEAR + 100, "ra": NEAR + 100, "nobody": NEAR, "zz": NEAR}
    for q, expected in most.items():
        with context.begin():
            asked = statement_of(lambda q=q: public.find(actor_of(alice), PublicChatQuery(q=q)))  # type: ignore[misc]
        plan = explain(connection, asked, mode)
        assert plan.read("chats") + plan.read("public_names") <= expected, q
        assert not plan.sequential() & {"chats", "public_names"}, q


def test_what_is_near_and_what_is_far_are_one_list(server: Server, alice: Person) -> None:
    expected = [chat for (chat,) in server.sql("SELECT id FROM chats WHERE name LIKE %s ORDER BY id DESC", "%rare")]
    assert len(expected) == GROUPS / EVERY
    found: list[int] = []
    page: dict[str, Any] = {"hasMore": True, "nextCursor": None}
    while page["hasMore"]:
        cursor = {"cursor": page["nextCursor"]} if page["nextCursor"] else {}
        page = alice.http.get("/chats/public", params={"q": "rare", "limit": 7, **cursor}).json()
        found += [chat["id"] for chat in page["chats"]]
    assert found == expected
