"""Rates: what SQL's `take_allowance` answered, told to the client in the IETF draft's `RateLimit` fields.

The allowance is taken inside the statement that it guards, so that a limit costs no round trip of its own. Source of
the fields: draft-ietf-httpapi-ratelimit-headers.
"""

import msgspec

from chalicelib.core.config import settings
from chalicelib.core.errors import RateLimited


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """So many (`quota`) of something a `window` of seconds."""

    name: str
    quota: int
    window: int = 60

    @property
    def burst(self) -> int | None:
        """What `take_allowance` gets as its burst: None, which has no limit, where limits are off."""
        return self.quota if settings().rate_limits else None


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """What `take_allowance` answered; a statement's row that has more columns inherits from it.

    `remaining` is None where nothing was taken: what was to be done had been done before.
    """

    allowed: bool
    remaining: int | None
    retry_after: int


def searches() -> Policy:
    """One for everything that is searched: people, groups and messages take from the same allowance."""
    return Policy(name="searches", quota=settings().searches)


def headers(policy: Policy, allowance: Allowance) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit`: how many are left (`r`), the seconds until one comes back (`t`)."""
    if policy.burst is None:
        return {}
    told = {"RateLimit-Policy": f'"{policy.name}";q={policy.quota};w={policy.window}'}
    if allowance.remaining is not None:
        seconds = allowance.retry_after or -(-policy.window // policy.quota)
        told["RateLimit"] = f'"{policy.name}";r={allowance.remaining};t={seconds}'
    return told


def refuse_unless_allowed(policy: Policy, allowance: Allowance) -> None:
    """Raises RateLimited, with Retry-After, where the allowance was spent."""
    if not allowance.allowed:
        given = {"Retry-After": str(allowance.retry_after), **headers(policy, allowance)}
        values = {"seconds": allowance.retry_after}
        raise RateLimited("Too many requests; try again in {seconds} s.", values=values, headers=given)


def network_of(address: str) -> str:
    """Whom an address stands for: itself in IPv4, its /64 in IPv6, of which a single host may use every address."""
    import ipaddress

    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))
