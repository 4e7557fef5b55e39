"""What the REST and the WebSocket gateway share: their limits, and the parts of the events they send to Lambda."""

import base64
import functools
import random
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Scope

from chalicelib.realtime.event_data import MAX_FRAME_BYTES

ACCOUNT_ID = "123456789012"
API_ID = "local00000"
STAGE = "api"

# The quotas of API Gateway and Lambda, in bytes.
REQUEST_BYTES = 10 * 1024 * 1024
INVOCATION_BYTES = 6 * 1024 * 1024
MESSAGE_BYTES = 128 * 1024
FRAME_BYTES = MAX_FRAME_BYTES

_random = random.Random()  # noqa: S311  # for ids that are no secrets


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
    return _access_log_time(milliseconds // 1000)


@functools.lru_cache(maxsize=2)
def _access_log_time(seconds: int) -> str:
    return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(seconds))


def connection_id() -> str:
    """The id of a connection, `L0SM9cOFvHcCIhw=`. Nobody can guess it: whoever may sign a post could try."""
    return base64.urlsafe_b64encode(secrets.token_bytes(11)).decode()


def gateway_id() -> str:
    """The id of a message or a request, in the same form. It is unique, and no secret, so it is made cheaply."""
    return base64.urlsafe_b64encode(_random.randbytes(11)).decode()


def request_id() -> str:
    """The id of a REST request: a random UUID, at a tenth of what `uuid.uuid4` costs."""
    text = _random.randbytes(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


class Headers:
    """A request's headers, decoded once. `last` has the last value of each, by its name in lower case."""

    def __init__(self, scope: Scope) -> None:
        # In order, and spelled as the client spelled them.
        raw: Iterable[tuple[bytes, bytes]] = scope.get("extensions", {}).get("raw_headers", scope["headers"])
        self.received = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
        self.last = {name.lower(): value for name, value in self.received}

    def joined(self) -> dict[str, str]:
        """Every header by its name in lower case, the values of a repeated one joined as RFC 9110 says."""
        joined: dict[str, str] = {}
        for name, value in self.received:
            lower = name.lower()
            joined[lower] = f"{joined[lower]},{value}" if lower in joined else value
        return joined


def forwarded_headers(scope: Scope, headers: Headers, *, without: frozenset[str]) -> list[tuple[str, str]]:
    """The headers of an event: the client's but for `without` (lower case), and those that API Gateway adds."""
    forwarded = []
    addresses = []
    for name, value in headers.received:
        lower = name.lower()
        if lower == "x-forwarded-for":
            addresses.append(value)
        elif lower not in without and not lower.startswith(("x-forwarded-", "x-amzn-trace-id")):
            forwarded.append((name, value))
    forwarded += [
        ("X-Amzn-Trace-Id", f"Root=1-{int(time.time()):08x}-{_random.randbytes(12).hex()}"),
        ("X-Forwarded-For", ", ".join([*addresses, source_ip(scope)])),
        ("X-Forwarded-Port", str((scope.get("server") or ("", 0))[1])),
        ("X-Forwarded-Proto", "https" if scope["scheme"] in {"https", "wss"} else "http"),
    ]
    return forwarded


def source_ip(scope: Scope) -> str:
    """The address of the peer of this TCP connection; headers can be forged, this cannot."""
    return (scope.get("client") or ("127.0.0.1", 0))[0]


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
    if not scope["query_string"]:
        return {"queryStringParameters": None, "multiValueQueryStringParameters": None}
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, errors="replace")
    last, every = last_and_all(pairs)
    return {"queryStringParameters": last or None, "multiValueQueryStringParameters": every or None}
