"""What differs between AWS's regions, found out before anything is made."""

import json
import ssl
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from botocore.session import Session

from infra.package import ROOT
from infra.stage import DeployError, Say, Stage
from local.template import Function, parse

# The types of resources in infra/stack.yaml that CloudFormation does not know everywhere, with the regions that lack
# them. A template that names one of them is refused there, whatever its conditions say.
ABSENT: Mapping[str, list[str]] = json.loads(Path(__file__).with_name("absent.json").read_text())

# In others the services have other host names than those that functions know.
PARTITIONS = ("aws", "aws-us-gov")
_ROOTS = Path("chalicelib", "core", "rds_roots.pem")


def check(stage: Stage) -> None:
    """Raises DeployError for a region in which functions would reach neither AWS nor the database."""
    region = stage.account.region
    if stage.account.partition not in PARTITIONS:
        raise DeployError(
            f"{region} cannot be deployed to: its services are not below amazonaws.com, where functions look for "
            "them. Choose another region by AWS_REGION."
        )
    if stage.choices.environment.get("CHIME_REGION") and not stage.choices.ipv6:
        raise DeployError(
            "Rooms need IPv6: functions in the VPC reach the Amazon Chime SDK by nothing else. Take CHIME_REGION out "
            "of infra/stages.toml, or choose `ipv6 = true`."
        )
    if "DATABASE_CA_FILE" not in stage.choices.environment and region not in rooted():
        bundle = f"https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem"
        raise DeployError(
            f"Functions would not trust a database in {region}: {_ROOTS} lacks the root of its certificates. Append "
            f"what is at {bundle} to that file, and run the command again."
        )


def rooted(roots: Path = ROOT / _ROOTS) -> set[str]:
    """The regions whose databases functions trust."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(roots)
    names = [
        str(value).split()
        for root in context.get_ca_certs()
        for part in cast("tuple[tuple[tuple[str, str], ...], ...]", root["subject"])
        for name, value in part
        if name == "commonName"
    ]
    return {words[2] for words in names if words[:2] == ["Amazon", "RDS"] and words[-2:] == ["RSA2048", "G1"]}


def fitting(text: str, region: str, say: Say) -> str:
    """The template without what the region does not have, and what hangs on the same condition; says so."""
    document = parse(text)
    lacking = {name: item for name, item in document["Resources"].items() if region in ABSENT.get(item["Type"], ())}
    if not lacking:
        return text
    for name, item in lacking.items():
        say(f"{region} has no {item['Type']}: {name} is left out, whatever is chosen")
    never = _never(document["Conditions"], {item["Condition"] for item in lacking.values()})
    for part in ("Resources", "Outputs"):
        document[part] = {name: item for name, item in document[part].items() if item.get("Condition") not in never}
    document["Conditions"] = {name: item for name, item in document["Conditions"].items() if name not in never}
    return json.dumps(_written(document, never))


def _never(conditions: Mapping[str, Any], never: set[str]) -> set[str]:
    """Conditions that cannot hold where these do not: those that ask for one of them beside others."""
    for name, asked in conditions.items():  # a condition is written below those that it names
        parts = asked.argument if isinstance(asked, Function) and asked.name == "And" else ()
        if any(isinstance(part, Function) and part.name == "Condition" and part.argument in never for part in parts):
            never = {*never, name}
    return never


def settled(stage: Stage, say: Say) -> Stage:
    """The stage with IPv6 chosen or not; says so where the region leaves no choice."""
    region, chosen = stage.account.region, stage.choices.ipv6
    if chosen is None:
        chosen = _has_ipv6(region)
        if not chosen:
            say(
                f"{region} has no SQS by IPv6, as far as AWS's SDK knows: functions reach the queues by an endpoint, "
                "which is paid by the hour, and leave all posts to them. `ipv6 = true` in infra/stages.toml insists."
            )
    return replace(stage, choices=replace(stage.choices, ipv6=chosen))


def _has_ipv6(region: str) -> bool:
    """Whether the service that functions in the VPC need beside the sockets has a name with IPv6 addresses there."""
    partitions = Session().get_data("endpoints")["partitions"]
    known = [variant for part in partitions for variant in _variants(part["services"].get("sqs", {}), region)]
    return any("dualstack" in variant["tags"] and "fips" not in variant["tags"] for variant in known)


def _variants(service: dict[str, Any], region: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.get("endpoints", {}).get(region, {}).get("variants", [])
    return found


def _written(item: Any, never: set[str]) -> Any:
    """In the long forms that JSON has, without what only conditions that never hold would choose."""
    if isinstance(item, dict):
        return {key: _written(value, never) for key, value in item.items()}
    if isinstance(item, list):
        return [_written(value, never) for value in item]
    return _long_form(item, never) if isinstance(item, Function) else item


def _long_form(function: Function, never: set[str]) -> Any:
    name, argument = function.name, function.argument
    if name == "If" and argument[0] in never:
        return _written(argument[2], never)
    if name in {"Ref", "Condition"}:
        return {name: argument}
    if name == "GetAtt" and isinstance(argument, str):
        return {"Fn::GetAtt": argument.split(".", 1)}
    return {f"Fn::{name}": _written(argument, never)}
