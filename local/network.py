"""What functions in the VPC can reach, by the routes, security groups and endpoints of `infra/stack.yaml`.

Functions that may use IPv6 find the services of `aws.BY_IPV6` and the sockets' API by names with IPv6 addresses, to
which the egress-only gateway leads. All else has IPv4 addresses for them, to which endpoints of the VPC lead.
"""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal

from chalicelib.core.aws import BY_IPV6
from local.aws_messages import Endpoint
from local.endpoints import OPEN
from local.template import STACK, Template

POLICIES = STACK.parent / "policies"
HTTPS, POSTGRESQL = 443, 5432
_PUBLIC = IPv4Network("0.0.0.0/0")
_PUBLIC_IPV6 = IPv6Network("::/0")
_PEERS = {"Ingress": "SourceSecurityGroupId", "Egress": "DestinationSecurityGroupId"}
# What AWS writes into a group that says nothing of what goes out.
_ALL = ({"IpProtocol": "-1", "CidrIp": str(_PUBLIC)}, {"IpProtocol": "-1", "CidrIpv6": str(_PUBLIC_IPV6)})


def functions_in_the_vpc(policies: Path = POLICIES) -> frozenset[str]:
    """Those whose policy lets Lambda put them there."""
    return frozenset(
        path.stem for path in policies.glob("*.json") if "ec2:CreateNetworkInterface" in path.read_text()
    )


class Network:
    """The network that a template makes with its parameters as they are, for functions that use IPv6 or do not."""

    def __init__(self, template: Template, *, ipv6: bool = True) -> None:
        self._template = template
        self._ipv6 = ipv6
        self._functions = template.output("FunctionSecurityGroupId")
        self._subnets = template.output("PrivateSubnetIds").split(",")
        (self._vpc_name,) = {template.properties(subnet)["VpcId"] for subnet in self._subnets}
        self._vpc = template.properties(self._vpc_name)
        self._inside = IPv4Network(self._vpc["CidrBlock"])
        associations = template.of_type("AWS::EC2::SubnetRouteTableAssociation").values()
        self._tables = {made["SubnetId"]: made["RouteTableId"] for made in associations}

    def endpoints(self) -> list[Endpoint]:
        """Where the services of AWS are reached, and what keeps functions from there."""
        by_ipv6 = (*BY_IPV6, "execute-api") if self._ipv6 else ()
        by_ipv4 = [
            Endpoint(
                service=service,
                blocked=self._gateway(made) if made["VpcEndpointType"] == "Gateway" else self._interface(made),
                statements=made.get("PolicyDocument", {}).get("Statement", [OPEN]),
            )
            for made in self._template.of_type("AWS::EC2::VPCEndpoint").values()
            if (service := made["ServiceName"].rpartition(".")[2]) not in by_ipv6
        ]
        blocked = self._internet() if self._ipv6 else ""
        return [*by_ipv4, *(Endpoint(service=service, blocked=blocked, statements=[OPEN]) for service in by_ipv6)]

    def database(self) -> str:
        """What keeps functions from the database or its proxy, or the proxy from the database; empty if nothing."""
        of_type = self._template.of_type
        clusters, databases = of_type("AWS::RDS::DBCluster"), of_type("AWS::RDS::DBInstance")
        groups = [
            group
            for made in (*clusters.values(), *databases.values())
            for group in made.get("VpcSecurityGroupIds", made.get("VPCSecurityGroups", ()))
        ]
        proxies = of_type("AWS::RDS::DBProxy").values()
        behind = [group for proxy in proxies for group in proxy["VpcSecurityGroupIds"]]
        ways = [(self._functions, to) for to in {*groups, *behind}]
        ways += [(proxy, to) for proxy in behind for to in groups]
        return "; ".join(filter(None, (self._blocked(one, other, POSTGRESQL) for one, other in ways)))

    def _gateway(self, endpoint: dict[str, Any]) -> str:
        """Routes lead to a gateway endpoint, from the service's public addresses."""
        for subnet in self._subnets:
            if self._tables.get(subnet) not in endpoint["RouteTableIds"]:
                return f"no route leads to the endpoint from {subnet}"
        if not self._opens(self._functions, "Egress", HTTPS, peer="", within=_PUBLIC):
            return f"{self._functions} lets nothing out to public addresses at port {HTTPS}"
        return ""

    def _interface(self, endpoint: dict[str, Any]) -> str:
        """A name leads to an interface endpoint, which has addresses in the VPC."""
        if not endpoint.get("PrivateDnsEnabled"):
            return "the service's name does not lead to the endpoint"
        if not self._vpc.get("EnableDnsSupport", True) or not self._vpc.get("EnableDnsHostnames"):
            return "the VPC resolves no private names"
        if not endpoint.get("SubnetIds"):
            return "the endpoint is in no subnet"
        ways = [self._blocked(self._functions, group, HTTPS) for group in endpoint["SecurityGroupIds"]]
        return "" if "" in ways else ways[0]

    def _internet(self) -> str:
        """What keeps functions from public IPv6 addresses: a subnet without addresses or a route, or their group."""
        if not self._vpc.get("EnableDnsSupport", True):
            return "the VPC resolves no names"
        for subnet in self._subnets:
            if not any(self._has_addresses(block) for block in self._ipv6_blocks(subnet)):
                return f"{subnet} has no IPv6 addresses"
            if not self._has_way_out(self._tables.get(subnet)):
                return f"no IPv6 route leads out of {subnet}"
        if not self._opens(self._functions, "Egress", HTTPS, peer="", within=_PUBLIC_IPV6):
            return f"{self._functions} lets nothing out to public IPv6 addresses at port {HTTPS}"
        return ""

    def _ipv6_blocks(self, subnet: str) -> Iterator[str]:
        yield from filter(None, [self._template.properties(subnet).get("Ipv6CidrBlock")])
        for beside in self._template.of_type("AWS::EC2::SubnetCidrBlock").values():
            if beside["SubnetId"] == subnet:
                yield beside["Ipv6CidrBlock"]

    def _has_addresses(self, block: str) -> bool:
        """Whether a subnet's block is one of the VPC's: a /64, as subnets' blocks are."""
        network = IPv6Network(block)
        there = (IPv6Network(each) for each in self._template.attribute(self._vpc_name, "Ipv6CidrBlocks"))
        return network.prefixlen == 64 and any(network.subnet_of(each) for each in there)

    def _has_way_out(self, table: str | None) -> bool:
        gateways = self._template.of_type("AWS::EC2::EgressOnlyInternetGateway")
        return any(
            route["RouteTableId"] == table
            and route.get("DestinationIpv6CidrBlock") == str(_PUBLIC_IPV6)
            and gateways.get(route.get("EgressOnlyInternetGatewayId", ""), {}).get("VpcId") == self._vpc_name
            for route in self._template.of_type("AWS::EC2::Route").values()
        )

    def _blocked(self, one: str, other: str, port: int) -> str:
        """What keeps members of one security group from members of the other."""
        if not self._opens(one, "Egress", port, peer=other, within=self._inside):
            return f"{one} lets nothing out to {other} at port {port}"
        if not self._opens(other, "Ingress", port, peer=one, within=self._inside):
            return f"{other} lets nothing in from {one} at port {port}"
        return ""

    def _opens(
        self,
        group: str,
        direction: Literal["Ingress", "Egress"],
        port: int,
        *,
        peer: str,
        within: IPv4Network | IPv6Network,
    ) -> bool:
        """Whether a rule allows all that is in this network, of its own family, or all members of the peer."""
        for rule in self._rules(group, direction):
            protocol = str(rule["IpProtocol"])
            if protocol == "tcp" and not rule["FromPort"] <= port <= rule["ToPort"]:
                continue
            covers = any(_holds(rule[cidr], within) for cidr in ("CidrIp", "CidrIpv6") if cidr in rule)
            if protocol in {"tcp", "-1"} and (covers or (peer and rule.get(_PEERS[direction]) == peer)):
                return True
        return False

    def _rules(self, group: str, direction: str) -> Iterator[dict[str, Any]]:
        """Those of the group itself, and those that stand beside it."""
        beside = self._template.of_type(f"AWS::EC2::SecurityGroup{direction}").values()
        rules = [
            *self._template.properties(group).get(f"SecurityGroup{direction}", ()),
            *(rule for rule in beside if rule["GroupId"] == group),
        ]
        yield from rules or (_ALL if direction == "Egress" else ())


def _holds(cidr: str, within: IPv4Network | IPv6Network) -> bool:
    whole = ip_network(cidr)
    if isinstance(whole, IPv4Network):
        return isinstance(within, IPv4Network) and within.subnet_of(whole)
    return isinstance(within, IPv6Network) and within.subnet_of(whole)
