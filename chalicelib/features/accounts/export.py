"""An archive of everything personal: asked for with the password, made by the sweep, fetched as a file of one's own.

Each step reads a bounded page of messages. The archive is an upload: what holds for files holds for it, its short
link too. It goes after a day.
"""

import io
import time
import zipfile
from collections.abc import Iterator
from typing import LiteralString

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.features.accounts import confirming
from chalicelib.features.accounts.schemas import ArchiveState, Export
from chalicelib.features.uploads import service as uploads

FILENAME = "personal-data.zip"
_PAGE = 5_000
_RUN_SECONDS = 15.0


class _State(msgspec.Struct, frozen=True, kw_only=True):
    state: ArchiveState
    progress: int
    upload_id: int | None


class _Waiting(msgspec.Struct, frozen=True):
    user_id: int


class _Page(msgspec.Struct, frozen=True):
    is_last: bool


class _Text(msgspec.Struct, frozen=True):
    text: str


class _Part(msgspec.Struct, frozen=True):
    number: int
    content: bytes


class _Over(msgspec.Struct, frozen=True):
    user_id: int
    upload_id: int | None


_BEGIN: LiteralString = "SELECT begin_export(%(user_id)s)"


def ask(actor: Actor, password: str) -> Export:
    """Has the actor's archive made, unless there is one. Raises RateLimited, WrongPassword."""
    confirming.password_confirmed(actor, password)
    db.execute(_BEGIN, {"user_id": actor.user_id}, actor=actor)
    return Export(state="working", progress=0, upload_id=None)


_STATE: LiteralString = "SELECT * FROM export_state(%(user_id)s)"


def state(actor: Actor) -> Export:
    """How far the actor's archive has come."""
    found = db.one(_State, _STATE, {"user_id": actor.user_id}, actor=actor)
    if found is None:
        return Export(state="none", progress=0, upload_id=None)
    return Export(state=found.state, progress=found.progress, upload_id=found.upload_id)


_WAITING: LiteralString = "SELECT user_id FROM exports WHERE ready_at IS NULL ORDER BY asked_at LIMIT 1"
_PAGE_OF: LiteralString = "SELECT export_page(%(user_id)s, %(most)s) AS is_last"
_OVER: LiteralString = "SELECT user_id, upload_id FROM exports WHERE ready_at < now() - interval '1 day' LIMIT 100"
_FORGET: LiteralString = "DELETE FROM exports WHERE user_id = %(user_id)s"


def sweep() -> int:
    """Deletes archives that were there for a day, and works at those that were asked for, for some seconds.

    Answers how many it finished.
    """
    for over in db.many(_Over, _OVER, {}):
        if over.upload_id is not None:
            uploads.erase_file(over.upload_id)
        db.execute(_FORGET, {"user_id": over.user_id})
    until, finished = time.monotonic() + _RUN_SECONDS, 0
    while time.monotonic() < until:
        waiting = db.one(_Waiting, _WAITING, {})
        if waiting is None:
            break
        if db.the(_Page, _PAGE_OF, {"user_id": waiting.user_id, "most": _PAGE}).is_last:
            _finish(waiting.user_id)
            finished += 1
    return finished


_ACCOUNT: LiteralString = "SELECT export_account(%(user_id)s) AS text"
_READY: LiteralString = """
WITH parts AS (DELETE FROM export_parts WHERE user_id = %(user_id)s)
UPDATE exports SET upload_id = %(upload_id)s, ready_at = now() WHERE user_id = %(user_id)s
"""


def _finish(user_id: int) -> None:
    """Packs what was collected. Only what is packed is held in memory."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("account.json", db.the(_Text, _ACCOUNT, {"user_id": user_id}).text)
        with archive.open("messages.jsonl", "w", force_zip64=True) as messages:
            for content in _parts(user_id):
                messages.write(content)
    upload_id = uploads.keep(user_id, FILENAME, "application/zip", packed.getvalue())
    db.execute(_READY, {"user_id": user_id, "upload_id": upload_id})


_PART: LiteralString = """
SELECT number, content FROM export_parts WHERE user_id = %(user_id)s AND number > %(after)s ORDER BY number LIMIT 1
"""


def _parts(user_id: int) -> Iterator[bytes]:
    after = 0
    while part := db.one(_Part, _PART, {"user_id": user_id, "after": after}):
        yield part.content
        after = part.number
