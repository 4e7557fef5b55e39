"""Own host names of a stage: both are made, mapped and pointed at, stay right, and go."""

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import apis, domains
from infra.__main__ import _record
from infra.bucket import Bucket
from infra.render import Templates
from infra.rollout import Rollout
from infra.stage import Account, Choices, DeployError, Domain, Stage
from tests.deploy.account import HERE, account
from tests.deploy.account import Account as Cloud
from tests.deploy.asked import rights
from tests.deploy.test_deployer import refused

NAMES = {"chat.example.com": {"", "api", "api/v1"}, "ws.example.com": {"api", "ws", "socket.io"}}


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with account("postgresql://nobody.asks.it/") as there:
        yield there


@pytest.fixture
def stage(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Stage:
    for name, value in cloud.variables.items():
        monkeypatch.setenv(name, value)
    zone = cloud.client("route53").create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    domain = Domain(
        rest="chat.example.com",
        sockets="ws.example.com",
        certificate="arn:aws:acm:eu-central-1:123456789012:certificate/first",
        hosted_zone=zone.removeprefix("/hostedzone/"),
    )
    return Stage("named", Account(boto3.session.Session()), Choices(domain=domain))


def _with(stage: Stage, **changes: str) -> Stage:
    assert stage.choices.domain
    return replace(stage, choices=replace(stage.choices, domain=replace(stage.choices.domain, **changes)))


def _ensure(stage: Stage) -> tuple[tuple[str, str], list[str]]:
    """The ids of the two APIs, and what was said."""
    ids, said = (apis.ensure_rest(stage), apis.ensure_sockets(stage)), list[str]()
    domains.ensure(stage, *ids, said.append)
    return ids, said


def _mapped(cloud: Cloud) -> dict[str, dict[str, str]]:
    """The API behind each path of each name."""
    client = cloud.client("apigatewayv2")
    return {
        name["DomainName"]: {
            item["ApiMappingKey"]: item["ApiId"]
            for item in client.get_api_mappings(DomainName=name["DomainName"])["Items"]
        }
        for name in client.get_domain_names()["Items"]
    }


def _records(cloud: Cloud, stage: Stage) -> dict[str, Any]:
    assert stage.choices.domain
    found = cloud.client("route53").list_resource_record_sets(HostedZoneId=stage.choices.domain.hosted_zone)
    return {item["Name"]: item["AliasTarget"] for item in found["ResourceRecordSets"] if item["Type"] == "A"}


def test_rest_and_sockets_each_get_their_name_with_the_paths_that_clients_know(cloud: Cloud, stage: Stage) -> None:
    for _ in range(2):
        (rest, sockets), said = _ensure(stage)
        mapped = _mapped(cloud)
        assert {name: set(paths) for name, paths in mapped.items()} == NAMES
        assert set(mapped["chat.example.com"].values()) == {rest}
        assert set(mapped["ws.example.com"].values()) == {sockets}
        assert said == []
    records = _records(cloud, stage)
    assert set(records) == {"chat.example.com.", "ws.example.com."}
    assert {target["HostedZoneId"] for target in records.values()} == {"Z1U9ULNL0V5AJ3"}


def test_an_api_that_was_made_anew_and_another_certificate_are_taken_up(cloud: Cloud, stage: Stage) -> None:
    (rest, _), _ = _ensure(stage)
    cloud.client("apigateway").delete_rest_api(restApiId=rest)
    (anew, _), _ = _ensure(_with(stage, certificate="arn:aws:acm:eu-central-1:123456789012:certificate/second"))
    assert anew != rest
    assert set(_mapped(cloud)["chat.example.com"].values()) == {anew}
    for name in NAMES:
        (configured,) = cloud.client("apigatewayv2").get_domain_name(DomainName=name)["DomainNameConfigurations"]
        assert configured["CertificateArn"].endswith("/second")


def test_whoever_keeps_their_dns_elsewhere_is_told_where_to_point(cloud: Cloud, stage: Stage) -> None:
    _, said = _ensure(_with(stage, hosted_zone=""))
    assert said == [f"point {name} at d-1.execute-api.example.com (CNAME or alias)" for name in NAMES]
    assert _records(cloud, stage) == {}


ELSEWHERE = {"192.0.2.1"}
POINTED = {"192.0.2.7", "192.0.2.8"}
TARGET = "d-1.execute-api.example.com"


class _Dns:
    """Answers by turns, and the last answer for ever."""

    def __init__(self, *turns: dict[str, set[str]]) -> None:
        self._turns = list(turns)
        self._asked = 0

    def __call__(self, name: str) -> set[str]:
        if name == TARGET:
            return POINTED
        answers = self._turns[min(self._asked // len(NAMES), len(self._turns) - 1)]
        self._asked += 1
        return answers.get(name, set())


def _wait(stage: Stage, dns: _Dns, *, attempts: int = 4) -> list[str]:
    said: list[str] = []
    domains.wait_until_pointed(stage, said.append, resolve=dns, attempts=attempts, pause=0)
    return said


def test_a_deployment_waits_for_records_and_says_which_once(cloud: Cloud, stage: Stage) -> None:
    _ensure(stage)
    done = {name: {"192.0.2.8"} for name in NAMES}
    half = {"chat.example.com": {"192.0.2.8"}, "ws.example.com": ELSEWHERE}
    assert _wait(stage, _Dns(done)) == []
    assert _wait(stage, _Dns({}, {}, half, done)) == [
        f"waiting for the DNS: chat.example.com has no record yet; it must be a CNAME to {TARGET}, or an alias of it",
        f"waiting for the DNS: ws.example.com has no record yet; it must be a CNAME to {TARGET}, or an alias of it",
        f"waiting for the DNS: ws.example.com leads to 192.0.2.1; it must be a CNAME to {TARGET}, or an alias of it",
    ]


def test_records_that_never_come_are_named_and_no_smoke_test_is_blamed(cloud: Cloud, stage: Stage) -> None:
    _ensure(stage)
    half = {"chat.example.com": POINTED}
    with pytest.raises(
        DeployError, match=r"serves this release, which was not tried: ws\.example\.com has no record"
    ):
        _wait(stage, _Dns(half))


def test_a_release_whose_names_lead_nowhere_is_not_tried_and_counts_as_such(
    cloud: Cloud, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, _ = _ensure(stage)
    look_up = socket.getaddrinfo

    def without_records(host: str, *args: Any, **kwargs: Any) -> Any:
        if host in NAMES:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", without_records)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    package, bucket = tmp_path / "package.zip", Bucket(stage)
    package.write_bytes(b"zip")
    bucket.ensure()
    going = Rollout(stage, bucket, HERE, tmp_path, package, Templates({}, {}), print)
    with pytest.raises(DeployError, match=r"was not tried: chat\.example\.com has no record"):
        _record(stage, going, going.release(b""), ids, smoking=True)
    assert [release.smoke for release in bucket.history().releases] == ["skipped"]


def test_a_stage_without_names_of_its_own_waits_for_none(cloud: Cloud, stage: Stage) -> None:
    domains.wait_until_pointed(replace(stage, choices=Choices()), pytest.fail, resolve=_Dns({}), attempts=1)


def test_an_unknown_host_has_no_addresses() -> None:
    assert domains.addresses("localhost")
    assert domains.addresses("nobody.invalid") == set()


def test_names_go_with_all_that_points_at_them_though_it_was_begun_before(cloud: Cloud, stage: Stage) -> None:
    _ensure(stage)
    target = _records(cloud, stage)["chat.example.com."]
    assert stage.choices.domain
    # As an attempt leaves it that was broken off after its first step.
    record = {"Name": "chat.example.com", "Type": "A", "AliasTarget": target}
    cloud.client("route53").change_resource_record_sets(
        HostedZoneId=stage.choices.domain.hosted_zone,
        ChangeBatch={"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]},
    )
    for _ in range(2):
        domains.delete(stage)
        assert _mapped(cloud) == {}
        assert _records(cloud, stage) == {}
    asked = {right for call in cloud.calls() for right in rights(call)}
    assert "route53:ChangeResourceRecordSets" in {right.action for right in asked}
    assert refused(asked) == []


def test_a_stage_without_names_of_its_own_asks_for_none(cloud: Cloud, stage: Stage) -> None:
    unnamed = replace(stage, choices=Choices())
    _ensure(unnamed)
    domains.delete(unnamed)
    assert not [call for call in cloud.journal() if "domainnames" in call]
