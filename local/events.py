"""What the REST and the WebSocket gateway share: their limits, and the parts of the events they send to Lambda."""

import base64
import secrets
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Scope

ACCOUNT_ID = "123456789012"
API_ID = "local00000"
STAGE = "api"

# The quotas of API Gateway and Lambda, in bytes.
REQUEST_BYTES = 10 * 1024 * 1024
INVOCATION_BYTES = 6 * 1024 * 1024
MESSAGE_BYTES = 128 * 1024
FRAME_BYTES = 32 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """API Gateway's times, in seconds; tests shorten them."""

    integration_seconds: float = 29.0
    idle_seconds: float = 10 * 60.0
    life_seconds: float = 2 * 60 * 60.0
    stalled_seconds: float = 10.0  # a client that reads nothing for so long is cut off


DEFAULT_LIMITS = Limits()


def now_ms() -> int:
    """The time in an event: whole milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def request_time(milliseconds: int) -> str:
    """The same in the form of an access log: 20/Nov/2026:09:27:00 +0000."""
    return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(milliseconds / 1000))


def gateway_id() -> str:
    """An id as API Gateway makes them for connections, messages and requests: 88 random bits, `L0SM9cOFvHcCIhw=`."""
    return base64.urlsafe_b64encode(secrets.token_bytes(11)).decode()


def request_id() -> str:
    """The id of a REST request."""
    return str(uuid.uuid4())


def received_headers(scope: Scope) -> list[tuple[str, str]]:
    """The request's headers in order, spelled as the client spelled them where the server kept that."""
    raw: Iterable[tuple[bytes, bytes]] = scope.get("extensions", {}).get("raw_headers", scope["headers"])
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]


def forwarded_headers(scope: Scope, *, without: frozenset[str]) -> list[tuple[str, str]]:
    """The headers of an event: the client's but for `without` (lower case), and those that API Gateway adds."""
    headers = []
    addresses = []
    for name, value in received_headers(scope):
        lower = name.lower()
        if lower == "x-forwarded-for":
            addresses.append(value)
        elif lower not in without and not lower.startswith(("x-forwarded-", "x-amzn-trace-id")):
            headers.append((name, value))
    headers += [
        ("X-Amzn-Trace-Id", f"Root=1-{now_ms() // 1000:08x}-{secrets.token_hex(12)}"),
        ("X-Forwarded-For", ", ".join([*addresses, source_ip(scope)])),
        ("X-Forwarded-Port", str((scope.get("server") or ("", 0))[1])),
        ("X-Forwarded-Proto", "https" if scope["scheme"] in {"https", "wss"} else "http"),
    ]
    return headers


def source_ip(scope: Scope) -> str:
    """The address of the peer of this TCP connection; headers can be forged, this cannot."""
    return (scope.get("client") or ("127.0.0.1", 0))[0]


def header(scope: Scope, name: str) -> str | None:
    """The last value of a header, named in lower case."""
    values = [value for key, value in received_headers(scope) if key.lower() == name]
    return values[-1] if values else None


def last_and_all(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The two forms in which events carry repeated names: the last value, and every value."""
    every: dict[str, list[str]] = {}
    for name, value in pairs:
        every.setdefault(name, []).append(value)
    return {name: values[-1] for name, values in every.items()}, every


def header_maps(headers: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`headers` and `multiValueHeaders`; spellings of one name that differ in case are one header."""
    spelled: dict[str, str] = {}
    last, every = last_and_all((spelled.setdefault(name.lower(), name), value) for name, value in headers)
    return {"headers": last, "multiValueHeaders": every}


def query_maps(scope: Scope) -> dict[str, Any]:
    """`queryStringParameters` and its multi-value form, decoded; None when there is no query."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, errors="replace")
    last, every = last_and_all(pairs)
    return {"queryStringParameters": last or None, "multiValueQueryStringParameters": every or None}
