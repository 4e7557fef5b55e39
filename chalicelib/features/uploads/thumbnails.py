"""Small pictures of a picture: three WebP, and one so small that it travels with the message.

Pillow is not among the libraries that all functions have: only `pictures` may call this.
"""

import base64
import io
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from PIL import Image

    from chalicelib.features.uploads.derived import SizeName

# The longest side, in pixels. A picture is never made larger than it is.
LONGEST: dict["SizeName", int] = {"small": 160, "medium": 480, "large": 1280}
_PLACEHOLDER = 24
# Of these no other program is started, and nothing is fetched.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF", "BMP", "TIFF")
_MOVING = ("GIF", "WEBP", "PNG")
# What is decoded must fit into 512 MB, several times over: some formats are decoded as a whole before they shrink.
MOST_PIXELS = 50_000_000
_MOST_PIXELS_WITH_ALPHA = 30_000_000
# Of an animation: its frames, what they have to be decoded from, and what is kept of one size at a time.
_MOST_FRAMES = 300
_MOST_ANIMATED_PIXELS = 300_000_000
_MOST_KEPT_PIXELS = 25_000_000
_ANIMATION_SECONDS = 10.0


class PictureRefusedError(Exception):
    """No thumbnails are made of a file; the words say why."""


class Small(msgspec.Struct, frozen=True, kw_only=True):
    """A WebP, and how large it is shown."""

    content: bytes
    width: int
    height: int


class Shrunk(msgspec.Struct, frozen=True, kw_only=True):
    """The placeholder of a picture as a `data:` URL, and its thumbnails."""

    placeholder: str
    sizes: dict["SizeName", Small]


class Thumbnails(Shrunk, frozen=True, kw_only=True):
    """The same, and how large the picture is shown."""

    width: int
    height: int


def preload() -> None:
    """Imports what every picture needs."""
    import pi_heif  # type: ignore[import-untyped]  # it has no types
    from PIL import Image

    pi_heif.register_heif_opener(thumbnails=False)
    Image.init()


def thumbnails_of(content: bytes) -> Thumbnails:
    """Raises PictureRefusedError where it is not a picture, is too large, or its file is broken."""
    from PIL import Image

    preload()
    Image.MAX_IMAGE_PIXELS = None  # what follows is stricter than its own limit, and refuses where that warns
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            _check(image)
            return _thumbnails(image)
    except PictureRefusedError:
        raise
    # Broken files make decoders raise anything: SyntaxError of PNG, struct.error, EOFError, MemoryError.
    except Exception as error:
        raise PictureRefusedError(f"{type(error).__name__} while it was read") from error


def _check(image: "Image.Image") -> None:
    pixels = image.width * image.height
    most = MOST_PIXELS if image.mode in {"RGB", "L", "YCbCr"} else _MOST_PIXELS_WITH_ALPHA
    if not 0 < pixels <= most:
        raise PictureRefusedError(f"{image.width}x{image.height} pixels are more than {most}")


def _thumbnails(image: "Image.Image") -> Thumbnails:
    turned = image.getexif().get(0x0112) in {5, 6, 7, 8}
    width, height = (image.height, image.width) if turned else image.size
    moving = _moving(image)
    made = shrunk(_still(image), moving)
    return Thumbnails(width=width, height=height, placeholder=made.placeholder, sizes=made.sizes)


def shrunk(still: "Image.Image", moving: Mapping["SizeName", bytes] | None = None) -> Shrunk:
    """What is made of a picture that stands still, upright and in RGB, and is changed by it.

    `moving` are thumbnails that there are already.
    """
    sizes: dict[SizeName, Small] = {}
    # From the largest on, each is made of the one before.
    for name in ("large", "medium", "small"):
        still.thumbnail((LONGEST[name], LONGEST[name]))
        kept = (moving or {}).get(name)
        sizes[name] = Small(content=kept or _webp(still), width=still.width, height=still.height)
    still.thumbnail((_PLACEHOLDER, _PLACEHOLDER))
    tiny = base64.b64encode(_webp(still, quality=20)).decode()
    return Shrunk(placeholder=f"data:image/webp;base64,{tiny}", sizes=sizes)


def _still(image: "Image.Image") -> "Image.Image":
    """The first frame, upright, in the colours of screens, as large as the largest thumbnail at most."""
    from PIL import ImageOps

    image.seek(0)
    box = (LONGEST["large"], LONGEST["large"])
    profile = image.info.get("icc_profile")
    if image.mode in {"RGB", "L"}:
        # A JPEG is decoded at a half, a quarter or an eighth where that is enough.
        image.thumbnail(box, reducing_gap=2.0)
        return _in_screen_colours(ImageOps.exif_transpose(image), profile)
    still = ImageOps.exif_transpose(image)
    if still.mode.startswith("I;16"):
        still = still.convert("I").point(lambda value: value / 256).convert("L")
    if still.mode == "CMYK":
        still.thumbnail(box)
        return _in_screen_colours(still, profile)
    still = still.convert("RGBA" if still.has_transparency_data else "RGB")
    still.thumbnail(box, reducing_gap=2.0)
    return _in_screen_colours(still, profile)


def _in_screen_colours(image: "Image.Image", profile: bytes | None) -> "Image.Image":
    """The same in sRGB, without a profile."""
    from PIL import ImageCms

    # A profile that is broken or of other channels changes nothing.
    if profile and image.mode in {"RGB", "RGBA", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            mode = "RGB" if image.mode == "CMYK" else image.mode
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
            image = converted or image
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    image.info.pop("icc_profile", None)
    return image if image.mode in {"RGB", "RGBA"} else image.convert("RGB")


def _moving(image: "Image.Image") -> dict["SizeName", bytes]:
    """The thumbnails that move, of a picture that does; those that would be too much work stand still."""
    frames = int(getattr(image, "n_frames", 1))
    pixels = frames * image.width * image.height
    if image.format not in _MOVING or not 1 < frames <= _MOST_FRAMES or pixels > _MOST_ANIMATED_PIXELS:
        return {}
    made: dict[SizeName, bytes] = {}
    until = time.monotonic() + _ANIMATION_SECONDS
    for name in ("small", "medium", "large"):
        width, height = _fitted(image.size, LONGEST[name])
        if frames * width * height > _MOST_KEPT_PIXELS:
            break
        shrunk: list[Image.Image] = []
        durations: list[int] = []
        for frame in _frames(image, frames):
            if time.monotonic() > until:
                return made
            shrunk.append(frame.resize((width, height)))
            durations.append(int(image.info.get("duration") or 100))
        made[name] = _webp(shrunk[0], append_images=shrunk[1:], durations=durations, loop=_loop(image))
    return made


def _frames(image: "Image.Image", count: int) -> Iterator["Image.Image"]:
    for number in range(count):
        image.seek(number)
        yield image.convert("RGBA")


def _loop(image: "Image.Image") -> int:
    """How often it is shown, 0 for ever. A GIF that says nothing of it is shown once."""
    return int(image.info.get("loop", 1 if image.format == "GIF" else 0))


def _fitted(size: tuple[int, int], longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _webp(
    image: "Image.Image",
    *,
    quality: int = 78,
    append_images: "list[Image.Image] | None" = None,
    durations: list[int] | None = None,
    loop: int = 0,
) -> bytes:
    """A WebP without notes of any kind."""
    place = io.BytesIO()
    # Method 2 takes half the time of 4 and makes files a few percent larger.
    if append_images:
        image.save(
            place, "WEBP", quality=quality, method=0, save_all=True,
            append_images=append_images, duration=durations, loop=loop, exif=b"", xmp=b"",
        )  # fmt: skip
    else:
        image.save(place, "WEBP", quality=quality, method=2, exif=b"", xmp=b"", icc_profile=b"")
    return place.getvalue()
