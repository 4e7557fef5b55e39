"""Polls: what can be voted for, by whom and how often, and what is told of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support.answers import at_once, bare, refusal, refused_fields
from tests.support.kept import Copy
from tests.support.people import Person, Register
from tests.support.server import Server

DAYS = ["Saturday", "Sunday", "Never"]


@pytest.fixture
def group(alice: Person, bob: Person) -> int:
    return alice.chat_with(bob, name="Hikers")


def _ask(who: Person, chat: int, **poll: Any) -> Any:
    body = {"chatId": chat, "content": "When?", "poll": {"options": DAYS, **poll}}
    return who.http.post("/messages", json=body).raise_for_status().json()


def _vote(who: Person, message: Any, *options: int) -> httpx.Response:
    return who.http.put(f"/messages/{message['id']}/vote", json={"options": options})


def _close(who: Person, message: Any) -> httpx.Response:
    return who.http.put(f"/messages/{message['id']}/poll/closed")


def _voters(poll: Any) -> list[list[int]]:
    assert [option["text"] for option in poll["options"]] == DAYS
    assert all(option["voteCount"] == len(option["voters"]) or poll["isAnonymous"] for option in poll["options"])
    return [option["voters"] for option in poll["options"]]


def test_a_new_poll_is_open_and_empty(alice: Person, bob: Person, group: int) -> None:
    message = _ask(alice, group)
    assert (message["messageType"], message["content"]) == ("poll", "When?")
    assert message["poll"] == {
        "options": [{"text": day, "voteCount": 0, "voters": []} for day in DAYS],
        "isMultiple": False,
        "isAnonymous": False,
        "voterCount": 0,
        "closesAt": None,
        "closedAt": None,
    }
    assert bob.history(group) == [message]
    answer = bob.http.get(f"/messages/{message['id']}/poll").json()
    assert (answer["poll"], answer["votes"], answer["messageId"]) == (message["poll"], [], message["id"])


def test_a_vote_counts_once_and_replaces_the_one_before(alice: Person, bob: Person, group: int) -> None:
    message = _ask(alice, group)
    ears = alice.socket()
    first = _vote(bob, message, 1).raise_for_status().json()
    assert (_voters(first["poll"]), first["votes"], first["poll"]["voterCount"]) == ([[], [bob.id], []], [1], 1)
    heard = ears.wait_for("message:updated", id=message["id"])
    assert heard["data"]["poll"] == first["poll"]
    assert {user["id"] for user in heard["users"]} == {alice.id, bob.id}
    again = _vote(bob, message, 1, 1)
    assert again.json() == first
    assert "RateLimit" not in again.headers, "a repetition takes nothing"
    second = _vote(bob, message, 2).raise_for_status().json()
    assert (_voters(second["poll"]), second["votes"]) == ([[], [], [bob.id]], [2])
    back = bob.socket().act("poll:vote", {"messageId": message["id"], "options": []})
    assert (_voters(back["poll"]), back["votes"], back["poll"]["voterCount"]) == ([[], [], []], [], 0)
    assert bare(alice.http.get(f"/messages/{message['id']}").json())["poll"] == back["poll"]
    alice.socket().act("ping")
    assert len(ears.events("message:updated")) == 3


def test_several_options_where_the_poll_takes_them(alice: Person, bob: Person, group: int) -> None:
    message = _ask(alice, group, isMultiple=True)
    answer = _vote(alice, message, 2, 0).raise_for_status().json()
    assert (_voters(answer["poll"]), answer["votes"]) == ([[alice.id], [], [alice.id]], [0, 2])
    answer = _vote(bob, message, 0).raise_for_status().json()
    assert (_voters(answer["poll"]), answer["poll"]["voterCount"]) == ([[alice.id, bob.id], [], [alice.id]], 2)
    assert [user["id"] for user in answer["users"]] == [alice.id]


def test_who_voted_in_an_anonymous_poll_is_told_to_nobody(alice: Person, bob: Person, group: int) -> None:
    message = _ask(alice, group, isAnonymous=True)
    ears = alice.socket()
    _vote(bob, message, 0).raise_for_status()
    told = ears.wait_for("message:updated", id=message["id"])
    assert {user["id"] for user in told["users"]} == {alice.id}
    seen = alice.http.get(f"/messages/{message['id']}/poll").json()
    assert (_voters(seen["poll"]), seen["poll"]["options"][0]["voteCount"]) == ([[], [], []], 1)
    assert seen["votes"] == []
    assert bob.http.get(f"/messages/{message['id']}/poll").json()["votes"] == [0], "but to oneself"


def test_an_anonymous_vote_is_told_to_ones_own_devices(alice: Person, bob: Person, group: int) -> None:
    message, named = _ask(alice, group, isAnonymous=True, isMultiple=True), _ask(alice, group)
    cursors = {who.id: who.http.get("/sync").json()["nextCursor"] for who in (alice, bob)}
    bob.http.put(f"/chats/{group}/draft", json={"content": "I would"}).raise_for_status()
    bobs, alices = [bob.socket(), bob.socket()], alice.socket()
    for options in ([2, 0], [2, 0], []):
        _vote(bob, message, *options).raise_for_status()
        for ears in bobs:
            heard = ears.wait_for("poll:voted", votes=sorted(options))
            assert heard["chatId"] == group
            place = {"chatId": group, "messageId": message["id"], "seq": message["seq"]}
            assert heard["data"] == {**place, "votes": sorted(options)}
    _vote(bob, message, 1).raise_for_status()
    _vote(bob, named, 1).raise_for_status()
    _close(alice, message).raise_for_status()
    for ears in bobs:
        ears.wait_for("poll:voted", votes=[1])
    closed = alice.history(group)[1]["poll"]
    for ears in (*bobs, alices):
        ears.wait_for("message:updated", id=message["id"], poll=closed)
        ears.act("ping")
    assert [len(ears.events("poll:voted")) for ears in (*bobs, alices)] == [3, 3, 0], "a repetition tells nothing"
    for who, expected in ((alice, []), (bob, [[1]])):
        told: list[Any] = []
        page = {"hasMore": True, "nextCursor": cursors[who.id]}
        while page["hasMore"]:
            page = who.http.get("/sync", params={"cursor": page["nextCursor"], "limit": 1}).json()
            told += page["events"]
        assert [event["data"]["votes"] for event in told if event["type"] == "poll:voted"] == expected
        again = who.http.get("/sync", params={"cursor": page["nextCursor"]}).json()
        assert again["events"] == []


def test_its_maker_closes_it_once(alice: Person, bob: Person, group: int) -> None:
    message = _ask(alice, group)
    _vote(bob, message, 0).raise_for_status()
    assert refusal(_close(bob, message)) == (403, "forbidden")
    closed = _close(alice, message).raise_for_status().json()
    assert closed["poll"]["closedAt"] is not None
    assert _voters(closed["poll"]) == [[bob.id], [], []], "the votes stay"
    assert alice.socket().act("poll:close", {"messageId": message["id"]}) == closed
    for who in (alice, bob):
        assert refusal(_vote(who, message, 1)) == (422, "poll_closed")


def test_it_closes_at_its_time(alice: Person, bob: Person, group: int, server: Server) -> None:
    moment = datetime.now(UTC) + timedelta(hours=1)
    message = _ask(alice, group, closesAt=moment.isoformat())
    assert (message["poll"]["closesAt"] is not None, message["poll"]["closedAt"]) == (True, None)
    _vote(bob, message, 0).raise_for_status()
    server.sql(
        "UPDATE messages SET details = jsonb_set(details, '{poll,closesAt}', '\"2026-01-01T00:00:00.000Z\"')"
        " WHERE id = %s",
        message["id"],
    )
    assert refusal(_vote(bob, message, 1)) == (422, "poll_closed")
    poll = bob.http.get(f"/messages/{message['id']}/poll").json()["poll"]
    assert poll["closedAt"] == poll["closesAt"] == bob.history(group)[0]["poll"]["closedAt"]
    assert _close(alice, message).raise_for_status().json()["poll"] == poll


@pytest.mark.parametrize(
    ("poll", "field"),
    [
        ({"options": ["one"]}, ("poll.options", "wrong_length")),
        ({"options": [str(number) for number in range(13)]}, ("poll.options", "wrong_length")),
        ({"options": ["one", "one"]}, ("poll.options[1]", "repeated")),
        ({"options": ["one", "<b>one</b>"]}, ("poll.options[1]", "repeated")),
        ({"options": ["one", " "]}, ("poll.options[1]", "wrong_form")),
        ({"options": ["<br>", "two"]}, ("poll.options[0]", "wrong_form")),
        ({"options": ["one", "x" * 101]}, ("poll.options[1]", "wrong_length")),
        ({"options": DAYS, "closesAt": "2020-01-01T00:00:00Z"}, ("poll.closesAt", "out_of_range")),
        ({"options": DAYS, "closesAt": "2099-01-01T00:00:00Z"}, ("poll.closesAt", "out_of_range")),
        ({"options": DAYS, "closedAt": "2020-01-01T00:00:00Z"}, ("poll.closedAt", "unknown_field")),
        ({"options": DAYS, "isMultiple": "yes"}, ("poll.isMultiple", "wrong_type")),
    ],
)
def test_what_is_no_poll(alice: Person, group: int, poll: dict[str, Any], field: tuple[str, str]) -> None:
    answer = alice.http.post("/messages", json={"chatId": group, "content": "When?", "poll": poll})
    assert refused_fields(answer) == [field]


def test_a_poll_needs_a_question_and_is_nothing_else(alice: Person, group: int) -> None:
    poll = {"options": DAYS}
    for body, field in (
        ({"poll": poll}, ("content", "missing")),
        ({"poll": poll, "content": " \n"}, ("content", "missing")),
        ({"messageType": "poll", "content": "When?"}, ("poll", "missing")),
        ({"poll": poll, "content": "When?", "attachments": [1]}, ("attachments", "contradiction")),
        ({"poll": poll, "content": "When?", "contact": {"userId": alice.id}}, ("poll", "contradiction")),
    ):
        assert refused_fields(alice.http.post("/messages", json={"chatId": group, **body})) == [field]


def test_votes_that_are_refused(alice: Person, bob: Person, group: int, person: Register) -> None:
    message, text = _ask(alice, group), alice.send(group, "no poll")
    mallory = person("mallory")
    for who, about, options, refused in (
        (bob, message, [3], (422, "unknown_option")),
        (bob, message, [0, 1], (422, "one_option")),
        (bob, text, [0], (422, "not_a_poll")),
        (mallory, message, [0], (404, "not_found")),
        (bob, {"id": 10**9}, [0], (404, "not_found")),
    ):
        assert refusal(_vote(who, about, *options)) == refused
        by_socket = who.socket().refused("poll:vote", {"messageId": about["id"], "options": options})
        assert (by_socket["status"], by_socket["code"]) == refused
    assert refused_fields(_vote(bob, message, 12)) == [("options[0]", "out_of_range")]
    assert refused_fields(_vote(bob, message, -1)) == [("options[0]", "out_of_range")]
    for who, about, refused in ((mallory, message, (404, "not_found")), (alice, text, (422, "not_a_poll"))):
        assert refusal(_close(who, about)) == refused
        assert refusal(who.http.get(f"/messages/{about['id']}/poll")) == refused
        assert who.socket().refused("poll:close", {"messageId": about["id"]})["code"] == refused[1]
    alice.http.delete(f"/messages/{message['id']}").raise_for_status()
    assert refusal(_vote(bob, message, 0)) == (410, "message_deleted")
    assert refusal(_close(alice, message)) == (410, "message_deleted")


def test_members_vote_where_only_admins_write_and_nobody_where_one_has_blocked(
    alice: Person, bob: Person, group: int
) -> None:
    alice.http.patch(f"/chats/{group}", json={"settings": {"whoCanSend": "admins"}}).raise_for_status()
    _vote(bob, _ask(alice, group), 0).raise_for_status()
    message = _ask(alice, alice.chat_with(bob))
    alice.http.put(f"/blocks/{bob.id}").raise_for_status()
    assert refusal(_vote(bob, message, 0)) == (403, "blocked")


def test_it_is_not_edited_and_a_copy_begins_anew(alice: Person, bob: Person, group: int) -> None:
    message = _ask(alice, group, isMultiple=True)
    _vote(bob, message, 0).raise_for_status()
    _close(alice, message).raise_for_status()
    assert refusal(alice.http.put(f"/messages/{message['id']}", json={"content": "Why?"})) == (403, "forbidden")
    target = bob.chat_with(alice)
    forwarded = bob.http.post(f"/messages/{message['id']}/forward", json={"chatIds": [target]}).json()["messages"][0]
    assert forwarded["poll"] == message["poll"]
    answer = _vote(alice, forwarded, 1).raise_for_status().json()
    assert _voters(answer["poll"]) == [[], [alice.id], []]
    assert refusal(_close(alice, forwarded)) == (403, "forbidden"), "it is of who forwarded it"
    _close(bob, forwarded).raise_for_status()


def test_search_finds_question_and_options(alice: Person, bob: Person, group: int, server: Server) -> None:
    body = {"chatId": group, "content": "The plan?", "poll": {"options": DAYS}}
    message = alice.http.post("/messages", json=body).raise_for_status().json()
    for _ in range(2):
        for q in ("plan", "sunday"):
            found = bob.http.get("/messages/search", params={"q": q}).json()["messages"]
            assert [one["id"] for one in found] == [message["id"]], q
        server.settle()


def test_all_votes_of_one_moment_count(alice: Person, group: int, person: Register) -> None:
    voters = [person(f"voter{number}") for number in range(6)]
    alice.http.post(f"/chats/{group}/participants", json={"userIds": [one.id for one in voters]}).raise_for_status()
    message = _ask(alice, group)
    answers = at_once(lambda number: _vote(voters[number], message, number % 2).status_code, len(voters))
    assert answers == [200] * len(voters)
    poll = alice.http.get(f"/messages/{message['id']}/poll").json()["poll"]
    assert [set(ids) for ids in _voters(poll)] == [
        {one.id for one in voters[0::2]},
        {one.id for one in voters[1::2]},
        set(),
    ]


def _changes(alice: Person, bob: Person, message: Any) -> Iterator[None]:
    yield
    _vote(bob, message, 0).raise_for_status()
    yield
    _vote(alice, message, 1).raise_for_status()
    _vote(bob, message).raise_for_status()
    yield
    _close(alice, message).raise_for_status()
    yield
    alice.http.delete(f"/messages/{message['id']}").raise_for_status()
    yield


def test_sync_tells_votes_and_the_end(alice: Person, bob: Person, group: int, server: Server) -> None:
    def get(path: str, query: Any) -> Any:
        return bob.http.get(path, params=dict(query)).json()

    message = _ask(alice, group)
    copy = Copy(bob.id, get)
    for _ in _changes(alice, bob, message):
        copy.sync()
        fresh = Copy(bob.id, get)
        fresh.sync()
        assert copy.shown() == fresh.shown()
    assert copy.messages[group][1]["poll"] is None
    assert server.sql("SELECT count(*) FROM poll_votes") == [(0,)]


def test_one_waits_for_its_time(alice: Person, bob: Person, group: int) -> None:
    at = datetime.now(UTC) + timedelta(hours=2)
    waiting = alice.schedule(group, content="When?", poll={"options": DAYS, "closesAt": at.isoformat()})
    (listed,) = alice.http.get("/scheduled-messages").json()["scheduled"]
    assert (listed["messageType"], listed["poll"]["options"], listed["poll"]["isMultiple"]) == ("poll", DAYS, False)
    blank = alice.http.patch(f"/scheduled-messages/{waiting}", json={"content": ""})
    assert refused_fields(blank) == [("content", "missing")]
    sent = alice.http.post(f"/scheduled-messages/{waiting}/send-now").raise_for_status().json()
    assert sent["poll"]["closesAt"] == listed["poll"]["closesAt"]
    early = {"chatId": group, "content": "When?", "sendAt": at.isoformat(), "poll": {"options": DAYS}}
    early["poll"] = {"options": DAYS, "closesAt": (at - timedelta(minutes=1)).isoformat()}
    assert refused_fields(alice.http.post("/scheduled-messages", json=early)) == [("poll.closesAt", "out_of_range")]
