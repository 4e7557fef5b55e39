"""What belongs to one request: its name, and what waits for its commit."""

import functools
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import context


@pytest.mark.parametrize(
    "offered", ["x", "A-Za-z0-9._:-", "x" * 64, "4bf92f3577b34da6a3ce929d0e0e4736", "L0SM9cOFvHcCIhw="]
)
def test_a_harmless_name_is_kept(offered: str) -> None:
    with context.begin(offered) as current:
        assert current.request_id == offered


@given(st.none() | st.text())
def test_any_other_is_replaced(offered: str | None) -> None:
    with context.begin(offered) as current:
        name = current.request_id
    assert 1 <= len(name) <= 64
    assert name.isascii()
    assert name.replace("-", "").replace("_", "").replace(".", "").replace(":", "").isalnum() or name == offered


@pytest.mark.parametrize("offered", ["", "x" * 65, "a b", "a\nb", "ж", "x\n", "<script>", None])
def test_a_strange_name_never_reaches_a_log(offered: str | None) -> None:
    with context.begin(offered) as one, context.begin(offered) as other:
        assert one.request_id != offered
        assert one.request_id != other.request_id


TRACE = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1"


def test_work_goes_on_under_the_id_of_its_cause() -> None:
    with context.begin("record") as current:
        current.adopt(None)
        current.adopt("a\nb")
        assert current.request_id == "record"
        current.adopt("cause")
        assert context.current().request_id == "cause"


@pytest.mark.parametrize("offered", [None, "", "Root=1\nX: y", "Root=" + "x" * 65, "no trace"])
def test_a_strange_trace_is_none(offered: str | None) -> None:
    with context.begin(trace=offered) as current:
        assert current.trace == ""


def test_the_invocations_own_trace_comes_before_an_offered_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with context.begin(trace=TRACE) as current:
        assert current.trace == TRACE
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793")
    with context.begin(trace=TRACE) as current:
        assert current.trace == "Root=1-5759e988-bd862e3fe1be46a994272793"


def test_what_waits_for_the_commit_is_done_then_in_order_once() -> None:
    done: list[int] = []
    with context.begin() as current:
        for number in range(3):
            current.after_commit(functools.partial(done.append, number))
        assert done == []
        current.committed()
        current.committed()
    assert done == [0, 1, 2]


def test_what_is_asked_for_meanwhile_waits_for_the_next_commit() -> None:
    done: list[str] = []
    with context.begin() as current:
        current.after_commit(lambda: current.after_commit(lambda: done.append("later")))
        current.committed()
        assert done == []
        current.committed()
    assert done == ["later"]


def test_a_failed_request_drops_what_waited() -> None:
    done: list[int] = []

    def fail() -> None:
        with context.begin() as current:
            current.after_commit(lambda: done.append(1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with context.begin() as current:
        current.committed()
    assert done == []


def test_each_has_its_own() -> None:
    with pytest.raises(LookupError):
        context.current()
    with context.begin("outer") as outer:
        with context.begin("inner") as inner:
            assert context.current() is inner
        assert context.current() is outer
        seen: list[str] = []

        def elsewhere() -> None:
            with context.begin("elsewhere"):
                seen.append(context.current().request_id)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert (seen, context.current().request_id) == (["elsewhere"], "outer")
    with pytest.raises(LookupError):
        context.current()
