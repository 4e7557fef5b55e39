"""What a deployer's recorded calls say of the ways that lead functions to queues and sockets."""

import json
from typing import Any
from urllib.parse import parse_qs

Call = dict[str, str]


def networks(calls: list[Call]) -> list[tuple[int, dict[str, Any]]]:
    """Where calls put a function into a network, and how, in their order."""
    bodies = [(place, json.loads(call["body"])) for place, call in enumerate(calls) if call["body"].startswith("{")]
    told = [(place, body["VpcConfig"]) for place, body in bodies if body.get("VpcConfig")]
    return [(place, network) for place, network in told if network["SubnetIds"]]


def endpoint_changes(calls: list[Call]) -> list[tuple[int, bool]]:
    """Where calls have the stack changed, and whether it has an endpoint of the queues afterwards."""
    found = []
    for place, call in enumerate(calls):
        given = {name: values[0] for name, values in parse_qs(call["body"]).items()}
        if given.get("Action") == "CreateChangeSet":
            numbers = [name for name, value in given.items() if value == "QueuesByEndpoint"]
            (value,) = [given[name.replace("ParameterKey", "ParameterValue")] for name in numbers]
            found.append((place, value == "true"))
    return found


def address_types(calls: list[Call]) -> list[str]:
    """What calls say of the addresses of the WebSocket API, in their order."""
    bodies = [json.loads(call["body"]) for call in calls if call["path"].startswith("/v2/apis") and call["body"]]
    return [body["ipAddressType"] for body in bodies if "ipAddressType" in body]
