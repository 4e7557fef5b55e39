"""What is accepted as a file, and whether it begins as its type says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.features.uploads import sniff


def _iso(major: bytes, *compatible: bytes) -> bytes:
    brands = major + b"\0\0\0\0" + b"".join(compatible)
    return (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands + b"\0\0\0\x08free"


# The beginning of a file of each kind, as common programs write them.
HEADS = {
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01",
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "image/gif": b"GIF89a\x01\x00\x01\x00",
    "image/webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "image/heic": _iso(b"heic", b"mif1", b"heic"),
    "image/heif": _iso(b"mif1", b"mif1", b"heic"),
    "image/avif": _iso(b"avif", b"mif1", b"avif"),
    "image/bmp": b"BM\x36\x00\x0c\x00\x00\x00",
    "image/tiff": b"II*\x00\x08\x00\x00\x00",
    "image/x-icon": b"\x00\x00\x01\x00\x01\x00\x10\x10",
    "image/vnd.adobe.photoshop": b"8BPS\x00\x01\x00\x00",
    "audio/aiff": b"FORM\x00\x00\x10\x00AIFFCOMM",
    "audio/midi": b"MThd\x00\x00\x00\x06",
    "video/x-ms-wmv": b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9",
    "video/mpeg": b"\x00\x00\x01\xba\x44\x00",
    "font/woff2": b"wOF2\x00\x01\x00\x00",
    "audio/mpeg": b"ID3\x04\x00\x00\x00\x00\x00\x00",
    "audio/mp4": _iso(b"M4A ", b"M4A ", b"mp42", b"isom"),
    "audio/aac": b"\xff\xf1\x50\x80\x00\x1f\xfc",
    "audio/ogg": b"OggS\x00\x02\x00\x00",
    "audio/webm": b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm",
    "audio/wav": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "audio/flac": b"fLaC\x00\x00\x00\x22",
    "audio/amr": b"#!AMR\n",
    "video/mp4": _iso(b"isom", b"isom", b"iso2", b"avc1", b"mp41"),
    "video/quicktime": _iso(b"qt  ", b"qt  "),
    "video/x-matroska": b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska",
    "video/x-msvideo": b"RIFF\x24\x00\x00\x00AVI LIST",
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "application/rtf": b"{\\rtf1\\ansi",
    "application/msword": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00",
    "application/zip": b"PK\x03\x04\x14\x00\x00\x00",
    "application/gzip": b"\x1f\x8b\x08\x00",
    "application/x-tar": b"notes.txt".ljust(257, b"\0") + b"ustar\x0000",
    "application/x-7z-compressed": b"7z\xbc\xaf\x27\x1c\x00\x04",
    "application/vnd.rar": b"Rar!\x1a\x07\x01\x00",
    "application/json": b'{"a": 1}',
    "text/plain": "Привет! Как дела?".encode(),
}

# Kinds that begin alike: one cannot be told from the other by its first bytes.
ALIKE = (
    {"image/heic", "image/heif", "image/avif"},
    {"audio/mp4", "video/mp4", "video/quicktime"},
    {"application/json", "text/plain", "application/rtf", "audio/amr", "image/bmp"},
)


@pytest.mark.parametrize("content_type", HEADS)
def test_a_file_fits_its_own_type(content_type: str) -> None:
    assert sniff.accepted_type(content_type) == content_type
    assert sniff.fits(content_type, HEADS[content_type])


@pytest.mark.parametrize("content_type", HEADS)
def test_a_file_fits_no_other_type(content_type: str) -> None:
    alike = {content_type}.union(*(group for group in ALIKE if content_type in group))
    fitting = {other for other in HEADS if other not in alike and sniff.fits(other, HEADS[content_type])}
    # What has no zero byte at its beginning could be text; it is only ever downloaded.
    assert fitting <= {"text/plain", "application/json"}


@pytest.mark.parametrize(
    ("announced", "accepted"),
    [
        ("image/jpg", "image/jpeg"),
        ("IMAGE/PNG", "image/png"),
        ("audio/webm;codecs=opus", "audio/webm"),
        ("text/plain; charset=utf-8", "text/plain"),
        ("application/x-zip-compressed", "application/zip"),
        ("image/x-ms-bmp", "image/bmp"),
        ("image/tif", "image/tiff"),
        ("application/csv", "text/csv"),
        ("application/x-blender", "application/octet-stream"),
        ("model/gltf-binary", "application/octet-stream"),
        ("font/collection", "application/octet-stream"),
        ("text/html", None),
        ("application/vnd.ms-htmlhelp", None),
        ("application/x-msdownload", None),
        ("application/x-sh", None),
        ("application/hta", None),
        ("application/java-archive", None),
        ("application/vnd.android.package-archive", None),
        ("application/rss+xml", None),
        ("TEXT/HTML; charset=utf-8", None),
        ("image/svg+xml", None),
        ("application/xhtml+xml", None),
        ("application/xml", None),
        ("text/xml", None),
        ("application/javascript", None),
        ("text/javascript", None),
        ("application/x-shockwave-flash", None),
        ("multipart/form-data", None),
        ("no type", None),
        (";;;", None),
        ("image/png\r\nx-evil: 1", None),
    ],
)
def test_types_are_accepted_under_their_usual_name(announced: str, accepted: str | None) -> None:
    assert sniff.accepted_type(announced) == accepted


def test_only_what_cannot_run_is_shown_in_place() -> None:
    assert all(sniff.is_inline(kind) for kind in ("image/png", "audio/mpeg", "video/mp4", "application/pdf"))
    downloaded = ("text/plain", "text/csv", "application/json", "application/zip", "application/octet-stream")
    assert not any(sniff.is_inline(kind) for kind in downloaded)


def test_an_mpeg_frame_without_a_tag_is_audio() -> None:
    assert sniff.fits("audio/mpeg", b"\xff\xfb\x90\x64")
    assert not sniff.fits("audio/mpeg", b"\xff\xe1\x00\x00")
    assert not sniff.fits("audio/mpeg", b"\xff")


def test_text_may_be_utf_16_but_not_binary() -> None:
    assert sniff.fits("text/plain", "\ufeffтекст и ascii".encode("utf-16-le"))
    assert not sniff.fits("text/plain", b"some\0bytes")


def test_old_quicktime_files_have_no_brand() -> None:
    assert sniff.fits("video/quicktime", b"\x00\x00\x00\x08wide\x00\x01\x02\x03mdat")


@given(head=st.binary(max_size=600), content_type=st.sampled_from(sorted(HEADS)))
def test_no_bytes_break_the_check(head: bytes, content_type: str) -> None:
    assert sniff.fits(content_type, head) in {True, False}


@given(
    head=st.binary(max_size=64).map(lambda rest: b"\x00\x00\x00\x14ftyp" + rest), kind=st.sampled_from(sorted(HEADS))
)
def test_no_box_breaks_the_check(head: bytes, kind: str) -> None:
    assert sniff.fits(kind, head) in {True, False}


WORKBOOK = "application/vnd.ms-excel"


@pytest.mark.parametrize(
    ("announced", "head", "settled"),
    [
        ("image/jpeg", HEADS["image/png"], "image/png"),
        ("image/png", HEADS["image/jpeg"], "image/jpeg"),
        ("image/jpeg", HEADS["image/webp"], "image/webp"),
        ("image/jpeg", HEADS["image/heic"], "image/heic"),
        ("image/bmp", HEADS["image/gif"], "image/gif"),
        ("video/quicktime", HEADS["audio/webm"], "video/webm"),
        ("audio/mpeg", HEADS["audio/wav"], "audio/wav"),
        ("application/msword", HEADS["application/zip"], "application/zip"),
        ("application/msword", HEADS["application/rtf"], "text/plain"),
        ("application/zip", HEADS["application/vnd.rar"], "application/vnd.rar"),
        (WORKBOOK, b"name;phone\r\nMaria;123\r\n", "text/csv"),
        (WORKBOOK, "имя;телефон\r\n".encode("cp1251"), "text/csv"),
        ("application/msword", b"just a note", "text/plain"),
        (WORKBOOK, HEADS["application/msword"], WORKBOOK),
        # What could run, or is nothing that is known, stays refused.
        (WORKBOOK, b"<html><body><table><tr>", None),
        (WORKBOOK, b"  <?xml version='1.0'?>", None),
        (WORKBOOK, b"\xef\xbb\xbf<script>", None),
        (WORKBOOK, b"#!/bin/sh\n", None),
        ("image/png", b"<svg onload=alert(1)>", None),
        ("image/jpeg", b"just a note", None),
        ("image/jpeg", b"MZ\x90\x00\x03\x00", None),
        ("image/png", b"\x7fELF\x02\x01\x01\x00", None),
        ("image/jpeg", b"", "application/octet-stream"),
        ("text/csv", b"", "text/csv"),
        ("application/octet-stream", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("application/octet-stream", b"MZ\x90\0", "application/octet-stream"),
    ],
)
def test_a_harmless_difference_is_corrected_and_no_other(announced: str, head: bytes, settled: str | None) -> None:
    assert sniff.settled_type(announced, head) == settled


@given(head=st.binary(max_size=600), announced=st.sampled_from(sorted(HEADS)))
def test_a_corrected_type_is_one_that_the_file_fits(head: bytes, announced: str) -> None:
    settled = sniff.settled_type(announced, head)
    assert settled is None or sniff.fits(settled, head)
