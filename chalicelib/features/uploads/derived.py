"""What is made of an upload, and what it is called in the bucket.

uploads/OWNER/NAME        the file itself; `pictures` stores it again, without personal data
waiting/OWNER/NAME        says that it was checked and waits for `pictures`; a day at most
made/OWNER/NAME/SIZE      a thumbnail
"""

from collections.abc import Mapping, Sequence
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
# Sound and video of which the length can be read, and by which of FFmpeg's demuxers. They wait as well.
PLAYED: Mapping[str, str] = {
    "audio/mpeg": "mp3",
    "audio/mp4": "mov",
    "audio/aac": "aac",
    "audio/ogg": "ogg",
    "audio/webm": "matroska",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/amr": "amr",
    "audio/aiff": "aiff",
    "audio/x-ms-wma": "asf",
    "audio/x-matroska": "matroska",
    "audio/3gpp": "mov",
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "video/ogg": "ogg",
    "video/3gpp": "mov",
    "video/3gpp2": "mov",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/mpeg": "mpeg",
    "video/mp2t": "mpegts",
    "video/x-flv": "flv",
    "video/x-ms-wmv": "asf",
}

Size = Annotated[
    SizeName | None,
    msgspec.Meta(description="of a picture or a video: its thumbnail, a WebP; the file itself where there is none"),
]


class Stored(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A thumbnail as it is stored; `size` is in bytes."""

    width: int
    height: int
    size: int


class Media(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What was found out about a picture, sound or video; the same is in the column `media`.

    What has thumbnails has a placeholder and a size. Sound and video have a `duration` in seconds, and a `waveform`.
    """

    width: int | None = None
    height: int | None = None
    placeholder: str | None = None
    thumbnails: dict[SizeName, Stored] | None = None
    duration: float | None = None
    waveform: list[int] | None = None


class Made(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `pictures` made of the upload `key`, when its content had this ETag.

    Without `media` nothing was found out. Where it was stored again, `clean_etag` and `clean_size` tell
    what it is now.
    """

    key: str
    etag: str
    media: Media | None
    clean_etag: str | None = None
    clean_size: int | None = None


def is_looked_at(content_type: str) -> bool:
    """Whether `pictures` can find out something about files of this type."""
    return content_type in PICTURES or content_type in PLAYED


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
