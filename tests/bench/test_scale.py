"""What is said of growth: quotas follow from counted requests, and the simulations obey what must hold of them."""

import math
from pathlib import Path

import pytest

from bench import scale
from bench.tables import quantile
from infra import cost
from infra.cost import Usage

GUIDE = (Path(__file__).parents[2] / "docs/scale.md").read_text()


def test_a_limit_is_reached_by_as_many_users_as_it_says() -> None:
    for limit in scale.limits():
        assert limit.share(limit.users) <= 1 < limit.share(limit.users + 1)
        assert limit.share(2 * limit.users) == pytest.approx(2 * limit.share(limit.users))


def test_less_is_reached_later() -> None:
    quiet = {limit.name: limit.users for limit in scale.limits(Usage(messages=10, sessions=2))}
    assert all(quiet[limit.name] > limit.users for limit in scale.limits())


def test_a_second_at_the_peak_is_five_means() -> None:
    usage = Usage(users=1, messages=86_400 / scale.PEAK, typing=0, reads=0, sessions=0, minutes=0, requests=0)
    posts = next(limit for limit in scale.limits(usage) if "posts" in limit.name)
    per_send = cost.counted().actions["inline"]["send"]["gateway_messages"] - 2
    assert posts.users == pytest.approx(posts.quota / per_send, rel=0.01)


def test_the_page_says_what_is_worked_out() -> None:
    told = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in GUIDE.splitlines()
        if "%" in line and line[0] == "|"
    ]
    found = scale.limits()
    assert [row[0] for row in told] == [limit.name for limit in found], "in the order in which they are reached"
    for row, limit in zip(told, found, strict=True):
        assert row[1] == f"{limit.quota:,.0f}"
        said = float(row[2].replace(",", ""))
        assert math.isclose(said, limit.users, rel_tol=0.3), (
            "the milliseconds were counted elsewhere, or code changed"
        )


def test_a_quiet_chat_waits_for_the_batch_under_way_at_most() -> None:
    waits = scale.waits_in_a_group(20, 0.05)
    assert len(waits) == pytest.approx(20 * 300, rel=0.05)
    assert max(waits) <= 0.05
    assert min(waits) >= 0


def test_a_chat_that_is_faster_than_its_batches_waits_ever_longer() -> None:
    waits = scale.waits_in_a_group(300, 0.05, seconds=60)
    assert quantile(waits, 0.9) > 2 * quantile(waits, 0.4)
    # Ten a batch are 200 a second: of 18,000 messages 6,000 are left after a minute, which is half a minute's work.
    assert max(waits) == pytest.approx(30, rel=0.1)


def test_nobody_is_let_in_faster_than_the_quota() -> None:
    times = scale.return_after_an_outage(5_000, rate=100.0)
    assert len(times) == 5_000
    assert times == sorted(times)
    for start in range(int(times[-1])):
        assert sum(start <= moment < start + 1 for moment in times) <= 201, "what was saved up, and a second's worth"
    assert 5_000 / 100 - 1 <= times[-1] < 5_000 / 100 + 61, "the longest pause is what it costs"


def test_who_came_together_spreads_within_a_day() -> None:
    waves = scale.waves_after_a_start(20_000)
    mean = sum(waves) / len(waves)
    assert sum(waves[: int(0.8 * 7200 / 60)]) == 0, "nobody comes again before 80 % of a life"
    assert 4 < max(waves) / mean < 8
    assert max(waves[-60:]) / mean < 2.2


def test_a_seed_says_the_same_twice() -> None:
    assert scale.waits_in_a_group(100, 0.05) == scale.waits_in_a_group(100, 0.05)
    assert scale.return_after_an_outage(500) == scale.return_after_an_outage(500)
    assert scale.waits_in_a_group(100, 0.05, seed=1) != scale.waits_in_a_group(100, 0.05, seed=2)
