"""Socket.IO packets are read and written as the library's own codec does it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socketio import packet as library

from chalicelib.realtime import packets
from chalicelib.realtime.packets import Packet

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NAMESPACES = st.just("/") | st.from_regex(r"/[a-z]{1,10}", fullmatch=True)
ACKS = st.none() | st.integers(0, 2**31)


@given(arguments=st.lists(JSON, max_size=3), namespace=NAMESPACES, ack=ACKS)
def test_events_of_their_client_are_read(arguments: list[Any], namespace: str, ack: int | None) -> None:
    theirs = library.Packet(library.EVENT, data=["name", *arguments], namespace=namespace, id=ack).encode()
    packet = packets.read(f"4{theirs}")
    assert packet is not None
    assert (packet.type, packet.namespace) == (packets.EVENT, namespace)
    assert packet.id == (None if ack is None else str(ack))
    assert json.loads(packet.data) == ["name", *arguments]


@given(argument=st.dictionaries(st.text(), JSON), ack=st.none() | st.integers(0, 2**31))
def test_what_is_written_is_read_by_their_client(argument: dict[str, Any], ack: int | None) -> None:
    kind = packets.EVENT if ack is None else packets.ACK
    text = packets.write(kind, ["name", argument], ack=None if ack is None else str(ack))
    theirs = library.Packet(encoded_packet=text.removeprefix("4"))
    assert (str(theirs.packet_type), theirs.namespace, theirs.id) == (kind, None, ack)
    assert theirs.data == ["name", argument]


def test_a_namespace_of_another_is_written_before_the_data() -> None:
    text = packets.write(packets.CONNECT_ERROR, {"message": "Invalid namespace"}, namespace="/rooms")
    assert text == '44/rooms,{"message":"Invalid namespace"}'


@pytest.mark.parametrize(
    ("text", "packet"),
    [
        ("40", Packet(type="0")),
        ('40{"token":"x"}', Packet(type="0", data='{"token":"x"}')),
        ("40/rooms,", Packet(type="0", namespace="/rooms")),
        ("40/rooms", Packet(type="0", namespace="/rooms")),
        ('40/rooms?a=1,{"token":"x"}', Packet(type="0", namespace="/rooms", data='{"token":"x"}')),
        ("41", Packet(type="1")),
        ('42["a"]', Packet(type="2", data='["a"]')),
        ('420["a"]', Packet(type="2", id="0", data='["a"]')),
        ('42/rooms,13["a"]', Packet(type="2", namespace="/rooms", id="13", data='["a"]')),
        (
            '4512-7["a",{"_placeholder":true,"num":0}]',
            Packet(type="5", id="7", data='["a",{"_placeholder":true,"num":0}]'),
        ),
    ],
)
def test_packets_are_taken_apart(text: str, packet: Packet) -> None:
    assert packets.read(text) == packet


@pytest.mark.parametrize(
    "text",
    ["", "4", "2", "47", "4x", "42x", "42 []", "42-[]", "42null", "42٣[]", "42" + "9" * 16 + "[]", "40/" + "x" * 201],
)
def test_what_is_no_packet_is_none(text: str) -> None:
    assert packets.read(text) is None


@given(st.text())
def test_nothing_breaks_the_reader(text: str) -> None:
    packets.read(text)
    packets.read("4" + text)


def test_the_handshake_tells_milliseconds() -> None:
    text = packets.handshake("c1", upgrades=["websocket"], ping_seconds=240, patience_seconds=600, most_bytes=131072)
    assert text.startswith("0")
    assert json.loads(text[1:]) == {
        "sid": "c1",
        "upgrades": ["websocket"],
        "pingInterval": 240_000,
        "pingTimeout": 600_000,
        "maxPayload": 131_072,
    }
