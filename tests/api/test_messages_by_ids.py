"""Messages by their ids, and people by `@name`."""

from typing import Any

from tests.support.answers import refused_fields
from tests.support.people import Person, Register


def _asked(who: Person, *ids: int) -> dict[str, Any]:
    answer = who.http.get("/messages", params={"ids": ",".join(map(str, ids))})
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def test_messages_by_ids_are_those_that_one_may_see(alice: Person, person: Register) -> None:
    bob, carol = person("bob"), person("carol")
    shared, apart = alice.chat_with(bob), alice.chat_with(carol)
    first, second, hidden = (alice.send(shared, text) for text in ("one", "two", "hidden"))
    secret = alice.send(apart, "not for Bob")
    bob.http.delete(f"/messages/{hidden['id']}", params={"for": "me"}).raise_for_status()
    ids = [secret["id"], second["id"], hidden["id"], first["id"], first["id"], 2**53 - 1]
    page = _asked(bob, *ids)
    assert page["messages"] == [bob.messages(shared, around=first["seq"], limit=1)[0], bob.messages(shared)[0]]
    assert {user["username"] for user in page["users"]} == {"alice"}
    assert (page["hasMore"], page["nextCursor"]) == (False, None)
    assert [message["id"] for message in _asked(alice, *ids)["messages"]] == [
        *(first["id"], second["id"], hidden["id"], secret["id"])
    ]
    assert _asked(bob, secret["id"])["messages"] == []


def test_what_is_wrong_with_ids_is_said(alice: Person) -> None:
    def refused(**query: Any) -> Any:
        return refused_fields(alice.http.get("/messages", params=query))

    chat = alice.chat_with(name="notes")
    assert refused() == [("chatId", "missing")]
    assert refused(ids="1,x") == [("ids", "wrong_form")]
    assert refused(ids="0") == [("ids", "out_of_range")]
    assert refused(ids=",".join(map(str, range(1, 102)))) == [("ids", "too_long")]
    assert refused(ids="1", chatId=chat) == [("chatId", "contradiction")]
    assert refused(ids="1", before=3) == [("before", "contradiction")]
    assert (
        alice.http.get("/messages", params={"chatId": chat}).json()
        == alice.http.get(f"/chats/{chat}/messages").json()
    )


def test_people_are_found_by_their_name_with_an_at_sign(alice: Person, person: Register) -> None:
    bob = person("bobby")
    alice.http.post("/contacts", json={"userId": bob.id}).raise_for_status()
    for q in ("@bobby", " @Bob", "@ bobby"):
        found = alice.http.get("/users/search", params={"q": q}).json()["users"]
        assert [user["id"] for user in found] == [bob.id], q
        kept = alice.http.get("/contacts", params={"q": q}).json()["contacts"]
        assert [contact["userId"] for contact in kept] == [bob.id], q
    assert alice.http.get("/users/search", params={"q": "@"}).json()["users"] == []
