"""What is held against an announcement: what the files may be, the rate, and the quota."""

from collections.abc import Mapping, Sequence

from chalicelib.core import names
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import FileTypeRefused, QuotaExceeded
from chalicelib.core.problems import Fault, Problem
from chalicelib.core.ratelimit import Policy, headers, refuse_unless_allowed
from chalicelib.features.uploads import sniff, storage, store
from chalicelib.features.uploads.schemas import NewLargeUpload, NewUpload

# S3 asks for a form's expiry when the request begins; a slow phone may be sending for long after it.
ARRIVAL_SECONDS = 10 * 60


def file_of(actor: Actor, new: NewUpload | NewLargeUpload) -> store.File:
    """The file as it will be stored. Raises FileTypeRefused."""
    content_type = sniff.accepted_type(new.content_type.strip() or sniff.OCTETS)
    if content_type is None:
        errors = _at("contentType", FileTypeRefused)
        raise FileTypeRefused("Files of this type can be sent as application/octet-stream only.", errors=errors)
    return store.File(
        key=storage.new_key(actor.user_id),
        filename=_clean(new.filename),
        content_type=content_type,
        size=new.size,
    )


def reserve(actor: Actor, files: Sequence[store.File]) -> tuple[list[int], Mapping[str, str]]:
    """The ids of the files' new rows, and the headers that tell what is left of the rate.

    Raises RateLimited, QuotaExceeded; then nothing was announced.
    """
    chosen = settings()
    policy = Policy(name="uploads", quota=chosen.uploads_an_hour, window=60 * 60)
    limits = store.Limits(
        burst=policy.burst, quota=chosen.upload_quota, lifetime_seconds=chosen.upload_seconds + ARRIVAL_SECONDS
    )
    announced = store.announce(actor, files, limits)
    refuse_unless_allowed(policy, announced)
    if not announced.enough:
        raise QuotaExceeded(errors=_at("size", QuotaExceeded))
    return announced.ids, headers(policy, announced)


def at_most(most: int) -> tuple[Fault]:
    """What is wrong with a size above that."""
    return (Fault("size", "out_of_range", "must be at most {limit}", {"limit": most}),)


def _at(field: str, problem: type[Problem]) -> tuple[Fault]:
    return (Fault(field, problem.code, problem.title),)


def _clean(filename: str) -> str:
    """The last part of a path, without control characters and marks that change how it reads."""
    name = names.cleaned(filename.replace("\\", "/").rpartition("/")[2]).strip()
    return "file" if name in {"", ".", ".."} or names.wrong_name(name) else name
