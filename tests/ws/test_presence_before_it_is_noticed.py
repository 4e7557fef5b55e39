"""What others hear of somebody whose device has just come: it is noticed only after the debounce."""

import pytest

from tests.support.people import Person, Register
from tests.support.presence import come, heard
from tests.support.server import Server


def _pair(person: Register) -> tuple[Person, Person]:
    """Two who share a private chat."""
    alice, bob = person("alice"), person("bob")
    alice.chat_with(bob)
    return alice, bob


def _choose(who: Person, status: str, text: str) -> None:
    who.http.put("/users/me/status", json={"status": status, "statusText": text}).raise_for_status()


@pytest.mark.parametrize("by", ["socket", "http", "profile"])
def test_a_choice_right_after_connecting_does_not_tell_that_one_is_gone(
    server: Server, person: Register, by: str
) -> None:
    alice, bob = _pair(person)
    (ears,) = come(server, bob)
    with server.settings(presence_debounce_seconds=1):
        phone = alice.socket()
        if by == "socket":
            phone.act("presence:set", {"status": "away", "statusText": "lunch"})
        elif by == "http":
            _choose(alice, "away", "lunch")
        else:
            alice.http.patch("/users/me", json={"statusText": "lunch"}).raise_for_status()
        ears.wait_for("user:status", userId=alice.id, statusText="lunch")
        server.settle()
    assert set(heard(ears, alice)) <= {"online", "away"}
    assert heard(ears, alice)[-1] == ("online" if by == "profile" else "away")


@pytest.mark.parametrize("shows", ["privacy", "contact", "unblock"])
def test_who_may_see_one_right_after_one_connected_does_not_hear_that_one_is_gone(
    server: Server, person: Register, shows: str
) -> None:
    alice, bob = _pair(person)
    if shows == "unblock":
        alice.http.put(f"/blocks/{bob.id}").raise_for_status()
    else:
        alice.http.patch("/users/me/privacy", json={"lastSeen": "contacts"}).raise_for_status()
    (ears,) = come(server, bob)
    with server.settings(presence_debounce_seconds=1):
        alice.socket()
        if shows == "privacy":
            alice.http.patch("/users/me/privacy", json={"lastSeen": "everyone"}).raise_for_status()
        elif shows == "contact":
            alice.http.post("/contacts", json={"userId": bob.id}).raise_for_status()
        else:
            alice.http.delete(f"/blocks/{bob.id}").raise_for_status()
        ears.wait_for("user:status", userId=alice.id, status="online")
        server.settle()
    assert set(heard(ears, alice)) == {"online"}


def test_a_text_that_is_chosen_while_one_is_away_is_told(server: Server, person: Register) -> None:
    alice, bob = _pair(person)
    (ears,) = come(server, bob)
    _choose(alice, "busy", "on holiday")
    ears.wait_for("user:status", userId=alice.id, status="offline", statusText="on holiday")
