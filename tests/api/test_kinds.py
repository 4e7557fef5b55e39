"""Locations and contacts: sent, found, changed and forwarded as every other message, by what they are."""

from typing import Any

import pytest

from tests.support.answers import bare, refusal, refused_fields
from tests.support.kept import Copy
from tests.support.people import Person, Register
from tests.support.pictures import picture

HERMITAGE = {"latitude": 59.9398, "longitude": 30.3146, "name": "Hermitage"}
TAXI = {"name": "Taxi Snow", "phone": "+7 (812) 555-01-23"}


def _kind(message: dict[str, Any]) -> tuple[Any, ...]:
    return message["messageType"], message["content"], message["location"], message["contact"]


@pytest.fixture
def chat(alice: Person, bob: Person) -> int:
    return alice.chat_with(bob)


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"location": HERMITAGE}, ("location", "", HERMITAGE, None)),
        (
            {"messageType": "location", "content": "here", "location": {"latitude": -90, "longitude": 180}},
            ("location", "here", {"latitude": -90, "longitude": 180, "name": None}, None),
        ),
        ({"contact": TAXI}, ("contact", "", None, {"userId": None, **TAXI})),
        (
            {"messageType": "contact", "contact": TAXI, "content": "call"},
            ("contact", "call", None, {"userId": None} | TAXI),
        ),
        (
            {"contact": {"name": "<b>Taxi</b>\u202e", "phone": "112"}},
            ("contact", "", None, {"userId": None, "name": "Taxi", "phone": "112"}),
        ),
    ],
)
def test_what_was_sent_is_what_everybody_finds(
    alice: Person, bob: Person, chat: int, sent: dict[str, Any], found: tuple[Any, ...]
) -> None:
    ears = bob.socket()
    message = alice.http.post("/messages", json={"chatId": chat, "clientMessageId": "k", **sent}).json()
    assert _kind(message) == found
    for who in (alice, bob):
        assert who.history(chat) == [message]
        assert bare(who.http.get(f"/messages/{message['id']}").json()) == message
        assert who.http.get("/chats").json()["chats"][0]["lastMessage"] == message
    assert ears.wait_for("message:new", id=message["id"])["data"] == message
    again = alice.http.post("/messages", json={"chatId": chat, "clientMessageId": "k", "content": "repeated"})
    assert (again.status_code, bare(again.json())) == (200, message)


def test_a_user_is_sent_by_the_name_that_they_have(alice: Person, bob: Person, chat: int, person: Register) -> None:
    carol = person("carol")
    carol.http.patch("/users/me", json={"displayName": "Carol Snow"}).raise_for_status()
    ears = bob.socket()
    by_name = alice.http.post("/messages", json={"chatId": chat, "contact": {"userId": carol.id}}).json()
    assert by_name["contact"] == {"userId": carol.id, "name": "Carol Snow", "phone": None}
    assert [user["id"] for user in by_name["users"]] == [carol.id]
    heard = ears.wait_for("message:new", id=by_name["id"])
    assert {user["id"] for user in heard["users"]} == {alice.id, carol.id}
    other = alice.socket().act("message:send", {"chatId": chat, "contact": {"userId": carol.id, "name": "My Carol"}})
    assert other["contact"] == {"userId": carol.id, "name": "My Carol", "phone": None}
    page = bob.http.get(f"/chats/{chat}/messages").json()
    assert {user["id"] for user in page["users"]} >= {alice.id, carol.id}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"location": {"latitude": 90.1, "longitude": 0}}, [("location.latitude", "out_of_range")]),
        ({"location": {"latitude": 0, "longitude": -180.1}}, [("location.longitude", "out_of_range")]),
        ({"location": {"latitude": 0}}, [("location.longitude", "missing")]),
        ({"location": {"latitude": "north", "longitude": 0}}, [("location.latitude", "wrong_type")]),
        ({"location": HERMITAGE | {"name": "\u200b"}}, [("location.name", "wrong_form")]),
        ({"location": HERMITAGE | {"name": "<br>"}}, [("location.name", "wrong_form")]),
        ({"location": HERMITAGE | {"height": 3}}, [("location.height", "unknown_field")]),
        ({"location": HERMITAGE, "contact": TAXI}, [("contact", "contradiction")]),
        ({"location": HERMITAGE, "messageType": "image"}, [("messageType", "contradiction")]),
        ({"location": HERMITAGE, "attachments": [1]}, [("attachments", "contradiction")]),
        ({"messageType": "location", "content": "x"}, [("location", "missing")]),
        ({"messageType": "contact", "content": "x"}, [("contact", "missing")]),
        ({"contact": {}}, [("contact.name", "missing")]),
        ({"contact": {"name": "Taxi"}}, [("contact.phone", "missing")]),
        ({"contact": {"phone": "112"}}, [("contact.name", "missing")]),
        ({"contact": TAXI | {"phone": "call me"}}, [("contact.phone", "wrong_form")]),
        ({"contact": TAXI | {"name": "x" * 101}}, [("contact.name", "wrong_length")]),
        ({"messageType": "system", "content": "x"}, [("messageType", "unknown_value")]),
    ],
)
def test_what_is_no_place_and_no_contact(
    alice: Person, chat: int, body: dict[str, Any], fields: list[tuple[str, str]]
) -> None:
    answer = alice.http.post("/messages", json={"chatId": chat, **body})
    assert refused_fields(answer) == fields
    assert alice.history(chat) == []


def test_a_message_with_files_is_told_as_what_they_are(alice: Person, chat: int) -> None:
    notes = alice.upload()
    for asked in ("text", "image", "video", "file"):
        sent = alice.send(chat, "read this", messageType=asked, attachments=[notes])
        assert (sent["messageType"], alice.history(chat)[0]["messageType"]) == ("file", "file"), asked
    shown = alice.send(chat, "", attachments=[picture(alice)])
    assert shown["messageType"] == alice.history(chat)[0]["messageType"] == "image"


def test_a_contact_that_does_not_exist_is_refused(alice: Person, chat: int) -> None:
    body = {"chatId": chat, "contact": {"userId": 10**9}}
    assert refusal(alice.http.post("/messages", json=body)) == (422, "unknown_user")
    assert alice.socket().refused("message:send", body)["code"] == "unknown_user"
    later = body | {"sendAt": "2099-01-01T00:00:00Z"}
    assert refused_fields(alice.http.post("/scheduled-messages", json=later)) == [("sendAt", "out_of_range")]


@pytest.mark.parametrize("is_indexed", [False, True])
def test_search_finds_names_and_numbers(alice: Person, bob: Person, chat: int, is_indexed: bool, server: Any) -> None:
    place = alice.http.post("/messages", json={"chatId": chat, "location": HERMITAGE}).json()
    card = alice.http.post("/messages", json={"chatId": chat, "contact": TAXI, "content": "call"}).json()
    if is_indexed:
        server.settle()
    for q, found in (("hermitage", [place]), ("snow", [card]), ("call", [card]), ("812", [card])):
        messages = bob.http.get("/messages/search", params={"q": q}).json()["messages"]
        assert [_kind(one) for one in messages] == [_kind(one) for one in found], q
        marked = [piece["text"].lower() for piece in messages[0]["snippet"] if piece["isMatch"]]
        assert marked == [q]
    by_kind = bob.http.get("/messages/search", params={"q": "snow", "messageType": "contact"}).json()["messages"]
    assert [one["id"] for one in by_kind] == [card["id"]]


def test_the_text_beside_it_can_be_edited_and_left_out(alice: Person, bob: Person, chat: int) -> None:
    message = alice.http.post("/messages", json={"chatId": chat, "content": "here", "location": HERMITAGE}).json()
    for text in ("there", ""):
        edited = alice.http.put(f"/messages/{message['id']}", json={"content": text}).raise_for_status().json()
        assert _kind(edited) == ("location", text, HERMITAGE, None)
    messages = bob.http.get("/messages/search", params={"q": "hermitage"}).json()["messages"]
    assert [found["id"] for found in messages] == [message["id"]]


def test_a_copy_is_of_the_same_kind(alice: Person, bob: Person, chat: int, person: Register) -> None:
    carol = person("carol")
    message = alice.http.post("/messages", json={"chatId": chat, "contact": {"userId": bob.id}}).json()
    body = {"chatIds": [alice.chat_with(carol)]}
    answer = alice.http.post(f"/messages/{message['id']}/forward", json=body).json()
    assert _kind(answer["messages"][0]) == _kind(message)
    assert bob.id in {user["id"] for user in answer["users"]}


def test_nothing_is_left_of_what_was_deleted(alice: Person, bob: Person, chat: int) -> None:
    message = alice.http.post("/messages", json={"chatId": chat, "location": HERMITAGE}).json()
    copy = Copy(bob.id, lambda path, query: bob.http.get(path, params=dict(query)).json())
    copy.sync()
    alice.http.delete(f"/messages/{message['id']}").raise_for_status()
    (left,) = bob.history(chat)
    assert (left["location"], left["messageType"], left["isDeleted"]) == (None, "location", True)
    copy.sync()
    assert copy.messages[chat][1]["location"] is None
    assert bob.http.get("/messages/search", params={"q": "hermitage"}).json()["messages"] == []


def test_who_is_no_member_sends_none(chat: int, person: Register) -> None:
    mallory = person("mallory")
    for body in ({"location": HERMITAGE}, {"contact": TAXI}):
        assert refusal(mallory.http.post("/messages", json={"chatId": chat, **body})) == (404, "not_found")


def test_one_waits_and_is_sent_as_it_is(alice: Person, bob: Person, chat: int) -> None:
    waiting = alice.schedule(chat, content="", contact={"userId": bob.id})
    (listed,) = alice.http.get("/scheduled-messages").json()["scheduled"]
    assert (listed["messageType"], listed["contact"]) == ("contact", {"userId": bob.id, "name": None, "phone": None})
    changed = alice.http.patch(f"/scheduled-messages/{waiting}", json={"content": ""}).raise_for_status().json()
    assert {user["id"] for user in changed["users"]} == {bob.id}
    sent = alice.http.post(f"/scheduled-messages/{waiting}/send-now").raise_for_status().json()
    assert sent["contact"] == {"userId": bob.id, "name": bob.username, "phone": None}
