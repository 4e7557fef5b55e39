"""An object of S3 as a file of which no more is read than is asked for, and never all of it at once."""

import io
import time
from collections import OrderedDict

from chalicelib.core.errors import Unavailable
from chalicelib.features.uploads import storage

# A request reads so much; so many of these are kept.
BLOCK_BYTES = 1024 * 1024
_MOST_KEPT = 16


class RecordingRefusedError(Exception):
    """A recording cannot be read, or takes too much; the words say why."""


class Ranges:
    """The object under a key, as it was when its first block was read. `size` is in bytes.

    Reading ends, as at the end of the file, once `most_bytes` were asked of S3, once `until` (time.monotonic()) is
    past, and where S3 does not answer or has another content by now. `failure` says why: FFmpeg would go on after an
    exception.
    """

    def __init__(self, key: str, first: storage.Stored, *, most_bytes: int, until: float) -> None:
        self.size = first.size
        self.failure: RecordingRefusedError | Unavailable | None = None
        self._until = until
        self._key = key
        self._etag = first.etag
        self._left_bytes = most_bytes
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict({0: first.head})

    def check(self) -> None:
        """Raises what has ended the reading early: RecordingRefusedError, Unavailable."""
        if self.failure is None and time.monotonic() > self._until:
            self.failure = RecordingRefusedError("it takes too long")
        if self.failure is not None:
            raise self.failure

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes from here on, those of one block."""
        if self._at >= self.size or size == 0:
            return b""
        number, start = divmod(self._at, BLOCK_BYTES)
        try:
            self.check()
            block = self._block(number)
        except (RecordingRefusedError, Unavailable) as failure:
            self.failure = failure
            return b""
        part = block[start:] if size < 0 else block[start : start + size]
        self._at += len(part)
        return part

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes to a place; answers where it is."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self._blocks[number] = self._asked(number)
            if len(self._blocks) > _MOST_KEPT:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _asked(self, number: int) -> bytes:
        self._left_bytes -= BLOCK_BYTES
        if self._left_bytes < 0:
            raise RecordingRefusedError("it takes too many bytes")
        found = storage.read(self._key, BLOCK_BYTES, start=number * BLOCK_BYTES)
        if found is None or found.etag != self._etag or not found.head:
            raise RecordingRefusedError("another content was stored")
        return found.head
