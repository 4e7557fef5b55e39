"""Uploads: announced by their owner, stored in S3 by the client, checked, then attached to messages.

A file becomes ready when its stored object was seen to be what was announced. Both the client and S3's own event ask
for that check, in any order and also at once: whoever settles the row first decides, and the other finds it decided.
"""

from collections.abc import Mapping, Sequence

import msgspec

from chalicelib.core import clock, db
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    FileQuarantined,
    Gone,
    NotFound,
    TooLarge,
    UploadInUse,
    UploadPending,
    UploadRefused,
    UploadScanning,
)
from chalicelib.features.uploads import announcing, asking, derived, media, multipart, sniff, storage, store
from chalicelib.features.uploads.schemas import Download, NewUpload, StorageUsage, UploadForm
from chalicelib.realtime.attachments import Attachment

# As many objects as one request to S3 may delete; what is left over waits for the next minute.
_SWEEP_BATCH = 1000
_SWEEP_BATCHES = 10
# Each of these is a request of its own.
_SWEEP_IN_PARTS = 20


def announce(actor: Actor, new: Sequence[NewUpload]) -> tuple[list[UploadForm], Mapping[str, str]]:
    """A form for each of the files, and the headers that tell what is left of the rate.

    Raises TooLarge, FileTypeRefused, RateLimited, QuotaExceeded; then nothing was announced.
    """
    most = settings().upload_size
    if any(one.size > most for one in new):
        raise TooLarge(
            "Announce a file of more than {most} bytes by POST /uploads/multipart.",
            values={"most": most},
            errors=announcing.at_most(most),
        )
    files = [announcing.file_of(actor, one) for one in new]
    ids, left = announcing.reserve(actor, files)
    forms = [_form(upload_id, file) for upload_id, file in zip(ids, files, strict=True)]
    return forms, left


def complete(actor: Actor, upload_id: int) -> Attachment:
    """Checks one's own file and makes it ready. Safe to repeat.

    Raises UploadPending where the file is not there yet, PartsMissing where parts of it are not, UploadRefused where
    it is not what was announced, Gone where it came too late.
    """
    upload = store.own(actor, upload_id)
    if upload is None:
        raise NotFound()
    if upload.state == "pending" and not upload.expired:
        multipart.finish(upload)
        stored = storage.look(upload.key)
        if stored is not None:
            upload = _settled(upload, stored)
    _refuse_unless_ready(upload)
    return msgspec.json.decode(upload.told, type=Attachment)


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
    if upload is None or upload.state not in {"ready", "scanning"}:
        storage.delete(key)
    elif upload.etag not in {stored.etag, stored.cleaned_from}:
        # The form still served after the check, for another content.
        store.withdraw(upload.id)
        storage.delete_uploads([key])
    elif upload.state == "scanning":
        asking.ask(upload)
    elif _awaits_a_look(upload) and stored.cleaned_from is None:
        # S3 calls `pictures` for this in its turn, which reads no file before it was checked.
        storage.put(derived.waiting(key), b"", sniff.OCTETS)


def download(actor: Actor, upload_id: int, size: derived.Size = None) -> Download:
    """A short-lived link to one's own file, or to one that a chat of the actor holds. Raises NotFound."""
    upload = store.visible(actor, upload_id)
    if upload is None or upload.state == "dropped":
        raise NotFound()
    _refuse_unless_ready(upload)
    seconds = settings().download_seconds
    expires_at = clock.wire(int(clock.now()) + seconds)
    shown = media.shown(upload, size)
    return Download(
        id=upload.id,
        filename=shown.filename,
        content_type=shown.content_type,
        size=shown.size,
        url=shown.link(seconds),
        expires_at=expires_at,
    )


def delete(actor: Actor, upload_id: int) -> None:
    """Deletes one's own file. Raises UploadInUse where a message holds it."""
    # The object goes before the row is committed away: a failure between the two leaves something to repeat.
    with db.transaction():
        own = store.lock_own(actor, upload_id)
        if own is None:
            raise NotFound()
        if not store.remove_unattached(upload_id):
            raise UploadInUse()
        _delete([own])


def keep(user_id: int, filename: str, content_type: str, content: bytes) -> int:
    """Stores a file that the service itself has made for a user; answers its id. S3's event makes it ready."""
    file = store.File(key=storage.new_key(user_id), filename=filename, content_type=content_type, size=len(content))
    upload_id = store.add(user_id, file, settings().upload_seconds + announcing.ARRIVAL_SECONDS)
    storage.put(file.key, content, content_type)
    return upload_id


def erase_file(upload_id: int) -> None:
    """Deletes a file that `keep` has stored, if it is there."""
    file = store.kept(upload_id)
    if file is not None:
        storage.delete(file.key)
        store.erase([file.id])


def erase(user_id: int, most: int) -> int:
    """Deletes up to so many (at most 1,000) files of a user whose account is deleted; answers how many.

    The objects go first: a failure between the two leaves something to repeat.
    """
    files = store.files_of(user_id, most)
    if files:
        _delete(files)
        store.erase([file.id for file in files])
    return len(files)


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
    given_up = store.expired(limit, most_in_parts=_SWEEP_IN_PARTS)
    if not given_up:
        return 0
    _delete(given_up)
    return store.remove_expired([upload.id for upload in given_up])


def _delete(files: Sequence[store.Place]) -> None:
    """Deletes what S3 has of these uploads. Parts go first: what is joined until then is an object, and goes next."""
    for file in files:
        multipart.give_up(file.key, file.multipart_id)
    storage.delete_uploads([file.key for file in files])


def _awaits_a_look(upload: store.Upload) -> bool:
    return upload.state == "ready" and derived.is_looked_at(upload.content_type) and upload.media is None


def _settled(upload: store.Upload, stored: storage.Stored) -> store.Upload:
    """The upload once it is decided, by this look at its object or by one that was faster."""
    content_type = sniff.settled_type(upload.content_type, stored.head) if stored.size == upload.size else None
    chosen = settings()
    accepted: store.State = "scanning" if chosen.scan_files else "ready"
    state: store.State = accepted if content_type else "dropped"
    settled = store.settle(
        upload.id,
        state=state,
        etag=stored.etag,
        content_type=content_type,
        scan_again=chosen.scan_again_seconds,
    )
    settled = settled or store.stored_under(upload.key)
    if settled is None:
        raise NotFound()
    return settled


def _refuse_unless_ready(upload: store.Upload) -> None:
    if upload.state == "ready":
        return
    if upload.state == "quarantined":
        raise FileQuarantined()
    if upload.expired:
        raise Gone("The upload was not finished in time.")
    if upload.state == "dropped":
        # Once more where it was done before: that one may have been cut off between the row and the object.
        storage.delete(upload.key)
        raise UploadRefused()
    if upload.state == "scanning":
        raise UploadScanning(headers={"Retry-After": "5"})
    raise UploadPending(headers={"Retry-After": "1"})


def _form(upload_id: int, file: store.File) -> UploadForm:
    seconds = settings().upload_seconds
    expires_at = clock.wire(int(clock.now()) + seconds)
    url, fields = storage.form(key=file.key, content_type=file.content_type, size=file.size, seconds=seconds)
    return UploadForm(id=upload_id, method="POST", url=url, fields=fields, expires_at=expires_at)
