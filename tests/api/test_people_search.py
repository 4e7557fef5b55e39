"""Searching for people: what is found, in which order, by which index, and how often."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg

from chalicelib.features.people import store
from tests.support.people import Person
from tests.support.server import Server


def _add(server: Server, *people: tuple[str, str]) -> None:
    """People by username and display name, without the cost of registering them."""
    with psycopg.connect(server.database_url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO users (username, display_name, email, password_hash) "
            "VALUES (%s, %s, 'secret.' || md5(random()::text) || '@example.org', 'x')",
            people,
        )


def _search(who: Person, q: str, **query: Any) -> list[str]:
    answer = who.http.get("/users/search", params={"q": q, **query})
    assert answer.status_code == 200, answer.text
    return [user["username"] for user in answer.json()["users"]]


def _pages(who: Person, q: str, limit: int) -> Iterator[str]:
    cursor: str | None = None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        page = who.http.get("/users/search", params={"q": q, "limit": limit, **more}).json()
        yield from (user["username"] for user in page["users"])
        cursor = page["nextCursor"]
        assert page["hasMore"] is (cursor is not None)
        if cursor is None:
            return


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_usernames_that_begin_so_come_first(alice: Person, server: Server) -> None:
    _add(server, ("malice", "M"), ("zoe", "Alice Z"), ("Alicent", "A"), ("alice.b", "B"), ("bob", "Bob"))
    assert _search(alice, "alice") == ["alice", "alice.b", "Alicent", "malice", "zoe"]
    assert _search(alice, "ALICE") == ["alice", "alice.b", "Alicent", "malice", "zoe"]


def test_cyrillic_is_found_without_regard_to_case(alice: Person, server: Server) -> None:
    _add(server, ("Маша", "Мария"), ("petya", "Пётр Машин"), ("vasya", "Василий"))
    assert _search(alice, "маш") == ["Маша", "petya"]
    assert _search(alice, "МАШИН") == ["petya"]
    assert _search(alice, "ётр") == ["petya"]


def test_neither_accents_nor_the_dots_of_yo_matter(alice: Person, server: Server) -> None:
    _add(
        server,
        *(("elkin", "Ёлкин Пётр"), ("jose", "José Núñez"), ("mueller", "Jürgen Müller"), ("orsted", "Hans Ørsted")),
        *(
            ("lukasz", "Łukasz Żak"),
            ("strasse", "Anna Groß"),
            ("yod", "Николай Йодов"),
            ("Семён", "S"),
            ("фёдор.б", "F"),
        ),
        ("decomposed", "Zoe\u0308 Andre\u0301"),
    )
    found = {
        "елкин": "elkin",
        "ЁЛКИН": "elkin",
        "петр": "elkin",
        "пЁтр": "elkin",
        "jose": "jose",
        "NUNEZ": "jose",
        "muller": "mueller",
        "MÜLLER": "mueller",
        "orsted": "orsted",
        "lukasz": "lukasz",
        "zak": "lukasz",
        "gross": "strasse",
        "groß": "strasse",
        "йодов": "yod",
        "семен": "Семён",
        "СЕМЁН": "Семён",
        "федор": "фёдор.б",
        "zoe": "decomposed",
        "zoë": "decomposed",
        "andre": "decomposed",
    }
    assert {q: _search(alice, q) for q in found} == {q: [name] for q, name in found.items()}


def test_names_are_found_in_both_orders(alice: Person, server: Server) -> None:
    _add(server, ("elkin", "Ёлкин Пётр"), ("petr", "Пётр Иванов"), ("maria", "Maria José Silva"))
    for q in ("елкин петр", "Пётр Ёлкин", "петр  елк", "ё петр"):
        assert _search(alice, q) == ["elkin"], q
    assert _search(alice, "silva maria") == ["maria"]
    assert _search(alice, "silva petr") == []


def test_people_are_found_despite_a_typo(alice: Person, server: Server) -> None:
    _add(
        server,
        *(("elkin", "Ёлкин Пётр"), ("jose", "José Núñez"), ("ivanova", "Мария Иванова"), ("igor", "Igor Smirnov")),
        *((f"other{number}", f"Somebody {number}") for number in range(30)),
    )
    meant = {
        "смирнвo": [],
        "smirnof": ["igor"],
        "smrinov": ["igor"],
        "igro": ["igor"],
        "Ивонова": ["ivanova"],
        "ивановва мария": ["ivanova"],
        "мария ивнова": ["ivanova"],
        "йолкин": ["elkin"],
        "ниньес": [],
        "nunes": ["jose"],
        "мария smirnof": [],
        "ivo": [],
    }
    assert {q: _search(alice, q) for q in meant} == meant
    assert _search(alice, "ivanov") == ["ivanova"], "who is found as typed comes alone"
    page = alice.http.get("/users/search", params={"q": "somebudy", "limit": 5}).json()
    assert (len(page["users"]), page["hasMore"]) == (5, False)


def test_contacts_are_found_so_too(alice: Person, server: Server) -> None:
    _add(server, ("elkin", "Ёлкин Пётр"), ("jose", "José"))
    for name in ("elkin", "jose"):
        [user] = alice.http.get("/users/search", params={"q": name}).json()["users"]
        alice.http.post("/contacts", json={"userId": user["id"], "name": "Тётя" if name == "jose" else None})
    for q, name in (("елк", "elkin"), ("JOSE", "jose"), ("тетя", "jose")):
        contacts = alice.http.get("/contacts", params={"q": q}).json()["contacts"]
        assert [contact["user"]["username"] for contact in contacts] == [name], q


def test_short_words_are_found_at_the_beginning_of_a_name(alice: Person, server: Server) -> None:
    _add(server, ("yana", "Ян Янсон"), ("liyan", "Ли Ян"), ("boyan", "Боян"), ("ян_к", "K"))
    assert _search(alice, "ян") == ["ян_к", "yana", "liyan"]
    assert _search(alice, "л") == ["liyan"]


def test_what_means_something_to_like_stands_for_itself(alice: Person, server: Server) -> None:
    _add(server, ("sale", "100% off"), ("a_b", "A"), ("axb", "A"), ("_under", "U"), ("happy", "\\o/"), ("1000", "M"))
    expected = {"100%": ["sale"], "_": ["_under"], "a_b": ["a_b"], "\\o/": ["happy"], "%": [], "'; --": []}
    assert {q: _search(alice, q) for q in expected} == expected


def test_nobody_is_found_by_email(alice: Person, server: Server) -> None:
    _add(server, ("bob", "Bob"))
    assert _search(alice, "secret") == []
    assert _search(alice, "example.org") == []


def test_pages_hold_everybody_once_and_in_order(alice: Person, server: Server) -> None:
    _add(server, *((f"{'ann' if number % 2 else 'x'}{number}", "Joanne") for number in range(9)))
    whole = _search(alice, "ann")
    assert len(whole) == len(set(whole)) == 9
    assert [name.startswith("ann") for name in whole] == [True] * 4 + [False] * 5
    for limit in (1, 2, 3, 4, 7):
        assert list(_pages(alice, "ann", limit)) == whole


def test_what_is_no_search_is_refused_by_name(alice: Person) -> None:
    queries: list[tuple[dict[str, Any], str]] = [
        ({}, "q"),
        ({"q": ""}, "q"),
        ({"q": "  "}, "q"),
        ({"q": "x" * 101}, "q"),
        ({"q": "a\0b"}, "q"),
        ({"q": "x", "limit": 101}, "limit"),
        ({"q": "x", "cursor": "x"}, "cursor"),
        ({"q": "x", "cursor": "WzFd"}, "cursor"),
        ({"q": "x", "role": "admin"}, "role"),
    ]
    for query, field in queries:
        answer = alice.http.get("/users/search", params=query)
        assert _refusal(answer) == (400, "invalid_input"), query
        assert answer.json()["errors"][0]["field"] == field


def test_an_invented_cursor_is_refused(alice: Person) -> None:
    keys: list[Any] = [["a\0", 0], ["a", -1], ["a", 2**63], [1, 1], {"name": "a"}, ["a", "a"]]
    for key in keys:
        cursor = base64.urlsafe_b64encode(json.dumps(key).encode()).rstrip(b"=").decode()
        answer = alice.http.get("/users/search", params={"q": "x", "cursor": cursor})
        assert _refusal(answer) == (400, "invalid_input"), key


def test_searches_are_limited_by_the_minute(alice: Person, person: Callable[[str], Person], server: Server) -> None:
    bob = person("bob")
    with server.settings(rate_limits=True, searches=2):
        for left in (1, 0):
            answer = alice.http.get("/users/search", params={"q": "alice"})
            assert answer.headers["ratelimit-policy"] == '"searches";q=2;w=60'
            assert answer.headers["ratelimit"] == f'"searches";r={left};t=30'
        refused = alice.http.get("/users/search", params={"q": "alice"})
        assert _refusal(refused) == (429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 30
        assert bob.http.get("/users/search", params={"q": "alice"}).status_code == 200


def _plan(connection: psycopg.Connection[Any], q: str) -> str:
    """The plan that a search is run by, and how many rows each part of it looked at."""
    pattern = f"%{q}%" if len(q) >= 3 else f"% {q}%"
    given = {
        "viewer": 1,
        "q": q,
        "pattern": pattern,
        "others": [],
        "words": [q],
        "after_name": "",
        "after_id": 0,
        "limit": 51,
    }
    given |= {"burst": None, "window": 60}
    lines = connection.execute("EXPLAIN (ANALYZE, TIMING OFF) " + store._SEARCH, given).fetchall()
    return "\n".join(line for (line,) in lines)


def test_a_search_among_100_000_people_reads_indexes_only(server: Server) -> None:
    with psycopg.connect(server.database_url) as connection:
        connection.execute(
            "INSERT INTO users (username, display_name, password_hash) "
            "SELECT 'user' || i, 'Имя' || md5(i::text), 'x' FROM generate_series(1, 100000) i"
        )
        connection.execute("ANALYZE users")
        many, few, short = _plan(connection, "user"), _plan(connection, "ser77777"), _plan(connection, "zz")
        [(body,)] = connection.execute("SELECT prosrc FROM pg_proc WHERE proname = 'people_like'").fetchall()
        connection.execute("SET pg_trgm.word_similarity_threshold = 0.33")
        asked = body.replace("words", "(ARRAY['usar77777'])").replace("most", "20")
        typo = "\n".join(line for (line,) in connection.execute(f"EXPLAIN {asked}").fetchall())
    assert "Index Scan using users_folded_username" in many
    assert "never executed" in many  # a full page of usernames leaves the rest alone
    assert "Function Scan on people_like" in few
    assert "Bitmap Index Scan on users_folded" in typo
    assert "Seq Scan" not in typo
    for plan in (few, short):
        assert "Index Scan using users_folded_username" in plan
        assert "Bitmap Index Scan on users_folded" in plan
        assert "Seq Scan" not in plan
