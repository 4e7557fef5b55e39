"""The signing keys of a stage and its releases: what each step of a rotation and of a rollback leaves."""

import pytest

from infra.bucket import History, Release, Smoke
from infra.keys import Keys
from infra.stage import DeployError


def test_a_rotation_that_was_broken_off_goes_on_with_the_same_key() -> None:
    announced = Keys.parse("made by the stack").announced()
    assert announced.variables() == {"JWT_SECRET": "made by the stack", "JWT_PREVIOUS_SECRETS": announced.next}
    resumed = Keys.parse(announced.to_json())
    assert resumed == announced
    assert resumed.announced() == announced

    switched = resumed.switched()
    assert switched.sign == announced.next
    assert switched.verify == ("made by the stack",)
    assert switched.switching
    assert Keys.parse(switched.to_json()).switched() == switched


def test_the_key_before_the_last_is_accepted_no_longer() -> None:
    keys = Keys(sign="second", verify=("first",)).announced()
    assert "first" not in keys.variables().values()


@pytest.mark.parametrize("value", ["", "with,comma", " padded", '{"sign": "a", "verify": ["b,c"]}'])
def test_a_key_that_the_functions_could_not_read_is_refused(value: str) -> None:
    with pytest.raises(DeployError, match="commas"):
        Keys.parse(value)


def _release(name: str, smoke: Smoke) -> Release:
    return Release(id=name, python="3.11", architecture="x86_64", made_at="2026-11-21T00:00:00Z", smoke=smoke)


def test_a_rollback_passes_over_what_failed_and_goes_further_back_each_time() -> None:
    history = History()
    verdicts: tuple[tuple[str, Smoke], ...] = (("a", "passed"), ("b", "skipped"), ("c", "failed"), ("d", "pending"))
    for name, smoke in verdicts:
        history = history.with_current(_release(name, smoke))
    for expected in ("b", "a"):
        release = history.before_current()
        assert release.id == expected
        history = history.with_current(release)
    with pytest.raises(DeployError, match="no earlier release"):
        history.before_current()
    assert [release.id for release in history.releases] == ["a", "b", "c", "d"]
