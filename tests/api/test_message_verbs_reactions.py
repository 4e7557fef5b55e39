"""Reactions: one emoji each, any number of users at once, none lost."""

from urllib.parse import quote

import httpx
import pytest

from tests.support.answers import at_once, bare, refusal, refused_fields
from tests.support.people import Person, Register
from tests.support.server import Server


def _react(who: Person, message_id: int, emoji: str) -> httpx.Response:
    return who.http.put(f"/messages/{message_id}/reactions/{quote(emoji, safe='')}")


def _unreact(who: Person, message_id: int, emoji: str) -> httpx.Response:
    return who.http.delete(f"/messages/{message_id}/reactions/{quote(emoji, safe='')}")


def test_reactions_come_and_go(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    message = alice.send(chat, "hello")
    first = bare(_react(bob, message["id"], "👍").json())
    assert first == {
        "chatId": chat,
        "messageId": message["id"],
        "seq": message["seq"],
        "reactions": {"👍": [bob.id]},
        "updatedAt": first["updatedAt"],
    }
    assert first["updatedAt"] > message["updatedAt"]
    _react(alice, message["id"], "👍")
    assert _react(alice, message["id"], "❤️").json()["reactions"] == {"👍": [bob.id, alice.id], "❤️": [alice.id]}
    for who in (alice, bob):
        now = who.history(chat)[0]
        assert now["reactions"] == {"👍": [bob.id, alice.id], "❤️": [alice.id]}
        assert not now["isEdited"]
        assert who.http.get("/chats").json()["chats"][0]["lastMessage"] == now
    assert _unreact(bob, message["id"], "👍").status_code == 204
    assert alice.history(chat)[0]["reactions"] == {"👍": [alice.id], "❤️": [alice.id]}
    _unreact(alice, message["id"], "👍")
    _unreact(alice, message["id"], "❤️")
    assert bob.history(chat)[0]["reactions"] == {}


def test_reacting_again_is_as_once(person: Register) -> None:
    alice = person("alice")
    message = alice.send(alice.chat_with(name="notes"), "hello")
    first = _react(alice, message["id"], "👍").json()
    assert _react(alice, message["id"], "👍").json() == first
    assert _unreact(alice, message["id"], "🎉").status_code == 204
    assert alice.http.get(f"/messages/{message['id']}").json()["updatedAt"] == first["updatedAt"]


def test_nobodys_reaction_is_lost(person: Register) -> None:
    people = [person(f"user{number}") for number in range(20)]
    message = people[0].send(people[0].chat_with(*people[1:], name="all"), "hello")
    answers = at_once(lambda number: _react(people[number], message["id"], "👍").status_code, len(people))
    assert answers == [200] * len(people)
    reacted = people[0].http.get(f"/messages/{message['id']}").json()["reactions"]["👍"]
    assert sorted(reacted) == sorted(one.id for one in people)
    verbs = (_react, _unreact)
    assert all(at_once(lambda n: verbs[n % 2](people[n], message["id"], "👍").is_success, len(people)))
    reacted = people[0].http.get(f"/messages/{message['id']}").json()["reactions"]["👍"]
    assert sorted(reacted) == sorted(one.id for one in people[::2])


def test_a_message_has_twenty_kinds_at_most_also_at_once(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    kinds = [chr(0x1F600 + number) for number in range(24)]
    for kind in kinds[:16]:
        assert _react(alice, message["id"], kind).status_code == 200
    answers = at_once(lambda number: _react(bob, message["id"], kinds[16 + number]).status_code, 8)
    assert sorted(answers) == [200] * 4 + [422] * 4
    shown = alice.http.get(f"/messages/{message['id']}").json()["reactions"]
    assert len(shown) == 20
    assert refusal(_react(alice, message["id"], "🎉")) == (422, "too_many_reactions")
    assert _react(bob, message["id"], kinds[0]).json()["reactions"][kinds[0]] == [alice.id, bob.id]
    assert _unreact(alice, message["id"], kinds[1]).status_code == 204
    assert _react(alice, message["id"], "🎉").status_code == 200


@pytest.mark.parametrize(
    "emoji",
    [
        *("👍", "❤️", "👍🏽", "🇩🇪", "1️⃣", "#️⃣", "☎️", "©️", "ℹ️", "⁉️", "㊗️", "🈚", "➡️", "🫡"),
        "🏳️‍🌈",
        "👩🏽‍👩🏽‍👧🏽‍👦🏽",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "🧑🏻‍❤️‍💋‍🧑🏼",
    ],
)
def test_every_kind_of_emoji_is_one(person: Register, emoji: str) -> None:
    alice = person("alice")
    message = alice.send(alice.chat_with(name="notes"), "hello")
    assert _react(alice, message["id"], emoji).json()["reactions"] == {emoji: [alice.id]}
    assert _unreact(alice, message["id"], emoji).status_code == 204
    assert alice.http.get(f"/messages/{message['id']}").json()["reactions"] == {}


@pytest.mark.parametrize(
    ("emoji", "forms"),
    [
        ("❤️", ["❤", "❤️", "❤\ufe0e"]),
        ("☝🏾", ["☝🏾\ufe0f", "☝️🏾", "☝🏾"]),
        ("👁️‍🗨️", ["👁‍🗨", "👁️‍🗨", "👁️‍🗨️"]),
        ("5️⃣", ["5\u20e3", "5️⃣"]),
    ],
)
def test_forms_of_an_emoji_are_one_reaction(person: Register, emoji: str, forms: list[str]) -> None:
    people = [person(f"user{number}") for number in range(len(forms))]
    message = people[0].send(people[0].chat_with(*people[1:], name="all"), "hello")
    for count, (who, form) in enumerate(zip(people, forms, strict=True), start=1):
        assert _react(who, message["id"], form).json()["reactions"] == {emoji: [one.id for one in people[:count]]}
    again = _react(people[0], message["id"], forms[1]).json()
    assert again["reactions"] == {emoji: [one.id for one in people]}
    assert again["updatedAt"] == people[0].history(message["chatId"])[0]["updatedAt"]
    for who, form in zip(people, reversed(forms), strict=True):
        assert _unreact(who, message["id"], form).status_code == 204
    assert people[0].history(message["chatId"])[0]["reactions"] == {}


def test_skin_tones_are_reactions_of_their_own(person: Register) -> None:
    alice = person("alice")
    message = alice.send(alice.chat_with(name="notes"), "hello")
    for emoji in ("👍", "👍🏽", "👍🏾\ufe0f"):
        _react(alice, message["id"], emoji)
    assert set(alice.history(message["chatId"])[0]["reactions"]) == {"👍", "👍🏽", "👍🏾"}


def test_what_was_stored_as_two_becomes_one(server: Server, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob, carol, name="all")
    message = alice.send(chat, "hello")
    stored = f'{{"❤": [{alice.id}, {bob.id}], "❤️": [{bob.id}], "👍": [{carol.id}]}}'
    server.sql("UPDATE messages SET reactions = %s WHERE id = %s", stored, message["id"])
    added = _react(carol, message["id"], "❤").json()["reactions"]
    assert added == {"❤️": [bob.id, alice.id, carol.id], "👍": [carol.id]}
    server.sql("UPDATE messages SET reactions = %s WHERE id = %s", stored, message["id"])
    assert _unreact(bob, message["id"], "❤️").status_code == 204
    assert alice.history(chat)[0]["reactions"] == {"❤️": [alice.id], "👍": [carol.id]}


@pytest.mark.parametrize(
    "emoji",
    [
        *("a", "1", "#", "ok", "я", "é", "中", "!", "%", "<b>", "<3", ":)", "&amp;", "'", '"', "{}", "$ref"),
        *(
            " ",
            "👍 ",
            " 👍",
            "👍\n",
            "\t",
            "\x00",
            "👍\x00",
            "\x7f",
            "\u202e",
            "\u200b",
            "\ufe0f",
            "\u200d",
            "\u20e3",
        ),
        *(
            "👍👍",
            "👍a",
            "👍🏽🏽",
            "🎉🏽",
            "🀀",
            "✄",
            "❤\ufe0f\ufe0f",
            "🇩",
            "🇩🇪🇩",
            "👍\u200d",
            "\u200d👍",
            "\U0001f3fd",
            "\U000e0067",
            "👩" * 17,
        ),
        "👩\u200d" * 6 + "👩",
    ],
)
def test_nothing_else_is(person: Register, emoji: str) -> None:
    alice = person("alice")
    message = alice.send(alice.chat_with(name="notes"), "hello")
    for answer in (_react(alice, message["id"], emoji), _unreact(alice, message["id"], emoji)):
        assert [field for field, _ in refused_fields(answer)] == ["emoji"]
    assert alice.http.get(f"/messages/{message['id']}").json() == message


def test_who_may_only_read_may_react(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    channel = alice.chat_with(bob, name="news")
    message = alice.send(channel, "news")
    server.sql("UPDATE chats SET who_can_send = 'admins' WHERE id = %s", channel)
    assert _react(bob, message["id"], "👍").status_code == 200
