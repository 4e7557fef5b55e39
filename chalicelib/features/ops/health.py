"""Whether the parts that a request needs do answer."""

from collections.abc import Callable
from typing import Literal

import msgspec

from chalicelib.core import db
from chalicelib.core.aws import dynamodb
from chalicelib.core.config import settings
from chalicelib.core.logs import logger

State = Literal["ok", "failing"]


class Health(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`ok` where every part is; the parts by name."""

    status: State
    parts: dict[str, State]


def health() -> Health:
    """Asks each part once."""
    parts: dict[str, State] = {"database": _state(_ask_database), "connections": _state(_ask_connections)}
    return Health(status="ok" if set(parts.values()) == {"ok"} else "failing", parts=parts)


def _ask_database() -> None:
    db.execute("SELECT 1", {})


def _ask_connections() -> None:
    dynamodb("GetItem", {"TableName": settings().live_table, "Key": {"pk": {"S": "health"}}})


def _state(ask: Callable[[], None]) -> State:
    try:
        ask()
    except Exception:  # whatever keeps it from answering, the answer is the same
        logger().warning("a part does not answer", exc_info=True)
        return "failing"
    return "ok"
