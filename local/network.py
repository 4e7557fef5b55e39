"""What functions in the VPC can reach, by the routes, security groups and endpoints of `infra/stack.yaml`."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Literal

from local.aws_messages import Endpoint
from local.endpoints import OPEN
from local.template import STACK, Template

POLICIES = STACK.parent / "policies"
HTTPS, POSTGRESQL = 443, 5432
_PUBLIC = IPv4Network("0.0.0.0/0")
_PEERS = {"Ingress": "SourceSecurityGroupId", "Egress": "DestinationSecurityGroupId"}


def functions_in_the_vpc(policies: Path = POLICIES) -> frozenset[str]:
    """Those whose policy lets Lambda put them there."""
    return frozenset(
        path.stem for path in policies.glob("*.json") if "ec2:CreateNetworkInterface" in path.read_text()
    )


class Network:
    """The network that a template makes with its parameters as they are."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._functions = template.output("FunctionSecurityGroupId")
        self._subnets = template.output("PrivateSubnetIds").split(",")
        (vpc,) = {template.properties(subnet)["VpcId"] for subnet in self._subnets}
        self._vpc = template.properties(vpc)
        self._inside = IPv4Network(self._vpc["CidrBlock"])

    def endpoints(self) -> list[Endpoint]:
        """Where the services of AWS are reached, and what keeps functions from there."""
        return [
            Endpoint(
                service=made["ServiceName"].rpartition(".")[2],
                blocked=self._gateway(made) if made["VpcEndpointType"] == "Gateway" else self._interface(made),
                statements=made.get("PolicyDocument", {}).get("Statement", [OPEN]),
            )
            for made in self._template.of_type("AWS::EC2::VPCEndpoint").values()
        ]

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
        associations = self._template.of_type("AWS::EC2::SubnetRouteTableAssociation").values()
        tables = {made["SubnetId"]: made["RouteTableId"] for made in associations}
        for subnet in self._subnets:
            if tables.get(subnet) not in endpoint["RouteTableIds"]:
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

    def _blocked(self, one: str, other: str, port: int) -> str:
        """What keeps members of one security group from members of the other."""
        if not self._opens(one, "Egress", port, peer=other, within=self._inside):
            return f"{one} lets nothing out to {other} at port {port}"
        if not self._opens(other, "Ingress", port, peer=one, within=self._inside):
            return f"{other} lets nothing in from {one} at port {port}"
        return ""

    def _opens(
        self, group: str, direction: Literal["Ingress", "Egress"], port: int, *, peer: str, within: IPv4Network
    ) -> bool:
        """Whether a rule allows all that is in this network, or all members of the peer."""
        for rule in self._rules(group, direction):
            protocol = str(rule["IpProtocol"])
            if protocol == "tcp" and not rule["FromPort"] <= port <= rule["ToPort"]:
                continue
            covers = "CidrIp" in rule and within.subnet_of(IPv4Network(rule["CidrIp"]))
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
        # A group that says nothing of it lets everything out.
        yield from rules or ([{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}] if direction == "Egress" else [])
