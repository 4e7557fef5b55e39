"""Uploads in one request, as far as a function can be given them: announced, stored and checked on the spot."""

from typing import Any

from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput, TooLarge
from chalicelib.core.multipart import Part
from chalicelib.core.problems import Problem
from chalicelib.entry.dialects.words import Call, Dialect, Plain, View
from chalicelib.features.uploads import service
from chalicelib.features.uploads.schemas import UploadForm, UploadForms
from chalicelib.realtime.attachments import Attachment
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
        raise _too_large()
    fields = {part.name: part.content.decode("utf-8", "replace") for part in parts if part.filename is None}
    call.body = _announced(file)

    def then(actor: Actor, form: UploadForm) -> Any:
        stored = service.store_content(actor, form.id, file.content)
        sent = dialect.uploaded(actor, stored, fields) if dialect.uploaded is not None else None
        return stored if sent is None else sent

    call.then = then
    call.tell = lambda answer, view: _told(answer, view, dialect)


def take_all(call: Call, parts: list[Part]) -> None:
    """Makes a call that announces all files of a form, and stores them: all, or none.

    Raises InvalidInput and TooLarge.
    """
    files = [part for part in parts if part.filename is not None]
    if not files:
        raise InvalidInput.at("files", "missing", "is required")
    if sum(len(file.content) for file in files) > MOST_BYTES:
        raise _too_large()
    call.body = {"files": [_announced(file) for file in files]}

    def then(actor: Actor, forms: UploadForms) -> Any:
        stored: list[Attachment] = []
        try:
            for form, file in zip(forms.uploads, files, strict=True):
                stored.append(service.store_content(actor, form.id, file.content))
        except Problem:
            for one in stored:
                service.delete(actor, one.id)
            raise
        return {"files": stored}

    call.then = then
    call.tell = lambda answer, view: {
        "success": True,
        "message": "Files uploaded",
        "files": [_file(one, view) for one in answer["files"]],
    }


def _announced(file: Part) -> Plain:
    return {"filename": file.filename, "contentType": file.content_type, "size": len(file.content)}


def _told(answer: Plain, view: View, dialect: Dialect) -> Any:
    if "chatId" in answer:
        return dialect.answers[Message](answer, view)
    return {"success": True, "message": "File uploaded", **_file(answer, view)}


def _file(answer: Plain, view: View) -> Plain:
    url = view.link(answer["id"])
    return {
        "id": answer["id"],
        "url": url,
        "fileUrl": url,
        "fileName": answer["filename"],
        "fileSize": answer["size"],
        "mimeType": answer["contentType"],
    }


def _too_large() -> TooLarge:
    return TooLarge("Announce larger files by POST /uploads and send them to the form that it answers.")
