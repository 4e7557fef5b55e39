"""Own host names of a stage: one for REST, one for sockets, with the base paths that clients know."""

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from infra.apis import address_type
from infra.stage import GATEWAY_STAGE, DeployError, Domain, Say, Stage

# At the root too: `GET /health` is asked for there.
REST_PATHS = ("", "api", "api/v1")
SOCKET_PATHS = ("api", "ws", "socket.io")
# A client asks for the addresses of its own family. Of an API without IPv6 the second one has none.
_RECORDS = ("A", "AAAA")

# Half an hour, in which somebody can make two records.
_ATTEMPTS = 120
_PAUSE_SECONDS = 15.0

# The addresses of a host name; none where it is not known.
Resolve = Callable[[str], set[str]]


def addresses(name: str) -> set[str]:
    """What this machine's resolver says of a name."""
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)}
    except socket.gaierror:
        return set()


def ensure(stage: Stage, rest_api: str, socket_api: str, say: Say) -> None:
    """Makes the names of `stages.toml`, maps them, and points DNS at them where the hosted zone is known."""
    domain = stage.choices.domain
    if domain is None:
        return
    for name, api_id, paths in ((domain.rest, rest_api, REST_PATHS), (domain.sockets, socket_api, SOCKET_PATHS)):
        target = _ensure_name(stage, domain, name)
        _map(stage, name, api_id, paths)
        if domain.hosted_zone:
            _point(stage, domain.hosted_zone, name, target)
        else:
            say(f"point {name} at {target['ApiGatewayDomainName']} (CNAME or alias)")


def wait_until_pointed(
    stage: Stage,
    say: Say,
    *,
    resolve: Resolve = addresses,
    attempts: int = _ATTEMPTS,
    pause: float = _PAUSE_SECONDS,
) -> None:
    """Returns when the DNS leads each own name to its API. Raises DeployError where it still does not in the end."""
    domain = stage.choices.domain
    client = stage.account.client("apigatewayv2")
    names = (domain.rest, domain.sockets) if domain else ()
    targets = {name: _target(client.get_domain_name(DomainName=name)) for name in names}
    said: list[str] = []
    for attempt in range(attempts):
        missing = [words for name, target in targets.items() if (words := _not_pointed(name, target, resolve))]
        if not missing:
            return
        if missing != said:
            said = missing
            for words in missing:
                say(f"waiting for the DNS: {words}")
        if attempt < attempts - 1:
            time.sleep(pause)
    raise DeployError(
        f"The stage serves this release, which was not tried: {'; '.join(said)}. Make the records, give the DNS time "
        "to tell everybody, and run the command again."
    )


def _target(described: dict[str, Any]) -> str:
    return str(described["DomainNameConfigurations"][0]["ApiGatewayDomainName"])


def _not_pointed(name: str, target: str, resolve: Resolve) -> str:
    """What is wrong with a name's record; empty if nothing is."""
    there, wanted = resolve(name), resolve(target)
    if not there:
        return f"{name} has no record yet; it must be a CNAME to {target}, or an alias of it"
    if wanted and not there & wanted:
        return f"{name} leads to {', '.join(sorted(there))}; it must be a CNAME to {target}, or an alias of it"
    return ""


def delete(stage: Stage) -> None:
    """Removes the names with their mappings, and what points at them."""
    domain = stage.choices.domain
    client = stage.account.client("apigatewayv2")
    for name in (domain.rest, domain.sockets) if domain else ():
        try:
            target = client.get_domain_name(DomainName=name)["DomainNameConfigurations"][0]
        except client.exceptions.NotFoundException:
            continue
        if domain and domain.hosted_zone:
            _unpoint(stage, domain.hosted_zone, name, target)
        for mapping in _mappings(stage, name):
            client.delete_api_mapping(DomainName=name, ApiMappingId=mapping["ApiMappingId"])
        client.delete_domain_name(DomainName=name)


def _ensure_name(stage: Stage, domain: Domain, name: str) -> dict[str, Any]:
    client = stage.account.client("apigatewayv2")
    wanted = {
        "CertificateArn": domain.certificate,
        "EndpointType": "REGIONAL",
        "IpAddressType": address_type(stage),
        "SecurityPolicy": "TLS_1_2",
    }
    try:
        found = client.get_domain_name(DomainName=name)
        there = {"IpAddressType": "ipv4", **found["DomainNameConfigurations"][0]}
        if any(there.get(key) != wanted[key] for key in ("CertificateArn", "IpAddressType")):
            found = client.update_domain_name(DomainName=name, DomainNameConfigurations=[wanted])
    except client.exceptions.NotFoundException:
        found = client.create_domain_name(DomainName=name, DomainNameConfigurations=[wanted])
    target: dict[str, Any] = found["DomainNameConfigurations"][0]
    return target


def _mappings(stage: Stage, name: str) -> Iterator[Any]:
    yield from stage.account.client("apigatewayv2").get_api_mappings(DomainName=name).get("Items", ())


def _map(stage: Stage, name: str, api_id: str, paths: tuple[str, ...]) -> None:
    client = stage.account.client("apigatewayv2")
    there = {mapping.get("ApiMappingKey", ""): mapping for mapping in _mappings(stage, name)}
    for path in paths:
        # The root is mapped by no key at all.
        mapping = {"DomainName": name, "ApiId": api_id, "Stage": GATEWAY_STAGE}
        mapping |= {"ApiMappingKey": path} if path else {}
        if path not in there:
            client.create_api_mapping(**mapping)
        elif there[path]["ApiId"] != api_id:
            client.update_api_mapping(**mapping, ApiMappingId=there[path]["ApiMappingId"])


def _unpoint(stage: Stage, zone: str, name: str, target: dict[str, Any]) -> None:
    for kind in _RECORDS:
        try:
            _change_record(stage, zone, name, target, ("DELETE", kind))
        except ClientError as error:
            # It went before, and what followed failed; or somebody has pointed the name elsewhere.
            if error.response["Error"]["Code"] != "InvalidChangeBatch":
                raise


def _point(stage: Stage, zone: str, name: str, target: dict[str, Any]) -> None:
    for kind in _RECORDS:
        _change_record(stage, zone, name, target, ("UPSERT", kind))


def _change_record(stage: Stage, zone: str, name: str, target: dict[str, Any], wanted: tuple[str, str]) -> None:
    action, kind = wanted
    alias = {
        "HostedZoneId": target["HostedZoneId"],
        "DNSName": target["ApiGatewayDomainName"],
        "EvaluateTargetHealth": False,
    }
    change = {"Action": action, "ResourceRecordSet": {"Name": name, "Type": kind, "AliasTarget": alias}}
    stage.account.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})
