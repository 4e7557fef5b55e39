"""Uploads over HTTP."""

from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    FileTypeRefused,
    Gone,
    NotFound,
    QuotaExceeded,
    RateLimited,
    TooLarge,
    UploadInUse,
    UploadPending,
    UploadRefused,
)
from chalicelib.core.http import Reply, Routes
from chalicelib.core.ids import Id
from chalicelib.features.uploads import service
from chalicelib.features.uploads.schemas import (
    Download,
    NewUpload,
    NewUploads,
    StorageUsage,
    UploadForm,
    UploadForms,
)
from chalicelib.realtime.shapes import Attachment

routes = Routes("uploads")


@routes.post("/uploads", status=201, creates=True, refuses=(TooLarge, FileTypeRefused, QuotaExceeded, RateLimited))
def announce_upload(actor: Actor, body: NewUpload) -> Reply[UploadForm]:
    """Announce a file and get a form that stores exactly it."""
    forms, headers = service.announce(actor, [body])
    return Reply(body=forms[0], status=201, headers=headers)


@routes.post(
    "/uploads/multiple", status=201, creates=True, refuses=(TooLarge, FileTypeRefused, QuotaExceeded, RateLimited)
)
def announce_uploads(actor: Actor, body: NewUploads) -> Reply[UploadForms]:
    """Announce several files at once; all are accepted, or none."""
    forms, headers = service.announce(actor, body.files)
    return Reply(body=UploadForms(uploads=forms), status=201, headers=headers)


@routes.get("/uploads/usage")
def get_storage_usage(actor: Actor) -> StorageUsage:
    """How many bytes my files take, of how many they may."""
    return service.usage(actor)


@routes.post("/uploads/{upload_id}/complete", refuses=(NotFound, UploadPending, UploadRefused, Gone))
def complete_upload(actor: Actor, upload_id: Id) -> Attachment:
    """Have the stored file checked, so that it can be attached; repeats are harmless."""
    return service.complete(actor, upload_id)


@routes.get("/uploads/{upload_id}", refuses=(NotFound, UploadPending, UploadRefused, Gone))
def get_upload(actor: Actor, upload_id: Id) -> Download:
    """A short-lived link to my file, or to one that is in a chat of mine."""
    return service.download(actor, upload_id)


@routes.delete("/uploads/{upload_id}", refuses=(NotFound, UploadInUse))
def delete_upload(actor: Actor, upload_id: Id) -> None:
    """Delete a file of mine that no message holds."""
    service.delete(actor, upload_id)
