"""A private chat with oneself keeps saved messages."""

from tests.support.answers import at_once
from tests.support.people import Person, Register


def _saved(who: Person) -> int:
    answer = who.http.post("/chats", json={"type": "private", "participantIds": [who.id]})
    assert answer.status_code in {200, 201}, answer.text
    return int(answer.json()["id"])


def test_there_is_one_chat_with_oneself(alice: Person) -> None:
    first = alice.http.post("/chats", json={"type": "private", "participantIds": [alice.id]})
    assert first.status_code == 201
    chat = first.json()
    assert (chat["type"], chat["participantCount"]) == ("private", 1)
    assert [one["userId"] for one in chat["participants"]] == [alice.id]
    again = alice.http.post("/chats", json={"type": "private", "participantIds": [alice.id, alice.id]})
    assert (again.status_code, again.json()["id"]) == (200, chat["id"])
    assert len(set(at_once(lambda _: _saved(alice), 4))) == 1


def test_what_is_saved_is_found_on_all_ones_devices(alice: Person, person: Register) -> None:
    bob = person("bob")
    chat = _saved(alice)
    original = bob.send(bob.chat_with(alice), "remember the milk")
    ears = alice.socket()
    cursor = alice.http.get("/sync").json()["nextCursor"]
    note = alice.send(chat, "note to self")
    assert ears.wait_for("message:new")["data"]["id"] == note["id"]
    copies = alice.http.post(f"/messages/{original['id']}/forward", json={"chatIds": [chat]}).json()["messages"]
    assert copies[0]["forwardedFrom"]["senderId"] == bob.id
    assert [message["content"] for message in alice.history(chat)] == ["remember the milk", "note to self"]
    found = alice.http.get("/messages/search", params={"q": "milk", "chatId": chat}).json()["messages"]
    assert [message["id"] for message in found] == [copies[0]["id"]]
    told = [event["type"] for event in alice.http.get("/sync", params={"cursor": cursor}).json()["events"]]
    assert told.count("message:new") == 2
    assert alice.http.get(f"/chats/{chat}").json()["unreadCount"] == 0


def test_it_is_nobody_elses(alice: Person, person: Register) -> None:
    bob = person("bob")
    chat = _saved(alice)
    assert bob.http.get(f"/chats/{chat}").status_code == 404
    assert bob.http.post("/messages", json={"chatId": chat, "content": "hi"}).status_code == 404
    assert alice.http.post(f"/chats/{chat}/participants", json={"userId": bob.id}).json()["code"] == "not_a_group"
    assert _saved(bob) != chat
