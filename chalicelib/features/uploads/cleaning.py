"""Pictures without what they tell of their makers: where and by what they were taken, names, comments.

Nothing is decoded, so pixels, colour profiles and animations stay as they are. The orientation stays too, since the
picture would lie on its side without it. HEIC and AVIF are in `heif`.
Sources: ITU-T T.81 annex B, the PNG specification, Google's "WebP Container Specification", GIF89a, TIFF 6.0.
"""

import re
import struct
from collections.abc import Callable, Iterator

from chalicelib.features.uploads import heif

_ORIENTATION = 0x0112
_EXIF = b"Exif\0\0"
_UPRIGHT = 1

# Of a JPEG: what starts an image, how it is coded, restart intervals; JFIF and Adobe say how colours are to be read.
_JPEG_KEPT = {*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF}
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs cICP mDCV cLLI acTL fcTL fdAT".split()
)
_WEBP_KEPT = frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_WEBP_HAS_EXIF, _WEBP_HAS_XMP = 0x08, 0x04
# Applications whose extension says how often a GIF is shown, and in what colours.
_GIF_KEPT = (b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012")


class _NotUnderstoodError(Exception):
    """A file is not built as its kind is."""


def cleaned(content: bytes) -> bytes | None:
    """The picture without personal data; None where it has none, or where its form is not understood."""
    clean = next((clean for start, clean in _KINDS if start.match(content)), None)
    if clean is None:
        return None
    try:
        result = clean(content)
    except (_NotUnderstoodError, heif.NotUnderstoodError, struct.error, IndexError):
        return None
    return None if result == content else result


def _jpeg(content: bytes) -> bytes:
    """Up to the end of the image: behind it phones put further pictures, films and their own notes."""
    head: list[bytes] = [content[:2]]
    kept: list[bytes] = []
    orientation = _UPRIGHT
    at = 2
    # Where the end was cut off, what is there ends with the file.
    while at < len(content) and (marker := _jpeg_marker(content, at)) != 0xD9:
        if marker == 0xFF:  # fills
            at += 1
            continue
        size = struct.unpack_from(">H", content, at + 2)[0]
        segment = content[at : at + 2 + size]
        if size < 2 or len(segment) != size + 2:
            raise _NotUnderstoodError
        data = segment[4:]
        at += len(segment)
        if marker == 0xDA:
            at, scan = _after_scan(content, at)
            segment += scan
        if marker == 0xE0:
            head.append(segment)
        elif marker == 0xE1 and data.startswith(_EXIF):
            orientation = _orientation(data[len(_EXIF) :]) or orientation
        elif marker in _JPEG_KEPT or marker == 0xEE or (marker == 0xE2 and data.startswith(b"ICC_PROFILE\0")):
            kept.append(segment)
    if orientation != _UPRIGHT:
        exif = _EXIF + _exif_of(orientation)
        head.append(b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif)
    return b"".join([*head, *kept, b"\xff\xd9"])


def _jpeg_marker(content: bytes, at: int) -> int:
    if content[at] != 0xFF or content[at + 1] == 0x00:
        raise _NotUnderstoodError
    return content[at + 1]


def _after_scan(content: bytes, at: int) -> tuple[int, bytes]:
    """Where the coded data ends that begins here, and the data."""
    found = _JPEG_MARKER.search(content, at)
    end = len(content) if found is None else found.start()
    return end, content[at:end]


def _png(content: bytes) -> bytes:
    kept: list[bytes] = [_PNG_START]
    for kind, chunk in _png_chunks(content):
        if kind in _PNG_KEPT:
            kept.append(chunk)
        elif kind == b"eXIf":
            orientation = _orientation(chunk[8:-4])
            if orientation not in {None, _UPRIGHT}:
                kept.append(_png_chunk(b"eXIf", _exif_of(orientation or _UPRIGHT)))
    return b"".join(kept)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and bytes of each chunk, up to the one that ends the picture."""
    at, kind = len(_PNG_START), b""
    while kind != b"IEND":
        size, kind = struct.unpack_from(">I4s", content, at)
        chunk = content[at : at + size + 12]
        if len(chunk) != size + 12:
            raise _NotUnderstoodError
        yield kind, chunk
        at += len(chunk)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    import zlib

    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _webp(content: bytes) -> bytes:
    kept: list[bytes] = []
    orientation: int | None = None
    at, end = 12, min(len(content), 8 + struct.unpack_from("<I", content, 4)[0])
    while at + 8 <= end:
        kind, size = struct.unpack_from("<4sI", content, at)
        data = content[at + 8 : at + 8 + size]
        if len(data) != size:
            raise _NotUnderstoodError
        if kind in _WEBP_KEPT:
            kept.append(_webp_chunk(kind, data))
        elif kind == b"EXIF":
            orientation = _orientation(data.removeprefix(_EXIF))
        at += 8 + size + size % 2
    turned = orientation is not None and orientation != _UPRIGHT
    if turned:
        kept.append(_webp_chunk(b"EXIF", _exif_of(orientation or _UPRIGHT)))
    if kept and kept[0].startswith(b"VP8X"):
        flags = kept[0][8] & ~(_WEBP_HAS_EXIF | _WEBP_HAS_XMP) | (_WEBP_HAS_EXIF if turned else 0)
        kept[0] = kept[0][:8] + bytes([flags]) + kept[0][9:]
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(data)) + data + b"\0" * (len(data) % 2)


def _gif(content: bytes) -> bytes:
    at = 13 + _colour_table(content[10])
    kept: list[bytes] = [content[:at]]
    while at < len(content) and content[at] != 0x3B:
        start, kind = at, content[at]
        if kind == 0x21:
            label = content[at + 1]
            at = _after_blocks(content, at + 2)
            if label == 0xF9 or (label == 0xFF and content[start + 3 : start + 14] in _GIF_KEPT):
                kept.append(content[start:at])
        elif kind == 0x2C:
            at = _after_blocks(content, at + 11 + _colour_table(content[at + 9]))
            kept.append(content[start:at])
        else:
            raise _NotUnderstoodError
    return b"".join([*kept, b"\x3b"])


def _colour_table(flags: int) -> int:
    """The bytes of the table that these flags tell of."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_blocks(content: bytes, at: int) -> int:
    while size := content[at]:
        at += size + 1
    return at + 1


def _orientation(tiff: bytes) -> int | None:
    """The orientation that Exif data tells, 1 to 8; None where it tells none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return None
    try:
        directory = struct.unpack_from(f"{order}I", tiff, 4)[0]
        for number in range(struct.unpack_from(f"{order}H", tiff, directory)[0]):
            tag, _kind, _count, value = struct.unpack_from(f"{order}HHIH", tiff, directory + 2 + 12 * number)
            if tag == _ORIENTATION:
                return value if 1 <= value <= 8 else None
    except struct.error:
        pass
    return None


def _exif_of(orientation: int) -> bytes:
    """Exif data that tells the orientation alone."""
    return struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)


_KINDS: tuple[tuple[re.Pattern[bytes], Callable[[bytes], bytes]], ...] = (
    (re.compile(rb"\xff\xd8\xff"), _jpeg),
    (re.compile(re.escape(_PNG_START)), _png),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), _webp),
    (re.compile(rb"GIF8[79]a"), _gif),
    (re.compile(rb"....ftyp", re.DOTALL), heif.cleaned),
)
