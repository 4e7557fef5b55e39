"""What was found out about files: it is recorded, told to those who have a message with them, and shown."""

import hmac

import msgspec

from chalicelib.core import clock, ids
from chalicelib.core.config import settings
from chalicelib.core.errors import NotFound, Unauthenticated
from chalicelib.core.ids import Id
from chalicelib.features.uploads import derived, storage, store
from chalicelib.features.uploads.derived import SIZES, Made, SizeName
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Message


class _Told(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message that holds the file, and who must hear of it."""

    message: Message
    member_ids: list[Id]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a link leads to."""

    key: str
    filename: str
    content_type: str
    size: int

    def link(self, seconds: int) -> str:
        """A URL that fetches it for so long."""
        return storage.link(key=self.key, filename=self.filename, content_type=self.content_type, seconds=seconds)


def record(made: Made) -> None:
    """Keeps what `pictures` made of an upload, and tells every message that holds it anew. Safe to repeat."""
    told = store.record(made, base=settings().public_url or "/api", secret=ids.random_id())
    if told is None:
        # It was deleted or stored anew meanwhile: nobody will ask for what was made of it.
        storage.delete_many([derived.thumbnail(made.key, size) for size in SIZES])
        return
    tell(told)


def tell(told: str) -> None:
    """Tells messages anew, by what SQL answers of them."""
    for each in msgspec.json.decode(told, type=list[_Told]):
        message = each.message
        publish(events.message_updated(message), to=each.member_ids, group=f"chat:{message.chat_id}")


def shown(upload: store.Upload, size: SizeName | None) -> Shown:
    """A thumbnail of an upload; the file itself where there is none, or none is asked for."""
    thumbnail = upload.thumbnail(size)
    if thumbnail is None or size is None:
        return Shown(key=upload.key, filename=upload.filename, content_type=upload.content_type, size=upload.size)
    return Shown(
        key=derived.thumbnail(upload.key, size),
        filename=f"{upload.filename.rpartition('.')[0] or upload.filename}.webp",
        content_type=derived.THUMBNAIL_TYPE,
        size=thumbnail.size,
    )


def open_thumbnail(token: str) -> str:
    """A short-lived URL of a thumbnail, for who has a link from a message. Raises Unauthenticated, NotFound."""
    upload_id, name, until, mark = token.split(".")
    size = derived.size_named(name)
    if size is None or not (upload_id.isdecimal() and until.isdecimal() and len(upload_id + until) < 30):
        raise Unauthenticated("This link is not valid.")
    picture = store.marked(int(upload_id), size, int(until))
    if picture is None:
        raise NotFound()
    if not hmac.compare_digest(picture.mark.encode(), mark.encode()):
        raise Unauthenticated("This link is not valid.")
    if int(until) <= clock.now():
        raise Unauthenticated("This link has expired.")
    return shown(picture, size).link(settings().download_seconds)
