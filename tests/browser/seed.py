"""A conversation as people have it, to look at: long names, several scripts, pictures, a poll, replies, reactions."""

import math
import struct
import zlib
from dataclasses import dataclass

from tests.support import pictures
from tests.support.people import Person, register

_TALK = (
    (0, "Hi all! Are we still on for the mountains this weekend? 🏔"),
    (1, "Yes! I have already packed."),
    (1, "The forecast says sun on Saturday and a little rain on Sunday: https://example.org/forecast/alps?days=3"),
    (2, "Привет! Я буду на машине, могу взять троих. Выезжаем в семь утра от вокзала, не опаздывайте, пожалуйста."),
    (3, "مرحبا! سأحضر القهوة والخبز للجميع."),
    (4, "おはようございます!地図と救急セットを持って行きます。"),
    (0, "Perfect, that makes five of us"),
    (0, "🎉🎉"),
    (2, "А палатка? Моя маленькая, на двоих."),
    (1, "I will bring the big one.\nIt needs two people to carry, though:\n– the tent itself\n– poles and pegs"),
)


@dataclass(frozen=True)
class World:
    """Who there is, the reader first, and the chat to look at."""

    people: list[Person]
    group: int


def world(url: str, suffix: str = "") -> World:
    """Registers people and has them talk. `url` is the API's base."""
    named = (
        ("maria", "Maria Fernández"),
        ("tom", "Tom Whitfield-Abercrombie of Upper Kensington"),
        ("anna", "Анна Кузнецова"),
        ("layla", "ليلى حداد"),
        ("yuki", "佐藤 ゆき"),
        ("ben", "Ben"),
    )
    people = [register(url, f"{name}{suffix}", firstName=shown) for name, shown in named]
    maria, tom, anna, layla, yuki, _ben = people
    group = maria.chat_with(tom, anna, layla, yuki, name="Weekend in the mountains 🏔")
    said = [people[who].send(group, text) for who, text in _TALK]
    anna.send(group, "", messageType="image", attachments=[pictures.upload(anna.http, lake())])
    tom.send(group, "Two, then. Who sleeps where?", replyTo=said[8]["id"])
    poll = {"options": ["The lake", "The ridge", "Ask again on Saturday"]}
    asked = maria.send(group, "Where do we go first?", messageType="poll", poll=poll)
    for one, option in ((tom, 0), (anna, 0), (layla, 1)):
        one.http.put(f"/messages/{asked['id']}/vote", json={"options": [option]}).raise_for_status()
    for one, emoji in ((maria, "👍"), (layla, "👍"), (yuki, "❤️")):
        one.http.put(f"/messages/{said[3]['id']}/reactions/{emoji}").raise_for_status()
    maria.http.put(f"/messages/{said[3]['id']}/pin").raise_for_status()
    maria.send(group, "See you at the station, @anna" + suffix + "!", mentions=[anna.id])
    anna.http.post(f"/chats/{group}/read", json={})
    _others(maria, people)
    return World(people, group)


def _others(maria: Person, people: list[Person]) -> None:
    """The rest of the chat list."""
    _, tom, anna, layla, yuki, ben = people
    with_ben = ben.chat_with(maria)
    for text in ("Did you see the new office?", "Lunch at one?", "😄"):
        ben.send(with_ben, text)
    with_anna = maria.chat_with(anna)
    maria.send(with_anna, "Спасибо за помощь!")
    with_yuki = maria.chat_with(yuki)
    yuki.send(with_yuki, "写真をありがとう!")
    maria.http.post(f"/chats/{with_yuki}/read", json={})
    maria.http.put(f"/chats/{with_yuki}/draft", json={"content": "You are welcome, here are"})
    with_layla = layla.chat_with(maria)
    layla.send(with_layla, "شكرا جزيلا")
    maria.http.put(f"/chats/{with_layla}/mute", json={})
    team = tom.chat_with(maria, ben, name="Design review and everything that has to do with it, Berlin and Lisbon")
    for number in range(12):
        tom.send(team, f"Point {number + 1} of the agenda")
    maria.http.put(f"/chats/{team}/pin").raise_for_status()


def lake(width: int = 640, height: int = 420) -> bytes:
    """A PNG of mountains behind a lake."""
    lines = bytearray()
    for y in range(height):
        lines.append(0)  # no filter
        for x in range(width):
            lines += bytes(_colour(x / width, y / height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(lines), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _colour(x: float, y: float) -> tuple[int, int, int]:
    shore = 0.68
    seen = y if y < shore else 2 * shore - y  # the lake mirrors what is above it
    far = 0.42 + 0.1 * math.sin(5 * x + 1) + 0.05 * math.sin(17 * x)
    near = 0.58 + 0.07 * math.sin(8 * x + 4) + 0.03 * math.sin(29 * x)
    if seen > near:
        colour = (38, 78, 74)
    elif seen > far:
        colour = (96, 124, 158) if seen > far + 0.06 else (232, 238, 246)
    else:
        colour = (int(250 - 90 * (far - seen)), int(196 + 30 * seen), int(150 + 180 * (far - seen)) % 256)
    return colour if y < shore else (colour[0] * 4 // 5, colour[1] * 4 // 5, min(255, colour[2] * 9 // 10 + 12))
