"""Bodies of `multipart/form-data` (RFC 7578), as forms and clients of other messengers send files."""

import re
from collections.abc import Iterator

import msgspec

from chalicelib.core.errors import Unreadable

_BOUNDARY = re.compile(r'boundary="?(?P<boundary>[^";,]{1,70})"?', re.IGNORECASE)
_NAME = re.compile(r'\bname="(?P<name>[^"]*)"')
_FILENAME = re.compile(r'\bfilename="(?P<filename>(?:[^"\\]|\\.)*)"')
_TYPE = re.compile(r"^content-type:\s*(?P<type>[^\r\n;]+)", re.IGNORECASE | re.MULTILINE)
_MOST_PARTS = 50


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a form; a file where it has a filename."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


def is_multipart(content_type: str) -> bool:
    """Whether a body is of this kind."""
    return content_type.partition(";")[0].strip().lower() == "multipart/form-data"


def read(content_type: str, body: bytes) -> list[Part]:
    """The parts of a body. Raises Unreadable."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise Unreadable()
    pieces = (b"\r\n" + body).split(b"\r\n--" + found["boundary"].encode(), _MOST_PARTS + 1)
    # What stands before the first boundary is for nobody; the last one ends in two hyphens.
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise Unreadable()
    return list(_parts(pieces[1:-1]))


def _parts(pieces: list[bytes]) -> Iterator[Part]:
    for piece in pieces:
        head, found, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        described = head.decode("utf-8", "replace")
        name = _NAME.search(described)
        if not found or name is None:
            raise Unreadable()
        filename, kind = _FILENAME.search(described), _TYPE.search(described)
        yield Part(
            name=name["name"],
            filename=filename and filename["filename"],
            content_type=kind["type"].strip() if kind else "application/octet-stream",
            content=content,
        )
