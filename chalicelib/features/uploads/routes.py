"""Uploads over HTTP."""

from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    FileQuarantined,
    FileTypeRefused,
    Gone,
    NotFound,
    NotInParts,
    PartsMissing,
    QuotaExceeded,
    RateLimited,
    TooLarge,
    UploadComplete,
    UploadInUse,
    UploadPending,
    UploadRefused,
    UploadScanning,
)
from chalicelib.core.http import Reply, Routes
from chalicelib.core.ids import Id
from chalicelib.features.uploads import multipart, service
from chalicelib.features.uploads.schemas import (
    Download,
    FileQuery,
    LargeUpload,
    NewLargeUpload,
    NewUpload,
    NewUploads,
    PartsInput,
    SignedParts,
    StorageUsage,
    UploadForm,
    UploadForms,
    UploadParts,
)
from chalicelib.realtime.attachments import Attachment

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


@routes.post(
    "/uploads/multipart", status=201, creates=True, refuses=(TooLarge, FileTypeRefused, QuotaExceeded, RateLimited)
)
def announce_large_upload(actor: Actor, body: NewLargeUpload) -> Reply[LargeUpload]:
    """Announce a file that is sent in parts, each of which can be sent again, also hours later."""
    announced, headers = multipart.announce(actor, body)
    return Reply(body=announced, status=201, headers=headers)


@routes.post("/uploads/{upload_id}/parts", refuses=(NotFound, NotInParts, UploadComplete, UploadRefused, Gone))
def sign_parts(actor: Actor, upload_id: Id, body: PartsInput) -> SignedParts:
    """Get a URL for each of the parts, which stores exactly that part."""
    return multipart.sign(actor, upload_id, body)


@routes.get("/uploads/{upload_id}/parts", refuses=(NotFound, NotInParts, UploadRefused, Gone))
def list_parts(actor: Actor, upload_id: Id) -> UploadParts:
    """What has arrived of a large file, and what is missing."""
    return multipart.listed(actor, upload_id)


@routes.get("/uploads/usage")
def get_storage_usage(actor: Actor) -> StorageUsage:
    """How many bytes my files take, of how many they may."""
    return service.usage(actor)


@routes.post(
    "/uploads/{upload_id}/complete",
    refuses=(NotFound, UploadPending, UploadScanning, FileQuarantined, PartsMissing, UploadRefused, Gone),
)
def complete_upload(actor: Actor, upload_id: Id) -> Attachment:
    """Have the stored file checked, so that it can be attached; repeats are harmless."""
    return service.complete(actor, upload_id)


@routes.get(
    "/uploads/{upload_id}", refuses=(NotFound, UploadPending, UploadScanning, FileQuarantined, UploadRefused, Gone)
)
def get_upload(actor: Actor, upload_id: Id, query: FileQuery) -> Download:
    """A short-lived link to my file, or to one that is in a chat of mine; of a picture in the size that is wanted."""
    return service.download(actor, upload_id, query.size)


@routes.delete("/uploads/{upload_id}", refuses=(NotFound, UploadInUse))
def delete_upload(actor: Actor, upload_id: Id) -> None:
    """Delete a file of mine that no message holds."""
    service.delete(actor, upload_id)
