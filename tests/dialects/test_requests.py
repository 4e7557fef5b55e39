"""Requests as clients of other messengers make them: forms, pages by number, searches for nothing; and refusals."""

import json
from typing import Any, NamedTuple

import pytest

from chalicelib.core.config import DIALECTS
from chalicelib.entry.blueprints import endpoints
from chalicelib.entry.dialects import load
from tests.dialects.conftest import At, answered, signed_up
from tests.support.fields import misfits
from tests.support.reference import Client

ERROR = {"error": str, "message": str}
FORM = "application/x-www-form-urlencoded"


class Refused(NamedTuple):
    """A request that is refused, and the fields that its client reads of."""

    dialect: str
    line: str
    body: dict[str, Any]
    fields: list[str]


REFUSED = [
    Refused("flutter", "POST /api/auth/login", {}, ["email", "password"]),
    Refused("flutter", "POST /api/messages", {"chatId": "x", "fileUrl": "x"}, ["fileUrl"]),
    Refused("flutter", "POST /api/messages", {"content": "x"}, ["chatId"]),
    Refused("flutter", "POST /api/chats", {"participants": "x"}, ["participants"]),
    Refused("flutter", "PATCH /api/users/me", {"avatar_url": "x"}, ["avatar_url"]),
    Refused("flutter", "GET /api/messages/chat/x", {}, ["chatId"]),
    Refused(
        "skype", "POST /api/v1/auth/register", {"first_name": 1, "password": "secret"}, ["username", "first_name"]
    ),
    Refused("skype", "POST /api/v1/messages", {"chat_id": "x", "reply_to_id": "y"}, ["chat_id", "reply_to_id"]),
    Refused("skype", "POST /api/v1/messages", {"receiver_id": "x"}, ["receiver_id"]),
    Refused("skype", "POST /api/v1/chats", {"type": "group", "name": "x"}, ["member_ids"]),
    Refused("skype", "POST /api/v1/chats", {"member_ids": [1, "x"], "name": "x"}, ["member_ids[1]"]),
    Refused("skype", "POST /api/v1/contacts", {}, ["contact_id"]),
    Refused("skype", "POST /api/v1/chats/1/members", {}, ["user_id"]),
    Refused("skype", "POST /api/v1/contacts", {"contact_id": 1, "nickname": 5}, ["nickname"]),
    Refused("skype", "PUT /api/v1/users/me", {"avatar": "x"}, ["avatar"]),
    Refused("skype", "PUT /api/v1/chats/1", {"settings": {"who_can_send": 1}}, ["settings.who_can_send"]),
    Refused("conversations", "POST /api/auth/register", {"password": "secret"}, ["name"]),
    Refused("conversations", "POST /api/auth/login", {"email": "a@b.c"}, ["password"]),
    Refused("conversations", "POST /api/conversations", {"type": "private"}, ["otherUserId"]),
    Refused("conversations", "POST /api/conversations", {"participantId": "x"}, ["participantId"]),
    Refused("conversations", "POST /api/messages", {"content": "x"}, ["conversationId"]),
    Refused("conversations", "POST /api/messages", {"conversationId": 1, "replyToId": "x"}, ["replyToId"]),
    Refused("conversations", "POST /api/messages", {"conversationId": 1, "type": "x"}, ["type"]),
    Refused("conversations", "POST /api/messages", {"conversationId": 1, "mediaUrl": "x"}, ["mediaUrl"]),
    Refused("conversations", "PUT /api/auth/profile", {"name": "\u200b"}, ["name"]),
    Refused("conversations", "GET /api/messages/conversation/1?before=x", {}, ["before"]),
    Refused("gateway", "POST /api/auth/register", {"email": "a@b.c"}, ["name", "password"]),
    Refused("gateway", "POST /api/messages", {"text": "x"}, ["chat"]),
    Refused("gateway", "POST /api/messages", {"chatId": "x", "text": 5}, ["chatId", "text"]),
    Refused("gateway", "POST /api/chats", {}, ["participantId"]),
    Refused("gateway", "POST /api/chats/group", {"name": "x"}, ["memberIds"]),
    Refused("gateway", "POST /api/chats/1/members", {"memberIds": "x"}, ["memberIds"]),
    Refused("gateway", "POST /api/chats/1/invite-link", {"expiresIn": "soon"}, ["expiresIn"]),
    Refused("gateway", "GET /api/chats/1/messages?before=yesterday", {}, ["before"]),
]


def _named(message: str) -> list[str]:
    return [part.partition(": ")[0] for part in message.split("; ")]


def _listed(answer: Any) -> list[Any]:
    """The people of an answer, however it is wrapped."""
    found: list[Any] = answer if isinstance(answer, list) else next(v for v in answer.values() if isinstance(v, list))
    return found


@pytest.fixture
def alice(at: At) -> Client:
    client = at("flutter")
    signed_up(client, "alice")
    return client


def test_refusals_name_what_the_client_sent(alice: Client) -> None:
    for case in REFUSED:
        path, _, query = case.line.partition("?")
        asked = dict([query.split("=")]) if query else {}
        body = None if case.line.startswith("GET") else json.dumps(case.body)
        answer = answered(case.dialect, path, body, token=alice.token, query=asked)
        told = json.loads(answer["body"])
        assert (answer["statusCode"], misfits(told, ERROR)) == (400, []), (case, told)
        assert sorted(_named(told["message"])) == sorted(case.fields), (case, told)


def test_refusals_name_values_as_clients_do(alice: Client) -> None:
    for line, body, told in (
        ("POST /api/chats", {"type": "channel", "participantId": 1}, "type: must be one of: personal, group"),
        ("POST /api/messages", {"chat": 1, "text": "x", "type": "sticker"}, "voice"),
        ("GET /api/chats/1/messages", None, "skip: cannot be given together with before"),
    ):
        query = {} if body else {"before": "2026-01-01T00:00:00Z", "skip": "5"}
        sent = None if body is None else json.dumps(body)
        answer = answered("gateway", line, sent, token=alice.token, query=query)
        assert told in json.loads(answer["body"])["message"], answer["body"]


def test_forms(at: At) -> None:
    """Express reads them by default, and so do clients send them."""
    alice, bob = at("conversations"), at("conversations")
    for client, name in ((alice, "Alice"), (bob, "Bob")):
        form = {"name": name, "email": f"{name}@example.com", "password": "secret"}
        told = client.http.post("/api/auth/register", data=form).json()
        client.log_in_with(told["token"])
        client.id = told["user"]["id"]
    made = alice.http.post("/api/conversations", data={"participantIds[]": [str(bob.id)], "name": ""})
    assert (made.status_code, made.json()["type"]) == (201, "private")
    group = alice.http.post("/api/conversations", data={"participantIds": [str(bob.id), str(alice.id)], "name": "Us"})
    assert [one["id"] for one in group.json()["participants"]] == [alice.id, bob.id]
    chat = group.json()["id"]
    changed = alice.http.patch(f"/api/conversations/{chat}", data={"settings[whoCanSend]": "admins"})
    assert changed.json()["settings"]["whoCanSend"] == "admins"
    text = "2 + 2 = 4 & “so on” %"
    sent = alice.http.post("/api/messages", data={"conversationId": str(chat), "content": text})
    assert (sent.status_code, sent.json()["content"]) == (201, text)
    # What `curl -d` calls a form, and is none.
    head = {"Content-Type": FORM}
    body = json.dumps({"conversationId": chat, "content": "JSON"})
    assert alice.http.post("/api/messages", content=body, headers=head).json()["content"] == "JSON"
    for content, kind, status in (
        (b"a=%ff", FORM, 400),
        (b"a[=1&a=2", FORM, 400),
        (b"--x--", "multipart/form-data", 415),
    ):
        refused = alice.http.post("/api/messages", content=content, headers={"Content-Type": kind})
        assert (refused.status_code, misfits(refused.json(), ERROR)) == (status, [])


def test_lists_by_pages_and_for_nothing_sought(at: At, alice: Client) -> None:
    names = [f"user{number}" for number in range(4)]
    for name in names:
        signed_up(at("flutter"), name)
    for dialect, path in (
        ("flutter", "/api/users/search?q=user&"),
        ("skype", "/api/v1/users?search=user&"),
        ("conversations", "/api/users/search?q=user&"),
        ("gateway", "/api/users/search?query=user&"),
    ):
        reader = at(dialect)
        reader.log_in_with(alice.token)
        pages = [_listed(reader.ask(f"GET {path}limit=3&page={page}")) for page in (1, 2, 3)]
        assert [len(page) for page in pages] == [3, 1, 0], dialect
        told = [one.get("username") or one["userId"] for page in pages for one in page]
        assert sorted(told) == names, dialect
        assert len(_listed(reader.ask(f"GET {path.replace('=user', '=')}limit=1000"))) == 5, dialect
        assert len(_listed(reader.ask(f"GET {path.partition('?')[0]}"))) == 5, dialect
        assert _listed(reader.ask(f"GET {path}limit=50&page=999999999999")) == [], dialect
    chat = alice.ask("POST /api/chats", {"participantIds": [alice.id], "type": "group", "name": "x"}, status=201)[
        "id"
    ]
    for number in range(5):
        alice.ask("POST /api/messages", {"chatId": chat, "content": str(number)}, status=201)
    second = alice.ask(f"GET /api/messages/chat/{chat}?limit=2&page=2")
    assert [one["content"] for one in second] == ["1", "2"]


ODD: list[Any] = [None, "x", "\u0000", "\ud800", [[]], {"_id": {}}, True, -1, 1.5, 10**30, "y" * 20_000]
BODIES = [None, "null", "[]", "{", "[" * 2_000, '{"a":' * 2_000]


def test_no_odd_request_breaks_anything(alice: Client) -> None:
    """Each path that a dialect has of its own, with each of its fields as odd as can be."""
    fields = {name for endpoint in endpoints() if (kind := endpoint.input("body")) for name in _fields(kind)}
    for dialect in DIALECTS:
        spoken = load(dialect)
        words = {word for names in spoken.words.values() for word in names.split()}
        known = fields | words | {spoken.spell(name) for name in fields | words} | {"receiver_id", "member_ids"}
        bodies = [*BODIES, *(json.dumps(dict.fromkeys(known, odd)) for odd in ODD)]
        for line in spoken.routes:
            path = line.replace(" /", " /api/").replace("{chat_id}", "1").replace("{token}", "x" * 22)
            path = path.replace("{user_id}", str(alice.id)).replace("{message_id}", "9" * 40)
            for body in bodies if line.startswith("P") else [None]:
                answer = answered(
                    dialect, path, body, token=alice.token, query={"q": "x", "limit": "-1", "page": "0"}
                )
                told = json.loads(answer["body"])
                assert answer["statusCode"] < 500, (dialect, path, body and body[:300], told)
                if answer["statusCode"] >= 400:
                    assert misfits(told, ERROR) == [], (dialect, path, told)


def _fields(kind: Any) -> list[str]:
    return list(kind.__struct_encode_fields__)
