"""Reads the resources of `infra/stack.yaml`: as much of CloudFormation as the data plane needs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

STACK = Path(__file__).parent.parent / "infra" / "stack.yaml"


class TemplateError(ValueError):
    """The template uses something that the local stack does not know."""


@dataclass(frozen=True)
class _Function:
    """`!Sub x` and its like, until somebody asks what it amounts to."""

    name: str
    argument: Any


class _Loader(yaml.SafeLoader):
    """Keeps CloudFormation's short forms as `_Function`."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> _Function:
    if isinstance(node, yaml.ScalarNode):
        return _Function(suffix, loader.construct_scalar(node))
    if isinstance(node, yaml.SequenceNode):
        return _Function(suffix, loader.construct_sequence(node, deep=True))
    assert isinstance(node, yaml.MappingNode)
    return _Function(suffix, loader.construct_mapping(node, deep=True))


_Loader.add_multi_constructor("!", _short_form)


@dataclass(frozen=True, kw_only=True)
class Template:
    """A parsed template and the values of its parameters."""

    resources: Mapping[str, Any]
    parameters: Mapping[str, str | list[str]]
    region: str
    account: str

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of every resource of a type such as "AWS::SQS::Queue", by logical name.

        Those with a condition are options of a deployment, none of which the local stack has.
        """
        return {
            name: self.properties(name)
            for name, item in self.resources.items()
            if item["Type"] == kind and "Condition" not in item
        }

    def properties(self, name: str) -> dict[str, Any]:
        """One resource's properties, all functions worked out."""
        properties: dict[str, Any] = self._value(self.resources[name].get("Properties", {}))
        return properties

    def _value(self, item: Any) -> Any:
        if isinstance(item, dict):
            return {key: self._value(value) for key, value in item.items()}
        if isinstance(item, list):
            return [self._value(value) for value in item]
        if isinstance(item, _Function):
            return self._result(item)
        return item

    def _result(self, function: _Function) -> str | list[str]:
        if function.name == "Ref":
            return self._ref(function.argument)
        if function.name == "Sub" and isinstance(function.argument, str):
            return re.sub(r"\$\{([\w:.]+)\}", lambda match: str(self._named(match[1])), function.argument)
        if function.name == "GetAtt":
            argument = function.argument
            return self._named(argument if isinstance(argument, str) else ".".join(argument))
        raise TemplateError(f"the local stack does not know !{function.name} {function.argument}")

    def _named(self, expression: str) -> str | list[str]:
        name, _, attribute = expression.partition(".")
        if not attribute:
            return self._ref(name)
        if attribute == "Arn" and self.resources.get(name, {}).get("Type") == "AWS::SQS::Queue":
            return f"arn:aws:sqs:{self.region}:{self.account}:{self.properties(name)['QueueName']}"
        raise TemplateError(f"the local stack does not know {expression}")

    def _ref(self, name: str) -> str | list[str]:
        known: dict[str, str | list[str]] = {
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
            "AWS::Partition": "aws",
            **self.parameters,
        }
        if name not in known:
            raise TemplateError(f"the local stack does not know {name}")
        return known[name]


def read_template(path: Path, *, region: str, account: str, **parameters: str) -> Template:
    """Parses a template file. Parameters not given here take their defaults."""
    loader = _Loader(path.read_text())
    try:
        document = loader.get_single_data()
    finally:
        loader.dispose()
    declared = document["Parameters"]
    texts = {name: str(item["Default"]) for name, item in declared.items() if "Default" in item} | parameters
    values = {
        name: text.split(",") if declared[name]["Type"] == "CommaDelimitedList" else text
        for name, text in texts.items()
    }
    return Template(resources=document["Resources"], parameters=values, region=region, account=account)
