"""The common room: the group that is there from the beginning, for everybody, and nobody's."""

from chalicelib.core import context
from chalicelib.features.chats.common_room import common_room_id, enter
from tests.support.answers import at_once, refusal
from tests.support.groups import changes
from tests.support.people import Person, Register
from tests.support.server import Server
from tests.support.sessions import actor_of

ROOM = common_room_id()


def test_it_is_there_and_everybody_finds_it(server: Server, alice: Person) -> None:
    assert server.sql("SELECT common_room_id()") == [(ROOM,)]
    shown = alice.http.get(f"/chats/public/{ROOM}").json()
    assert (shown["name"], shown["participantCount"], shown["isMember"]) == ("Common room", 0, False)
    assert alice.http.get("/chats/public", params={"q": "common"}).json()["chats"] == [shown]
    assert alice.http.get("/chats").json()["chats"] == [], "nobody is in it who has not used it"
    assert refusal(alice.http.get(f"/chats/{ROOM}/messages")) == (404, "not_found")


def test_who_comes_is_a_member_like_all_others(alice: Person, person: Register) -> None:
    bob = person("bob")
    _, cursor = changes(bob)
    for who in (alice, bob):
        joined = who.http.post(f"/chats/{ROOM}/join").json()
        assert [participant["role"] for participant in joined["participants"]] == ["member"] * (1 + (who is bob))
    alice.send(ROOM, "Hello, all")
    assert bob.history(ROOM)[0]["content"] == "Hello, all"
    told = ["chat:created", "message:new", "message:delivered", "messages:read"]
    assert [event["type"] for event in changes(bob, cursor)[0]] == told
    assert [chat["id"] for chat in bob.http.get("/chats").json()["chats"]] == [ROOM]


def test_entering_is_once_however_often(server: Server, alice: Person) -> None:
    with context.begin():
        assert [enter(actor_of(alice)).id for _ in range(2)] == [ROOM, ROOM]
    assert server.sql("SELECT user_id FROM members WHERE chat_id = %s", ROOM) == [(alice.id,)]


def test_nobody_rules_it(alice: Person, person: Register) -> None:
    bob = person("bob")
    for who in (alice, bob):
        who.http.post(f"/chats/{ROOM}/join")
    forbidden = [
        alice.http.patch(f"/chats/{ROOM}", json={"name": "mine"}),
        alice.http.patch(f"/chats/{ROOM}", json={"isPublic": False}),
        alice.http.delete(f"/chats/{ROOM}"),
        alice.http.delete(f"/chats/{ROOM}/participants/{bob.id}"),
        alice.http.patch(f"/chats/{ROOM}/participants/{alice.id}", json={"role": "owner"}),
        alice.http.post(f"/chats/{ROOM}/participants", json={"userId": bob.id}),
        alice.http.post(f"/chats/{ROOM}/invites", json={}),
    ]
    assert {refusal(answer) for answer in forbidden} == {(403, "forbidden")}
    assert alice.http.get(f"/chats/public/{ROOM}").json()["name"] == "Common room"


def test_it_stays_when_the_last_one_leaves(alice: Person) -> None:
    for _ in range(2):
        assert alice.http.post(f"/chats/{ROOM}/join").status_code == 200
        assert alice.http.post(f"/chats/{ROOM}/leave").status_code == 204
    assert alice.http.get(f"/chats/public/{ROOM}").json()["participantCount"] == 0


def test_the_size_of_groups_is_not_its_size(server: Server, alice: Person, person: Register) -> None:
    others = [person(f"user{number}") for number in range(8)]
    with server.settings(group_size=2):
        answers = at_once(lambda number: others[number].http.post(f"/chats/{ROOM}/join"), 8)
        assert [answer.status_code for answer in answers] == [200] * 8
    with server.put("chalicelib.features.chats.joining.COMMON_ROOM_SIZE", 8):
        assert refusal(alice.http.post(f"/chats/{ROOM}/join")) == (422, "group_full")


def test_other_chats_keep_their_numbers(alice: Person) -> None:
    assert alice.chat_with(name="first") == 1
