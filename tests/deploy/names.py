"""API Gateway's own host names, as far as moto does not know them: REST APIs behind them, targets, updates.

And a DNS record that is not there cannot be deleted.
"""

import re
from typing import Any

from moto.apigateway.models import apigateway_backends
from moto.apigatewayv2.exceptions import BadRequestException
from moto.apigatewayv2.models import ApiGatewayV2Backend, ApiMapping, DomainName, apigatewayv2_backends
from moto.route53.exceptions import Route53ClientError
from moto.route53.models import FakeZone

NAME = re.compile(r"/v2/domainnames/([\w.-]+)")
MAPPING = re.compile(r"/v2/domainnames/([\w.-]+)/apimappings/(\w+)")
_KEY = re.compile(r"[\w$.+!*'()-]+(/[\w$.+!*'()-]+)*|")
_account: list[str] = []


def close(account: str, region: str) -> None:
    """Patches moto in this process."""
    _account[:] = [account, region]
    create = ApiGatewayV2Backend.create_domain_name

    def create_domain_name(self: ApiGatewayV2Backend, **given: Any) -> DomainName:
        made = create(self, **given)
        made.domain_name_configurations = [_target(item) for item in made.domain_name_configurations]
        return made

    delete = FakeZone.delete_rrset

    def delete_rrset(self: FakeZone, record: dict[str, Any]) -> None:
        if not any((there.name, there.type) == (record["Name"], record["Type"]) for there in self.rrsets):
            words = f"Tried to delete resource record set [name='{record['Name']}'] but it was not found"
            raise Route53ClientError("InvalidChangeBatch", words)
        delete(self, record)

    FakeZone.delete_rrset = delete_rrset
    ApiGatewayV2Backend.create_domain_name = create_domain_name
    ApiGatewayV2Backend.create_api_mapping = _create_api_mapping


def update_name(match: re.Match[str], given: dict[str, Any]) -> dict[str, Any]:
    """UpdateDomainName."""
    name = _backend().get_domain_name(match[1])
    name.domain_name_configurations = [_target(item) for item in given["domainNameConfigurations"]]
    described: dict[str, Any] = name.to_json()
    return described


def update_mapping(match: re.Match[str], given: dict[str, Any]) -> dict[str, Any]:
    """UpdateApiMapping."""
    mapping = _backend().get_api_mapping(match[2], match[1])
    mapping.api_id, mapping.stage = given["apiId"], given["stage"]
    described: dict[str, Any] = mapping.to_json()
    return described


def _backend() -> Any:
    account, region = _account
    return apigatewayv2_backends[account][region]


def _target(configuration: dict[str, str]) -> dict[str, str]:
    return {**configuration, "apiGatewayDomainName": "d-1.execute-api.example.com", "hostedZoneId": "Z1U9ULNL0V5AJ3"}


def _create_api_mapping(
    self: ApiGatewayV2Backend, api_id: str, api_mapping_key: str, domain_name: str, stage: str
) -> ApiMapping:
    """A name is for APIs of one kind; keys have letters, digits and a few signs, and are given once."""
    account, region = _account
    rest, sockets = apigateway_backends[account][region].apis, self.apis
    if api_id not in {*rest, *sockets} or not _KEY.fullmatch(api_mapping_key):
        raise BadRequestException(f"Invalid API {api_id} or key {api_mapping_key}")
    others = self.get_api_mappings(domain_name)
    if any((other.api_id in rest) != (api_id in rest) for other in others):
        raise BadRequestException("Only WebSocket APIs can be attached to the same domain name as WebSocket APIs")
    if any(other.api_mapping_key == api_mapping_key for other in others):
        raise BadRequestException("ApiMapping key already exists for this domain name")
    mapping_id = self._generate_api_maping_id(api_mapping_key, stage, domain_name)
    mapping = ApiMapping(api_id, api_mapping_key, mapping_id, domain_name, stage)
    self.api_mappings[mapping_id] = mapping
    return mapping
