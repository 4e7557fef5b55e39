"""The matrix: what every route and every action says to everybody there is.

The rows are held against the routes and actions that there are, so a new one is asked for its row. Each call runs in
this process, and is taken back after it: all of them find the same group, and the same belongings of its author.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from chalice.test import Client

import app
from chalicelib.core import context, db
from chalicelib.core.context import Context
from chalicelib.core.decoding import decode_json
from chalicelib.core.problems import Problem
from chalicelib.entry.actions import ACTIONS
from chalicelib.entry.blueprints import endpoints
from chalicelib.features.calls import signals
from tests.support.asking import BODIES, KEYS, WEBHOOK, asked_of, sample
from tests.support.groups import invite
from tests.support.people import Person, Register
from tests.support.server import Server, settings_here
from tests.support.sessions import actor_of

# Who asks, about the group of `owner`, and the message and the belongings of `author`, a plain member. `blocked` asks
# about the private chat with somebody who has blocked them; `moderator` and `boss` are in no chat.
WHO = ("stranger", "removed", "muted", "member", "author", "admin", "owner", "blocked", "moderator", "boss")
GUARDED = {endpoint.name: endpoint for endpoint in endpoints() if endpoint.input("actor")}
# What the declared types alone do not say.
FRAMES: dict[str, dict[str, Any]] = {
    "keys:publish": KEYS,
    "keys:send": BODIES["POST /keys/messages"],
    "message:send": {"content": "x"},
    "message:react": {"emoji": "👍"},
    "poll:vote": {"options": [0]},
    "assistant:translation": {"language": "ru"},
}


# What they get, in this order: `.` lets in, `n` is not_found, `f` forbidden, `b` blocked, `m` muted. An alias has the
# row of what it stands for.
ROWS: dict[str, str] = {
    # One's own things, and what is everybody's.
    "..........": """
        POST /auth/logout; POST /auth/logout-all; PUT /auth/password; POST /auth/email/verification;
        PUT /auth/email; POST /users/me/deletion; POST /users/me/export; GET /users/me/export;
        GET /auth/second-factor; POST /auth/second-factor; POST /auth/second-factor/confirm;
        POST /auth/second-factor/off; GET /auth/passkeys; POST /auth/passkeys;
        POST /auth/passkeys/options; GET /auth/verify; GET /auth/sessions; POST /ws/tickets; GET /users/me;
        PATCH /users/me; GET /users/me/privacy; PATCH /users/me/privacy; GET /users/search;
        GET /users/{user_id}; GET /users; GET /contacts; DELETE /contacts/{user_id}; GET /blocks;
        PUT /blocks/{user_id}; DELETE /blocks/{user_id}; GET /users/me/status; PUT /users/me/status;
        POST /presence/query; POST /chats; GET /chats; GET /chats/public; GET /invites/{token}; GET /unread;
        GET /messages/search; GET /scheduled-messages; GET /messages; GET /drafts; GET /sync; GET /calls;
        GET /calls/ice-servers; POST /unread/summary; POST /uploads; POST /uploads/multiple; POST /uploads/multipart;
        GET /uploads/usage; GET /users/me/sanctions; GET /devices; POST /devices; GET /devices/key;
        GET /users/me/notifications; PATCH /users/me/notifications; GET /keys; PUT /keys; POST /keys/claim;
        GET /keys/messages; POST /keys/messages/received; keys:publish; keys:claim; keys:received;
        assistant:missed; ping; chat:leave; presence:set;
        presence:get; sync
    """,
    # What a chat is and has, for its members: nobody else learns that it exists.
    "nn......nn": """
        GET /chats/{chat_id}; POST /chats/{chat_id}/leave; GET /chats/{chat_id}/invites;
        PUT /chats/{chat_id}/notifications;
        PUT /chats/{chat_id}/mute; DELETE /chats/{chat_id}/mute; PUT /chats/{chat_id}/pin;
        DELETE /chats/{chat_id}/pin; PUT /chats/{chat_id}/archive; DELETE /chats/{chat_id}/archive;
        PUT /chats/{chat_id}/unread; DELETE /chats/{chat_id}/unread; GET /messages/{message_id};
        GET /messages/{message_id}/edits; DELETE /messages/{message_id}/reactions/{emoji};
        GET /chats/{chat_id}/pins; GET /chats/{chat_id}/messages; GET /chats/{chat_id}/media;
        GET /chats/{chat_id}/threads; GET /messages/{message_id}/thread;
        POST /messages/{message_id}/thread/read; POST /chats/{chat_id}/read; POST /chats/{chat_id}/delivered;
        POST /chats/{chat_id}/accept; POST /chats/{chat_id}/decline;
        POST /messages/{message_id}/read; POST /messages/{message_id}/delivered;
        POST /messages/{message_id}/listened; GET /messages/{message_id}/receipts; PUT /chats/{chat_id}/draft;
        GET /chats/{chat_id}/draft; GET /messages/{message_id}/poll; PUT /messages/{message_id}/vote;
        PUT /messages/{message_id}/poll/closed; POST /chats/{chat_id}/summary;
        POST /chats/{chat_id}/suggested-replies; POST /messages/{message_id}/translation;
        POST /messages/{message_id}/opinion; POST /reports; assistant:summary; assistant:replies;
        assistant:translation; assistant:opinion; poll:vote; poll:close; messages:read; thread:read;
        message:delivered; message:listened; draft:set; typing:start; typing:stop; message:typing; chat:join
    """,
    # For moderators and admins of the service.
    "ffffffff..": """
        GET /admin/users; GET /admin/users/{user_id}; GET /admin/users/{user_id}/sanctions;
        POST /admin/users/{user_id}/warnings; PUT /admin/users/{user_id}/mute;
        DELETE /admin/users/{user_id}/mute; PUT /admin/users/{user_id}/ban; DELETE /admin/users/{user_id}/ban;
        DELETE /admin/messages/{message_id}; GET /admin/reports; GET /admin/reports/{report_id};
        PATCH /admin/reports/{report_id}; GET /admin/word-rules; POST /admin/word-rules;
        GET /admin/held-messages; PATCH /admin/held-messages/{held_id}
    """,
    # A mute, for who is muted.
    "nn.nnnnnnn": """
        POST /users/me/sanctions/{sanction_id}/appeal
    """,
    # A call, for those who are in it.
    "nnn..nnnnn": """
        GET /calls/{call_id}; POST /calls/{call_id}/accept; POST /calls/{call_id}/decline;
        POST /calls/{call_id}/end; POST /calls/{call_id}/ring; PATCH /calls/{call_id}/state; call:ring;
        call:accept; call:decline; call:end; call:state; call:offer; call:answer; call:ice;
        POST /calls/{call_id}/room; call:room
    """,
    # What owners and admins of a group do.
    "nnfff...nn": """
        PATCH /chats/{chat_id}; POST /chats/{chat_id}/participants; POST /chats/{chat_id}/invites;
        DELETE /messages/{message_id}/pin; GET /chats/{chat_id}/word-rules; POST /chats/{chat_id}/word-rules;
        DELETE /chats/{chat_id}/word-rules/{rule_id}; GET /chats/{chat_id}/held-messages;
        PATCH /chats/{chat_id}/held-messages/{held_id}; GET /chats/{chat_id}/webhooks;
        POST /chats/{chat_id}/webhooks
    """,
    # The same, named by their own ids.
    "nnfff..nnn": """
        PATCH /webhooks/{webhook_id}; DELETE /webhooks/{webhook_id}; POST /webhooks/{webhook_id}/secret;
        POST /webhooks/{webhook_id}/ping; GET /webhooks/{webhook_id}/deliveries
    """,
    # Somebody's own thing: others do not learn of it.
    "nnnn.nnnnn": """
        DELETE /auth/sessions/{session_id}; PATCH /scheduled-messages/{scheduled_id};
        DELETE /scheduled-messages/{scheduled_id}; POST /scheduled-messages/{scheduled_id}/send-now;
        POST /uploads/{upload_id}/complete; POST /uploads/{upload_id}/parts; GET /uploads/{upload_id}/parts;
        GET /uploads/{upload_id}; DELETE /uploads/{upload_id}
    """,
    # Writing in a chat.
    "nnm....bnn": """
        POST /messages; POST /scheduled-messages; POST /messages/{message_id}/forward; POST /calls;
        message:send; call:start
    """,
    # For its admins.
    "fffffffff.": """
        PATCH /admin/users/{user_id}; GET /admin/audit; GET /admin/metrics; GET /admin/webhooks; POST /admin/webhooks
    """,
    # A public group and an invite are open to all but those who were removed.
    ".f........": """
        POST /chats/{chat_id}/join; POST /invites/{token}/join
    """,
    # Reactions.
    "nn.....bnn": """
        PUT /messages/{message_id}/reactions/{emoji}; message:react
    """,
    # A message for everyone: whoever sent it, and owners and admins of a group.
    "nnff....nn": """
        DELETE /messages/{message_id}; message:delete
    """,
    # A message, for whoever sent it.
    "nnff.ffbnn": """
        PUT /messages/{message_id}; message:edit
    """,
    # What owners of a group do.
    "nnffff..nn": """
        DELETE /chats/{chat_id}; PATCH /chats/{chat_id}/participants/{user_id}
    """,
    # What nobody here has.
    "nnnnnnnnnn": """
        PATCH /contacts/{user_id}; GET /assistant/answers/{answer_id}; DELETE /devices/{device_id};
        POST /keys/messages; keys:send;
        PATCH /auth/passkeys/{passkey_id}; DELETE /auth/passkeys/{passkey_id}
    """,
    # Whoever has blocked somebody is not theirs to add.
    ".......b..": """
        POST /contacts; GET /users/{user_id}/keys; GET /users/{user_id}/keys/log
    """,
    # A group that is public; a private chat is none.
    ".......n..": """
        GET /chats/{chat_id}/preview
    """,
    # The common room.
    "..m.......": """
        message
    """,
    # A rule of the group's, which is none of the service's.
    "ffffffffnn": """
        DELETE /admin/word-rules/{rule_id}
    """,
    # Oneself, and others for owners and admins.
    "nnf.f...nn": """
        DELETE /chats/{chat_id}/participants/{user_id}
    """,
    # A pin of a group, for owners and admins; of a private chat for both.
    "nnfff..bnn": """
        PUT /messages/{message_id}/pin
    """,
    # An invite, for its maker and the group's admins.
    "nnnnn..nnn": """
        DELETE /chats/{chat_id}/invites/{invite_id}
    """,
}

# How somebody is kept out. Every other answer, a refusal of what was asked for among them, lets them in.
OUT = {"not_found": "n", "forbidden": "f", "blocked": "b", "muted": "m"} | {
    code: code for code in ("unauthenticated", "session_ended", "banned", "call_refused")
}
# Actions that ask PostgreSQL nothing: the socket itself ends with the session.
FREE = {"ping", "chat:leave"}


class _TakeBack(Exception):  # noqa: N818  # it is no error
    pass


@dataclass(frozen=True)
class Stage:
    """Everybody, and what they ask about."""

    people: Mapping[str, Person]
    ids: Mapping[str, Any]
    private: Mapping[str, Any]

    def of(self, who: str) -> dict[str, Any]:
        """What this one asks about."""
        return {**self.ids, **(self.private if who == "blocked" else {})}


@pytest.fixture
def stage(
    forgotten_timers: None, server: Server, person: Register, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    people = {who: person(f"the.{who}") for who in WHO}
    owner, author, member = (people[who] for who in ("owner", "author", "member"))
    group = owner.chat_with(*(people[who] for who in ("removed", "muted", "member", "author", "admin")), name="group")
    private = people["blocked"].chat_with(member)
    server.sql("UPDATE members SET role = 'admin' WHERE user_id = %s", people["admin"].id)
    for who, role in (("moderator", "moderator"), ("boss", "admin")):
        server.sql("UPDATE users SET role = %s WHERE id = %s", role, people[who].id)
    owner.http.patch(f"/chats/{group}", json={"isPublic": True}).raise_for_status()
    owner.http.delete(f"/chats/{group}/participants/{people['removed'].id}").raise_for_status()
    rule = owner.http.post(f"/chats/{group}/word-rules", json={"phrase": "casino", "action": "hide"}).json()["id"]
    assert author.http.post("/messages", json={"chatId": group, "content": "casino"}).status_code == 422
    held = owner.http.get(f"/chats/{group}/held-messages").json()["messages"][0]["id"]
    server.sql(
        "INSERT INTO sanctions (user_id, kind, reason, until) VALUES (%s, 'mute', '', 'infinity')", people["muted"].id
    )
    [(sanction,)] = server.sql("SELECT id FROM sanctions")
    message = author.send(group, "hello")["id"]
    report = {"subjectKind": "message", "subjectId": message, "reason": "spam"}
    invited = invite(owner, group)
    hook = owner.http.post(f"/chats/{group}/webhooks", json=WEBHOOK).raise_for_status().json()["id"]
    ids: dict[str, Any] = {
        "chat_id": group,
        "message_id": message,
        "user_id": member.id,
        "session_id": actor_of(author).session_id,
        "scheduled_id": author.schedule(group),
        "upload_id": author.upload(),
        "chat_ids": [group],
        "subject_id": message,
        "invite_id": invited["id"],
        "token": invited["token"],
        "rule_id": rule,
        "held_id": held,
        "webhook_id": hook,
        "sanction_id": sanction,
        "report_id": member.http.post("/reports", json=report).json()["id"],
        "call_id": author.http.post("/calls", json={"userId": member.id}).raise_for_status().json()["id"],
    }
    said = people["blocked"].send(private, "hello")["id"]
    member.http.put(f"/blocks/{people['blocked'].id}").raise_for_status()
    monkeypatch.setattr(db, "transaction", _taken_back(db.transaction))
    # What this process was allowed on another test's database, where people and calls had the same ids.
    monkeypatch.setattr(signals, "_leases", {})
    # What is taken back is told to nobody.
    monkeypatch.setattr(Context, "committed", lambda _: None)
    with settings_here(assistant_model=""):
        yield Stage(people, ids, {"chat_id": private, "chat_ids": [private], "message_id": said, "subject_id": said})


def _taken_back(begin: Callable[[], Any]) -> Callable[[], Any]:
    """Of transactions within another one, only the outer is one."""
    return lambda: nullcontext() if db._container.in_transaction else begin()


def _asked(client: Client, name: str, stage: Stage, who: str) -> str:
    """What an endpoint says: the code of its refusal, or `.` where it lets this one in."""
    asked = asked_of(GUARDED[name], **stage.of(who))
    body = msgspec.json.encode(asked.body) if asked.body is not None else b""
    headers = {"Authorization": f"Bearer {stage.people[who].access_token}", "Content-Type": "application/json"}
    with suppress(_TakeBack), db.transaction():
        answer = client.http.request(asked.method, asked.address, headers, body)
        raise _TakeBack
    assert answer.status_code < 500, (name, who, answer.body)
    return _cell("" if answer.status_code < 400 else str(answer.json_body["code"]))


def _cell(code: str) -> str:
    return OUT.get(code, ".")


def _frame(name: str, ids: Mapping[str, int]) -> dict[str, Any]:
    """What an action takes. Of several ids of which one is enough, it has the first of these."""
    kind = ACTIONS[name].data
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    known = [name for name in ("call_id", "message_id", "chat_id", "user_id") if name in fields]
    chosen = [name for name in known if fields[name].required] or known[:1]
    return {**sample(kind), **FRAMES.get(name, {}), **{fields[field].encode_name: ids[field] for field in chosen}}


def _acted(name: str, stage: Stage, who: str) -> str:
    """The same of an action."""
    wanted = msgspec.json.encode(_frame(name, stage.of(who)))
    code = ""
    with suppress(_TakeBack), context.begin(), db.transaction():
        try:
            ACTIONS[name].handler(actor_of(stage.people[who]), decode_json(wanted, ACTIONS[name].data))
        except Problem as problem:
            code = problem.code
        raise _TakeBack
    return _cell(code)


def _row(name: str) -> str:
    """The row that an endpoint or an action has, or its endpoint where it is an alias."""
    meant = GUARDED[name].alias_of or name if name in GUARDED else name
    return next((row for row, names in ROWS.items() if meant in _names(names)), "no row")


def _names(text: str) -> list[str]:
    return [" ".join(name.split()) for name in text.split(";")]


def test_the_rows_name_every_route_and_every_action_once() -> None:
    named = sorted(name for names in ROWS.values() for name in _names(names))
    assert named == sorted([*(name for name, one in GUARDED.items() if one.alias_of is None), *ACTIONS])


def test_everybody_gets_what_is_theirs(stage: Stage) -> None:
    with Client(app.app) as client:
        found = {name: "".join(_asked(client, name, stage, who) for who in WHO) for name in GUARDED}
    found |= {name: "".join(_acted(name, stage, who) for who in WHO) for name in ACTIONS}
    assert found == {name: _row(name) for name in found}


def test_who_has_no_session_gets_nothing(stage: Stage) -> None:
    """Whoever was logged out elsewhere, and whoever was banned, whatever they were before."""
    people = stage.people
    people["owner"].http.post("/auth/logout-all").raise_for_status()
    people["boss"].http.put(f"/admin/users/{people['admin'].id}/ban", json={"reason": "x"}).raise_for_status()
    with Client(app.app) as client:
        found = {name: _asked(client, name, stage, who) for name in GUARDED for who in ("owner", "admin")}
    assert found == dict.fromkeys(GUARDED, "session_ended")
    acted = {name: _acted(name, stage, who) for name in ACTIONS for who in ("owner", "admin")}
    assert acted == {name: "." if name in FREE else "session_ended" for name in ACTIONS}
