"""The end of an account: taken back by a log-in, and then nothing of it is left but what others have."""

import httpx

from tests.support import web
from tests.support.answers import refusal
from tests.support.letters import letters_to
from tests.support.people import PASSWORD, Person, Register
from tests.support.server import Server


def _log_in(server: Server, name: str) -> httpx.Response:
    with web.client(server.url) as client:
        return client.post("/auth/login", json={"username": name, "password": PASSWORD})


def _sweep(server: Server) -> None:
    server.stack.triggers.fire_schedule("sweep")
    server.settle()


def test_a_log_in_takes_the_deletion_back(server: Server, alice: Person) -> None:
    server.sql("UPDATE users SET email = 'alice@example.com'")
    assert refusal(alice.http.post("/users/me/deletion", json={"password": "wrong"})) == (403, "wrong_password")
    ears = alice.socket()
    asked = alice.http.post("/users/me/deletion", json={"password": PASSWORD})
    assert asked.status_code == 200, asked.text
    assert server.sql("SELECT now() + interval '13 days' < delete_after FROM users") == [(True,)]
    ears.wait_for("session:revoked")
    ears.wait_closed()
    assert refusal(alice.http.get("/users/me")) == (401, "session_ended")
    assert letters_to(server, "alice@example.com")[0]["subject"] == "Your account will be deleted"
    _sweep(server)
    assert _log_in(server, "alice").status_code == 200
    assert server.sql("SELECT delete_after FROM users") == [(None,)]


def test_what_is_left_of_a_deleted_account_is_what_others_have(server: Server, person: Register) -> None:
    alice, bob, carol, dave = (person(name) for name in ("alice", "bob", "carol", "dave"))
    private, group = alice.chat_with(bob), alice.chat_with(bob, carol, name="group")
    alone = alice.chat_with(name="alone")
    carol_is = bob.http.patch(f"/chats/{group}/participants/{carol.id}", json={"role": "admin"})
    assert carol_is.status_code == 403
    alice.http.patch(f"/chats/{group}/participants/{carol.id}", json={"role": "admin"}).raise_for_status()
    picture = alice.upload()
    alice.large_upload()
    message = alice.send(private, "look", attachments=[picture])
    alice.send(group, "hello")
    alice.http.put(f"/chats/{private}/draft", json={"content": "so far"}).raise_for_status()
    alice.schedule(private)
    bob.http.post("/contacts", json={"userId": alice.id}).raise_for_status()
    dave.http.put(f"/blocks/{alice.id}").raise_for_status()
    ears = bob.socket()
    ((key,),) = server.sql("SELECT key FROM uploads WHERE id = %s", picture)

    alice.http.post("/users/me/deletion", json={"password": PASSWORD}).raise_for_status()
    server.sql("UPDATE users SET delete_after = now() - interval '1 second' WHERE id = %s", alice.id)
    assert refusal(_log_in(server, "alice")) == (401, "wrong_credentials"), "too late to take it back"
    _sweep(server)

    told = ears.wait_for("user:updated", id=alice.id)
    assert told["data"]["displayName"] == "Deleted user"
    seen = bob.http.get(f"/users/{alice.id}").json()
    assert (seen["displayName"], seen["avatarUrl"], seen["firstName"]) == ("Deleted user", None, "")
    (kept,) = bob.history(private)
    assert (kept["senderId"], kept["content"], kept["attachments"]) == (alice.id, "look", [])
    assert kept["updatedAt"] > message["updatedAt"], "sync tells that the file is gone"
    roles = {each["userId"]: each["role"] for each in bob.http.get(f"/chats/{group}").json()["participants"]}
    assert roles == {bob.id: "member", carol.id: "owner"}
    assert [each["content"] for each in bob.history(group)] == ["hello"]
    assert server.sql("SELECT deleted_at IS NOT NULL FROM chats WHERE id = %s", alone) in ([(True,)], [])
    assert bob.http.get("/contacts").json()["contacts"] == []
    assert bob.http.get("/users/search", params={"q": "deleted"}).json()["users"] == []
    s3, bucket = server.stack.aws.client("s3"), server.stack.aws.name("UploadsBucket")
    assert key not in [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
    left = "SELECT username, email, delete_after, first_name || last_name FROM users WHERE id = %s"
    assert server.sql(left, alice.id) == [(f"deleted:{alice.id}", None, None, "")]
    for table in ("contacts WHERE owner_id", "sessions WHERE user_id", "known_devices WHERE user_id"):
        assert server.sql(f"SELECT count(*) FROM {table} = %s", alice.id) == [(0,)], table  # from above
    assert person("alice").id != alice.id, "the name is free again"
    assert refusal(_log_in(server, f"deleted:{alice.id}")) == (401, "wrong_credentials")
