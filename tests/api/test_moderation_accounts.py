"""All accounts, for moderators, and the roles that admins give."""

import os
import subprocess
import sys

from tests.support.answers import refusal
from tests.support.people import PASSWORD, Person, Register
from tests.support.server import Server


def appoint(server: Server, name: str) -> subprocess.CompletedProcess[str]:
    """What `make admin USER=name` runs."""
    given = os.environ | {"DATABASE_URL": server.database_url, "NAME": name}
    command = [sys.executable, "-m", "local.admin"]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False)


def test_the_first_admin_is_made_by_a_command(server: Server, alice: Person) -> None:
    assert refusal(alice.http.get("/admin/users")) == (403, "forbidden")
    unknown = appoint(server, "nobody'; --")
    assert (unknown.returncode, unknown.stderr.strip()) == (1, "There is no user nobody'; --.")
    assert appoint(server, "").returncode == 1
    assert appoint(server, "ALICE").stdout.strip() == "alice is an admin now."
    assert appoint(server, "alice").stdout.strip() == "alice is an admin already."
    assert alice.http.get("/admin/users").status_code == 200
    assert alice.http.get("/users/me").json()["role"] == "admin"


def test_roles_are_given_and_taken(server: Server, person: Register) -> None:
    ann, max_, tom = person("ann"), person("max"), person("tom")
    appoint(server, "ann")

    made = ann.http.patch(f"/admin/users/{max_.id}", json={"role": "moderator"})
    assert (made.status_code, made.json()["role"]) == (200, "moderator")
    assert ann.http.patch(f"/admin/users/{max_.id}", json={"role": "moderator"}).json() == made.json(), "as once"
    assert max_.http.get(f"/admin/users/{ann.id}").json()["role"] == "admin"
    assert refusal(max_.http.patch(f"/admin/users/{tom.id}", json={"role": "admin"})) == (403, "forbidden")

    assert refusal(ann.http.patch(f"/admin/users/{ann.id}", json={"role": "user"})) == (422, "not_yourself")
    assert refusal(ann.http.patch("/admin/users/99999", json={"role": "user"})) == (404, "not_found")
    assert refusal(ann.http.patch(f"/admin/users/{tom.id}", json={"role": "king"})) == (400, "invalid_input")
    assert refusal(ann.http.patch(f"/admin/users/{tom.id}", json={"id": 1, "role": "user"}))[0] == 400

    deletion = {"password": PASSWORD}
    assert refusal(ann.http.post("/users/me/deletion", json=deletion)) == (422, "last_admin")

    # Taken away, it is gone for the session that had it.
    assert ann.http.patch(f"/admin/users/{max_.id}", json={"role": "admin"}).status_code == 200
    assert max_.http.patch(f"/admin/users/{ann.id}", json={"role": "user"}).status_code == 200
    assert refusal(ann.http.get("/admin/users")) == (403, "forbidden")
    assert refusal(ann.http.patch(f"/admin/users/{max_.id}", json={"role": "user"})) == (403, "forbidden")
    assert ann.http.post("/users/me/deletion", json=deletion).status_code == 200


def test_accounts_are_found(server: Server, person: Register) -> None:
    ann, max_ = person("ann"), person("max")
    zoe = person("zoe")
    server.sql("UPDATE users SET email = 'zoe@example.com', first_name = 'Зоя' WHERE id = %s", zoe.id)
    gone = person("gone")
    server.sql("UPDATE users SET role = 'admin' WHERE id = %s", ann.id)
    server.sql("UPDATE users SET role = 'moderator' WHERE id = %s", max_.id)
    gone.http.post("/users/me/deletion", json={"password": PASSWORD}).raise_for_status()

    def found(who: Person, **query: str) -> list[str]:
        answer = who.http.get("/admin/users", params=query)
        assert answer.status_code == 200, answer.text
        return [user["username"] for user in answer.json()["users"]]

    assert found(max_) == ["ann", "max", "zoe", "gone"]
    assert found(max_, role="moderator") == ["max"]
    assert found(max_, state="leaving") == ["gone"]
    assert found(max_, state="active", role="user") == ["zoe"]
    assert found(max_, q="зоя") == found(max_, q="@zo") == ["zoe"]
    assert found(ann, q="ZOE@example.com") == ["zoe"]
    assert found(max_, q="zoe@example.com") == [], "moderators see no addresses"
    assert "email" not in max_.http.get(f"/admin/users/{zoe.id}").json()
    assert ann.http.get(f"/admin/users/{zoe.id}").json()["email"] == "zoe@example.com"
    assert refusal(max_.http.get("/admin/users", params={"state": "x"})) == (400, "invalid_input")
    assert refusal(max_.http.get("/admin/users/99999")) == (404, "not_found")

    first = ann.http.get("/admin/users", params={"limit": 3}).json()
    rest = ann.http.get("/admin/users", params={"cursor": first["nextCursor"]}).json()
    assert [user["username"] for user in first["users"] + rest["users"]] == ["ann", "max", "zoe", "gone"]
    assert not rest["hasMore"]
