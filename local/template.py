"""Reads the resources of `infra/stack.yaml`: as much of CloudFormation as the data plane and the network need."""

import ipaddress
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

STACK = Path(__file__).parent.parent / "infra" / "stack.yaml"

# What Amazon provides to a VPC: here out of the addresses for documentation.
_IPV6_BLOCK = "2001:db8:83:ff00::/56"
# The property that is a resource's physical id, and its ARN, by type.
_NAMES = {"AWS::DynamoDB::Table": "TableName", "AWS::S3::Bucket": "BucketName"}
_ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{0.region}:{0.account}:table/{TableName}",
    "AWS::S3::Bucket": "arn:aws:s3:::{BucketName}",
    "AWS::SQS::Queue": "arn:aws:sqs:{0.region}:{0.account}:{QueueName}",
}


class TemplateError(ValueError):
    """The template uses something that the local stack does not know."""


@dataclass(frozen=True)
class Function:
    """`!Sub x` and its like, until somebody asks what it amounts to. `name` is without `Fn::`."""

    name: str
    argument: Any


class _Loader(yaml.SafeLoader):
    """Keeps CloudFormation's short forms as `Function`."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> Function:
    if isinstance(node, yaml.ScalarNode):
        return Function(suffix, loader.construct_scalar(node))
    if isinstance(node, yaml.SequenceNode):
        return Function(suffix, loader.construct_sequence(node, deep=True))
    assert isinstance(node, yaml.MappingNode)
    return Function(suffix, loader.construct_mapping(node, deep=True))


_Loader.add_multi_constructor("!", _short_form)


@dataclass(frozen=True, kw_only=True)
class Template:
    """A parsed template and the values of its parameters.

    The physical id of what the local stack does not make is its logical name.
    """

    document: Mapping[str, Any]
    parameters: Mapping[str, str | list[str]]
    region: str
    account: str

    @property
    def resources(self) -> Mapping[str, Any]:
        """All resources by logical name, as they are written."""
        resources: Mapping[str, Any] = self.document["Resources"]
        return resources

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of every resource of a type such as "AWS::SQS::Queue", by logical name.

        Those whose condition does not hold are left out.
        """
        return {
            name: self.properties(name)
            for name, item in self.resources.items()
            if item["Type"] == kind and ("Condition" not in item or self._holds(item["Condition"]))
        }

    def properties(self, name: str) -> dict[str, Any]:
        """One resource's properties, all functions worked out."""
        properties: dict[str, Any] = self._value(self.resources[name].get("Properties", {}))
        return properties

    def value(self, name: str, key: str) -> Any:
        """One property of a resource, worked out whether or not the others can be."""
        return self._value(self.resources[name]["Properties"][key])

    def attribute(self, name: str, attribute: str) -> Any:
        """What `!GetAtt` answers of a resource."""
        return self._named(f"{name}.{attribute}")

    def output(self, name: str) -> str:
        """The value of an output."""
        return str(self._value(self.document["Outputs"][name]["Value"]))

    def _value(self, item: Any) -> Any:
        if isinstance(item, dict):
            return {key: self._value(value) for key, value in item.items()}
        if isinstance(item, list):
            return [self._value(value) for value in item]
        if isinstance(item, Function):
            return self._result(item.name, item.argument)
        return item

    def _result(self, function: str, argument: Any) -> Any:
        match function, argument:
            case "Ref", _:
                return self._ref(argument)
            case "Sub", str():
                return re.sub(r"\$\{([\w:.]+)\}", lambda match: str(self._named(match[1])), argument)
            case "GetAtt", _:
                return self._named(argument if isinstance(argument, str) else ".".join(argument))
        return self._computed(function, argument)

    def _computed(self, function: str, argument: Any) -> Any:
        match function, argument:
            case "If", [condition, then, otherwise]:
                return self._value(then if self._holds(condition) else otherwise)
            case "FindInMap", [table, key, field]:
                return self.document["Mappings"][table][self._value(key)][field]
            case "Select", [index, items]:
                listed = self._value(items)
                if not isinstance(listed, list) or index >= len(listed):
                    raise TemplateError(f"!Select: {items} has no item {index}")
                return listed[index]
            case "Join", [between, items]:
                return between.join(self._value(items))
            case "Cidr", [block, count, bits]:
                network = ipaddress.ip_network(self._value(block))
                parts = network.subnets(new_prefix=network.max_prefixlen - bits)
                return [str(part) for part in itertools.islice(parts, count)]
            case "GetAZs", _:
                return [f"{self.region}a", f"{self.region}b"]
        raise TemplateError(f"the local stack does not know !{function} {argument}")

    def _holds(self, condition: str) -> bool:
        return self._test(self.document["Conditions"][condition])

    def _test(self, condition: Any) -> bool:
        match condition.name, condition.argument:
            case "Equals", [one, other]:
                # CloudFormation compares texts.
                return str(self._value(one)) == str(self._value(other))
            case "Not", [inner]:
                return not self._test(inner)
            case "And", several:
                return all(self._test(each) for each in several)
            case "Condition", name:
                return self._holds(name)
        raise TemplateError(f"the local stack does not know the condition !{condition.name}")

    def _named(self, expression: str) -> Any:
        name, _, attribute = expression.partition(".")
        if not attribute or attribute == "GroupId":
            return self._ref(name)
        kind = self.resources[name]["Type"]
        if attribute == "Arn" and kind in _ARNS:
            return _ARNS[kind].format(self, **self.properties(name))
        if kind == "AWS::EC2::VPC" and attribute == "Ipv6CidrBlocks":
            blocks = self.of_type("AWS::EC2::VPCCidrBlock").values()
            return [_IPV6_BLOCK for made in blocks if made["VpcId"] == name and made["AmazonProvidedIpv6CidrBlock"]]
        return self._value(self.resources[name].get("Properties", {}).get(attribute, expression))

    def _ref(self, name: str) -> Any:
        known = {
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
            "AWS::Partition": "aws",
            "AWS::NoValue": None,
            **self.parameters,
        }
        if name in known:
            return known[name]
        if name not in self.resources:
            raise TemplateError(f"the local stack does not know {name}")
        named_by = _NAMES.get(self.resources[name]["Type"])
        return name if named_by is None else self.properties(name)[named_by]


def parse(text: str) -> dict[str, Any]:
    """A template as it is written, its short forms as `Function`."""
    loader = _Loader(text)
    try:
        document: dict[str, Any] = loader.get_single_data()
    finally:
        loader.dispose()
    return document


def read_template(path: Path, *, region: str, account: str, **parameters: str) -> Template:
    """Parses a template file. Parameters not given here take their defaults."""
    document = parse(path.read_text())
    declared = document["Parameters"]
    texts = {name: str(item["Default"]) for name, item in declared.items() if "Default" in item} | parameters
    values = {
        name: text.split(",") if declared[name]["Type"] == "CommaDelimitedList" else text
        for name, text in texts.items()
    }
    return Template(document=document, parameters=values, region=region, account=account)
