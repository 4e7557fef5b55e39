"""Uploads: announced by their owner, stored in S3 by the client, checked, then attached to messages.

A file becomes ready when its stored object was seen to be what was announced. Both the client and S3's own event ask
for that check, in any order and also at once: whoever settles the row first decides, and the other finds it decided.
"""

from collections.abc import Mapping, Sequence

from chalicelib.core import clock, db, names
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    FileTypeRefused,
    Gone,
    NotFound,
    QuotaExceeded,
    TooLarge,
    UploadInUse,
    UploadPending,
    UploadRefused,
)
from chalicelib.core.ratelimit import Policy, headers, refuse_unless_allowed
from chalicelib.features.uploads import sniff, storage, store
from chalicelib.features.uploads.schemas import Download, NewUpload, StorageUsage, UploadForm
from chalicelib.realtime.shapes import Attachment

# S3 asks for a form's expiry when the request begins; a slow phone may be sending for long after it.
_ARRIVAL_SECONDS = 10 * 60

# As many objects as one request to S3 may delete; what is left over waits for the next minute.
_SWEEP_BATCH = 1000
_SWEEP_BATCHES = 10


def announce(actor: Actor, new: Sequence[NewUpload]) -> tuple[list[UploadForm], Mapping[str, str]]:
    """A form for each of the files, and the headers that tell what is left of the rate.

    Raises TooLarge, FileTypeRefused, RateLimited, QuotaExceeded; then nothing was announced.
    """
    chosen = settings()
    policy = Policy(name="uploads", quota=chosen.uploads_an_hour, window=60 * 60)
    files = [_file(actor, upload) for upload in new]
    limits = store.Limits(
        burst=policy.burst, quota=chosen.upload_quota, lifetime_seconds=chosen.upload_seconds + _ARRIVAL_SECONDS
    )
    announced = store.announce(actor, files, limits)
    refuse_unless_allowed(policy, announced)
    if not announced.enough:
        raise QuotaExceeded()
    forms = [_form(upload_id, file) for upload_id, file in zip(announced.ids, files, strict=True)]
    return forms, headers(policy, announced)


def complete(actor: Actor, upload_id: int) -> Attachment:
    """Checks one's own file and makes it ready. Safe to repeat.

    Raises UploadPending where the file is not there yet, UploadRefused where it is not what was announced, Gone where
    it came too late.
    """
    upload = store.own(actor, upload_id)
    if upload is None:
        raise NotFound()
    if upload.state == "pending" and not upload.expired and (stored := storage.look(upload.key)):
        upload = _settled(upload, stored)
    _refuse_unless_ready(upload)
    return Attachment(id=upload.id, filename=upload.filename, content_type=upload.content_type, size=upload.size)


def store_content(actor: Actor, upload_id: int, content: bytes) -> Attachment:
    """Stores the content of an upload that was just announced, and makes it ready. Raises UploadRefused."""
    upload = store.own(actor, upload_id)
    if upload is None:
        raise NotFound()
    storage.put(upload.key, content, upload.content_type)
    return complete(actor, upload_id)


def open_link(upload_id: int) -> str:
    """A short-lived URL of a file, for who has a link that was made for those who may read it. Raises NotFound."""
    upload = store.ready(upload_id)
    if upload is None:
        raise NotFound()
    seconds = settings().download_seconds
    return storage.link(key=upload.key, filename=upload.filename, content_type=upload.content_type, seconds=seconds)


def object_stored(key: str) -> None:
    """Makes the same check of an object that S3 reports, by its plain key; objects nobody waits for are deleted."""
    if not storage.is_upload(key):
        return
    stored = storage.look(key)
    if stored is None:
        return
    upload = store.stored_under(key)
    if upload is not None and upload.state == "pending" and not upload.expired:
        upload = _settled(upload, stored)
    if upload is None or upload.state != "ready":
        storage.delete(key)
    elif upload.etag != stored.etag:
        # The form still served after the check, for another content.
        store.withdraw(upload.id)
        storage.delete(key)


def download(actor: Actor, upload_id: int) -> Download:
    """A short-lived link to one's own file, or to one that a chat of the actor holds. Raises NotFound."""
    upload = store.visible(actor, upload_id)
    if upload is None or upload.state == "dropped":
        raise NotFound()
    _refuse_unless_ready(upload)
    seconds = settings().download_seconds
    expires_at = clock.wire(int(clock.now()) + seconds)
    url = storage.link(key=upload.key, filename=upload.filename, content_type=upload.content_type, seconds=seconds)
    return Download(
        id=upload.id,
        filename=upload.filename,
        content_type=upload.content_type,
        size=upload.size,
        url=url,
        expires_at=expires_at,
    )


def delete(actor: Actor, upload_id: int) -> None:
    """Deletes one's own file. Raises UploadInUse where a message holds it."""
    # The object goes before the row is committed away: a failure between the two leaves something to repeat.
    with db.transaction():
        key = store.lock_own(actor, upload_id)
        if key is None:
            raise NotFound()
        if not store.remove_unattached(upload_id):
            raise UploadInUse()
        storage.delete(key)


def usage(actor: Actor) -> StorageUsage:
    """How much of the quota is taken."""
    return StorageUsage(used=store.used(actor), quota=settings().upload_quota)


def sweep() -> int:
    """Deletes the uploads that were given up, in bounded batches; answers how many it deleted."""
    deleted = 0
    for _ in range(_SWEEP_BATCHES):
        batch = expire_unfinished(_SWEEP_BATCH)
        deleted += batch
        if batch < _SWEEP_BATCH:
            break
    return deleted


def expire_unfinished(limit: int) -> int:
    """Deletes up to `limit` (at most 1,000) uploads that were given up, with their objects; answers how many.

    Safe to repeat and to run twice at once: nothing brings such an upload back.
    """
    given_up = store.expired(limit)
    if not given_up:
        return 0
    storage.delete_many([upload.key for upload in given_up])
    return store.remove_expired([upload.id for upload in given_up])


def _settled(upload: store.Upload, stored: storage.Stored) -> store.Upload:
    """The upload once it is decided, by this look at its object or by one that was faster."""
    content_type = sniff.settled_type(upload.content_type, stored.head) if stored.size == upload.size else None
    state: store.State = "ready" if content_type else "dropped"
    settled = store.settle(upload.id, state=state, etag=stored.etag, content_type=content_type)
    settled = settled or store.stored_under(upload.key)
    if settled is None:
        raise NotFound()
    return settled


def _refuse_unless_ready(upload: store.Upload) -> None:
    if upload.state == "ready":
        return
    if upload.expired:
        raise Gone("The upload was not finished in time.")
    if upload.state == "dropped":
        # Once more where it was done before: that one may have been cut off between the row and the object.
        storage.delete(upload.key)
        raise UploadRefused()
    raise UploadPending(headers={"Retry-After": "1"})


def _file(actor: Actor, new: NewUpload) -> store.File:
    most = settings().upload_size
    if new.size > most:
        raise TooLarge("A file may have at most {most} bytes.", values={"most": most})
    content_type = sniff.accepted_type(new.content_type)
    if content_type is None:
        raise FileTypeRefused("Files of this type can be sent as application/octet-stream only.")
    return store.File(
        key=storage.new_key(actor.user_id),
        filename=_clean(new.filename),
        content_type=content_type,
        size=new.size,
    )


def _form(upload_id: int, file: store.File) -> UploadForm:
    seconds = settings().upload_seconds
    expires_at = clock.wire(int(clock.now()) + seconds)
    url, fields = storage.form(key=file.key, content_type=file.content_type, size=file.size, seconds=seconds)
    return UploadForm(id=upload_id, method="POST", url=url, fields=fields, expires_at=expires_at)


def _clean(filename: str) -> str:
    """The last part of a path, without control characters and marks that change how it reads."""
    name = names.cleaned(filename.replace("\\", "/").rpartition("/")[2]).strip()
    return "file" if name in {"", ".", ".."} or names.wrong_name(name) else name
