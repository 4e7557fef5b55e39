"""Own host names of a stage: one for REST, one for sockets, with the base paths that clients know."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from infra.stage import GATEWAY_STAGE, Domain, Say, Stage

# At the root too: `GET /health` is asked for there.
REST_PATHS = ("", "api", "api/v1")
SOCKET_PATHS = ("api", "ws")


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
    wanted = {"CertificateArn": domain.certificate, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}
    try:
        found = client.get_domain_name(DomainName=name)
        if found["DomainNameConfigurations"][0].get("CertificateArn") != domain.certificate:
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
    try:
        _point(stage, zone, name, target, action="DELETE")
    except ClientError as error:
        # It went before, and what followed failed; or somebody has pointed the name elsewhere.
        if error.response["Error"]["Code"] != "InvalidChangeBatch":
            raise


def _point(stage: Stage, zone: str, name: str, target: dict[str, Any], *, action: str = "UPSERT") -> None:
    alias = {
        "HostedZoneId": target["HostedZoneId"],
        "DNSName": target["ApiGatewayDomainName"],
        "EvaluateTargetHealth": False,
    }
    change = {"Action": action, "ResourceRecordSet": {"Name": name, "Type": "A", "AliasTarget": alias}}
    stage.account.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})
