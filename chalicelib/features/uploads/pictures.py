"""What the function `pictures` does: outside the VPC, with Pillow, and with nothing of the database.

An upload that was checked waits under a key of its own, for which S3 calls this. What comes of it goes to the queue,
which a function with the database works. A file that cannot be read as a picture stays what it is, a file.
"""

from chalicelib.core import context
from chalicelib.core.logs import logger
from chalicelib.features.uploads import cleaning, derived, storage, thumbnails
from chalicelib.features.uploads.derived import Made, Media
from chalicelib.realtime import publish

# Read into memory as a whole, and once more where it is stored without personal data.
MOST_BYTES = 40 * 1024 * 1024


def make(waiting_key: str) -> None:
    """Takes personal data out of the picture that waits under this key, makes its thumbnails, and has both recorded.

    Safe to repeat: it makes the same again. Raises Unavailable.
    """
    key = derived.upload_of(waiting_key)
    stored = storage.read(key, MOST_BYTES)
    if stored is not None and stored.size == len(stored.head):
        made = _made(key, stored)
        if made.media is not None or made.clean_etag is not None:
            publish.picture_made(made)
    storage.delete(waiting_key)


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
    for name, small in found.sizes.items():
        storage.put(derived.thumbnail(key, name), small.content, derived.THUMBNAIL_TYPE)
    context.current().note("pictured", width=found.width, height=found.height, bytes=len(content))
    return Media(
        width=found.width,
        height=found.height,
        placeholder=found.placeholder,
        thumbnails={
            name: derived.Stored(width=small.width, height=small.height, size=len(small.content))
            for name, small in found.sizes.items()
        },
    )
