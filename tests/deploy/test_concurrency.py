"""Functions hold no more connections together than the database takes, wherever an account lets that be reserved."""

from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.stub import Stubber

from infra import concurrency
from infra.stage import IN_VPC, Account, Stage, choices_of
from local.template import STACK, read_template

SIZES = read_template(STACK, region="eu-central-1", account="123456789012").document["Mappings"]["Sizes"]
CHOICES = choices_of("a-stage")
SMALL = {"DatabaseConnections": str(SIZES["small"]["MaxConnections"])}


def _stage(account: int, unreserved: int, so_far: int = 0) -> tuple[Stage, Stubber]:
    client = boto3.client("lambda", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")
    stubber = Stubber(client)
    limits = {"ConcurrentExecutions": account, "UnreservedConcurrentExecutions": unreserved}
    stubber.add_response("get_account_settings", {"AccountLimit": limits})
    for number in range(5):
        answer: dict[str, Any] = {"ReservedConcurrentExecutions": so_far} if so_far and number == 0 else {}
        stubber.add_response("get_function_concurrency", answer)
    known = mock.create_autospec(Account, instance=True)
    known.client.return_value = client
    return Stage("a-stage", known, CHOICES), stubber


def _reserved(outputs: dict[str, str], *limits: int) -> tuple[dict[str, int], list[str]]:
    said: list[str] = []
    stage, stubber = _stage(*limits)
    with stubber:
        return concurrency.reserved(stage, outputs, said.append), said


@pytest.mark.parametrize("size", SIZES)
def test_all_containers_together_stay_within_the_connections(size: str) -> None:
    connections = SIZES[size]["MaxConnections"]
    shares = concurrency.shares(connections, CHOICES.concurrency)
    by_queue = {name: count for name, count in CHOICES.concurrency.items() if name in IN_VPC}
    assert set(shares) | set(by_queue) == set(IN_VPC), "every function that uses the database"
    assert sum(shares.values()) + sum(by_queue.values()) <= connections - 6
    assert min(shares.values()) >= 2


def test_an_account_with_room_reserves_them() -> None:
    assert _reserved(SMALL, 1000, 1000) == (concurrency.shares(60, CHOICES.concurrency), [])


def test_what_the_stage_has_reserved_before_is_no_hindrance() -> None:
    wanted = sum(concurrency.shares(60, CHOICES.concurrency).values())
    assert _reserved(SMALL, 1000, 100, wanted)[0]
    assert _reserved(SMALL, 1000, 100, wanted - 1)[0] == {}


def test_an_account_without_room_is_told_so_and_deploys() -> None:
    reserved, (said,) = _reserved(SMALL, 120, 120)
    assert reserved == {}
    assert "Service Quotas" in said
    assert "UseProxy" in said


@pytest.mark.parametrize("outputs", [{"DatabaseConnections": "0"}, {}], ids=["proxy", "an older stack"])
def test_nothing_is_bounded_where_a_proxy_shares_connections(outputs: dict[str, str]) -> None:
    assert _reserved(outputs, 1000, 1000) == ({}, [])


def test_nothing_is_bounded_where_the_account_is_smaller_than_the_database() -> None:
    assert _reserved(SMALL, 10, 10) == ({}, []), "as accounts begin"
