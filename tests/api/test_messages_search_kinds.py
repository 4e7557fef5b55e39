"""What counts as a word of a message, and how it may be written by who looks for it."""

import pytest

from tests.support.people import Person
from tests.support.server import Server

TEXTS = {
    "cafe": "Пьём кофе в «Café de Flore»",
    "yo": "Ёлка, Пётр и семён",
    "decomposed": "Zoe\u0308 naïve Łódź Straße",
    "moscow": "Звони: +7 (921) 123-45-67!",
    "solid": "тел. 89217654321, вечером",
    "london": "Reach me on 020 7946 0958",
    "paris": "bureau: +33 1 98 76 54 32",
    "dont": "I don’t know what it's called",
    "stops": "to be or not to be",
    "и": "и не только",
    "version": "released v1.2.3-rc1 today",
    "address": "see https://docs.example.org/guide/Setup_page?x=1",
    "mail": "write to maria.petrova@mail.example.com",
    "ip": "host 192.168.10.1:8080 is down",
    "identifier": "getUserName calls fetch_user_row in foo-bar",
    "iphone": "iPhone15 весит 171г",
    "c++": "C++17 is hard",
    "c#": "Пишу на C#, не на F#",
    "class": "a class act",
    "laughter": "смешно 😂😂",
    "heart": "❤️ и 👍🏽",
    "family": "👨‍👩‍👧 🇷🇺🇸🇦 1️⃣",
    "trademark": "Acme™ costs 5€",
    "happy": "so happy",
}
FOUND = {
    "cafe": ["cafe"],
    "CAFÉ": ["cafe"],
    "caf": ["cafe"],
    "елка": ["yo"],
    "ЁЛК": ["yo"],
    "петр": ["yo"],
    "СЕМЁН": ["yo"],
    "zoe": ["decomposed"],
    "naive": ["decomposed"],
    "lodz": ["decomposed"],
    "strasse": ["decomposed"],
    "9211234567": ["moscow"],
    "89211234567": ["moscow"],
    "+79211234567": ["moscow"],
    "8 (921) 123 45 67": ["moscow"],
    "921.123.45.67": ["moscow"],
    "123-45-67": ["moscow"],
    "1234567": ["moscow"],
    "звони 9211234567": ["moscow"],
    "+7 921 765-43-21": ["solid"],
    "9217654321": ["solid"],
    "+7 921 765-43-22": [],
    "+7 911 123-45-67": [],
    "+44 20 7946 0958": ["london"],
    "0044 20 79460958": ["london"],
    "442079460958": ["london"],
    "01 98 76 54 32": ["paris"],
    "+33198765432": ["paris"],
    "don't": ["dont"],
    "DON’T": ["dont"],
    "dont know": ["dont"],
    "it's": ["dont"],
    "the": [],
    "to be": ["stops"],
    "or": ["stops"],
    "и": ["и", "yo", "heart"],
    "не": ["и", "c#"],
    "the class": ["class"],
    "1.2.3": ["version"],
    "v1.2": ["version"],
    "v1.2.3": ["version"],
    "2.3": ["version"],
    "rc1": ["version"],
    "1.3": [],
    "example.org": ["address"],
    "https://docs.example.org/guide/": ["address"],
    "docs.example.org/guide/setup_page?x=1": ["address"],
    "setup": ["address"],
    "page": ["address"],
    "petrova@mail": ["mail"],
    "maria.petrova@mail.example.com": ["mail"],
    "example": ["address", "mail"],
    "192.168.10.1": ["ip"],
    "168.10": ["ip"],
    "8080": ["ip"],
    "username": ["identifier"],
    "getusername": ["identifier"],
    "user_row": ["identifier"],
    "row": ["identifier"],
    "bar": ["identifier"],
    "iphone 15": ["iphone"],
    "171 г": ["iphone"],
    "C++": ["c++"],
    "с++": ["c++"],
    "c#": ["c#"],
    "f#": ["c#"],
    "c": ["cafe", "dont", "identifier", "c++", "c#", "class", "mail", "trademark"],
    "😂": ["laughter"],
    "❤": ["heart"],
    "❤️": ["heart"],
    "👍": ["heart"],
    "👍🏽": ["heart"],
    "👍🏿": [],
    "👨‍👩‍👧": ["family"],
    "🇷🇺": ["family"],
    "🇸🇦": ["family"],
    "🇺🇸": [],
    "1️⃣": ["family"],
    "™": ["trademark"],
    "acme": ["trademark"],
    "5€": ["trademark"],
    "🐘": [],
    "happy": ["happy"],
    "happiness": ["happy"],
    "happ": ["happy"],
}


def _found(who: Person, q: str) -> list[str]:
    answer = who.http.get("/messages/search", params={"q": q})
    assert answer.status_code == 200, answer.text
    names = {text: name for name, text in TEXTS.items()}
    return [names[message["content"]] for message in answer.json()["messages"]]


@pytest.mark.parametrize("is_indexed", [False, True], ids=["before indexing", "indexed"])
def test_words_are_found_however_they_are_written(
    server: Server, alice: Person, bob: Person, is_indexed: bool
) -> None:
    chat = alice.chat_with(bob)
    for text in TEXTS.values():
        alice.send(chat, text)
    if is_indexed:
        server.stack.triggers.fire_schedule("sweep")
        assert server.sql("SELECT FROM unindexed_messages") == []
    expected = {q: sorted(names) for q, names in FOUND.items()}
    assert {q: sorted(_found(alice, q)) for q in FOUND} == expected


def test_every_text_is_found_by_itself(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    for text in TEXTS.values():
        alice.send(chat, text)
    assert {name for name, text in TEXTS.items() if name not in _found(alice, text)} == set()


@pytest.mark.parametrize("q", ["...", "' & | ! <-> :*", "+", "#", "  ", "\u200d", "\ufe0f", "()[]{}\\/"])
def test_what_has_no_word_is_refused_by_name(alice: Person, q: str) -> None:
    answer = alice.http.get("/messages/search", params={"q": q})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert answer.json()["errors"][0]["field"] == "q"


@pytest.mark.parametrize(
    "text",
    ["x" * 10_000, "é" * 10_000, "a1" * 5_000, "a." * 5_000, "1 " * 5_000, "😂" * 10_000, "aB" * 5_000, "'" * 10_000],
    ids=lambda text: text[:2],
)
def test_the_longest_texts_are_indexed(server: Server, alice: Person, bob: Person, text: str) -> None:
    chat = alice.chat_with(bob)
    alice.send(chat, text)
    alice.send(chat, "the last word")
    server.stack.triggers.fire_schedule("sweep")
    assert server.sql("SELECT count(*) FROM messages WHERE searched IS NULL") == [(0,)]
    assert alice.http.get("/messages/search", params={"q": "last"}).json()["messages"][0]["seq"] == 2


@pytest.mark.parametrize(
    "q", ["x" * 200, "a." * 100, "1 " * 100, "😂" * 200, "'\\" * 50 + "x", "@", "a@b", "7:x", "%"]
)
def test_no_query_is_an_error_of_ours(alice: Person, q: str) -> None:
    assert alice.http.get("/messages/search", params={"q": q}).status_code in {200, 400}
