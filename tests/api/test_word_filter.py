"""Rules on words: what they refuse, hold and report, on every path that brings a text to others; and slow mode."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.features.ops import cleanup
from tests.support.answers import refusal, refused_fields
from tests.support.people import Person, Register
from tests.support.server import Server

REFUSED, HELD = (422, "words_refused"), (422, "message_held")


@pytest.fixture
def moderator(server: Server, person: Register) -> Person:
    mod = person("mod")
    server.sql("UPDATE users SET role = 'moderator' WHERE id = %s", mod.id)
    return mod


def rule(by: Person, phrase: str, action: str, *, chat: int | None = None) -> int:
    path = "/admin/word-rules" if chat is None else f"/chats/{chat}/word-rules"
    made = by.http.post(path, json={"phrase": phrase, "action": action})
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


def said(who: Person, chat: int, content: str = "", **more: Any) -> tuple[int, str]:
    """What a send answers: 201 with the text, or why not."""
    answer = who.http.post("/messages", json={"chatId": chat, "content": content, **more})
    return (201, answer.json()["content"]) if answer.status_code == 201 else refusal(answer)


def test_a_refused_word_gets_through_on_no_path(
    server: Server, moderator: Person, alice: Person, bob: Person
) -> None:
    """Whatever its spelling, and whatever brings it: sends, edits, files, polls, forwards, names."""
    group = alice.chat_with(bob, name="group")
    old = alice.send(group, "buy viagra")["id"]
    rule(moderator, "Viagra", "refuse")
    rule(moderator, "дурак*", "refuse")
    rule(moderator, "free money", "refuse")
    spelled = ("VIAGRA now", "v\u200bi\u00adagra", "víàgrä", "ѵiаgrа", "v.i.a-g_r*a", "v i a g r a", "ｖｉａｇｒａ")
    for text in (*spelled, "ДУРАКИ!", "дypak", "free,\nmoney"):
        assert said(alice, group, text) == REFUSED, text
    for text in ("viagras", "недурак", "free of money", "moneyfree money"):
        assert said(alice, group, text) == (201, text)

    poll = {"content": "When?", "poll": {"options": ["now", "viagra"]}}
    card = {"contact": {"name": "Viagra", "phone": "+1 555 0100"}}
    upload = alice.upload()
    caption = {"attachments": [upload], "attachmentDetails": [{"id": upload, "caption": "viagra"}]}
    for more in (poll, card, caption, {"location": {"latitude": 1, "longitude": 1, "name": "viagra"}}):
        assert said(alice, group, **more) == REFUSED, more
    server.sql("UPDATE uploads SET filename = 'cheap_viagra.txt' WHERE id = %s", upload)
    assert said(alice, group, attachments=[upload]) == REFUSED
    fine = alice.send(group, "fine")["id"]
    assert refusal(alice.http.put(f"/messages/{fine}", json={"content": "viagra"})) == REFUSED
    other = alice.chat_with(bob)
    forward = {"chatIds": [other], "clientMessageId": "f1"}
    assert refusal(alice.http.post(f"/messages/{old}/forward", json=forward)) == REFUSED
    for change in ({"name": "Viagra"}, {"description": "free money"}):
        assert refusal(alice.http.patch(f"/chats/{group}", json=change)) == REFUSED
    made = alice.http.post("/chats", json={"type": "group", "name": "viagra", "participantIds": [bob.id]})
    assert refusal(made) == REFUSED
    socket = alice.socket()
    for action, asked in (
        ("message:send", {"chatId": group, "content": "viagra"}),
        ("message:edit", {"messageId": fine, "content": "viagra"}),
    ):
        assert socket.refused(action, asked)["code"] == "words_refused"
    assert [text for (text,) in server.sql("SELECT content FROM messages WHERE content ILIKE '%%viagra%%'")] == [
        "viagras",
        "buy viagra",
    ][::-1]


def test_rules_of_a_group_are_its_admins(
    server: Server, person: Register, moderator: Person, alice: Person, bob: Person
) -> None:
    group, other = alice.chat_with(bob, name="group"), alice.chat_with(bob, name="other")
    path = f"/chats/{group}/word-rules"
    body = {"phrase": "cake", "action": "refuse"}
    assert refusal(bob.http.post(path, json=body)) == (403, "forbidden")
    assert refusal(moderator.http.get(path)) == (404, "not_found")
    assert refusal(alice.http.post(f"/chats/{alice.chat_with(bob)}/word-rules", json=body)) == (422, "not_a_group")
    assert refusal(alice.http.post("/admin/word-rules", json=body)) == (403, "forbidden")
    for phrase in ("***", "\u115f", "🎂"):
        assert refused_fields(alice.http.post(path, json=body | {"phrase": phrase})) == [("phrase", "wrong_form")]
    cake = rule(alice, "cake", "refuse", chat=group)
    assert said(alice, group, "cake") == REFUSED, "whoever makes rules keeps them"
    assert said(alice, other, "cake") == (201, "cake")
    again = alice.http.post(path, json={"phrase": "CAKE", "action": "report"})
    assert (again.status_code, again.json()["id"], again.json()["action"]) == (200, cake, "report")
    rule(moderator, "pie", "refuse")
    assert [one["phrase"] for one in alice.http.get(path).json()["rules"]] == ["CAKE"]
    assert refusal(alice.http.delete(f"{path}/{cake + 1}")) == (404, "not_found"), "that of the service"
    assert alice.http.delete(f"{path}/{cake}").status_code == 204
    assert refusal(alice.http.delete(f"{path}/{cake}")) == (404, "not_found")
    acts = server.sql("SELECT action, actor_id, subject_id FROM audit ORDER BY id")
    assert acts[:2] == [("word_rule_set", alice.id, cake)] * 2
    assert acts[-1] == ("word_rule_removed", alice.id, cake)


def test_a_held_message_is_there_once_it_is_approved(
    server: Server, moderator: Person, alice: Person, bob: Person
) -> None:
    group = alice.chat_with(bob, name="group")
    rule(moderator, "casino", "hide")
    listening = bob.socket()
    seq = alice.send(group, "hello")["seq"]
    poll: dict[str, Any] = {"content": "Casino?", "poll": {"options": ["yes", "no"]}, "clientMessageId": "p1"}
    assert said(alice, group, **poll) == HELD
    assert said(alice, group, **poll) == HELD, "again is as once"
    assert said(alice, group, "casino!") == HELD
    assert [message["content"] for message in bob.history(group)] == ["hello"]
    assert bob.http.get(f"/chats/{group}").json()["unreadCount"] == 1

    queue = moderator.http.get("/admin/held-messages").json()
    first, second = queue["messages"]
    assert (first["content"], first["phrase"], first["userId"], first["byChat"]) == (
        "Casino?\nyes\nno",
        "casino",
        alice.id,
        False,
    )
    assert [user["username"] for user in queue["users"]] == ["alice"]
    assert alice.http.get(f"/chats/{group}/held-messages").json()["messages"] == [], (
        "held by the service, not the chat"
    )
    assert refusal(alice.http.get("/admin/held-messages")) == (403, "forbidden")
    path = f"/admin/held-messages/{first['id']}"
    own = f"/chats/{group}/held-messages/{first['id']}"
    assert refusal(alice.http.patch(own, json={"decision": "approved"})) == (404, "not_found")
    approved = moderator.http.patch(path, json={"decision": "approved"})
    assert (approved.status_code, approved.json()["state"], approved.json()["decidedBy"]) == (
        200,
        "approved",
        moderator.id,
    )
    heard = listening.wait_for("message:new", content="Casino?")["data"]
    assert (heard["senderId"], heard["seq"], heard["clientMessageId"]) == (alice.id, seq + 1, "p1")
    assert [option["text"] for option in heard["poll"]["options"]] == ["yes", "no"]
    assert moderator.http.patch(path, json={"decision": "approved"}).json() == approved.json(), "again is as once"
    assert refusal(moderator.http.patch(path, json={"decision": "deleted"})) == (409, "held_decided")
    stored = alice.http.post("/messages", json={"chatId": group, **poll})
    assert (stored.status_code, stored.json()["id"]) == (200, heard["id"]), "a client that tries again finds it"
    deleted = moderator.http.patch(f"/admin/held-messages/{second['id']}", json={"decision": "deleted"})
    assert deleted.json()["state"] == "deleted"
    assert [message["content"] for message in bob.history(group)] == ["Casino?", "hello"]
    assert bob.http.get(f"/chats/{group}").json()["unreadCount"] == 2
    assert moderator.http.get("/admin/held-messages").json()["messages"] == []
    assert [action for (action,) in server.sql("SELECT action FROM audit ORDER BY id")] == [
        "word_rule_set",
        "held_approved",
        "held_deleted",
    ]


def test_who_decides_and_what_stands_in_the_way(
    server: Server, person: Register, moderator: Person, alice: Person, bob: Person
) -> None:
    group = alice.chat_with(bob, moderator, name="group")
    rule(alice, "cake", "hide", chat=group)
    assert said(bob, group, "cake") == HELD
    assert said(moderator, group, "cake") == HELD
    bobs, mods = (one["id"] for one in alice.http.get(f"/chats/{group}/held-messages").json()["messages"])
    path = f"/chats/{group}/held-messages"
    decision = {"decision": "approved"}
    assert refusal(bob.http.patch(f"{path}/{bobs}", json=decision)) == (403, "forbidden")
    assert refusal(bob.http.get(path)) == (403, "forbidden")
    assert refusal(moderator.http.patch(f"/admin/held-messages/{mods}", json=decision)) == (422, "not_yourself")
    assert refusal(alice.http.patch(f"{path}/99999", json=decision)) == (404, "not_found")
    muted = {"reason": "Too loud."}
    moderator.http.put(f"/admin/users/{bob.id}/mute", json=muted).raise_for_status()
    assert refusal(alice.http.patch(f"{path}/{bobs}", json=decision)) == (403, "muted")
    moderator.http.delete(f"/admin/users/{bob.id}/mute").raise_for_status()
    assert alice.http.patch(f"{path}/{bobs}", json=decision).json()["state"] == "approved", "it went on waiting"
    alice.http.delete(f"/chats/{group}/participants/{moderator.id}").raise_for_status()
    assert refusal(alice.http.patch(f"{path}/{mods}", json=decision)) == (410, "gone")
    assert [message["content"] for message in bob.history(group)] == ["cake"]


def test_a_rule_reports_each_text_once(server: Server, moderator: Person, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    rule(moderator, "casino", "report")
    sent = alice.send(chat, "casino")["id"]
    alice.http.put(f"/messages/{sent}", json={"content": "a casino"}).raise_for_status()
    alice.http.put(f"/messages/{sent}", json={"content": "casino"}).raise_for_status()
    reports = moderator.http.get("/admin/reports").json()["reports"]
    assert [
        (one["content"], one["phrase"], one["reporterId"], one["userId"], one["subjectId"]) for one in reports
    ] == [(text, "casino", None, alice.id, sent) for text in ("casino", "a casino")]
    decided = moderator.http.patch(f"/admin/reports/{reports[0]['id']}", json={"decision": "upheld"})
    assert decided.json()["state"] == "decided"


def test_a_scheduled_message_keeps_the_rules_of_its_time(
    server: Server, moderator: Person, alice: Person, bob: Person
) -> None:
    chat = alice.chat_with(bob)
    due, own = alice.schedule(chat, "casino"), alice.schedule(chat, "casino, now")
    rule(moderator, "casino", "hide")
    server.sql("UPDATE scheduled_messages SET send_at = now() WHERE id = %s", due)
    server.stack.triggers.fire_schedule("sweep")
    waiting = alice.http.get("/scheduled-messages").json()["scheduled"]
    assert [(one["id"], one["refused"]) for one in waiting] == [(due, "message_held"), (own, None)]
    assert refusal(alice.http.post(f"/scheduled-messages/{own}/send-now")) == HELD
    held = moderator.http.get("/admin/held-messages").json()["messages"]
    assert [one["content"] for one in held] == ["casino", "casino, now"]
    assert [one["id"] for one in alice.http.get("/scheduled-messages").json()["scheduled"]] == [due]
    moderator.http.patch(f"/admin/held-messages/{held[1]['id']}", json={"decision": "approved"}).raise_for_status()
    assert [message["content"] for message in bob.history(chat)] == ["casino, now"]


def test_slow_mode(server: Server, person: Register, alice: Person, bob: Person) -> None:
    """Members wait, owners and admins do not; a copy is a message, and so is one that was scheduled."""
    group, other = alice.chat_with(bob, name="group"), alice.chat_with(bob, name="other")
    slow = {"settings": {"slowModeSeconds": 3600}}
    assert refusal(bob.http.patch(f"/chats/{group}", json=slow)) == (403, "forbidden")
    assert refusal(alice.http.patch(f"/chats/{alice.chat_with(bob)}", json=slow)) == (422, "not_a_group")
    assert refused_fields(alice.http.patch(f"/chats/{group}", json={"settings": {"slowModeSeconds": 0}})) == [
        ("settings.slowModeSeconds", "out_of_range")
    ]
    assert alice.http.patch(f"/chats/{group}", json=slow).json()["settings"]["slowModeSeconds"] == 3600
    for text in ("one", "two"):
        alice.send(group, text)
    due = bob.schedule(group)
    message = bob.send(group, "mine", clientMessageId="m1")["id"]
    early = bob.http.post("/messages", json={"chatId": group, "content": "more"})
    assert refusal(early) == (429, "slow_mode")
    assert 3590 <= early.json()["retryAfter"] <= 3600
    assert early.headers["Retry-After"] == str(early.json()["retryAfter"])
    again = bob.http.post("/messages", json={"chatId": group, "content": "mine", "clientMessageId": "m1"})
    assert again.status_code == 200, "sent before"
    assert bob.send(other, "elsewhere")["seq"]
    assert bob.http.put(f"/messages/{message}", json={"content": "edited"}).status_code == 200
    copied = bob.http.post(f"/messages/{message}/forward", json={"chatIds": [other, group], "clientMessageId": "f1"})
    assert refusal(copied) == (429, "slow_mode")
    frame = bob.socket().refused("message:send", {"chatId": group, "content": "more"})
    assert (frame["code"], frame["retryAfter"] > 3500) == ("slow_mode", True)
    server.sql("UPDATE scheduled_messages SET send_at = now() WHERE id = %s", due)
    server.stack.triggers.fire_schedule("sweep")
    assert [one["refused"] for one in bob.http.get("/scheduled-messages").json()["scheduled"]] == [None], (
        "it waits on"
    )
    bob.http.post(f"/chats/{group}/leave").raise_for_status()
    alice.http.post(f"/chats/{group}/participants", json={"userId": bob.id}).raise_for_status()
    assert said(bob, group, "back") == (429, "slow_mode"), "who comes back has not waited"
    server.sql("UPDATE allowances SET empty_at = now() WHERE subject LIKE 'slow:%%'")
    server.stack.triggers.fire_schedule("sweep")
    assert bob.history(group)[0]["content"] == "later"
    alice.http.patch(f"/chats/{group}", json={"settings": {"slowModeSeconds": None}}).raise_for_status()
    assert said(bob, group, "fast") == (201, "fast")


def test_a_held_message_expires_from_the_queue(server: Server, moderator: Person, alice: Person, bob: Person) -> None:
    """An account that goes takes what it has waiting along; what was decided is kept for 90 days."""
    chat = alice.chat_with(bob)
    rule(moderator, "casino", "hide")
    for _ in range(2):
        assert said(alice, chat, "casino") == HELD
    first, _ = moderator.http.get("/admin/held-messages").json()["messages"]
    moderator.http.patch(f"/admin/held-messages/{first['id']}", json={"decision": "deleted"}).raise_for_status()
    long_ago = datetime.now(UTC) - timedelta(days=91)
    server.sql("UPDATE held_messages SET decided_at = %s WHERE decided_at IS NOT NULL", long_ago)
    cleanup.clean()
    assert server.sql("SELECT state FROM held_messages") == [("waiting",)]
    server.sql("SELECT erase_personal(%s, 100)", alice.id)
    assert server.sql("SELECT count(*) FROM held_messages") == [(0,)]
