"""Large files: announced as others are, sent in parts by signed URLs, and joined in S3 when all parts are there.

A client may stop at any time, and go on hours later from another network: S3 knows what has arrived. Signing asks S3
nothing; to begin, to list and to join do.
"""

from collections.abc import Iterator, Mapping
from typing import LiteralString

from chalicelib.core import clock, db
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    Gone,
    InvalidInput,
    NotFound,
    NotInParts,
    PartsMissing,
    TooLarge,
    UploadComplete,
    UploadRefused,
)
from chalicelib.core.problems import Fault
from chalicelib.features.uploads import announcing, parts, storage, store
from chalicelib.features.uploads.schemas import (
    ArrivedPart,
    LargeUpload,
    NewLargeUpload,
    PartInput,
    PartsInput,
    SignedPart,
    SignedParts,
    UploadParts,
)

# Whatever a scanner says of it.
_COMPLETE = frozenset({"scanning", "ready", "quarantined"})
# A refusal names so many of the parts that are missing; the list of parts has all.
_MOST_NAMED = 10

_BEGUN: LiteralString = """
UPDATE uploads SET multipart_id = %(multipart_id)s, part_size = %(part_size)s,
    expires_at = now() + make_interval(secs => %(lifetime)s)
WHERE id = %(id)s
"""


def announce(actor: Actor, new: NewLargeUpload) -> tuple[LargeUpload, Mapping[str, str]]:
    """How the file is to be cut into parts, and the headers that tell what is left of the rate.

    Raises TooLarge, FileTypeRefused, RateLimited, QuotaExceeded, Unavailable; then nothing was announced.
    """
    chosen = settings()
    most = chosen.large_upload_size
    if new.size > most:
        raise TooLarge(
            "A file may have at most {most} bytes.", values={"most": most}, errors=announcing.at_most(most)
        )
    file = announcing.file_of(actor, new)
    (upload_id,), left = announcing.reserve(actor, [file])
    try:
        begun = parts.begin(file.key, file.content_type)
    except Exception:
        store.remove_unattached(upload_id)
        raise
    size = parts.size_for(file.size)
    lifetime = chosen.large_upload_seconds
    db.execute(_BEGUN, {"id": upload_id, "multipart_id": begun, "part_size": size, "lifetime": lifetime})
    announced = LargeUpload(
        id=upload_id,
        part_size=size,
        part_count=-(-file.size // size),
        expires_at=clock.wire(int(clock.now()) + lifetime),
    )
    return announced, left


def sign(actor: Actor, upload_id: int, wanted: PartsInput) -> SignedParts:
    """A URL for each of the parts. Raises NotFound, Gone, NotInParts, UploadComplete, UploadRefused, InvalidInput."""
    upload = _own(actor, upload_id)
    _refuse_unless_waiting(upload)
    sizes = _sizes(upload)
    seconds = settings().upload_seconds
    expires_at = clock.wire(int(clock.now()) + seconds)
    return SignedParts(
        parts=[
            SignedPart(
                part_number=part.part_number,
                method="PUT",
                url=_url(upload, part, size, seconds),
                headers={parts.CHECKSUM: part.checksum},
                size=size,
                expires_at=expires_at,
            )
            for part, size in _asked(wanted, sizes)
        ]
    )


def listed(actor: Actor, upload_id: int) -> UploadParts:
    """What has arrived, and what is missing. Raises NotFound, Gone, NotInParts, UploadRefused, Unavailable."""
    upload = _own(actor, upload_id)
    if upload.part_size is None:
        raise NotInParts()
    there: list[parts.Part] = []
    missing: list[int] = []
    if upload.state not in _COMPLETE:
        _refuse_unless_waiting(upload)
        arrived = _arrived(upload)
        if arrived is not None:
            there, missing = arrived, _missing(upload, arrived)
    return UploadParts(
        id=upload.id,
        size=upload.size,
        part_size=upload.part_size,
        part_count=len(_sizes(upload)),
        arrived=[ArrivedPart(part_number=part.number, size=part.size, checksum=part.checksum) for part in there],
        missing=missing,
    )


def finish(upload: store.Upload) -> None:
    """Joins the parts of an upload that waits for them, if it does. Safe to repeat, and to do twice at once.

    Raises PartsMissing, Gone, Unavailable.
    """
    there = _arrived(upload)
    if there is None:
        return
    missing = _missing(upload, there)
    if missing:
        named = ", ".join(map(str, missing[:_MOST_NAMED]))
        count = len(missing)
        sentence = "must have arrived; {count:part is|parts are} missing: {numbers}"
        raise PartsMissing(errors=(Fault("parts", "missing", sentence, {"count": count, "numbers": named}),))
    parts.join(upload.key, upload.multipart_id or "", there)


def give_up(key: str, multipart_id: str | None) -> None:
    """Deletes the parts of an upload, where there may be any. Raises Unavailable."""
    if multipart_id is not None:
        parts.give_up(key, multipart_id)


def _own(actor: Actor, upload_id: int) -> store.Upload:
    upload = store.own(actor, upload_id)
    if upload is None:
        raise NotFound()
    return upload


def _refuse_unless_waiting(upload: store.Upload) -> None:
    if upload.part_size is None:
        raise NotInParts()
    if upload.state in _COMPLETE:
        raise UploadComplete()
    if upload.expired:
        raise Gone("The upload was not finished in time.")
    if upload.state == "dropped":
        raise UploadRefused()


def _sizes(upload: store.Upload) -> list[int]:
    """The bytes of each part."""
    whole = upload.part_size or parts.LEAST_PART_BYTES
    return [min(whole, upload.size - start) for start in range(0, upload.size, whole)]


def _asked(wanted: PartsInput, sizes: list[int]) -> Iterator[tuple[PartInput, int]]:
    """Each part with its size. Raises InvalidInput for one that the file does not have, or that is named twice."""
    named: set[int] = set()
    for place, part in enumerate(wanted.parts):
        field = f"parts[{place}].partNumber"
        if part.part_number > len(sizes):
            raise InvalidInput.at(field, "out_of_range", "must be at most {limit}", limit=len(sizes))
        if part.part_number in named:
            raise InvalidInput.at(field, "repeated", "must not name a part twice")
        named.add(part.part_number)
        yield part, sizes[part.part_number - 1]


def _url(upload: store.Upload, part: PartInput, size: int, seconds: int) -> str:
    signed = parts.Part(number=part.part_number, size=size, etag="", checksum=part.checksum)
    return parts.link(upload.key, upload.multipart_id or "", signed, seconds)


def _arrived(upload: store.Upload) -> list[parts.Part] | None:
    """The parts that S3 has; None where they are joined. Raises Gone where they are not, and S3 has none any more."""
    there = parts.arrived(upload.key, upload.multipart_id) if upload.multipart_id else None
    if there is None and upload.multipart_id and storage.look(upload.key) is None:
        raise Gone("The parts of this upload are gone: announce the file again.")
    return there


def _missing(upload: store.Upload, there: list[parts.Part]) -> list[int]:
    arrived = {(part.number, part.size) for part in there}
    return [number for number, size in enumerate(_sizes(upload), 1) if (number, size) not in arrived]
