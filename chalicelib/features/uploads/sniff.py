"""The types of files that are accepted, and how a file of each begins.

Types that a browser or a desktop would run (HTML, SVG, XML, scripts, programs) are not among them: such a file can be
sent as application/octet-stream, of which nothing is asked and which is only ever downloaded. Any other type that is
not in this table is taken for that one.
Source of the signatures: https://mimesniff.spec.whatwg.org and the registrations of the formats.
"""

import re
from collections.abc import Callable, Mapping

# Enough for every signature below: the farthest stands at byte 257 (tar).
HEAD_BYTES = 512

Sign = Callable[[bytes], bool]


def accepted_type(announced: str) -> str | None:
    """The accepted type that a Content-Type announces, without parameters and under its usual name; else None."""
    base = announced.partition(";")[0].strip().lower()
    base = _OTHER_NAMES.get(base, base)
    if base in _SIGNS:
        return base
    return OCTETS if _TYPE.fullmatch(base) and not _RUNS.search(base) else None


def fits(content_type: str, head: bytes) -> bool:
    """Whether a file of an accepted type may begin with these bytes, the first HEAD_BYTES or all there are."""
    return _SIGNS[content_type](head)


def settled_type(announced: str, head: bytes) -> str | None:
    """What a file is that was announced as an accepted type; None where the difference could do harm.

    Harmless is a picture of another kind, a table that Windows calls a workbook, an old format for the new one.
    A file of no type is what its first bytes say, and one of no bytes is no picture.
    """
    if not head:
        return announced if _SIGNS[announced] is _text else OCTETS
    if fits(announced, head) and announced != OCTETS:
        return announced
    if announced in _WRITTEN and _text(head) and not _MARKUP.match(head):
        return "text/csv" if announced in _TABLES else "text/plain"
    unknown = OCTETS if announced == OCTETS else None
    return next((kind for kind in _TOLD_APART if _SIGNS[kind](head)), unknown)


def is_inline(content_type: str) -> bool:
    """Whether a browser may show a file of an accepted type in its place instead of downloading it."""
    return content_type == "application/pdf" or content_type.startswith(("image/", "audio/", "video/"))


def _begins(*signs: bytes) -> Sign:
    return lambda head: head.startswith(signs)


def _riff(form: bytes) -> Sign:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == form


def _iff(*forms: bytes) -> Sign:
    return lambda head: head[:4] == b"FORM" and head[8:12] in forms


def _asf(head: bytes) -> bool:
    return head.startswith(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11")


def _brands(head: bytes) -> set[bytes]:
    """The brands in the `ftyp` box that begins an ISO media file: the major one and the compatible ones."""
    if head[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[8:12], *(head[at : at + 4] for at in range(16, end, 4))}


def _branded(*brands: bytes) -> Sign:
    return lambda head: not _brands(head).isdisjoint(brands)


def _iso_media(head: bytes) -> bool:
    # Every maker of MP4 has a brand of its own; what is known is which of them are pictures.
    return bool(_brands(head)) and head[8:12] not in {*_HEIF, *_AVIF}


def _quicktime(head: bytes) -> bool:
    # Files from before the `ftyp` box begin with any of the other boxes.
    return _iso_media(head) or head[4:8] in {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}


def _matroska(document_type: bytes) -> Sign:
    return lambda head: head.startswith(b"\x1a\x45\xdf\xa3") and document_type in head


def _mpeg_audio(head: bytes) -> bool:
    """An ID3 tag, or a frame header: eleven set bits, a version and a layer that are not reserved."""
    if head.startswith(b"ID3"):
        return True
    return (
        len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x18 != 0x08 and head[1] & 6 != 0
    )


def _adts(head: bytes) -> bool:
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0


def _pdf(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"%PDF-")


def _tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _text(head: bytes) -> bool:
    """Text has no zero bytes, unless it says by its first two bytes that it is UTF-16."""
    return b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff"))


def _anything(_head: bytes) -> bool:
    return True


_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
_AVIF = (b"avif", b"avis")

_zip = _begins(b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_compound = _begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_ogg = _begins(b"OggS")

OCTETS = "application/octet-stream"
_TYPE = re.compile(r"(application|audio|font|image|model|text|video)/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}")
# What a browser or a desktop runs, or is made to by it.
_RUNS = re.compile(
    r"html|xml|svg|script|ecma|flash|java|x-sh|x-csh|perl|python|php|wasm|msdos|msdownload|executable|dosexec|mach-binary"
    r"|msi|hta|x-bat|android\.package|x-elf|x-object|sharedlib|diskimage|appimage|x-rpm|debian|desktop|mshelp|chm"
)
# How text begins that a browser would take for a page, and a desktop for a script.
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<[!?/a-zA-Z]|#!)")

_SIGNS: Mapping[str, Sign] = {
    "image/jpeg": _begins(b"\xff\xd8\xff"),
    "image/png": _begins(b"\x89PNG\r\n\x1a\n"),
    "image/gif": _begins(b"GIF87a", b"GIF89a"),
    "image/webp": _riff(b"WEBP"),
    "image/heic": _branded(*_HEIF),
    "image/heif": _branded(*_HEIF),
    "image/avif": _branded(*_AVIF),
    "image/bmp": _begins(b"BM"),
    "image/tiff": _begins(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "image/x-icon": _begins(b"\0\0\1\0", b"\0\0\2\0"),
    "image/jxl": _begins(b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"),
    "image/vnd.adobe.photoshop": _begins(b"8BPS"),
    "audio/mpeg": _mpeg_audio,
    "audio/mp4": _iso_media,
    "audio/aac": _adts,
    "audio/ogg": _ogg,
    "audio/webm": _matroska(b"webm"),
    "audio/wav": _riff(b"WAVE"),
    "audio/flac": _begins(b"fLaC"),
    "audio/amr": _begins(b"#!AMR"),
    "audio/aiff": _iff(b"AIFF", b"AIFC"),
    "audio/midi": _begins(b"MThd"),
    "audio/x-ms-wma": _asf,
    "audio/x-matroska": _matroska(b"matroska"),
    "audio/3gpp": _iso_media,
    "video/mp4": _iso_media,
    "video/quicktime": _quicktime,
    "video/webm": _matroska(b"webm"),
    "video/ogg": _ogg,
    "video/3gpp": _iso_media,
    "video/x-matroska": _matroska(b"matroska"),
    "video/x-msvideo": _riff(b"AVI "),
    "video/3gpp2": _iso_media,
    "video/mpeg": _begins(b"\0\0\1\xba", b"\0\0\1\xb3"),
    "video/mp2t": _begins(b"G"),
    "video/x-flv": _begins(b"FLV\x01"),
    "video/x-ms-wmv": _asf,
    "application/pdf": _pdf,
    "application/rtf": _begins(b"{\\rtf"),
    "application/msword": _compound,
    "application/vnd.ms-excel": _compound,
    "application/vnd.ms-powerpoint": _compound,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": _zip,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _zip,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": _zip,
    "application/vnd.oasis.opendocument.text": _zip,
    "application/vnd.oasis.opendocument.spreadsheet": _zip,
    "application/vnd.oasis.opendocument.presentation": _zip,
    "application/epub+zip": _zip,
    "application/vnd.apple.pages": _zip,
    "application/vnd.apple.numbers": _zip,
    "application/vnd.apple.keynote": _zip,
    "application/vnd.ms-outlook": _compound,
    "application/x-bzip2": _begins(b"BZh"),
    "application/x-xz": _begins(b"\xfd7zXZ\0"),
    "application/zstd": _begins(b"\x28\xb5\x2f\xfd"),
    "font/ttf": _begins(b"\0\1\0\0", b"true"),
    "font/otf": _begins(b"OTTO"),
    "font/woff": _begins(b"wOFF"),
    "font/woff2": _begins(b"wOF2"),
    "application/zip": _zip,
    "application/gzip": _begins(b"\x1f\x8b"),
    "application/x-tar": _tar,
    "application/x-7z-compressed": _begins(b"7z\xbc\xaf\x27\x1c"),
    "application/vnd.rar": _begins(b"Rar!\x1a\x07"),
    "application/json": _text,
    "text/plain": _text,
    "text/markdown": _text,
    "text/csv": _text,
    "text/calendar": _text,
    "text/vcard": _text,
    "text/tab-separated-values": _text,
    "application/yaml": _text,
    OCTETS: _anything,
}

# Types that programs give to plain text, and those of them that are tables.
_TABLES = {"application/vnd.ms-excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_WRITTEN = {*_TABLES, "application/msword", "application/rtf"}
# By their first bytes these cannot be taken for anything else. One that was announced as another is corrected.
_TOLD_APART = (
    *("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/heic", "image/tiff", "image/jxl"),
    *("image/vnd.adobe.photoshop", "video/webm", "video/x-matroska", "video/x-msvideo", "video/mp4", "audio/ogg"),
    *("audio/wav", "audio/flac", "audio/amr", "audio/aiff", "audio/midi", "video/x-ms-wmv", "application/pdf"),
    *("application/rtf", "application/zip", "application/gzip", "application/x-7z-compressed", "application/vnd.rar"),
    *("application/x-bzip2", "application/x-xz", "application/x-tar", "font/woff", "font/woff2", "font/otf"),
)

# What browsers and phones write for the same types.
_OTHER_NAMES: Mapping[str, str] = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/apng": "image/png",
    "image/x-bmp": "image/bmp",
    "image/x-ms-bmp": "image/bmp",
    "image/x-windows-bmp": "image/bmp",
    "image/tif": "image/tiff",
    "image/x-tiff": "image/tiff",
    "image/vnd.microsoft.icon": "image/x-icon",
    "image/ico": "image/x-icon",
    "image/x-adobe-dng": "image/tiff",
    "image/heic-sequence": "image/heic",
    "image/heif-sequence": "image/heif",
    "audio/x-mp3": "audio/mpeg",
    "audio/x-mpeg": "audio/mpeg",
    "audio/mid": "audio/midi",
    "audio/x-midi": "audio/midi",
    "audio/x-aiff": "audio/aiff",
    "video/vnd.avi": "video/x-msvideo",
    "application/x-pdf": "application/pdf",
    "application/csv": "text/csv",
    "application/x-csv": "text/csv",
    "text/x-csv": "text/csv",
    "text/comma-separated-values": "text/csv",
    "application/excel": "application/vnd.ms-excel",
    "application/x-excel": "application/vnd.ms-excel",
    "application/x-msexcel": "application/vnd.ms-excel",
    "application/x-bzip": "application/x-bzip2",
    "application/x-zip": "application/zip",
    "application/x-rar": "application/vnd.rar",
    "application/x-font-ttf": "font/ttf",
    "application/font-woff": "font/woff",
    "text/yaml": "application/yaml",
    "application/x-yaml": "application/yaml",
    "text/x-markdown": "text/markdown",
    "binary/octet-stream": OCTETS,
    "audio/mp3": "audio/mpeg",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/x-aac": "audio/aac",
    "audio/opus": "audio/ogg",
    "application/ogg": "audio/ogg",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-flac": "audio/flac",
    "video/x-m4v": "video/mp4",
    "video/avi": "video/x-msvideo",
    "text/rtf": "application/rtf",
    "text/x-vcard": "text/vcard",
    "application/x-zip-compressed": "application/zip",
    "application/x-gzip": "application/gzip",
    "application/x-rar-compressed": "application/vnd.rar",
}
