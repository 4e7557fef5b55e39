"""What the function `pictures` does: outside the VPC, with Pillow and PyAV, and with nothing of the database.

An upload that was checked waits under a key of its own, for which S3 calls this. What comes of it goes to the queue,
which a function with the database works. A file that cannot be read as what it should be stays what it is, a file.
"""

import time

import msgspec

from chalicelib.core import context
from chalicelib.core.logs import logger
from chalicelib.features.uploads import cleaning, derived, ranges, recordings, sniff, storage, thumbnails
from chalicelib.features.uploads.derived import Made, Media, SizeName
from chalicelib.features.uploads.ranges import Ranges
from chalicelib.realtime import publish

# Read into memory as a whole, and once more where it is stored without personal data.
MOST_BYTES = 40 * 1024 * 1024


def make(waiting_key: str) -> None:
    """Looks at the file that waits under this key, and has recorded what it finds.

    It takes personal data out of a picture and makes its thumbnails; it reads how long and how loud sound and video
    are. Safe to repeat: it makes the same again. Raises Unavailable.
    """
    key = derived.upload_of(waiting_key)
    made = _looked_at(key)
    if made is not None and (made.media is not None or made.clean_etag is not None):
        publish.picture_made(made)
    storage.delete(waiting_key)


def _looked_at(key: str) -> Made | None:
    """What comes of a file; None where it is gone, or larger than what is read."""
    stored = storage.read(key, ranges.BLOCK_BYTES)
    if stored is None:
        return None
    content_type = sniff.settled_type(stored.content_type, stored.head[: sniff.HEAD_BYTES])
    if content_type is not None and content_type in derived.PLAYED:
        return Made(key=key, etag=stored.etag, media=_played(key, stored, content_type))
    if len(stored.head) < stored.size <= MOST_BYTES:
        stored = storage.read(key, MOST_BYTES)
    return _made(key, stored) if stored is not None and stored.size == len(stored.head) else None


def _played(key: str, stored: storage.Stored, content_type: str) -> Media | None:
    """What is found out about sound or video, None where it cannot be read; of a video thumbnails are stored."""
    source = Ranges(key, stored, most_bytes=recordings.MOST_BYTES, until=time.monotonic() + recordings.SECONDS)
    try:
        found = recordings.recording_of(source, content_type)
    except ranges.RecordingRefusedError as refused:
        logger().warning("recording not read", extra={"key": key, "reason": str(refused)})
        return None
    media = Media(width=found.width, height=found.height, duration=found.duration, waveform=found.waveform)
    if found.still is not None:
        made = thumbnails.shrunk(found.still)
        media = msgspec.structs.replace(media, placeholder=made.placeholder, thumbnails=_stored(key, made.sizes))
    context.current().note("played", duration=found.duration, width=found.width, bytes=stored.size)
    return None if media == Media() else media


def _made(key: str, stored: storage.Stored) -> Made:
    cleaned = cleaning.cleaned(stored.head)
    clean_etag = storage.put_cleaned(key, cleaned, stored) if cleaned is not None else None
    if stored.cleaned_from is not None:  # an earlier try came as far as this
        clean_etag = clean_etag or stored.etag
    return Made(
        key=key,
        etag=stored.cleaned_from or stored.etag,
        media=_media(key, cleaned or stored.head),
        clean_etag=clean_etag,
        clean_size=len(cleaned or stored.head) if clean_etag else None,
    )


def _media(key: str, content: bytes) -> Media | None:
    """Stores thumbnails of a picture; what is known of it then, None where none can be made."""
    try:
        found = thumbnails.thumbnails_of(content)
    except thumbnails.PictureRefusedError as refused:
        logger().warning("no thumbnails", extra={"key": key, "reason": str(refused)})
        return None
    stored = _stored(key, found.sizes)
    context.current().note("pictured", width=found.width, height=found.height, bytes=len(content))
    return Media(width=found.width, height=found.height, placeholder=found.placeholder, thumbnails=stored)


def _stored(key: str, sizes: dict[SizeName, thumbnails.Small]) -> dict[SizeName, derived.Stored]:
    """Stores thumbnails; what is known of them."""
    for name, small in sizes.items():
        storage.put(derived.thumbnail(key, name), small.content, derived.THUMBNAIL_TYPE)
    return {
        name: derived.Stored(width=small.width, height=small.height, size=len(small.content))
        for name, small in sizes.items()
    }
