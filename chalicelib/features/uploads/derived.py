"""What is made of an upload, and what it is called in the bucket.

uploads/OWNER/NAME        the file itself; `pictures` stores it again, without personal data
waiting/OWNER/NAME        says that it was checked and waits for `pictures`; a day at most
made/OWNER/NAME/SIZE      a thumbnail
"""

from collections.abc import Sequence
from typing import Annotated, Literal, get_args

import msgspec

_Names = Literal["small", "medium", "large"]
SizeName = Annotated[_Names, msgspec.Meta(title="PictureSize")]
SIZES: Sequence[SizeName] = get_args(_Names)

UPLOADS, WAITING, MADE = "uploads/", "waiting/", "made/"
THUMBNAIL_TYPE = "image/webp"
# What thumbnails can be made of. A file of another type waits for nothing.
PICTURES = frozenset(
    f"image/{kind}" for kind in ("jpeg", "png", "gif", "webp", "heic", "heif", "avif", "bmp", "tiff")
)

Size = Annotated[
    SizeName | None,
    msgspec.Meta(description="of a picture: its thumbnail, a WebP; the file itself where there is none"),
]


class Stored(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A thumbnail as it is stored; `size` is in bytes."""

    width: int
    height: int
    size: int


class Media(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was found out about a picture; the same is in the column `media`."""

    width: int
    height: int
    placeholder: str
    thumbnails: dict[SizeName, Stored]


class Made(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `pictures` made of the upload `key`, when its content had this ETag.

    Without `media` no thumbnails could be made of it. Where it was stored again, `clean_etag` and `clean_size` tell
    what it is now.
    """

    key: str
    etag: str
    media: Media | None
    clean_etag: str | None = None
    clean_size: int | None = None


def size_named(name: str | None) -> SizeName | None:
    """The size of this name, if there is one."""
    return next((size for size in SIZES if size == name), None)


def waiting(key: str) -> str:
    """The key that has an upload wait for `pictures`."""
    return WAITING + key.removeprefix(UPLOADS)


def upload_of(waiting_key: str) -> str:
    """The upload that waits under this key."""
    return UPLOADS + waiting_key.removeprefix(WAITING)


def thumbnail(key: str, size: SizeName) -> str:
    """Where a thumbnail of an upload is."""
    return f"{MADE}{key.removeprefix(UPLOADS)}/{size}"


def all_of(key: str) -> list[str]:
    """Everything that may be stored for an upload."""
    return [key, waiting(key), *(thumbnail(key, size) for size in SIZES)]
