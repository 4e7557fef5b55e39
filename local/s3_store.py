"""The objects of the local S3: in moto while the stack runs, and on disk so that they survive a restart."""

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from moto.s3.models import s3_backends

from local.aws_messages import StoredObject
from local.events import ACCOUNT_ID

_PARTITION = "aws"


class Store:
    """Reads moto's objects and keeps copies under `directory`; without one nothing outlives the process.

    One call at a time.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    def keep(self, bucket: str, key: str) -> StoredObject | None:
        """Writes moto's object to disk. None where moto has no such object."""
        found = _backend().get_object(bucket, key)
        if found is None:
            return None
        stored = StoredObject(
            bucket=bucket,
            key=key,
            size=found.size,
            etag=found.etag.strip('"'),
            modified=found.last_modified.replace(tzinfo=UTC).timestamp(),
            metadata=dict(found.metadata),
        )
        if self._directory is not None:
            path = self._path(bucket, key)
            path.parent.mkdir(parents=True, exist_ok=True)
            # One file for both, renamed into place: description and bytes always belong together.
            unfinished = path.with_suffix(".new")
            unfinished.write_bytes(msgspec.json.encode(stored) + b"\n" + found.value)
            unfinished.replace(path)
        return stored

    def forget(self, bucket: str, key: str) -> None:
        """Removes the copy of an object that moto no longer has."""
        if self._directory is not None and _backend().get_object(bucket, key) is None:
            self._path(bucket, key).unlink(missing_ok=True)

    def restore(self) -> int:
        """Gives moto every object of the buckets that exist. Returns their number."""
        count = 0
        for path in self._directory.glob("*/*.object") if self._directory else ():
            description, _, value = path.read_bytes().partition(b"\n")
            stored = msgspec.json.decode(description, type=StoredObject)
            if stored.bucket in _backend().buckets:
                _put_back(stored, value)
                count += 1
        return count

    def clear(self) -> None:
        """Removes all copies."""
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)

    def _path(self, bucket: str, key: str) -> Path:
        assert self._directory is not None
        # A key may be longer than a file name, or look like a path.
        return self._directory / bucket / f"{hashlib.sha256(key.encode()).hexdigest()}.object"


def cors_rules(bucket: str) -> list[Any]:
    """The bucket's CORS rules, as moto keeps them; empty for an unknown bucket."""
    known = _backend().buckets.get(bucket)
    return known.cors if known is not None else []


def _put_back(stored: StoredObject, value: bytes) -> None:
    put = _backend().put_object(stored.bucket, stored.key, value, etag=stored.etag, disable_notification=True)
    put.set_metadata(dict(stored.metadata))
    put.last_modified = datetime.fromtimestamp(stored.modified, UTC).replace(tzinfo=None)


def _backend() -> Any:
    return s3_backends[ACCOUNT_ID][_PARTITION]
