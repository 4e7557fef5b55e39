"""What is made of pictures, kind by kind: nothing personal stays, nothing that is seen changes."""

import io
import random
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from chalicelib.features.uploads import thumbnails
from chalicelib.features.uploads.cleaning import cleaned
from chalicelib.features.uploads.thumbnails import PictureRefusedError, thumbnails_of
from tests.support.pictures import MAKER, animation, heic, photo

LYING = ("JPEG", "PNG", "WEBP", "AVIF")


def _opened(content: bytes) -> Any:
    thumbnails.preload()
    return Image.open(io.BytesIO(content))


def _frames(content: bytes) -> list[bytes]:
    image = _opened(content)
    shown = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        shown.append(image.convert("RGBA").tobytes())
    return shown


KINDS = pytest.mark.parametrize(
    "content",
    [*(photo(kind=kind) for kind in LYING), heic(), animation("GIF"), animation("WEBP")],
    ids=[*LYING, "HEIC", "moving GIF", "moving WEBP"],
)


@KINDS
def test_personal_data_goes_and_the_picture_stays_as_it_is(content: bytes) -> None:
    assert MAKER in content
    clean = cleaned(content)
    assert clean is not None
    assert MAKER not in clean
    assert _frames(clean) == _frames(content)
    # Of HEIC and AVIF the picture itself says how it lies, and Pillow reads it from there.
    assert _opened(clean).getexif().get(0x0112, 1) == _opened(content).getexif().get(0x0112, 1)
    assert set(_opened(clean).getexif()) <= {0x0112}
    assert "xmp" not in _opened(clean).info or MAKER not in _opened(clean).info["xmp"]
    assert cleaned(clean) is None, "there is nothing more to take away"


@KINDS
def test_a_file_that_was_cut_off_or_damaged_harms_nobody(content: bytes) -> None:
    dice = random.Random(1)
    for _ in range(30):
        damaged = bytearray(content[: dice.randrange(1, len(content) + 1)])
        for _ in range(3):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        cleaned(bytes(damaged))
        try:
            thumbnails_of(bytes(damaged))
        except PictureRefusedError:
            continue


def test_what_follows_a_jpeg_goes_and_one_that_was_cut_off_tells_no_place_either() -> None:
    whole = photo(orientation=1)
    assert cleaned(whole + b"trailer: " + MAKER) == cleaned(whole)
    short = cleaned(whole[:-40])
    assert short is not None
    assert MAKER not in short


@pytest.mark.parametrize("kind", LYING)
def test_thumbnails_are_upright_and_never_larger_than_the_picture(kind: str) -> None:
    made = thumbnails_of(photo(kind=kind))
    assert (made.width, made.height) == (400, 600)
    assert {name: (small.width, small.height) for name, small in made.sizes.items()} == {
        "small": (107, 160),
        "medium": (320, 480),
        "large": (400, 600),
    }
    for small in made.sizes.values():
        image = _opened(small.content)
        assert (image.format, image.size, dict(image.getexif())) == ("WEBP", (small.width, small.height), {})
        top, bottom = image.getpixel((small.width // 2, 2)), image.getpixel((small.width // 2, small.height - 3))
        assert top[0] > top[2]
        assert bottom[2] > bottom[0]
    assert made.placeholder.startswith("data:image/webp;base64,")
    assert len(made.placeholder) < 400


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_thumbnails_of_an_animation_move_as_long_as_it_does(kind: str) -> None:
    made = thumbnails_of(animation(kind))
    for small in made.sizes.values():
        image = _opened(small.content)
        assert image.n_frames == 5
        image.seek(1)
        image.load()
        assert image.info["duration"] == 80


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_a_picture_of_any_mode_gets_thumbnails(mode: str) -> None:
    place = io.BytesIO()
    Image.new(mode, (40, 20)).save(place, "TIFF" if mode == "CMYK" else "PNG")
    assert thumbnails_of(place.getvalue()).sizes["small"].width == 40


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    """A PNG of a few KB that says that it has 900 million pixels."""
    bomb = bytearray(photo(kind="PNG", orientation=1))
    header = struct.pack(">II", 30_000, 30_000) + bytes(bomb[24:29])
    bomb[16:33] = header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    with pytest.raises(PictureRefusedError, match="30000x30000"):
        thumbnails_of(bytes(bomb))


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"BM" * 99]
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(PictureRefusedError):
        thumbnails_of(content)
