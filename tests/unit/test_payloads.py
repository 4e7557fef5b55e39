"""Payloads of Engine.IO are read and written as the library's own codec and JavaScript do it."""

import pytest
from engineio import payload as library
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.realtime import payloads
from chalicelib.realtime.packets import Engine

# As JSON has it: without control characters.
TEXTS = st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1), min_size=1, max_size=5)


@given(texts=TEXTS)
def test_what_is_written_is_read_by_their_client(texts: list[str]) -> None:
    # The letter keeps their codec from reading the text as JSON.
    body = payloads.write([f"4x{text}" for text in texts], 4)
    theirs = library.Payload(encoded_payload=body).packets
    assert [packet.data for packet in theirs] == [f"x{text}" for text in texts]


@pytest.mark.parametrize("engine", [3, 4])
@given(texts=TEXTS)
def test_what_is_written_is_read_again(engine: Engine, texts: list[str]) -> None:
    assert payloads.read(payloads.write(texts, engine).encode(), engine) == texts


@given(texts=TEXTS)
def test_bytes_of_python_clients_of_engine_3_are_read(texts: list[str]) -> None:
    packets = [text.encode() for text in texts]
    lengths = [bytes(int(digit) for digit in str(len(packet))) for packet in packets]
    body = b"".join(b"\0" + length + b"\xff" + packet for length, packet in zip(lengths, packets, strict=True))
    assert payloads.read(body, 3) == texts


def test_version_3_counts_as_javascript_does() -> None:
    assert payloads.write(["2", "4👋"], 3) == "1:23:4👋"
    assert payloads.read("3:4👋1:2".encode(), 3) == ["4👋", "2"]


@pytest.mark.parametrize("engine", [3, 4])
@given(body=st.binary(max_size=50))
def test_nothing_else_than_a_value_error_comes_of_nonsense(engine: Engine, body: bytes) -> None:
    try:
        packets = payloads.read(body, engine)
    except ValueError:
        return
    assert all(packets)


@pytest.mark.parametrize(
    "body",
    [b"", b"2", b":", b"0:", b"2:4", b"x:4", b"-1:4", b"99999999:4", b"1:", b"\0", b"\0\xff", b"\0\1", b"\1\1\xff2"],
)
def test_what_is_no_payload_of_version_3(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        payloads.read(body, 3)


@pytest.mark.parametrize("body", [b"", b"\x1e", b"2\x1e", b"\xff", b"2\x1e" * payloads.MOST_PACKETS + b"2"])
def test_what_is_no_payload_of_version_4(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        payloads.read(body, 4)
