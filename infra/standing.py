"""What stands whether or not anybody writes, read from infra/stack.yaml: a month of it, in priced units."""

import dataclasses
import functools
from collections.abc import Mapping

from local.template import STACK, Template, read_template

HOURS = 730
# Of the instance classes that infra/stack.yaml names: a proxy is priced by them.
VCPUS = {"db.t4g.micro": 2, "db.t4g.large": 2, "db.m7g.xlarge": 4}
_LEAST_PROXY_CAPACITY = 8.0


def quantities(parameters: Mapping[str, str]) -> dict[str, float]:
    """The database, the proxy and the endpoints of a stack with these parameters. Raises ValueError."""
    return dict(_quantities(frozenset(parameters.items())))


@functools.cache  # it takes a second to parse
def _template() -> Template:
    return read_template(STACK, region="us-east-1", account="123456789012")


@functools.cache
def _quantities(parameters: frozenset[tuple[str, str]]) -> dict[str, float]:
    declared = _template().document["Parameters"]
    for name, value in parameters:
        if name not in declared:
            raise ValueError(f"{name}: the stack's parameters are {', '.join(declared)}")
        allowed = declared[name].get("AllowedValues", [value])
        if value not in allowed:
            raise ValueError(f"{name} is one of {', '.join(allowed)}")
    stack = dataclasses.replace(_template(), parameters={**_template().parameters, **dict(parameters)})
    endpoints = [
        len(endpoint["SubnetIds"])  # one in each
        for endpoint in stack.of_type("AWS::EC2::VPCEndpoint").values()
        if endpoint["VpcEndpointType"] == "Interface"
    ]
    return {"endpoint_hours": sum(endpoints) * HOURS, **_database(stack)}


def _database(stack: Template) -> dict[str, float]:
    instances = list(stack.of_type("AWS::RDS::DBInstance").values())
    proxied = bool(stack.of_type("AWS::RDS::DBProxy"))
    for cluster in stack.of_type("AWS::RDS::DBCluster").values():
        capacity = float(cluster["ServerlessV2ScalingConfiguration"]["MinCapacity"]) * len(instances)
        billed = {"proxy_capacity_hours": max(_LEAST_PROXY_CAPACITY, capacity) * HOURS} if proxied else {}
        # It is paid for what is in it: as much as an instance of this size begins with.
        gigabytes = float(stack.document["Mappings"]["Sizes"][stack.parameters["Size"]]["StorageGigabytes"])
        return {"aurora_capacity_hours": capacity * HOURS, "aurora_gigabytes": gigabytes, **billed}
    (instance,) = instances
    copies = 2 if instance["MultiAZ"] else 1
    name = instance["DBInstanceClass"]
    proxy = {"proxy_vcpu_hours": float(VCPUS[name] * HOURS)} if proxied else {}
    return {name: copies * HOURS, "storage_gigabytes": copies * float(instance["AllocatedStorage"]), **proxy}
