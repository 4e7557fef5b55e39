"""What members hear live of changed messages, on every device; and the same verbs by socket."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.answers import bare
from tests.support.documents import check_frame
from tests.support.people import Person, Register
from tests.support.server import Server
from tests.support.socket import Frame, Socket

ABOUT_MESSAGES = ("message:updated", "message:deleted", "message:reaction")
ACTIONS: dict[str, Frame] = {
    "message:edit": {"content": "changed"},
    "message:delete": {},
    "message:react": {"emoji": "👍"},
}
every_action = pytest.mark.parametrize(("action", "more"), ACTIONS.items(), ids=ACTIONS)


def _devices(*people: Person) -> list[Socket]:
    return [who.socket() for who in people for _ in range(2)]


def _all_hear(devices: list[Socket], kind: str, chat: int, **fields: Any) -> Frame:
    """Every device hears the same event; answers it."""
    heard = [device.wait_for(kind, **fields) for device in devices]
    for event in heard:
        check_frame(event)
        assert event == heard[0]
    assert heard[0]["chatId"] == chat
    return heard[0]


def _nothing_about_messages(device: Socket) -> None:
    device.act("ping")
    assert [kind for kind in ABOUT_MESSAGES if device.events(kind)] == []


def test_an_edit_reaches_every_device_of_every_member(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    devices = _devices(alice, bob)
    message = alice.send(chat, "helo")
    edited = devices[0].act("message:edit", {"messageId": message["id"], "content": "hello"})
    event = _all_hear(devices, "message:updated", chat, id=message["id"])
    assert (event["data"], event["seq"]) == (bare(edited), message["seq"])
    assert bare(edited) == bare(bob.http.get(f"/messages/{message['id']}").json())
    assert bare(devices[1].act("message:edit", {"messageId": message["id"], "content": "hello"})) == bare(edited)
    alice.http.patch(f"/messages/{message['id']}", json={"content": "hello!"}).raise_for_status()
    _all_hear(devices, "message:updated", chat, content="hello!")
    assert [len(device.events("message:updated")) for device in devices] == [2] * 4, "the same text is no event"


def test_a_deletion_reaches_every_device_of_every_member(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    devices = _devices(alice, bob)
    message = alice.send(chat, "oops")
    assert devices[0].act("message:delete", {"messageId": message["id"]}) == {}
    event = _all_hear(devices, "message:deleted", chat, messageId=message["id"])
    assert event["data"] == {
        "chatId": chat,
        "messageId": message["id"],
        "seq": message["seq"],
        "deletedBy": alice.id,
        "for": "everyone",
    }
    assert event["eventId"] == f"deleted:{message['id']}"
    assert devices[1].act("message:delete", {"messageId": message["id"]}) == {}
    devices[2].act("ping")
    assert [len(device.events("message:deleted")) for device in devices] == [1] * 4
    assert bob.http.get(f"/messages/{message['id']}").json()["isDeleted"]


def test_what_i_delete_for_me_is_told_to_my_devices_only(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    mine, others = _devices(bob), _devices(alice)
    message = alice.send(chat, "hello")
    mine[0].act("message:delete", {"messageId": message["id"], "for": "me"})
    event = _all_hear(mine, "message:deleted", chat, messageId=message["id"])
    assert (event["data"]["for"], event["data"]["deletedBy"]) == ("me", bob.id)
    mine[1].act("message:delete", {"messageId": message["id"], "for": "me"})
    assert [len(device.events("message:deleted")) for device in mine] == [1, 1]
    for device in others:
        _nothing_about_messages(device)
    assert bob.history(chat) == []
    assert len(alice.history(chat)) == 1


def test_a_reaction_reaches_every_device_of_every_member(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    devices = _devices(alice, bob)
    message = alice.send(chat, "hello")
    reacted = devices[2].act("message:react", {"messageId": message["id"], "emoji": "👍"})
    assert reacted["reactions"] == {"👍": [bob.id]}
    event = _all_hear(devices, "message:reaction", chat, reactions={"👍": [bob.id]})
    assert (event["data"], event["seq"]) == (bare(reacted), message["seq"])
    devices[3].act("message:react", {"messageId": message["id"], "emoji": "👍"})
    removed = devices[3].act("message:react", {"messageId": message["id"], "emoji": "👍", "remove": True})
    assert removed["updatedAt"] > reacted["updatedAt"]
    assert _all_hear(devices, "message:reaction", chat, reactions={})["data"] == bare(removed)
    assert [len(device.events("message:reaction")) for device in devices] == [2] * 4


def test_a_pin_reaches_every_device_of_every_member(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    devices = _devices(alice, bob)
    message = alice.send(chat, "hello")
    for _ in range(2):
        bob.http.put(f"/messages/{message['id']}/pin").raise_for_status()
    pinned = _all_hear(devices, "message:updated", chat, id=message["id"])["data"]
    assert pinned["pinnedAt"] is not None
    alice.http.delete(f"/messages/{message['id']}/pin").raise_for_status()
    _all_hear(devices, "message:updated", chat, pinnedAt=None)
    assert [len(device.events("message:updated")) for device in devices] == [2] * 4


def test_a_copy_is_a_new_message_to_its_chat(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    source, target = alice.chat_with(bob), alice.chat_with(carol)
    devices, bob_ears = _devices(alice, carol), bob.socket()
    message = alice.send(source, "hello")
    answer = alice.http.post(f"/messages/{message['id']}/forward", json={"chatIds": [target]}).raise_for_status()
    (copy,) = answer.json()["messages"]
    assert _all_hear(devices, "message:new", target, id=copy["id"])["data"] == copy
    bob_ears.act("ping")
    assert [event["data"]["id"] for event in bob_ears.events("message:new")] == [message["id"]]


def test_who_is_removed_hears_nothing_more(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob, carol, name="three")
    message = alice.send(chat, "hello")
    alice_ears, carol_ears = alice.socket(), carol.socket()
    alice.http.delete(f"/chats/{chat}/participants/{carol.id}").raise_for_status()
    carol_ears.wait_for("chat:left", chatId=chat)
    bob.http.put(f"/messages/{message['id']}/reactions/👍").raise_for_status()
    alice.http.put(f"/messages/{message['id']}", json={"content": "hello!"}).raise_for_status()
    alice.http.put(f"/messages/{message['id']}/pin").raise_for_status()
    alice.http.delete(f"/messages/{message['id']}").raise_for_status()
    alice_ears.wait_for("message:deleted", messageId=message["id"])
    _nothing_about_messages(carol_ears)


def test_a_removal_and_changes_at_once_tell_the_removed_nothing_later(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob, carol, name="three")
    message = alice.send(chat, "0")
    bob_ears, carol_ears = bob.socket(), carol.socket()

    def edit(number: int) -> None:
        alice.http.put(f"/messages/{message['id']}", json={"content": str(number)}).raise_for_status()

    with ThreadPoolExecutor(4) as threads:
        edits = [threads.submit(edit, number) for number in range(1, 21)]
        removal = threads.submit(alice.http.delete, f"/chats/{chat}/participants/{carol.id}")
        assert removal.result().status_code == 204
        removed_before = {number for number, one in enumerate(edits, 1) if not one.done()}
        for one in edits:
            one.result()
    edit(99)
    bob_ears.wait_for("message:updated", content="99")
    carol_ears.wait_for("chat:left", chatId=chat)
    carol_ears.act("ping")
    heard = {event["data"]["content"] for event in carol_ears.events("message:updated")}
    assert "99" not in heard
    # Four at a time: of those that had not begun when she was removed, she hears none.
    assert heard.isdisjoint(str(number) for number in sorted(removed_before)[4:])


@every_action
def test_refusals_by_socket_and_by_http_are_the_same(person: Register, action: str, more: Frame) -> None:
    alice, bob, mallory = person("alice"), person("bob"), person("mallory")
    message = alice.send(alice.chat_with(bob), "hello")
    mouth = mallory.socket()
    for message_id in (message["id"], message["id"] + 1000):
        problem = mouth.refused(action, {"messageId": message_id, **more})
        assert (problem["status"], problem["code"]) == (404, "not_found")
    mine = alice.socket()
    for bad in (0, -1, 2**53, "1", None, 1.5):
        problem = mine.refused(action, {"messageId": bad, **more})
        assert [error["field"] for error in problem["errors"]] == ["messageId"]
    problem = mine.refused(action, {"messageId": message["id"], **more, "senderId": bob.id})
    assert [error["field"] for error in problem["errors"]] == ["senderId"]


@every_action
def test_an_ended_session_can_do_nothing_on_an_open_socket(
    server: Server, person: Register, action: str, more: Frame
) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    mouth = alice.socket()
    server.sql("UPDATE sessions SET ended_at = now() WHERE user_id = %s", alice.id)
    problem = mouth.refused(action, {"messageId": message["id"], **more})
    assert (problem["status"], problem["code"]) == (401, "session_ended")
    assert bob.history(message["chatId"]) == [message]


def test_odd_data_is_refused_by_its_field(person: Register) -> None:
    alice = person("alice")
    message = alice.send(alice.chat_with(name="notes"), "hello")
    mouth = alice.socket()
    for action, data, field in (
        ("message:delete", {"for": "them"}, "for"),
        ("message:react", {"emoji": "no"}, "emoji"),
        ("message:react", {"emoji": "👍", "remove": 1}, "remove"),
        ("message:react", {}, "emoji"),
        ("message:edit", {}, "content"),
        ("message:edit", {"content": "a\x00b"}, "content"),
        ("message:edit", {"content": " "}, "content"),
    ):
        problem = mouth.refused(action, {"messageId": message["id"], **data})
        assert (problem["status"], [error["field"] for error in problem["errors"]]) == (400, [field])


@pytest.mark.parametrize("verb", ["pin", "reaction"])
def test_a_change_by_socket_and_one_by_http_meet(person: Register, verb: str) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    ears = bob.socket()
    paths = {"pin": f"/messages/{message['id']}/pin", "reaction": f"/messages/{message['id']}/reactions/👍"}
    alice.http.put(paths[verb]).raise_for_status()
    edited = alice.socket().act("message:edit", {"messageId": message["id"], "content": "hello!"})
    now = bare(bob.http.get(f"/messages/{message['id']}").json())
    assert now == bare(edited)
    assert ears.wait_for("message:updated", content="hello!")["data"] == now
