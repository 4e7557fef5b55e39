"""The audit trail: what is told, who reads it, and that nothing of it can be changed without showing."""

import os
import subprocess
import sys
from typing import Any

import psycopg
import pytest

from chalicelib.core.migrations import migrate
from chalicelib.entry import triggers
from tests.support.answers import refusal
from tests.support.people import PASSWORD, Person, Register
from tests.support.server import Server


def verify(server: Server, head: str = "") -> tuple[int, list[str]]:
    """What `make audit-verify` says."""
    given = os.environ | {"DATABASE_URL": server.database_url, "HEAD": head}
    command = [sys.executable, "-m", "local.audit_verify"]
    said = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    return said.returncode, said.stdout.splitlines()


def chain(server: Server) -> None:
    """What the sweep does each minute."""
    server.sql("SELECT chain_audit(1000)")


def entries(admin: Person, **query: Any) -> list[dict[str, Any]]:
    answer = admin.http.get("/admin/audit", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["entries"]
    return found


def test_acts_are_told(server: Server, person: Register, alice: Person) -> None:
    admin = person("ann")
    server.sql("SELECT appoint_admin('ann')")
    login = {"username": "alice", "password": PASSWORD}
    for _ in range(2):
        alice.http.post("/auth/login", json=login, headers={"User-Agent": "another phone"}).raise_for_status()
    changed = alice.http.put(
        "/auth/password",
        json={"currentPassword": PASSWORD, "newPassword": f"{PASSWORD}!"},
        headers={"X-Request-Id": "mine-1"},
    )
    assert changed.status_code == 204
    admin.http.patch(f"/admin/users/{alice.id}", json={"role": "moderator"}).raise_for_status()
    admin.http.patch(f"/admin/users/{alice.id}", json={"role": "moderator"}).raise_for_status()
    admin.http.patch(f"/admin/users/{alice.id}", json={"role": "king"})

    told = entries(admin)
    assert [(entry["action"], entry["actorId"], entry["subjectId"]) for entry in told] == [
        ("role_changed", admin.id, alice.id),
        ("password_changed", alice.id, alice.id),
        ("login_from_new_device", alice.id, alice.id),
        ("role_changed", None, admin.id),
    ]
    assert told[0]["details"] == {"before": "user", "after": "moderator"}
    assert told[1]["requestId"] == "mine-1"
    assert told[1]["address"] == "127.0.0.1"
    assert told[2]["details"] == {"userAgent": "another phone"}

    assert entries(admin, actor=alice.id) == told[1:3]
    assert entries(admin, subject=admin.id, subjectKind="user") == told[3:]
    assert entries(admin, action="role_changed", to=told[0]["happenedAt"]) == told[3:]
    assert entries(admin, **{"from": "2999-01-01T00:00:00Z"}) == []
    first = admin.http.get("/admin/audit", params={"limit": 3}).json()
    assert {user["username"] for user in first["users"]} == {"alice", "ann"}
    assert first["entries"] + entries(admin, cursor=first["nextCursor"]) == told
    assert refusal(admin.http.get("/admin/audit", params={"from": "yesterday"})) == (400, "invalid_input")
    assert refusal(alice.http.get("/admin/audit")) == (403, "forbidden"), "moderators do not read it"


@pytest.mark.usefixtures("roles")
def test_nobody_changes_what_is_told(server: Server, alice: Person) -> None:
    server.sql("SELECT appoint_admin('alice')")
    triggers.migrate({"masterUrl": server.database_url})
    for statement in ("UPDATE audit SET action = 'x'", "DELETE FROM audit_chain", "TRUNCATE audit"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added"):
            server.sql(statement)
    rights = server.sql(
        "SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p,"
        " unnest(ARRAY['audit', 'audit_chain']) t WHERE has_table_privilege('messenger_app', t, p)"
    )
    assert sorted(right for (right,) in rights) == ["INSERT", "INSERT", "SELECT", "SELECT"]
    assert migrate(server.database_url) == []


def test_what_was_removed_or_changed_shows(server: Server, alice: Person) -> None:
    server.sql(
        "INSERT INTO audit (action, subject_kind, subject_id) SELECT 'x', 'user', n FROM generate_series(1, 5) n"
    )
    assert verify(server)[1][0].endswith("5 rows wait for it")
    triggers.sweep()
    assert server.sql("SELECT count(*) FROM audit_waiting") == [(0,)]
    code, (said,) = verify(server)
    assert (code, said.startswith("the chain ends at 5:")) == (0, True)
    head = said.split()[4].rstrip(";")
    assert verify(server, head)[0] == 0
    assert verify(server, "5:00")[1][0] == "the chain never ended at 5:00"

    # By somebody who owns the tables and turns the triggers off.
    server.sql("ALTER TABLE audit DISABLE TRIGGER ALL")
    server.sql("UPDATE audit SET subject_id = 9 WHERE id = 2")
    server.sql("DELETE FROM audit WHERE id = 4")
    server.sql("INSERT INTO audit (action, subject_kind, subject_id) VALUES ('x', 'user', 1)")
    assert verify(server) == (
        1,
        ["row 2 was changed, or its link 2 was", "row 4 was removed", "row 6 is in no chain", said],
    )
    server.sql("ALTER TABLE audit_chain DISABLE TRIGGER ALL")
    server.sql("DELETE FROM audit WHERE id > 3")
    server.sql("DELETE FROM audit_chain WHERE position > 3")
    server.sql("UPDATE audit SET subject_id = 2 WHERE id = 2")
    assert verify(server)[0] == 0, "a chain whose end is cut off is whole"
    assert verify(server, head) == (1, [f"the chain never ended at {head}", verify(server)[1][-1]])
