"""Rates as clients are told of them, and whom an address stands for."""

from collections.abc import Iterator

import msgspec
import pytest

from chalicelib.core import config, ratelimit
from chalicelib.core.errors import RateLimited
from chalicelib.core.ratelimit import Allowance, Policy

POLICY = Policy(name="sends", quota=30)
GRANTED = Allowance(allowed=True, remaining=29, retry_after=0)
SPENT = Allowance(allowed=False, remaining=0, retry_after=2)


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    before = config.settings()
    config.use(msgspec.structs.replace(before, rate_limits=True))
    yield
    config.use(before)


def test_the_headers_tell_the_policy_and_what_is_left() -> None:
    assert ratelimit.headers(POLICY, GRANTED) == {
        "RateLimit-Policy": '"sends";q=30;w=60',
        "RateLimit": '"sends";r=29;t=2',
    }
    hourly = Policy(name="uploads", quota=7, window=3600)
    assert ratelimit.headers(hourly, GRANTED)["RateLimit"] == '"uploads";r=29;t=515'


def test_what_is_spent_is_refused_with_the_time_to_wait() -> None:
    ratelimit.refuse_unless_allowed(POLICY, GRANTED)
    with pytest.raises(RateLimited) as refusal:
        ratelimit.refuse_unless_allowed(POLICY, SPENT)
    assert refusal.value.headers["Retry-After"] == "2"
    assert refusal.value.headers["RateLimit"] == '"sends";r=0;t=2'
    assert refusal.value.retryable


def test_without_limits_there_is_no_burst_and_no_header() -> None:
    assert POLICY.burst == 30
    config.use(msgspec.structs.replace(config.settings(), rate_limits=False))
    assert POLICY.burst is None
    assert ratelimit.headers(POLICY, GRANTED) == {}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_an_ipv6_host_has_its_whole_64_to_itself(address: str, network: str) -> None:
    assert ratelimit.network_of(address) == network
