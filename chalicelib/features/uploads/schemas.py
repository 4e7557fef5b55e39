"""The wire types of uploads. Sizes are in bytes."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.core.ids import MAX_ID, Id, Timestamp

Filename = Annotated[str, Meta(min_length=1, max_length=255)]
ContentType = Annotated[str, Meta(min_length=3, max_length=127)]
Size = Annotated[int, Meta(ge=1, le=MAX_ID)]


class NewUpload(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A file that is about to be uploaded."""

    filename: Filename
    content_type: ContentType
    size: Size


class NewUploads(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Several files at once: all are accepted, or none."""

    files: Annotated[list[NewUpload], Meta(min_length=1, max_length=10)]


class UploadForm(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where and how to send the file: multipart/form-data with `fields` in any order, then the file as `file`."""

    id: Id
    method: Literal["POST"]
    url: str
    fields: dict[str, str]
    expires_at: Timestamp


class UploadForms(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A form for each file, in the order of the request."""

    uploads: list[UploadForm]


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
