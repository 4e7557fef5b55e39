"""Files on messages, as answers and events carry them."""

from typing import Annotated, Literal

import msgspec

from chalicelib.core.ids import Id


class Thumbnail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A small WebP of a picture, and how large it is shown. Of an animation it moves, where that is not too much."""

    url: Annotated[str, msgspec.Meta(description="fetches it without a header; serves for an hour at least")]
    width: int
    height: int


class Thumbnails(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The three sizes of a picture, by their longest side in pixels. None is larger than the picture."""

    small: Annotated[Thumbnail, msgspec.Meta(description="160 pixels")]
    medium: Annotated[Thumbnail, msgspec.Meta(description="480 pixels")]
    large: Annotated[Thumbnail, msgspec.Meta(description="1280 pixels")]


class Attachment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file on a message, as it was when the message was sent. Its content is fetched by `GET /uploads/{id}`.

    What is known of a picture, sound or video comes a moment after its upload, by `message:updated`; null until then,
    and of a file that is none or cannot be read as one.
    """

    id: Id
    filename: str
    content_type: str
    size: Annotated[int, msgspec.Meta(description="bytes")]
    state: Annotated[Literal["ready", "quarantined"], msgspec.Meta(title="FileState")]
    kind: Annotated[Literal["image", "audio", "video", "file"], msgspec.Meta(title="FileKind")]
    width: Annotated[int | None, msgspec.Meta(description="of a picture or video as it is shown, upright, in pixels")]
    height: int | None
    placeholder: Annotated[
        str | None,
        msgspec.Meta(description="a `data:` URL of a tiny WebP, to be shown blurred until a picture is there"),
    ]
    thumbnails: Thumbnails | None
    caption: Annotated[str | None, msgspec.Meta(description="what the sender says of this file; null for nothing")]
    duration: Annotated[
        float | None,
        msgspec.Meta(description="seconds of sound or video, as its sender said or as they were measured"),
    ]
    waveform: Annotated[
        list[int] | None,
        msgspec.Meta(description="how loud sound or video is from beginning to end, 0 to 100 each"),
    ]
