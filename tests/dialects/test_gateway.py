"""A whole session of system E's client by its own calls, and every field that it reads."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.dialects.conftest import At, Listen
from tests.support.fields import misfits
from tests.support.reference import Client

USER = {
    "_id": str,
    "name": str,
    "email": (str, None),
    "userId": str,
    "avatar": (str, None),
    "status": str,
}
MESSAGE = {
    "_id": str,
    "sender": USER,
    "chat": str,
    "text": str,
    "type": str,
    "status": str,
    "isDeleted": bool,
    "replyTo": ({"_id": str, "text": str}, None),
    "editedAt": (str, None),
    "createdAt": str,
    "updatedAt": str,
}
CHAT = {
    "_id": str,
    "type": str,
    "name": (str, None),
    "participants": [USER],
    "lastMessage": (MESSAGE, None),
    "unreadCount": int,
}


def signed_up(client: Client, name: str) -> Client:
    body = {"name": name, "email": f"{name.lower()}@example.com", "password": "secret1"}
    answer = client.ask("POST /api/auth/register", body, status=201)
    assert misfits(answer, {"access_token": str, "user": USER}) == []
    client.log_in_with(answer["access_token"])
    client.id = int(answer["user"]["_id"])
    return client


@pytest.fixture
def alice(at: At) -> Client:
    return signed_up(at("gateway"), "Alice")


@pytest.fixture
def bob(at: At) -> Client:
    return signed_up(at("gateway"), "Bob")


def test_from_sign_up_to_a_group(alice: Client, bob: Client) -> None:
    found = alice.ask("GET /api/users/search?query=bob&limit=20&skip=0")
    assert misfits(found, {"users": [USER], "total": int, "limit": int, "skip": int, "hasMore": bool}) == []
    assert [user["_id"] for user in found["users"]] == [str(bob.id)]
    assert (found["total"], found["limit"], found["skip"], found["hasMore"]) == (1, 20, 0, False)
    assert alice.ask(f"POST /api/chats/find-or-check/{bob.id}") == {"exists": False, "chat": None}
    assert alice.ask("GET /api/chats") == [], "who looks makes none"
    made = alice.ask("POST /api/chats", {"type": "personal", "participantId": str(bob.id)}, status=201)
    assert misfits(made, CHAT) == []
    chat = made["_id"]
    for looks, other in ((alice, bob), (bob, alice)):
        checked = looks.ask(f"POST /api/chats/find-or-check/{other.id}", {})
        assert misfits(checked, {"exists": bool, "chat": CHAT}) == []
        assert (checked["exists"], checked["chat"]["_id"], checked["chat"]["type"]) == (True, chat, "personal")
    assert alice.ask("POST /api/chats/find-or-check/999") == {"exists": False, "chat": None}
    sent = alice.ask("POST /api/messages", {"chat": chat, "text": "Привет"}, status=201)
    assert misfits(sent, {"success": bool, "message": MESSAGE}) == []
    first = sent["message"]
    answer = {"chat": chat, "text": "И тебе", "type": "voice", "replyTo": first["_id"]}
    second = bob.ask("POST /api/messages", answer, status=201)["message"]
    assert (second["type"], second["replyTo"]["_id"]) == ("voice", first["_id"])
    assert bob.ask(f"PATCH /api/messages/{first['_id']}", {"status": "read"})["success"] is True
    unchanged = bob.ask(f"PATCH /api/messages/{first['_id']}", {"status": "sent"})
    assert (unchanged["success"], unchanged["message"]["_id"]) == (True, first["_id"])
    edited = bob.ask(f"PATCH /api/messages/{second['_id']}", {"text": "И тебе!"})
    assert misfits(edited, {"success": bool, "message": MESSAGE}) == []
    assert edited["message"]["text"] == "И тебе!"
    assert alice.ask(f"PATCH /api/chats/{chat}/read")["success"] is True
    third = alice.ask("POST /api/messages", {"chat": chat, "text": "three"}, status=201)["message"]
    page = bob.ask(f"GET /api/chats/{chat}/messages?limit=2&skip=0&before=")
    assert misfits(page, {"messages": [MESSAGE], "hasMore": bool}) == []
    assert [message["_id"] for message in page["messages"]] == [second["_id"], third["_id"]]
    assert page["hasMore"] is True
    matches = bob.ask("GET /api/messages/search?q=привет")
    assert misfits(matches, {"messages": [MESSAGE], "hasMore": bool}) == []
    assert [message["_id"] for message in matches["messages"]] == [first["_id"]]
    older = bob.ask(f"GET /api/messages/chats/{chat}/?before={second['createdAt']}&skip=0")
    assert ([message["_id"] for message in older["messages"]], older["hasMore"]) == ([first["_id"]], False)
    assert alice.ask(f"DELETE /api/messages/{third['_id']}")["success"] is True
    shown = bob.ask(f"GET /api/chats/{chat}/messages")["messages"]
    assert [message["_id"] for message in shown] == [first["_id"], second["_id"]]
    group = alice.ask("POST /api/chats", {"type": "group", "name": "Us", "participants": [str(bob.id)]}, status=201)
    assert (group["type"], group["name"]) == ("group", "Us")
    listed = bob.ask("GET /api/chats")
    assert misfits(listed, [CHAT]) == []
    assert {one["_id"] for one in listed} == {chat, group["_id"]}
    [told] = bob.ask(f"GET /api/chats/{group['_id']}/messages")["messages"]
    assert misfits(told, MESSAGE) == []
    assert (told["type"], told["sender"]["_id"]) == ("text", str(alice.id))
    assert told["text"] == "alice made the group “Us” with bob"


def test_a_group(alice: Client, bob: Client, at: At) -> None:
    carol = signed_up(at("gateway"), "Carol")
    group = alice.ask("POST /api/chats/group", {"name": "Us", "participants": [str(bob.id)]}, status=201)
    assert misfits(group, CHAT) == []
    assert group["type"] == "group"
    assert [(one["user"]["_id"], one["role"]) for one in group["participants"]] == [
        (str(alice.id), "owner"),
        (str(bob.id), "member"),
    ]
    sent = alice.ask("POST /api/messages", {"chat": group["_id"], "text": "hear"}, status=201)["message"]
    bob.ask(f"POST /api/messages/{sent['_id']}/forward", {"chatIds": [group["_id"]]}, status=201)
    first, copy = alice.ask(f"GET /api/chats/{group['_id']}/messages")["messages"][-2:]
    assert (first["forwarded"], copy["forwarded"]["from"]["_id"]) == (None, str(alice.id))
    assert (copy["sender"]["_id"], copy["forwarded"]["originalMessageId"]) == (str(bob.id), sent["_id"])
    chat = f"/api/chats/{group['_id']}"
    grown = alice.ask(f"POST {chat}/members", {"memberIds": [str(carol.id)]})
    assert [one["_id"] for one in grown["participants"]] == [str(one.id) for one in (alice, bob, carol)]
    changed = alice.ask(f"PATCH {chat}/members/{bob.id}/role", {"role": "admin"})
    assert (changed["role"], changed["userId"]) == ("admin", str(bob.id)), "every id is a string"
    assert bob.ask(f"PATCH {chat}/info", {"name": "All of us", "description": "…"})["name"] == "All of us"
    invite = alice.ask(f"POST {chat}/invite-link", {"expiresIn": 2, "maxUses": 1}, status=201)
    assert misfits(invite, {"link": str, "token": str, "expiresAt": str, "maxUses": int}) == []
    left = datetime.fromisoformat(invite["expiresAt"]) - datetime.now(UTC)
    assert timedelta(hours=1, minutes=50) < left < timedelta(hours=2, minutes=10)
    assert invite["link"].endswith(f"/#/join/{invite['token']}")
    dave, eve = (signed_up(at("gateway"), name) for name in ("Dave", "Eve"))
    joined = dave.ask(f"POST /api/chats/join/{invite['token']}")
    assert misfits(joined, CHAT) == []
    assert (joined["_id"], len(joined["participants"])) == (group["_id"], 4)
    eve.ask(f"POST /api/chats/join/{invite['token']}", status=410)
    eve.ask(f"POST {chat}/invite-link", {}, status=404)
    lasting = alice.ask(f"POST {chat}/invite-link", {}, status=201)
    left = datetime.fromisoformat(lasting["expiresAt"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left < timedelta(hours=25)
    assert dave.ask(f"POST {chat}/leave")["success"] is True
    assert carol.ask(f"POST {chat}/leave")["success"] is True
    assert alice.ask(f"DELETE {chat}/members/{bob.id}")["success"] is True
    assert [one["_id"] for one in alice.ask(f"GET {chat}")["participants"]] == [str(alice.id)]
    for line in (f"PATCH {chat}/info", f"POST {chat}/members"):
        bob.ask(line, {"name": "Mine", "memberIds": [str(bob.id)]}, status=404)


def test_a_chat_by_socket(alice: Client, bob: Client, listen: Listen) -> None:
    ours, theirs = listen(alice, "gateway"), listen(bob, "gateway")
    assert ours.call("user:join", {"userId": str(alice.id)})["success"] is True
    chat = alice.ask("POST /api/chats", {"type": "personal", "participantId": str(bob.id)}, status=201)["_id"]
    assert misfits(theirs.wait_for("chat:created", _id=chat), CHAT) == []
    assert ours.call("chat:join", {"chatId": chat})["success"] is True
    ack = ours.call("message:send", {"chatId": chat, "text": "live"})
    assert misfits(ack, {"success": bool, "message": MESSAGE}) == []
    sent = ack["message"]["_id"]
    heard = theirs.wait_for("message:new", _id=sent)
    assert misfits(heard, MESSAGE) == []
    theirs.emit("message:typing", {"chatId": chat, "isTyping": True})
    typing = ours.wait_for("message:typing", isTyping=True)
    assert typing == {"chatId": chat, "userId": str(bob.id), "isTyping": True}
    more = ours.call("message:send", {"chatId": chat, "text": "more", "replyTo": None})["message"]["_id"]
    assert theirs.call("messages:read", {"chatId": chat})["success"] is True
    read = ours.wait_for("messages:read", chatId=chat)
    assert (read["readBy"], read["messageIds"]) == (str(bob.id), [more, sent]), "each that was read just now"
    forwarded = {"from": str(alice.id), "fromName": "Alice", "originalChatId": chat, "originalMessageId": sent}
    copy = theirs.call("message:send", {"chatId": chat, "text": "live", "forwarded": forwarded})["message"]
    assert misfits(copy, MESSAGE) == []
    assert (copy["text"], copy["sender"]["_id"], copy["forwarded"]["from"]["name"]) == ("live", str(bob.id), "Alice")
    unknown = theirs.call("message:send", {"chatId": chat, "text": "x", "forwarded": {"originalMessageId": "999"}})
    assert (unknown["message"]["text"], unknown["message"]["forwarded"]) == ("x", None)
    for one in (copy, unknown["message"]):
        bob.ask(f"DELETE /api/messages/{one['_id']}")
    alice.ask(f"DELETE /api/messages/{more}")
    alice.ask(f"PATCH /api/messages/{sent}", {"text": "edited"})
    edited = theirs.wait_for("message:edited", _id=sent)
    assert misfits(edited, MESSAGE) == []
    assert isinstance(edited["editedAt"], str)
    later = bob.ask("POST /api/messages", {"chat": chat, "text": "later"}, status=201)["message"]["_id"]
    for message, left in ((later, sent), (sent, None)):
        (alice if message == sent else bob).ask(f"DELETE /api/messages/{message}")
        deleted = theirs.wait_for("message:deleted", messageId=message)
        assert misfits(deleted, {"messageId": str, "chatId": str, "newLastMessage": (MESSAGE, None)}) == []
        assert (deleted["newLastMessage"] or {}).get("_id") == left
        if left:
            assert (deleted["newLastMessage"]["text"], deleted["newLastMessage"]["sender"]["name"]) == (
                "edited",
                "Alice",
            )


def test_refusals(alice: Client, bob: Client, at: At, listen: Listen) -> None:
    chat = alice.ask("POST /api/chats", {"type": "personal", "participantId": str(bob.id)}, status=201)["_id"]
    mallory = signed_up(at("gateway"), "Mallory")
    for line, body in (
        (f"GET /api/chats/{chat}/messages", None),
        ("POST /api/messages", {"chat": chat, "text": "x"}),
        (f"PATCH /api/chats/{chat}/read", {}),
    ):
        answer = mallory.answer(line, body)
        assert (answer.status_code, misfits(answer.json(), {"error": str, "message": str})) == (404, []), line
    ack = listen(mallory, "gateway").call("message:send", {"chatId": chat, "text": "x"})
    assert (ack["success"], type(ack["error"])) == (False, str)
