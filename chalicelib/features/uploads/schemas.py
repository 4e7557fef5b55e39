"""The wire types of uploads. Sizes are in bytes."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.core.faults import TOLD
from chalicelib.core.ids import MAX_ID, Id, Timestamp
from chalicelib.features.uploads.derived import Size as PictureSize

Filename = Annotated[str, Meta(min_length=1, max_length=255)]
ContentType = Annotated[
    str, Meta(max_length=127, description="a media type; of a file without one the first bytes tell what it is")
]
Size = Annotated[int, Meta(ge=0, le=MAX_ID, description="bytes")]
LargeSize = Annotated[int, Meta(ge=1, le=MAX_ID, description="bytes")]
PartNumber = Annotated[int, Meta(ge=1, le=1000, description="which part of the file it is, counted from 1")]
Checksum = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9+/]{43}=$",
        description="the SHA-256 of the part, in base64",
        extra={TOLD: "must be the SHA-256 of the part in base64"},
    ),
]


class NewUpload(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A file that is about to be uploaded."""

    filename: Filename
    content_type: ContentType = ""
    size: Size


class NewUploads(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Several files at once: all are accepted, or none."""

    files: Annotated[list[NewUpload], Meta(min_length=1, max_length=10)]


class UploadForm(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where and how to send the file: multipart/form-data, first all of `fields`, last the file as `file`."""

    id: Id
    method: Literal["POST"]
    url: str
    fields: dict[str, str]
    expires_at: Timestamp


class UploadForms(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A form for each file, in the order of the request."""

    uploads: list[UploadForm]


class NewLargeUpload(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A file that is about to be uploaded in parts."""

    filename: Filename
    content_type: ContentType = ""
    size: LargeSize


class LargeUpload(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How to cut the file: parts of `partSize` bytes, the last of them with what is left."""

    id: Id
    part_size: int
    part_count: int
    expires_at: Timestamp


class PartInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A part that is about to be sent."""

    part_number: PartNumber
    checksum: Checksum


class PartsInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Parts that are about to be sent, each once."""

    parts: Annotated[list[PartInput], Meta(min_length=1, max_length=50)]


class SignedPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where and how to send a part: its bytes alone as the body, with these headers."""

    part_number: PartNumber
    method: Literal["PUT"]
    url: str
    headers: dict[str, str]
    size: int
    expires_at: Timestamp


class SignedParts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What to send, in the order of the request."""

    parts: list[SignedPart]


class ArrivedPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part that the store has checked and keeps."""

    part_number: PartNumber
    size: int
    checksum: Checksum


class UploadParts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What has arrived of a large file, and what is missing; of a complete one nothing is."""

    id: Id
    size: int
    part_size: int
    part_count: int
    arrived: list[ArrivedPart]
    missing: list[PartNumber]


class FileQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which size a file is wanted."""

    size: PictureSize = None


class Download(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file, and a URL that fetches it until it expires."""

    id: Id
    filename: str
    content_type: str
    size: int
    url: str
    expires_at: Timestamp


class StorageUsage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many bytes a user's files take, and how many they may."""

    used: int
    quota: int
