"""The bill: its arithmetic, and that what it multiplies is what the product really asks of AWS."""

import itertools
import json
import random
import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import counts
from chalicelib.core.metrics import CATALOGUE
from infra import cost, standing
from infra.cost import Line, Usage
from infra.stage import CHOICES as CHOICES_FILE
from infra.stage import FUNCTIONS, choices_of
from infra.wheels import Target
from local.template import STACK as TEMPLATE
from local.template import read_template

TABLE = cost.priced()
COUNTED = cost.counted()
USAGES = st.builds(
    Usage,
    users=st.integers(0, 10_000_000),
    messages=st.floats(0, 500),
    hearers=st.floats(1, 1000),
    typing=st.floats(0, 10),
    reads=st.floats(0, 10),
    sessions=st.floats(0, 100),
    minutes=st.floats(0, 1440),
    requests=st.floats(0, 500),
)


def _bill(usage: Usage, way: str = "inline") -> dict[str, Line]:
    return {line.name: line for line in cost.bill(usage, way, COUNTED, TABLE["prices"])}


def _total(usage: Usage) -> float:
    return sum(line.total for line in _bill(usage).values())


def test_nobody_pays_the_fixed_lines_alone() -> None:
    nobody = _bill(Usage(users=0))
    assert {line.used for line in nobody.values()} == {0.0}
    assert _total(Usage(users=0)) == sum(line.fixed for line in _bill(Usage()).values()) > 0
    assert cost.per_million(1.0, Usage(users=0)) == 0


@given(USAGES)
def test_what_is_used_grows_in_proportion_to_the_users(usage: Usage) -> None:
    once, twice = _bill(usage), _bill(msgspec.structs.replace(usage, users=2 * usage.users))
    for name, line in once.items():
        assert twice[name].used == pytest.approx(2 * line.used)
        assert twice[name].fixed == line.fixed


@given(USAGES, st.floats(0, 100))
def test_each_message_costs_the_same(usage: Usage, more: float) -> None:
    def with_messages(messages: float) -> float:
        # Those who are connected for no time say no pings, of which messages save some.
        return _total(msgspec.structs.replace(usage, messages=messages, minutes=0))

    none = with_messages(0)
    assert with_messages(usage.messages + more) - none == pytest.approx(
        (with_messages(usage.messages) - none) + (with_messages(more) - none), abs=1e-3
    )


@settings(deadline=None)  # it computes bills by the dozen, on a machine that may be busy
@given(USAGES)
def test_more_of_anything_never_costs_less(usage: Usage) -> None:
    for field in ("users", "hearers", "typing", "sessions", "minutes", "requests"):
        more = msgspec.structs.replace(usage, **{field: getattr(usage, field) * 2})
        assert _total(more) >= _total(usage) - 1e-9
    # A read mark wants no ack, and so costs less than the ping that it saves: those who say no pings save none.
    silent = msgspec.structs.replace(usage, minutes=0)
    for field in ("messages", "reads"):
        more = msgspec.structs.replace(silent, **{field: getattr(usage, field) * 2})
        assert _total(more) >= _total(silent) - 1e-9


def test_a_line_is_quantity_times_price() -> None:
    usage = Usage(users=1000, messages=10, hearers=2, typing=0, reads=0, sessions=0, minutes=0, requests=0)
    sends = 1000 * 10 * 30
    for way, queued, invocations in (("inline", 0, 1), ("queue", 3, 2)):
        lines = _bill(usage, way)
        assert lines["gateway_messages"].used == pytest.approx(sends * 3 / 1e6 * 1.00), "a frame, its ack, a post"
        assert lines["sqs_fifo"].used == pytest.approx(sends * queued / 1e6 * 0.50), "sent, received, deleted"
        assert lines["lambda_requests"].used == pytest.approx(sends * invocations / 1e6 * 0.20)
        assert lines["connection_minutes"].used == 0


def test_functions_take_longer_with_less_of_a_processor_and_wait_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = {"cpu_ms_push": 10.0, "wait_ms_push": 20.0, "invocations": 1.0}
    assert cost.gigabyte_seconds(counts) == pytest.approx(0.5 * (10 * 1769 / 512 + 20) / 1000)
    monkeypatch.setattr(cost, "gigabytes", lambda _: 2.0)
    assert cost.gigabyte_seconds(counts) == pytest.approx(2 * 30 / 1000), "one processor is all that a thread can use"


def test_each_function_has_the_memory_that_it_is_given() -> None:
    config = json.loads(cost.CONFIG.read_text())
    for name in FUNCTIONS:
        own = config["stages"]["dev"]["lambda_functions"].get(name, {})
        assert cost.gigabytes(name) * 1024 == own.get("lambda_memory_size", config["lambda_memory_size"])
    assert cost.gigabytes("websocket_disconnect") < cost.gigabytes("websocket_message")


@pytest.mark.parametrize(("minutes", "pings"), [(3, 0), (5, 1), (60, 15), (240, 60)])
def test_who_says_nothing_else_pings_at_every_heartbeat(minutes: float, pings: int) -> None:
    assert Usage(messages=0, sessions=1, minutes=minutes).pings == pytest.approx(pings)


def test_who_talks_pings_in_silences_alone() -> None:
    """The formula, against moments drawn at random."""
    usage = Usage(messages=20, reads=1, sessions=4, minutes=60)
    dice = random.Random(1)
    total = 0
    for _ in range(4000):
        moments = sorted(dice.uniform(0, 15) for _ in range(10))
        total += sum(int((end - begin) / 4) for begin, end in itertools.pairwise([0.0, *moments, 15.0]))
    assert usage.pings == pytest.approx(4 * total / 4000, rel=0.1)


def test_a_request_by_rest_is_a_request_and_an_invocation() -> None:
    lines = _bill(Usage(users=1000, messages=0, sessions=0, minutes=0, requests=10))
    assert lines["rest_requests"].used == pytest.approx(1000 * 10 * 30 / 1e6 * 3.50)
    assert lines["lambda_requests"].used == pytest.approx(1000 * 10 * 30 / 1e6 * 0.20)
    assert lines["gateway_messages"].used == 0


def test_pictures_voice_messages_and_calls_are_counted() -> None:
    quiet = {"messages": 0, "sessions": 0, "minutes": 0, "requests": 0}
    for field in ("pictures", "voices", "calls"):
        lines = _bill(Usage(users=1000, **quiet, **{field: 2.0}))
        once = COUNTED.actions["inline"][{"pictures": "picture", "voices": "voice", "calls": "call"}[field]]
        for name in ("gateway_messages", "rest_requests", "sqs_standard", "s3_reads", "s3_writes"):
            price = TABLE["prices"][name]
            wanted = 2000 * once.get(name, 0.0) * price["usd"] / price["per"]
            assert lines[name].used == pytest.approx(wanted), (field, name)
        assert lines["lambda_gigabyte_seconds"].used > 0
        assert (lines["s3_gigabytes"].used > 0) == (field != "calls")
    picture, call = COUNTED.actions["inline"]["picture"], COUNTED.actions["inline"]["call"]
    assert picture["s3_writes"] == 6, "the file, its mark, the file without personal data, three thumbnails"
    assert call["gateway_messages"] > 40, "twenty frames, their acks, and what the other hears"
    assert "s3_writes" not in call


STACK = read_template(TEMPLATE, region="", account="").document
CHOICES = {
    name: STACK["Parameters"][name]["AllowedValues"]
    for name in ("Size", "DatabaseEngine", "MultiAz", "UseProxy", "QueuesByEndpoint")
}


@pytest.mark.parametrize("values", list(itertools.product(*CHOICES.values())), ids="-".join)
def test_what_stands_is_priced_whatever_a_stage_chooses(values: tuple[str, ...]) -> None:
    chosen = dict(zip(CHOICES, values, strict=True))
    size, copies = STACK["Mappings"]["Sizes"][chosen["Size"]], 2 if chosen["MultiAz"] == "true" else 1
    lines = {line.name: line.fixed for line in cost.bill(Usage(users=0), "inline", COUNTED, TABLE["prices"], chosen)}
    endpoints = copies if chosen["QueuesByEndpoint"] == "true" else 0  # one endpoint, in each zone
    assert lines.get("endpoint_hours", 0) == pytest.approx(endpoints * 730 * 0.01)
    proxied = chosen["UseProxy"] == "true"
    if chosen["DatabaseEngine"] == "aurora":
        capacity = copies * size["MinCapacity"]
        assert lines["aurora_capacity_hours"] == pytest.approx(capacity * 730 * 0.12)
        assert lines["aurora_gigabytes"] == pytest.approx(size["StorageGigabytes"] * 0.10)
        assert lines.get("proxy_capacity_hours", 0) == pytest.approx(proxied * max(8, capacity) * 730 * 0.015)
        assert not lines.keys() & {"storage_gigabytes", "proxy_vcpu_hours", size["InstanceClass"]}
    else:
        price = TABLE["prices"][size["InstanceClass"]]["usd"]
        assert lines[size["InstanceClass"]] == pytest.approx(copies * 730 * price)
        assert lines["storage_gigabytes"] == pytest.approx(copies * size["StorageGigabytes"] * 0.115)
        vcpus = {"small": 2, "medium": 2, "large": 4}[chosen["Size"]]
        assert lines.get("proxy_vcpu_hours", 0) == pytest.approx(proxied * vcpus * 730 * 0.015)
        assert not lines.keys() & {"aurora_capacity_hours", "aurora_gigabytes", "proxy_capacity_hours"}


@pytest.mark.parametrize(
    ("said", "answer"),
    [("Size=huge", "Size is one of small, medium, large"), ("Sise=large", "the stack's parameters are Prefix, Size")],
)
def test_a_parameter_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str], said: str, answer: str) -> None:
    with pytest.raises(SystemExit):
        cost.main(["--parameter", said])
    assert answer in capsys.readouterr().err


def test_every_stage_is_priced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stages = tmp_path / "stages.toml"
    stages.write_text('[defaults.parameters]\nMultiAz = "true"\n[stages.prod.parameters]\nSize = "large"\n')
    monkeypatch.setattr(cost, "choices_of", lambda stage: choices_of(stage, stages))
    assert cost._asked(["--stage", "prod", "--parameter", "UseProxy=true"])[1] == {
        "MultiAz": "true",
        "Size": "large",
        "UseProxy": "true",
    }
    for stage in tomllib.loads(CHOICES_FILE.read_text()).get("stages", {}):
        assert standing.quantities(choices_of(stage).parameters)


@pytest.mark.parametrize("way", cost.WAYS)
def test_a_hearer_more_costs_a_post_and_a_read(way: str) -> None:
    two, three = (
        cost.quantities(Usage(users=1, messages=1 / 30, hearers=n, typing=0, reads=0), way, COUNTED) for n in (2, 3)
    )
    assert three["gateway_messages"] - two["gateway_messages"] == pytest.approx(1)
    assert three["dynamodb_reads"] - two["dynamodb_reads"] == pytest.approx(1)
    assert three["lambda_requests"] == two["lambda_requests"]


def test_a_managed_service_takes_what_it_publishes() -> None:
    usage = Usage(users=20_001, messages=10, hearers=2, typing=0, reads=0, minutes=0)
    by_users = next(service for service in TABLE["managed"] if "per_10000_users" in service)
    assert cost.managed(usage, by_users) == 3 * by_users["per_10000_users"]
    by_use = next(service for service in TABLE["managed"] if service["publish"])
    expected = usage.sent * by_use["publish"] + usage.delivered * by_use["receive"] + by_use["month"]
    assert cost.managed(usage, by_use) == pytest.approx(expected)


def test_every_price_has_a_source_and_a_date() -> None:
    for priced in [*TABLE["prices"].values(), *TABLE["managed"]]:
        assert len(priced["source"]) > 10
        assert re.fullmatch(r"20\d\d(-\d\d)?", priced["dated"])


def test_every_line_has_a_price_and_every_metric_is_counted() -> None:
    assert _bill(Usage()).keys() <= TABLE["prices"].keys()
    metrics = _bill(Usage())["metrics"].fixed / TABLE["prices"]["metrics"]["usd"]
    assert metrics == pytest.approx(len(CATALOGUE))


def test_the_counts_are_those_of_this_code() -> None:
    """Bytes may differ by the digits of ids and times; milliseconds of a processor are of a machine."""
    now = counts.measure()
    assert now.actions.keys() == now.another_hearer.keys() == set(cost.WAYS)
    for kept, found in ((COUNTED.actions, now.actions), (COUNTED.another_hearer, now.another_hearer)):
        assert {way: of_way.keys() for way, of_way in found.items()} == {way: kept[way].keys() for way in cost.WAYS}
        for way, name in itertools.chain.from_iterable(((way, name) for name in kept[way]) for way in cost.WAYS):
            for what, amount in kept[way][name].items():
                if "bytes" in what:
                    assert found[way][name][what] == pytest.approx(amount, rel=0.1, abs=40), (way, name, what)
                elif not what.startswith("cpu_ms_"):
                    assert found[way][name][what] == amount, (way, name, what)


def test_it_costs_no_more_than_was_promised() -> None:
    assert cost.bare(2, "inline", COUNTED, TABLE["prices"]) <= 3.50
    assert cost.bare(10, "inline", COUNTED, TABLE["prices"]) <= 1.40
    assert cost.per_million(_total(Usage()), Usage()) <= 9


def test_each_processor_has_its_price(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    totals = {}
    for processor, name in cost.PROCESSORS.items():
        lines = {
            line.name: line for line in cost.bill(Usage(), "inline", COUNTED, TABLE["prices"], architecture=processor)
        }
        assert lines.keys() & set(cost.PROCESSORS.values()) == {name}
        totals[processor] = lines[name].used
    assert totals["x86_64"] / totals["arm64"] == pytest.approx(1.25, rel=1e-4)
    stages = tmp_path / "stages.toml"
    stages.write_text('[stages.intel]\narchitecture = "x86_64"\n[stages.plain]\n')
    monkeypatch.setattr(cost, "choices_of", lambda stage: choices_of(stage, stages))
    asked = {
        said: cost._asked(said.split())[2] for said in ("", "--stage intel", "--stage plain", "--architecture x86_64")
    }
    assert asked == {
        "": "arm64",
        "--stage intel": "x86_64",
        "--stage plain": Target.here().architecture,
        "--architecture x86_64": "x86_64",
    }


def test_the_bill_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert cost.main(["--users", "1000", "--messages", "5"]) == 0
    said = capsys.readouterr().out
    assert "1,000 users, 150,000 messages a month, delivered 300,000 times" in said
    for service in TABLE["managed"]:
        assert service["service"] in said
