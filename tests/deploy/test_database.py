"""The database of a stage: the memory that it has, the connections that it allows, and who waits for it."""

from typing import Any

import pytest

from local.template import STACK, Function, read_template

DOCUMENT = read_template(STACK, region="eu-central-1", account="123456789012").document
RESOURCES = DOCUMENT["Resources"]


def _of_size(name: str) -> Function:
    return Function("FindInMap", ["Sizes", Function("Ref", "Size"), name])


@pytest.mark.parametrize(("size", "megabytes"), [("small", 1024), ("medium", 8 * 1024), ("large", 16 * 1024)])
def test_each_size_has_the_memory_for_its_connections_and_for_login_by_token(size: str, megabytes: int) -> None:
    chosen = DOCUMENT["Mappings"]["Sizes"][size]
    buffers = chosen["SharedBuffers"] * 8 // 1024
    # RDS's own processes take some 200 MB, and AWS wants 300 for log-in by token.
    left = megabytes - buffers - 200 - 300
    assert left / chosen["MaxConnections"] >= 5, "a backend that runs our statements has some 5 MB of its own"
    assert buffers >= megabytes / 8


def test_connections_are_bounded_and_watched_by_the_same_number() -> None:
    for kind in ("AWS::RDS::DBParameterGroup", "AWS::RDS::DBClusterParameterGroup"):
        (group,) = (each for each in RESOURCES.values() if each["Type"] == kind)
        assert group["Properties"]["Parameters"]["max_connections"] == _of_size("MaxConnections")
    output = DOCUMENT["Outputs"]["DatabaseConnections"]["Value"]
    assert output == Function("If", ["HasProxy", "0", _of_size("MaxConnections")])
    assert RESOURCES["DatabaseConnections"]["Properties"]["Threshold"] == _of_size("ManyConnections")


@pytest.mark.parametrize(
    ("conditions", "waits_for"),
    [
        ({"IsRds"}, {"Database"}),
        ({"IsAurora"}, {"DatabaseCluster", "DatabaseWriter"}),
        ({"IsAurora", "IsMultiAzAurora"}, {"DatabaseCluster", "DatabaseWriter", "DatabaseReader"}),
    ],
    ids=["rds", "aurora", "aurora in two zones"],
)
def test_a_proxy_waits_for_all_that_it_reaches(conditions: set[str], waits_for: set[str]) -> None:
    databases = {
        name
        for name, each in RESOURCES.items()
        if each["Type"] in {"AWS::RDS::DBInstance", "AWS::RDS::DBCluster"} and each["Condition"] in conditions
    }
    assert databases == waits_for, "there is no other"
    (targets,) = (each for each in RESOURCES.values() if each["Type"] == "AWS::RDS::DBProxyTargetGroup")
    named = _named(targets["Properties"], conditions)
    assert named & {name for name in RESOURCES if name.startswith("Database")} == waits_for


def _named(item: Any, conditions: set[str]) -> set[str]:
    """The resources that part of a template refers to, in the branches of its conditions that are taken."""
    if isinstance(item, Function) and item.name == "Ref":
        return {item.argument}
    if isinstance(item, Function) and item.name == "If":
        condition, then, otherwise = item.argument
        return _named(then if condition in conditions else otherwise, conditions)
    if isinstance(item, Function):
        return _named(item.argument, conditions)
    inside = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return set().union(*(_named(each, conditions) for each in inside))
