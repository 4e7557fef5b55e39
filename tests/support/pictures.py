"""Pictures that are uploaded as a client does it."""

import base64
import io
from pathlib import Path

import httpx

from tests.support.people import Person

# One transparent pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)

# What telephones write into their pictures.
MAKER = b"Maker of telephones"


def picture(owner: Person) -> int:
    """A picture that is stored and checked; its id."""
    return upload(owner.http)


def upload(http: httpx.Client, content: bytes = PNG, content_type: str = "image/png", *, prefix: str = "") -> int:
    """A file that is stored and checked, by paths that begin so; its id."""
    announced = {"filename": "me.png", "contentType": content_type, "size": len(content)}
    form = http.post(f"{prefix}/uploads", json=announced).raise_for_status().json()
    httpx.post(form["url"], data=form["fields"], files={"file": ("blob", content)}, timeout=30).raise_for_status()
    http.post(f"{prefix}/uploads/{form['id']}/complete").raise_for_status()
    return int(form["id"])


def photo(size: tuple[int, int] = (600, 400), kind: str = "JPEG", *, orientation: int = 6) -> bytes:
    """A picture as a telephone takes it: it lies on its side, and tells where and by whom it was taken."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = MAKER.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    place = io.BytesIO()
    halves = Image.new("RGB", size, (200, 30, 30))
    halves.paste((30, 30, 200), (size[0] // 2, 0, *size))
    halves.save(place, kind, exif=exif)
    return place.getvalue()


def animation(kind: str, *, frames: int = 5) -> bytes:
    """A picture that moves, and has a comment."""
    from PIL import Image

    shown = [Image.new("RGB", (300, 200), (50 * number, 0, 0)) for number in range(frames)]
    place = io.BytesIO()
    more = {"comment": MAKER} if kind == "GIF" else {"xmp": MAKER}
    shown[0].save(place, kind, save_all=True, append_images=shown[1:], duration=80, loop=0, **more)
    return place.getvalue()


def heic() -> bytes:
    """The same as HEIC, which nothing here writes: 96 by 64 pixels, upright."""
    return Path(__file__).with_name("photo.heic").read_bytes()
