"""One at a time: whoever changes a stage holds its lock, an object in the stage's bucket, until they are done.

S3 lets one of several writers make an object that is not there. A lock is never taken away by time, since nobody can
tell a deployment that is slow from one whose machine is gone: `make unlock` breaks it.
"""

import contextlib
import getpass
import json
import secrets
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from infra.bucket import Bucket
from infra.stage import DeployError, Say, Stage


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who changes a stage. `since` is RFC 3339, UTC; `token` tells two commands of one person apart."""

    caller: str
    host: str
    command: str
    since: str
    token: str

    @classmethod
    def here(cls, stage: Stage, command: str) -> "Holder":
        """This command."""
        since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        host = f"{getpass.getuser()}@{socket.gethostname()}"
        token = secrets.token_hex(8)
        return cls(caller=stage.account.caller, host=host, command=command, since=since, token=token)

    @classmethod
    def parse(cls, text: bytes) -> "Holder":
        """Reads what `to_json` wrote."""
        return cls(**json.loads(text))

    def to_json(self) -> bytes:
        """For `parse`."""
        return json.dumps(asdict(self)).encode()

    def __str__(self) -> str:
        return f"`{self.command}` of {self.host} ({self.caller}), since {self.since}"


@contextlib.contextmanager
def held(stage: Stage, bucket: Bucket, command: str) -> Iterator[None]:
    """Holds the stage's lock. Raises DeployError with whoever holds it already."""
    me = Holder.here(stage, command)
    other = bucket.take_lock(me.to_json())
    if other is not None:
        raise DeployError(
            f"Stage {stage.name} is being changed: {Holder.parse(other)}. Wait for its end; if it was killed, "
            f"`make unlock STAGE={stage.name}` lets others go on."
        )
    try:
        yield
    finally:
        # It may have been broken, and another may hold it now.
        if bucket.lock() == me.to_json():
            bucket.delete_lock()


def unlock(stage: Stage, bucket: Bucket, say: Say) -> None:
    """Takes the lock from whoever holds it."""
    holder = bucket.lock()
    if holder is None:
        say(f"nobody holds stage {stage.name}")
        return
    bucket.delete_lock()
    say(f"taken from {Holder.parse(holder)}")
