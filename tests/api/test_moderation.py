"""Reports, their queue, and what moderators do: delete, warn, mute and ban."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support.answers import refusal, refused_fields
from tests.support.people import PASSWORD, Person, Register
from tests.support.server import Server

REASON = {"reason": "Insults are not welcome here."}


@pytest.fixture
def moderator(server: Server, person: Register) -> Person:
    return _with_role(server, person("mod"), "moderator")


@pytest.fixture
def boss(server: Server, person: Register) -> Person:
    return _with_role(server, person("boss"), "admin")


def _with_role(server: Server, who: Person, role: str) -> Person:
    server.sql("UPDATE users SET role = %s WHERE id = %s", role, who.id)
    return who


def _soon(days: int = 1) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def _acts(server: Server) -> list[str]:
    return [action for (action,) in server.sql("SELECT action FROM audit ORDER BY id")]


def test_a_report_goes_its_way(
    server: Server, person: Register, moderator: Person, boss: Person, alice: Person, bob: Person
) -> None:
    group = alice.chat_with(bob, name="group")
    message = bob.send(group, "buy now")["id"]
    body = {"subjectKind": "message", "subjectId": message, "reason": "spam", "comment": "again"}

    filed = alice.http.post("/reports", json=body)
    assert (filed.status_code, filed.json()["state"]) == (201, "open")
    again = alice.http.post("/reports", json=body | {"reason": "other"})
    assert (again.status_code, again.json()) == (200, filed.json()), "once for each subject"
    assert refusal(bob.http.post("/reports", json=body)) == (422, "not_yourself")
    stranger = person("stranger")
    assert refusal(stranger.http.post("/reports", json=body)) == (404, "not_found"), "not theirs to know of"
    for kind, subject in (("chat", group), ("user", 99_999), ("message", 99_999)):
        unseen = stranger.http.post("/reports", json=body | {"subjectKind": kind, "subjectId": subject})
        assert refusal(unseen) == (404, "not_found")
    assert alice.http.post("/reports", json=body | {"subjectKind": "chat", "subjectId": group}).status_code == 201
    assert refused_fields(alice.http.post("/reports", json=body | {"reason": "boring"})) == [
        ("reason", "unknown_value")
    ]

    bob.http.put(f"/messages/{message}", json={"content": "I said nothing"}).raise_for_status()
    queue = moderator.http.get("/admin/reports", params={"state": "open"}).json()
    report, other = queue["reports"]
    assert (report["content"], report["userId"], report["reporterId"]) == ("buy now", bob.id, alice.id)
    assert {user["username"] for user in queue["users"]} == {"alice", "bob"}

    path = f"/admin/reports/{report['id']}"
    assert refusal(moderator.http.patch(path, json={"assigneeId": alice.id})) == (422, "unknown_user")
    assigned = moderator.http.patch(path, json={"assigneeId": moderator.id}).json()
    assert (assigned["state"], assigned["assigneeId"]) == ("assigned", moderator.id)
    mine = moderator.http.get("/admin/reports", params={"assignee": moderator.id}).json()["reports"]
    assert [one["id"] for one in mine] == [report["id"]]
    decision = {"decision": "upheld", "note": "An advertisement."}
    decided = moderator.http.patch(path, json=decision)
    assert (decided.json()["state"], decided.json()["decidedBy"]) == ("decided", moderator.id)
    assert moderator.http.patch(path, json={"decision": "upheld"}).json() == decided.json(), "again is as once"
    assert refusal(boss.http.patch(path, json={"decision": "dismissed"})) == (409, "report_decided")
    assert boss.http.get(path).json() == decided.json()
    assert refusal(boss.http.get("/admin/reports/99999")) == (404, "not_found")
    assert refusal(boss.http.patch("/admin/reports/99999", json=decision)) == (404, "not_found")
    assert [one["id"] for one in boss.http.get("/admin/reports?state=open").json()["reports"]] == [other["id"]]

    # Nobody decides what they are accused of, nor a moderator what an admin is.
    for accused, expected in ((moderator, (422, "not_yourself")), (boss, (403, "forbidden"))):
        made = alice.http.post("/reports", json={"subjectKind": "user", "subjectId": accused.id, "reason": "other"})
        patched = moderator.http.patch(f"/admin/reports/{made.json()['id']}", json={"decision": "dismissed"})
        assert refusal(patched) == expected
    assert _acts(server) == ["report_assigned", "report_decided"]


def test_a_moderator_deletes_a_message(
    server: Server, moderator: Person, boss: Person, alice: Person, bob: Person
) -> None:
    chat = alice.chat_with(bob)
    head = alice.send(chat, "hello")["id"]
    message = bob.send(chat, "buy now", replyTo=head)["id"]
    listening = alice.socket()
    assert moderator.http.delete(f"/admin/messages/{message}", params={"reason": "spam"}).status_code == 204
    deleted = listening.wait_for("message:deleted")
    assert (deleted["data"]["messageId"], deleted["data"]["deletedBy"]) == (message, moderator.id)
    assert [one["isDeleted"] for one in alice.history(chat)] == [True, False]
    assert moderator.http.delete(f"/admin/messages/{message}").status_code == 204, "again is as once"
    assert refusal(moderator.http.delete("/admin/messages/99999")) == (404, "not_found")
    word = boss.send(boss.chat_with(alice), "hello")["id"]
    assert refusal(moderator.http.delete(f"/admin/messages/{word}")) == (403, "forbidden")
    assert server.sql("SELECT action, subject_id, details ->> 'reason' FROM audit") == [
        ("message_removed", message, "spam")
    ]


def test_whom_a_moderator_may_act_on(
    server: Server, person: Register, moderator: Person, boss: Person, alice: Person
) -> None:
    other = _with_role(server, person("other"), "moderator")
    acts: list[Callable[[Person, int], httpx.Response]] = [
        lambda by, user_id: by.http.post(f"/admin/users/{user_id}/warnings", json=REASON),
        lambda by, user_id: by.http.put(f"/admin/users/{user_id}/mute", json=REASON),
        lambda by, user_id: by.http.put(f"/admin/users/{user_id}/ban", json=REASON),
        lambda by, user_id: by.http.delete(f"/admin/users/{user_id}/mute"),
        lambda by, user_id: by.http.delete(f"/admin/users/{user_id}/ban"),
    ]
    for act in acts:
        assert refusal(act(moderator, boss.id)) == (403, "forbidden")
        assert refusal(act(moderator, other.id)) == (403, "forbidden")
        assert refusal(act(moderator, moderator.id)) == (422, "not_yourself")
        assert refusal(act(boss, boss.id)) == (422, "not_yourself")
        assert refusal(act(moderator, 99_999)) == (404, "not_found")
        assert refusal(act(alice, other.id)) == (403, "forbidden")
        assert act(boss, other.id).is_success
    assert _acts(server) == ["warned", "muted", "banned", "unmuted", "unbanned"]


def test_a_mute_holds_on_every_path(server: Server, moderator: Person, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    message, waiting = bob.send(chat, "one")["id"], bob.schedule(chat)
    socket = bob.socket()
    body = REASON | {"until": _soon()}
    muted = moderator.http.put(f"/admin/users/{bob.id}/mute", json=body).json()
    assert (muted["state"], muted["sanctions"][0]["kind"]) == ("muted", "mute")

    later = {"chatId": chat, "content": "x", "sendAt": _soon()}
    for answer in (
        bob.http.post("/messages", json={"chatId": chat, "content": "x"}),
        bob.http.put(f"/messages/{message}", json={"content": "x"}),
        bob.http.post(f"/messages/{message}/forward", json={"chatIds": [chat]}),
        bob.http.put(f"/messages/{message}/pin"),
        bob.http.post("/scheduled-messages", json=later),
        bob.http.post(f"/scheduled-messages/{waiting}/send-now"),
        bob.http.post("/calls", json={"chatId": chat}),
    ):
        assert refusal(answer) == (403, "muted"), answer.request.url
    for action, data in (
        ("message:send", {"chatId": chat, "content": "x"}),
        ("message:edit", {"messageId": message, "content": "x"}),
        ("call:start", {"chatId": chat}),
        ("message", {"content": "to all"}),
    ):
        assert socket.refused(action, data)["code"] == "muted", action
    spoken = httpx.post(
        f"{server.origin}/gateway/api/messages",
        json={"chat": str(chat), "text": "x"},
        headers={"Authorization": f"Bearer {bob.access_token}"},
    )
    assert spoken.status_code == 403
    # What is due meanwhile is not sent, and the user can see why.
    server.sql("UPDATE scheduled_messages SET send_at = now() - interval '1 second'")
    server.stack.triggers.fire_schedule("sweep")
    assert [one["refused"] for one in bob.http.get("/scheduled-messages").json()["scheduled"]] == ["muted"]
    assert [one["content"] for one in alice.history(chat)] == ["one"]
    assert bob.http.get("/users/me/sanctions").json()["sanctions"] == muted["sanctions"]

    assert moderator.http.delete(f"/admin/users/{bob.id}/mute").json()["state"] == "active"
    assert moderator.http.delete(f"/admin/users/{bob.id}/mute").status_code == 200
    bob.send(chat, "two")
    moderator.http.put(f"/admin/users/{bob.id}/mute", json=body).raise_for_status()
    server.sql("UPDATE sanctions SET until = now() - interval '1 second' WHERE lifted_at IS NULL")
    bob.send(chat, "three")
    past = moderator.http.put(f"/admin/users/{bob.id}/mute", json=REASON | {"until": "2020-01-01T00:00:00Z"})
    assert refused_fields(past) == [("until", "out_of_range")]
    assert refused_fields(moderator.http.put(f"/admin/users/{bob.id}/mute", json={"reason": " "}))[0][0] == "reason"


def test_a_ban_ends_all_sessions(server: Server, moderator: Person, alice: Person, bob: Person) -> None:
    def log_in(password: str = PASSWORD, language: str = "en") -> httpx.Response:
        login: dict[str, Any] = {"username": "bob", "password": password}
        return alice.http.post("/auth/login", json=login, headers={"Accept-Language": language})

    socket = bob.socket()
    warned = moderator.http.post(f"/admin/users/{bob.id}/warnings", json=REASON)
    assert (warned.status_code, warned.json()["state"]) == (201, "active")
    banned = moderator.http.put(f"/admin/users/{bob.id}/ban", json=REASON | {"until": "2999-01-01T00:00:00Z"})
    assert banned.json()["state"] == "banned"
    socket.wait_for("session:revoked")
    socket.wait_closed()
    assert refusal(bob.http.get("/users/me")) == (401, "session_ended")
    assert refusal(bob.http.post("/auth/refresh", json={"refreshToken": bob.refresh_token}))[0] == 401

    said = log_in()
    assert refusal(said) == (403, "banned")
    until = "2999-01-01T00:00:00.000Z"
    assert said.json()["detail"] == f"This account is banned until {until}. The reason: {REASON['reason']}"
    assert "заблокирована" in log_in(language="ru").json()["detail"]
    assert refusal(log_in("wrong")) == (401, "wrong_credentials"), "only who knows the password learns of it"

    for_good = moderator.http.put(f"/admin/users/{bob.id}/ban", json=REASON).json()
    assert [(one["kind"], one["until"]) for one in for_good["sanctions"]] == [("ban", None)]
    found = moderator.http.get("/admin/users", params={"state": "banned"}).json()["users"]
    assert [user["username"] for user in found] == ["bob"]
    assert moderator.http.get("/admin/users", params={"state": "muted"}).json()["users"] == []
    first = moderator.http.get(f"/admin/users/{bob.id}/sanctions", params={"limit": 2}).json()
    rest = moderator.http.get(f"/admin/users/{bob.id}/sanctions", params={"cursor": first["nextCursor"]}).json()
    told = first["sanctions"] + rest["sanctions"]
    assert [(one["kind"], one["isInForce"]) for one in told] == [("ban", True), ("ban", False), ("warning", False)]
    assert refusal(moderator.http.get("/admin/users/99999/sanctions")) == (404, "not_found")

    assert moderator.http.delete(f"/admin/users/{bob.id}/ban").json()["state"] == "active"
    assert log_in().status_code == 200
    assert _acts(server)[:4] == ["warned", "banned", "banned", "unbanned"]


def test_an_appeal_against_a_mute(
    server: Server, moderator: Person, boss: Person, alice: Person, bob: Person
) -> None:
    other = _with_role(server, bob, "moderator")
    muted = moderator.http.put(f"/admin/users/{alice.id}/mute", json=REASON).json()["sanctions"][0]
    assert muted["appeal"] is None
    path = f"/users/me/sanctions/{muted['id']}/appeal"
    appeal = alice.http.post(path, json={"comment": "It was a quote."})
    assert (appeal.status_code, appeal.json()["subjectKind"], appeal.json()["state"]) == (201, "sanction", "open")
    again = alice.http.post(path, json={"comment": "It was a quote!"})
    assert (again.status_code, again.json()) == (200, appeal.json()), "once for each"
    assert refusal(other.http.post(path, json={"comment": "x"})) == (404, "not_found"), "not theirs"
    assert refused_fields(alice.http.post(path, json={"comment": " "}))[0][0] == "comment"

    [queued] = moderator.http.get("/admin/reports", params={"state": "open"}).json()["reports"]
    said = (queued["content"], queued["comment"], queued["reporterId"], queued["userId"])
    assert said == (REASON["reason"], "It was a quote.", alice.id, None)
    report = f"/admin/reports/{queued['id']}"
    assert refusal(moderator.http.patch(report, json={"decision": "dismissed"})) == (403, "forbidden"), (
        "their own act"
    )
    decided = other.http.patch(report, json={"decision": "upheld"})
    assert decided.json()["decision"] == "upheld"
    [told] = alice.http.get("/users/me/sanctions").json()["sanctions"]
    assert (told["isInForce"], told["appeal"]) == (False, {"state": "decided", "decision": "upheld"})
    alice.send(alice.chat_with(bob), "thank you")
    assert _acts(server) == ["muted", "report_decided", "unmuted"]

    # What came later stays; and what was dismissed stays in force.
    later = boss.http.put(f"/admin/users/{other.id}/mute", json=REASON).json()["sanctions"][0]
    mine = other.http.post(f"/users/me/sanctions/{later['id']}/appeal", json={"comment": "x"}).json()["id"]
    assert refusal(other.http.patch(f"/admin/reports/{mine}", json={"decision": "upheld"})) == (422, "not_yourself")
    assert refusal(moderator.http.patch(f"/admin/reports/{mine}", json={"decision": "upheld"})) == (403, "forbidden")
    assert boss.http.patch(f"/admin/reports/{mine}", json={"decision": "dismissed"}).status_code == 200
    [kept] = other.http.get("/users/me/sanctions").json()["sanctions"]
    assert (kept["isInForce"], kept["appeal"]["decision"]) == (True, "dismissed")


def test_who_is_banned_appeals_with_the_password(server: Server, boss: Person, alice: Person, bob: Person) -> None:
    def appeal(password: str = PASSWORD, **more: str) -> httpx.Response:
        given = {"username": "bob", "password": password, "comment": "Somebody else had my phone."}
        return alice.http.post("/auth/appeal", json=given | more)

    assert refusal(appeal()) == (404, "not_found"), "nothing to appeal against"
    boss.http.post(f"/admin/users/{bob.id}/warnings", json=REASON).raise_for_status()
    assert refusal(appeal()) == (404, "not_found"), "a warning leaves them a session to do so"
    boss.http.put(f"/admin/users/{bob.id}/ban", json=REASON).raise_for_status()
    assert refusal(appeal("wrong")) == refusal(appeal(username="nobody")) == (401, "wrong_credentials")
    assert refused_fields(appeal(comment=" "))[0][0] == "comment"
    filed = appeal()
    assert filed.status_code == 200
    assert appeal().json() == filed.json(), "once for each"
    assert boss.http.patch(f"/admin/reports/{filed.json()['id']}", json={"decision": "upheld"}).status_code == 200
    login = {"username": "bob", "password": PASSWORD}
    assert alice.http.post("/auth/login", json=login).status_code == 200
    assert refusal(appeal()) == (404, "not_found")
    assert _acts(server)[:4] == ["warned", "banned", "report_decided", "unbanned"]
    with server.settings(rate_limits=True, logins=1):
        boss.http.put(f"/admin/users/{bob.id}/ban", json=REASON).raise_for_status()
        answers = [appeal("wrong").status_code for _ in range(3)]
    assert answers[-1] == 429, "it is no way around the throttling of log-ins"
