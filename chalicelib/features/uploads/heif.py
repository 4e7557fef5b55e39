"""HEIC and AVIF without personal data: both are ISO base media files, in which items have the picture and its notes.

The notes (Exif, and XMP as `mime`) are written over in their place, so that no offset in the file changes. How the
picture lies is a property of the picture itself (`irot`, `imir`), which stays.
Source: ISO/IEC 14496-12, 8.11 (meta, iinf, iloc), and 23008-12, annex A.
"""

import struct
from collections.abc import Iterator

# Exif data without an entry, after the four bytes that say where in the item it begins.
_NO_EXIF = b"\0\0\0\0" + b"MM\0*\0\0\0\x08" + b"\0\0" + b"\0\0\0\0"


class NotUnderstoodError(Exception):
    """A file is not built as ISO media are."""


def cleaned(content: bytes) -> bytes:
    """The same file, its notes written over. Raises NotUnderstoodError, struct.error or IndexError."""
    meta = next((span for kind, span in _boxes(content, 0, len(content)) if kind == b"meta"), None)
    if meta is None:
        return content
    inner = dict(_boxes(content, meta[0] + 4, meta[1]))
    if b"iinf" not in inner or b"iloc" not in inner:
        return content
    notes = dict(_notes(content, *inner[b"iinf"]))
    result = bytearray(content)
    data_start = inner.get(b"idat", (0, 0))[0]
    for item, start, size in _extents(content, inner[b"iloc"][0], data_start):
        if item in notes:
            if start + size > len(content):
                raise NotUnderstoodError
            result[start : start + size] = _blank(notes[item], size)
    return bytes(result)


def _blank(kind: bytes, size: int) -> bytes:
    if kind == b"Exif":
        return _NO_EXIF[:size].ljust(size, b"\0")
    return b" " * size


def _boxes(content: bytes, at: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Kind of each box between these, and where its data begins and ends."""
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", content, at + 8)[0], 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            raise NotUnderstoodError
        yield kind, (at + head, at + size)
        at += size


def _notes(content: bytes, at: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Items that are notes, and of which kind."""
    entries = at + (6 if content[at] == 0 else 8)
    for kind, (start, _) in _boxes(content, entries, end):
        version = content[start]
        if kind == b"infe" and version >= 2:
            item, _protection, item_kind = struct.unpack_from(
                ">HH4s" if version == 2 else ">IH4s", content, start + 4
            )
            if item_kind in {b"Exif", b"mime"}:
                yield item, item_kind


def _extents(content: bytes, at: int, data_start: int) -> Iterator[tuple[int, int, int]]:
    """Item, start in the file and size of each piece of an item's data."""
    version = content[at]
    sizes = struct.unpack_from(">H", content, at + 4)[0]
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    wide = 4 if version == 2 else 2
    reader = _Reader(content, at + 6)
    for _ in range(reader.number(wide)):
        item = reader.number(wide)
        method = reader.number(2) & 15 if version else 0
        reader.number(2)  # which file: 0 is this one
        base = reader.number(base_size)
        for _ in range(reader.number(2)):
            reader.number(index_size)
            start, size = base + reader.number(offset_size), reader.number(length_size)
            if method in {0, 1}:  # in the file; in the box of data beside the list
                yield item, start + (data_start if method else 0), size


class _Reader:
    """Reads numbers one after the other."""

    def __init__(self, content: bytes, at: int) -> None:
        self._content = content
        self._at = at

    def number(self, size: int) -> int:
        """The next number, of so many bytes; none of 0 bytes."""
        part = self._content[self._at : self._at + size]
        if len(part) != size:
            raise NotUnderstoodError
        self._at += size
        return int.from_bytes(part, "big")
