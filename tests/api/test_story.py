"""Groups tell what was done in them, by messages of the kind `system`."""

from typing import Any

import pytest

from tests.support.answers import refusal
from tests.support.groups import changes, invite, set_role
from tests.support.people import Person, Register
from tests.support.pictures import picture
from tests.support.server import Server

Wire = dict[str, Any]

_NOTHING = {"userIds": [], "userCount": 0, "name": None, "changes": [], "role": None, "messageId": None}


def _told(who: Person, chat: int, action: str, sender: Person, **fields: Any) -> str:
    """The text of the newest system message, which must tell this."""
    newest = who.story(chat)[0]
    fields |= {"userCount": len(fields.get("userIds", []))}
    assert newest["system"] == {"action": action, **_NOTHING, **fields}
    assert newest["senderId"] == sender.id
    return str(newest["content"])


def test_a_group_tells_each_change(alice: Person, person: Register) -> None:
    bob, carol, dave = person("bob"), person("carol"), person("dave")
    chat = alice.chat_with(bob, carol, name="Team")
    made = _told(bob, chat, "made", alice, name="Team", userIds=[bob.id, carol.id])
    assert made == "alice made the group “Team” with bob, carol"
    assert alice.story(chat)[0]["seq"] == 1, "its first message"

    path = f"/chats/{chat}"
    alice.http.patch(path, json={"name": "Crew", "description": "us"}).raise_for_status()
    assert _told(bob, chat, "renamed", alice, name="Crew", changes=["description", "name"]) == (
        "alice renamed the group to “Crew”"
    )
    alice.http.patch(path, json={"description": "all of us"}).raise_for_status()
    assert _told(bob, chat, "changed", alice, changes=["description"]) == "alice changed the group's description"
    for chosen in ({"avatarId": picture(alice)}, {"avatarId": None}):
        told_before = len(alice.story(chat))
        for _ in range(2):
            alice.http.patch(path, json=chosen).raise_for_status()
        assert _told(bob, chat, "changed", alice, changes=["avatarUrl"]) == "alice changed the group's picture"
        assert len(alice.story(chat)) == told_before + 1, "once, however often it is asked for"
    set_role(alice, chat, bob, "admin")
    assert _told(bob, chat, "role", alice, userIds=[bob.id], role="admin") == "alice made bob an admin"
    bob.http.post(f"{path}/participants", json={"userId": dave.id}).raise_for_status()
    assert _told(dave, chat, "added", bob, userIds=[dave.id]) == "bob added dave"
    said = alice.send(chat, "mind this")
    bob.http.put(f"/messages/{said['id']}/pin").raise_for_status()
    assert _told(dave, chat, "pinned", bob, messageId=said["id"]) == "bob pinned a message"
    bob.http.delete(f"{path}/participants/{dave.id}").raise_for_status()
    assert _told(alice, chat, "removed", bob, userIds=[dave.id]) == "bob removed dave"
    carol.http.post(f"{path}/leave").raise_for_status()
    assert _told(alice, chat, "left", carol, userIds=[carol.id]) == "carol left the group"
    erin = person("erin")
    erin.http.post(f"/invites/{invite(alice, chat)['token']}/join").raise_for_status()
    assert _told(alice, chat, "joined", erin, userIds=[erin.id]) == "erin joined the group"
    seqs = [message["seq"] for message in alice.http.get(f"{path}/messages").json()["messages"]]
    assert seqs == list(range(len(seqs), 0, -1)), "numbered with what people write, without a gap"


def test_what_changes_nothing_tells_nothing(alice: Person, person: Register) -> None:
    bob = person("bob")
    chat = alice.chat_with(bob, name="Team")
    said = alice.send(chat, "hello")
    for _ in range(2):
        alice.http.put(f"/messages/{said['id']}/pin").raise_for_status()
    alice.http.delete(f"/messages/{said['id']}/pin").raise_for_status()
    assert [one["system"]["action"] for one in alice.story(chat)] == ["pinned", "made"]
    for change in ({"name": "Team"}, {"description": ""}, {"isPublic": True}, {"settings": {"whoCanAdd": "members"}}):
        alice.http.patch(f"/chats/{chat}", json=change).raise_for_status()
    alice.http.post(f"/chats/{chat}/participants", json={"userId": bob.id}).raise_for_status()
    bob.http.post(f"/chats/{chat}/join").raise_for_status()
    set_role(alice, chat, bob, "member")
    refusals = (
        bob.http.patch(f"/chats/{chat}", json={"name": "Mine"}),
        bob.http.put(f"/messages/{said['id']}/pin"),
        bob.http.delete(f"/chats/{chat}/participants/{alice.id}"),
        alice.http.post(f"/chats/{chat}/leave"),
    )
    assert [answer.status_code for answer in refusals] == [403, 403, 403, 422]
    assert len(alice.story(chat)) == 2


def test_private_chats_and_the_common_room_have_none(alice: Person, person: Register, server: Server) -> None:
    bob = person("bob")
    private = alice.chat_with(bob)
    alice.http.patch(f"/chats/{private}", json={"settings": {"messageSeconds": 60}}).raise_for_status()
    said = alice.send(private, "hello")
    assert said["seq"] == 1
    alice.http.put(f"/messages/{said['id']}/pin").raise_for_status()
    [(room,)] = server.sql("SELECT common_room_id()")
    for who in (alice, bob):
        who.http.post(f"/chats/{room}/join").raise_for_status()
    bob.http.post(f"/chats/{room}/leave").raise_for_status()
    assert alice.story(private) == alice.story(room) == []
    assert alice.send(room, "hello")["seq"] == 1


def test_it_is_unread_for_nobody(alice: Person, person: Register) -> None:
    bob, carol = person("bob"), person("carol")
    chat = alice.chat_with(bob, name="Team")
    assert [who.http.get("/unread").json()["unreadCount"] for who in (alice, bob)] == [0, 0]
    bob.http.patch(f"/chats/{chat}", json={"name": "x"})
    said = alice.send(chat, "hello")
    alice.http.put(f"/messages/{said['id']}/pin").raise_for_status()
    alice.http.post(f"/chats/{chat}/participants", json={"userId": carol.id}).raise_for_status()
    for who, unread in ((alice, 0), (bob, 1), (carol, 0)):
        shown = who.http.get(f"/chats/{chat}").json()
        assert (shown["lastSeq"], shown["unreadCount"]) == (4, unread)
        assert who.http.get("/unread").json()["unreadCount"] == unread
    marks = bob.http.post(f"/chats/{chat}/read", json={"seq": 2}).json()
    assert (marks["readSeq"], marks["unreadCount"]) == (2, 0), "what follows tells of the group alone"
    shown = carol.http.get(f"/chats/{chat}").json()
    assert (shown["readSeq"], shown["deliveredSeq"]) == (4, 4), "a newcomer begins with their own coming"
    alice.http.delete(f"/messages/{said['id']}").raise_for_status()
    assert bob.http.get("/unread").json()["unreadCount"] == 0


def test_who_changes_a_group_has_not_read_it_by_that(alice: Person, person: Register) -> None:
    bob = person("bob")
    chat = alice.chat_with(bob, name="Team")
    bob.send(chat, "did you see this?")
    alice.http.put(f"/chats/{chat}/unread").raise_for_status()
    alice.http.patch(f"/chats/{chat}", json={"name": "Crew"}).raise_for_status()
    shown = alice.http.get(f"/chats/{chat}").json()
    assert (shown["readSeq"], shown["unreadCount"], shown["markedUnread"]) == (1, 1, True)


def test_nobody_changes_it(alice: Person, person: Register) -> None:
    bob, carol = person("bob"), person("carol")
    chat, elsewhere = alice.chat_with(bob, name="Team"), alice.chat_with(carol)
    [story] = alice.story(chat)
    path = f"/messages/{story['id']}"
    tried = {
        "edit": alice.http.put(path, json={"content": "mine"}),
        "delete": alice.http.delete(path),
        "hide": bob.http.delete(path, params={"for": "me"}),
        "forward": alice.http.post(f"{path}/forward", json={"chatIds": [elsewhere]}),
        "react": bob.http.put(f"{path}/reactions/👍"),
        "pin": alice.http.put(f"{path}/pin"),
    }
    assert {verb: refusal(answer) for verb, answer in tried.items()} == dict.fromkeys(tried, (403, "forbidden"))
    outsider = carol.http.delete(path, params={"for": "me"})
    assert refusal(outsider) == (404, "not_found")
    assert bob.http.delete(f"{path}/reactions/👍").status_code == 204, "there is nothing to take back"
    reply = bob.send(chat, "welcome all", replyTo=story["id"])
    assert (reply["quote"]["messageType"], reply["quote"]["content"]) == ("system", story["content"])
    [kept] = alice.story(chat)
    changed = {name for name in story if kept[name] != story[name]}
    assert changed <= {"thread", "updatedAt", "status"}, "it was answered, and nothing else"


def test_search_does_not_find_it(alice: Person, person: Register, server: Server) -> None:
    bob = person("bob")
    chat = alice.chat_with(bob, name="Team")
    said = alice.send(chat, "the group of alice")
    alice.http.patch(f"/chats/{chat}", json={"name": "Crew"}).raise_for_status()
    for _ in range(2):
        for words in ("alice", "group", "Crew"):
            found = alice.http.get("/messages/search", params={"q": words}).json()["messages"]
            assert [one["id"] for one in found] == ([] if words == "Crew" else [said["id"]])
        server.settle()


def test_it_outlives_messages_that_disappear(alice: Person, person: Register, server: Server) -> None:
    bob = person("bob")
    chat = alice.chat_with(bob, name="Team")
    alice.http.patch(f"/chats/{chat}", json={"settings": {"messageSeconds": 5}}).raise_for_status()
    assert bob.send(chat, "soon gone")["expiresAt"] is not None
    alice.http.patch(f"/chats/{chat}", json={"name": "Crew"}).raise_for_status()
    assert alice.story(chat)[0]["expiresAt"] is None
    server.sql("UPDATE messages SET expires_at = now() WHERE expires_at IS NOT NULL")
    assert alice.http.get("/unread").json()["unreadCount"] == 0


def test_every_device_hears_it_and_sync_tells_it(alice: Person, person: Register) -> None:
    bob, carol = person("bob"), person("carol")
    chat = alice.chat_with(bob, name="Team")
    _, cursor = changes(bob)
    ears = {who.username: who.socket() for who in (alice, bob, carol)}
    alice.http.post(f"/chats/{chat}/participants", json={"userId": carol.id}).raise_for_status()
    [story, _] = alice.story(chat)
    for name, socket in ears.items():
        event = socket.wait_for("message:new")
        assert event["data"] == {**story, "status": "sent"}, name
        assert (event["chatId"], event["seq"], event["unattended"]) == (chat, 2, True)
        assert {user["id"] for user in event["users"]} == {alice.id, carol.id}, "whom it names"
    told, _ = changes(bob, cursor)
    assert [event["data"] for event in told if event["type"] == "message:new"] == [{**story, "status": "sent"}]


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>Crew", '" onclick=alert(1) x="', "2 < 3"])
def test_its_text_is_as_safe_as_others(alice: Person, person: Register, name: str) -> None:
    chat = alice.chat_with(person("bob"), name="Team")
    alice.http.patch(f"/chats/{chat}", json={"name": name}).raise_for_status()
    newest = alice.story(chat)[0]
    said = alice.send(chat, f"“{name}”")
    assert newest["content"] == f"alice renamed the group to {said['content']}"
    assert newest["system"]["name"] == name


def test_of_many_people_it_names_the_first(alice: Person, person: Register, server: Server) -> None:
    rows = server.sql(
        "INSERT INTO users (username, display_name, password_hash)"
        " SELECT 'crowd' || n, 'crowd' || n, 'x' FROM generate_series(1, 30) n RETURNING id"
    )
    ids = [user_id for (user_id,) in rows]
    body = {"type": "group", "name": "Crowd", "participantIds": ids[::-1]}
    chat = alice.http.post("/chats", json=body).raise_for_status().json()
    assert chat["lastMessage"]["content"] == "alice made the group “Crowd” with crowd1, crowd2, crowd3 and 27 more"
    assert chat["lastMessage"]["system"] == {
        "action": "made", **_NOTHING, "name": "Crowd", "userIds": ids[:20], "userCount": 30
    }  # fmt: skip
