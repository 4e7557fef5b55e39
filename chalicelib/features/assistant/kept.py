"""Answers that are kept: for ten minutes, because who asked wants to fetch them; opinions on reports for 30 days.

All others are stored nowhere.
"""

from collections.abc import Sequence
from typing import Any

from chalicelib.core import clock
from chalicelib.core.aws import dynamodb
from chalicelib.core.config import settings
from chalicelib.core.errors import NotFound
from chalicelib.features.assistant.schemas import Asked, KeptAnswer
from chalicelib.realtime.live_items import items, key

KEPT_SECONDS = 10 * 60
OPINION_SECONDS = 30 * 24 * 60 * 60
# Whose answers those are that every moderator reads.
MODERATORS = 0


def expect(user_id: int, asked: Asked) -> KeptAnswer:
    """Notes that an answer is to come."""
    return _read(asked.answer_id, _put(user_id, asked, state="waiting"))


def keep(user_id: int, asked: Asked, text: str) -> None:
    """Keeps what was said."""
    seconds = OPINION_SECONDS if user_id == MODERATORS else KEPT_SECONDS
    _put(user_id, asked, seconds=seconds, state="done", text=text)


def fail(user_id: int, asked: Asked, code: str) -> None:
    """Keeps why nothing was said."""
    _put(user_id, asked, state="failed", code=code)


def kept(user_id: int, answer_id: str) -> KeptAnswer:
    """An answer to this user. Raises NotFound for any other, and once it has expired."""
    found = dynamodb(
        "GetItem", {"TableName": settings().live_table, "Key": _key(user_id, answer_id), "ConsistentRead": True}
    )
    item = found.get("Item")
    if item is None or _is_over(item):
        raise NotFound("There is no such answer, or it has expired.")
    return _read(answer_id, item)


def opinions(answer_ids: Sequence[str]) -> dict[str, KeptAnswer]:
    """Those of these answers that are kept for the moderators, by their ids."""
    names = {f"answer#{MODERATORS}#{answer_id}": answer_id for answer_id in answer_ids}
    found = {names[item["pk"]["S"]]: item for item in items([key(name) for name in names])}
    return {answer_id: _read(answer_id, item) for answer_id, item in found.items() if not _is_over(item)}


def _is_over(item: dict[str, Any]) -> bool:
    return float(item["expiresAt"]["N"]) <= clock.now()


def _read(answer_id: str, item: dict[str, Any]) -> KeptAnswer:
    said: dict[str, str] = {name: value["S"] for name, value in item.items() if "S" in value}
    return KeptAnswer(
        answer_id=answer_id,
        task=said["task"],  # type: ignore[arg-type]  # what `_put` has written
        state=said["state"],  # type: ignore[arg-type]  # the same
        text=said.get("text"),
        code=said.get("code"),
        expires_at=clock.wire(float(item["expiresAt"]["N"])),
    )


def _put(user_id: int, asked: Asked, *, seconds: int = KEPT_SECONDS, **said: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        **_key(user_id, asked.answer_id),
        **{name: {"S": value} for name, value in {"task": asked.task, **said}.items()},
        "expiresAt": {"N": str(int(clock.now()) + seconds)},
    }
    dynamodb("PutItem", {"TableName": settings().live_table, "Item": item})
    return item


def _key(user_id: int, answer_id: str) -> dict[str, Any]:
    return key(f"answer#{user_id}#{answer_id}")
