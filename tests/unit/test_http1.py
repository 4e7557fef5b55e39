"""The parser of HTTP/1.1 answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import http1
from chalicelib.core.http1 import Answer, AnswerError, read_answer

BODIES = st.binary(max_size=300)
STATUSES = st.integers(200, 599).filter(lambda status: status not in {204, 304})


def _plain(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d Words here\r\ncontent-LENGTH:  %d \r\nX-Other: 1\r\n\r\n%b" % (status, len(body), body)


def _chunked(status: int, parts: list[bytes]) -> bytes:
    chunks = b"".join(b"%X;note=1\r\n%b\r\n" % (len(part), part) for part in parts if part)
    return b"HTTP/1.1 %d\r\nTransfer-Encoding: Chunked\r\n\r\n%b0\r\nTrailer: x\r\n\r\n" % (status, chunks)


def _every_part_is_too_little(whole: bytes) -> Answer | None:
    for size in range(len(whole)):
        assert read_answer(whole[:size]) is None
        with pytest.raises(AnswerError):
            read_answer(whole[:size], ended=True)
    return read_answer(whole)


@given(status=STATUSES, body=BODIES)
def test_an_answer_with_a_length_is_read_when_it_is_whole(status: int, body: bytes) -> None:
    assert _every_part_is_too_little(_plain(status, body)) == Answer(status, body, keep=True)


@given(status=STATUSES, parts=st.lists(BODIES, max_size=3))
def test_a_chunked_answer_is_read_when_it_is_whole(status: int, parts: list[bytes]) -> None:
    assert _every_part_is_too_little(_chunked(status, parts)) == Answer(status, b"".join(parts), keep=True)


def test_interim_answers_are_passed_over() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    assert _every_part_is_too_little(interim + _plain(410, b"gone")) == Answer(410, b"gone", keep=True)


@given(body=BODIES)
def test_a_body_without_a_length_ends_with_the_connection(body: bytes) -> None:
    whole = b"HTTP/1.1 200 OK\r\n\r\n" + body
    assert read_answer(whole) is None
    assert read_answer(whole, ended=True) == Answer(200, body, keep=False)


@pytest.mark.parametrize("status", [204, 304])
def test_some_answers_have_no_body_whatever_they_say(status: int) -> None:
    whole = b"HTTP/1.1 %d\r\nContent-Length: 9\r\n\r\n" % status
    assert read_answer(whole) == Answer(status, b"", keep=True)


@pytest.mark.parametrize(
    ("head", "keep"),
    [
        (b"HTTP/1.1 200 OK", True),
        (b"HTTP/1.1 200 OK\r\nConnection: keep-alive", True),
        (b"HTTP/1.1 200 OK\r\nconnection: Close", False),
        (b"HTTP/1.1 200 OK\r\nConnection: x\r\nConnection: close", False),
        (b"HTTP/1.0 200 OK", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive", True),
    ],
)
def test_whether_the_connection_is_kept(head: bytes, keep: bool) -> None:
    whole = head + b"\r\nContent-Length: 0\r\n\r\n"
    assert read_answer(whole) == Answer(200, b"", keep=keep)
    assert read_answer(whole, ended=True) == Answer(200, b"", keep=False)


@pytest.mark.parametrize(
    "whole",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * http1.LONGEST_ANSWER,
    ],
)
def test_nonsense_is_refused(whole: bytes) -> None:
    with pytest.raises(AnswerError):
        read_answer(whole)


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_break_the_parser(noise: bytes, ended: bool) -> None:
    for whole in (
        noise,
        b"HTTP/1.1 200 OK\r\n" + noise,
        b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n" + noise,
    ):
        try:
            answer = read_answer(whole, ended=ended)
        except AnswerError:
            continue
        assert answer is None or 200 <= answer.status <= 999
