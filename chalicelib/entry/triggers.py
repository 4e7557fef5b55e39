"""What comes from S3 and from the clock, and the migrations that a deployment runs."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from chalicelib.core import context
from chalicelib.core.config import settings
from chalicelib.core.logs import logger
from chalicelib.entry import socketio
from chalicelib.features.accounts import deletion as accounts
from chalicelib.features.accounts import export
from chalicelib.features.calls import rooms
from chalicelib.features.calls import tending as calls
from chalicelib.features.chats import deletion as chats
from chalicelib.features.messages import expiry, indexing, scheduled
from chalicelib.features.moderation import audit
from chalicelib.features.ops import cleanup
from chalicelib.features.presence import service as presence
from chalicelib.features.uploads import asking as scans
from chalicelib.features.uploads import service as uploads


def upload_stored(event: dict[str, Any]) -> None:
    """A file arrived in the bucket: it is checked now, whether or not its owner's client still lives."""
    for record in event["Records"]:
        with context.begin() as current:
            uploads.object_stored(unquote_plus(record["s3"]["object"]["key"]))
            current.committed()


def picture_waits(event: dict[str, Any]) -> None:
    """A file was checked and is a picture: it is looked at, outside the VPC."""
    from chalicelib.features.uploads import pictures

    for record in event["Records"]:
        with context.begin() as current:
            pictures.make(unquote_plus(record["s3"]["object"]["key"]))
            current.committed()


def sweep() -> None:
    """Once a minute: what nobody else would notice. Each part runs whether or not another one fails."""
    for name, part in (
        ("pings", socketio.ping),
        ("polls", socketio.give_up_absent),
        ("presence", presence.sweep),
        ("scheduled", scheduled.sweep),
        ("calls", calls.sweep),
        ("rooms", rooms.tidy),
        ("expired", expiry.sweep),
        ("indexed", indexing.sweep),
        ("indexed anew", indexing.sweep_anew),
        ("uploads", uploads.sweep),
        ("scans", scans.sweep),
        ("chats", chats.sweep),
        ("accounts", accounts.sweep),
        ("exports", export.sweep),
        ("audit", audit.sweep),
        ("cleanup", cleanup.sweep),
    ):
        with context.begin() as current:
            try:
                current.note("swept", part=name, count=part())
                current.committed()
            except Exception:  # the next minute tries again
                logger().exception("sweep failed", extra={"part": name})


def migrate(event: Mapping[str, Any]) -> dict[str, Any]:
    """Brings the schema up to date; the answer names what was applied.

    `{"masterUrl": …}` does it as that user, and admits the functions' own; else it is done as the settings say. With
    `{"statement": …, "write": …}` it runs that instead, with `{"import": {"name", "kind", "rows"}}` it stores rows of
    another messenger.
    """
    from chalicelib.core.migrations import migrate as apply
    from chalicelib.features.ops import importing, statements

    master_url = event.get("masterUrl")
    if "import" in event:
        return importing.run(master_url or settings().database_url, **event["import"])
    if "statement" in event:
        url = master_url or settings().database_url
        write = event.get("write") is True
        return statements.run(url, event["statement"], write=write, values=event.get("values"))
    return {"applied": apply(master_url or settings().database_url, admit=master_url is not None)}
