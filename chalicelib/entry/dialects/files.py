"""Uploads in one request, as far as a function can be given them: announced, stored and checked on the spot."""

from typing import Any

from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput, TooLarge
from chalicelib.core.multipart import Part
from chalicelib.entry.dialects.words import Call, Dialect, Plain, View
from chalicelib.features.uploads import service
from chalicelib.features.uploads.schemas import UploadForm
from chalicelib.realtime.shapes import Message

# Lambda is given 6 MB at most, and a binary body comes in base64.
MOST_BYTES = 4_400_000


def take(call: Call, parts: list[Part], dialect: Dialect) -> None:
    """Makes a call that announces the file of a form, and stores its content once it is announced.

    Raises InvalidInput and TooLarge.
    """
    file = next((part for part in parts if part.filename is not None), None)
    if file is None:
        raise InvalidInput.at("file", "missing", "is required")
    if len(file.content) > MOST_BYTES:
        raise TooLarge("Announce larger files by POST /uploads and send them to the form that it answers.")
    fields = {part.name: part.content.decode("utf-8", "replace") for part in parts if part.filename is None}
    call.body = {"filename": file.filename, "contentType": file.content_type, "size": len(file.content)}

    def then(actor: Actor, form: UploadForm) -> Any:
        stored = service.store_content(actor, form.id, file.content)
        sent = dialect.uploaded(actor, stored, fields) if dialect.uploaded is not None else None
        return stored if sent is None else sent

    call.then = then
    call.tell = lambda answer, view: _told(answer, view, dialect)


def _told(answer: Plain, view: View, dialect: Dialect) -> Any:
    if "chatId" in answer:
        return dialect.answers[Message](answer, view)
    url = view.link(answer["id"])
    return {
        "success": True,
        "message": "File uploaded",
        "id": answer["id"],
        "url": url,
        "fileUrl": url,
        "fileName": answer["filename"],
        "fileSize": answer["size"],
        "mimeType": answer["contentType"],
    }
