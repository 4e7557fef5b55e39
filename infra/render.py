"""Chalice's configuration of a stage, made of the committed templates and of what stands in the account.

`.chalice/config.json` in the repository holds what all stages share: memory and timeouts of each function under the
stage `dev`, which the local stack reads too. Here come the network, the variables and a policy for each function.
"""

import json
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from chalicelib.core.config import INLINE_PUBLISH_LIMIT
from chalicelib.features.notifications.webpush import Pair
from infra import scanner
from infra.keys import Keys
from infra.package import ROOT
from infra.stage import BEHIND_REST, FUNCTIONS, GATEWAY_STAGE, IN_VPC, WITH_KEYS, DeployError, Stage
from infra.wheels import Target

# Whom migrations admit: it may read and write rows, and logs in by a token of the function's role.
DATABASE_USER = "messenger_app"
_TEMPLATE_STAGE = "dev"
# Set after Chalice has run, which would fail as a whole where an account has too little.
_RESERVED = "reserved_concurrency"
# What only the function that asks the model needs to know.
_ASSISTANT_KEY = "ASSISTANT_KEY"
# An inference profile leads to its model in several regions: `eu.anthropic.claude-…`.
_PROFILE = re.compile(r"^(?:global|apac|us|us-gov|eu|uk|jp|au|ca|in|sa|mx|me|il|af)\.(?=[a-z0-9-]+\.)")
# No function's policies: those of whoever deploys.
_DEPLOYERS = ("deployer", "deployer_stack")


@dataclass(frozen=True)
class Templates:
    """What a release was made with, kept beside its package."""

    config: Mapping[str, Any]
    policies: Mapping[str, str]

    @classmethod
    def read(cls, root: Path = ROOT) -> "Templates":
        """Those of the repository. Raises DeployError where a function has no policy."""
        files = [path for path in (root / "infra" / "policies").glob("*.json") if path.stem not in _DEPLOYERS]
        policies = {path.stem: path.read_text() for path in files}
        if set(policies) != set(FUNCTIONS):
            raise DeployError(f"infra/policies and the functions differ: {sorted(set(policies) ^ set(FUNCTIONS))}")
        return cls(json.loads((root / ".chalice" / "config.json").read_text()), policies)

    def reserved(self) -> Mapping[str, int]:
        """How many containers each function has for itself, of those that have some."""
        functions = self.config.get("stages", {}).get(_TEMPLATE_STAGE, {}).get("lambda_functions", {})
        return {name: choices[_RESERVED] for name, choices in functions.items() if _RESERVED in choices}

    def to_json(self) -> str:
        """For `from_json`."""
        return json.dumps({"config": self.config, "policies": self.policies})

    @property
    def post_from_the_vpc(self) -> bool:
        """Whether functions in the VPC may post to sockets; those of releases before that know no IPv6."""
        return "execute-api:ManageConnections" in self.policies["api_handler"]

    @classmethod
    def from_json(cls, text: str) -> "Templates":
        """Reads what `to_json` wrote."""
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Ground:
    """What stands already when the functions come: the stack's outputs, the two APIs, and the signing keys.

    `ipv6` says that functions in the VPC reach AWS by it. `reserved` bounds containers, by function. `edge_key` is
    what the distribution shows, where there is one, `layers` have the libraries of some functions, and by `vapid` the
    stage shows itself to push services.
    """

    outputs: Mapping[str, str]
    rest_api: str
    socket_api: str
    keys: Keys
    ipv6: bool
    reserved: Mapping[str, int] = field(default_factory=dict)
    edge_key: str = ""
    layers: Mapping[str, str] = field(default_factory=dict)
    vapid: Pair = field(default_factory=lambda: Pair("", ""))


def write(folder: Path, stage: Stage, templates: Templates, ground: Ground) -> None:
    """Writes `.chalice/config.json` and the policy files of a build folder. Raises DeployError."""
    chalice = folder / ".chalice"
    chalice.mkdir(parents=True, exist_ok=True)
    # It holds the signing secret, as the functions' variables do.
    config = chalice / "config.json"
    config.touch(mode=0o600)
    config.write_text(json.dumps(_config(stage, templates, ground), indent=2))
    names = _names(stage, ground)
    for function, policy in templates.policies.items():
        try:
            text = string.Template(policy).substitute(names)
            json.loads(text)
        except (KeyError, ValueError) as error:
            raise DeployError(
                f"infra/policies/{function}.json: {error}: known are {', '.join(sorted(names))}"
            ) from error
        (chalice / f"policy-{function}.json").write_text(text)


def _config(stage: Stage, templates: Templates, ground: Ground) -> dict[str, Any]:
    shared = {name: value for name, value in templates.config.items() if name != "stages"}
    functions = templates.config.get("stages", {}).get(_TEMPLATE_STAGE, {}).get("lambda_functions", {})
    rendered = {
        "api_gateway_stage": GATEWAY_STAGE,
        # Own domains with base paths of more than one part are for regional APIs.
        "api_gateway_endpoint_type": "REGIONAL",
        "lambda_architecture": stage.choices.architecture or Target.here().architecture,
        "autogen_policy": False,
        "tags": {"messenger:stage": stage.name},
        "environment_variables": _everywhere(stage, ground),
        "lambda_functions": {
            name: {
                **{key: value for key, value in functions.get(name, {}).items() if key != _RESERVED},
                **_network(name, ground),
                **({"layers": [ground.layers[name]]} if name in ground.layers else {}),
                "iam_policy_file": f"policy-{name}.json",
                "environment_variables": _for_one(name, stage, ground),
                # Of a function without one Chalice takes it away.
                **({"reserved_concurrency": ground.reserved[name]} if name in ground.reserved else {}),
            }
            for name in FUNCTIONS
        },
    }
    return {**shared, "stages": {stage.name: rendered}}


def _network(function: str, ground: Ground) -> dict[str, list[str]]:
    if function not in IN_VPC:
        return {}
    return {
        "subnet_ids": ground.outputs["PrivateSubnetIds"].split(","),
        "security_group_ids": [ground.outputs["FunctionSecurityGroupId"]],
    }


def _everywhere(stage: Stage, ground: Ground) -> dict[str, str]:
    """What no function need be kept from. `chalice deploy` itself reads these when it loads app.py."""
    return {
        "LIVE_TABLE": ground.outputs["LiveTableName"],
        "PUSH_QUEUE_URL": ground.outputs["PushQueueUrl"],
        "PRESENCE_QUEUE_URL": ground.outputs["PresenceQueueUrl"],
        "MAIL_QUEUE_URL": ground.outputs["MailQueueUrl"],
        "NOTIFY_QUEUE_URL": ground.outputs["NotifyQueueUrl"],
        "VAPID_PUBLIC_KEY": ground.vapid.public,
        "ASSISTANT_QUEUE_URL": ground.outputs["AssistantQueueUrl"],
        "UPLOADS_BUCKET": ground.outputs["UploadsBucketName"],
        "WEBSOCKET_ENDPOINT": stage.endpoint(ground.socket_api),
        "PUBLIC_URL": _public_url(stage, ground),
        "ONE_HOST": "on" if "OneHost" in ground.outputs else "off",
        "INLINE_PUBLISH_LIMIT": str(INLINE_PUBLISH_LIMIT if ground.ipv6 else 0),
        **{name: value for name, value in stage.choices.environment.items() if name != _ASSISTANT_KEY},
    }


def _public_url(stage: Stage, ground: Ground) -> str:
    if "OneHost" in ground.outputs:
        return f"https://{ground.outputs['OneHost']}/{GATEWAY_STAGE}"
    domain = stage.choices.domain
    return stage.endpoint(ground.rest_api) if domain is None else f"https://{domain.rest}/{GATEWAY_STAGE}"


def _for_one(function: str, stage: Stage, ground: Ground) -> dict[str, str]:
    variables: dict[str, str] = {}
    if function in IN_VPC:
        variables |= {"DATABASE_URL": database_url(ground.outputs, DATABASE_USER), "DATABASE_IAM": "on"}
        variables |= {"DUAL_STACK": "on" if ground.ipv6 else "off"}
    if function in WITH_KEYS:
        variables |= ground.keys.variables()
    if function == "notify":
        variables |= {"VAPID_PRIVATE_KEY": ground.vapid.private}
    if function in BEHIND_REST and ground.edge_key:
        variables |= {"EDGE_KEY": ground.edge_key}
    key = stage.choices.environment.get(_ASSISTANT_KEY)
    if function == "assistant" and key:
        variables |= {_ASSISTANT_KEY: key}
    return variables


def database_url(outputs: Mapping[str, str], user: str) -> str:
    """Where the database is; `user` may bring a password. What TLS must be is up to the function's settings."""
    return f"postgresql://{user}@{outputs['DatabaseHost']}:{outputs['DatabasePort']}/{outputs['DatabaseName']}"


def _names(stage: Stage, ground: Ground) -> dict[str, str]:
    """What policies may speak of."""
    return {
        **ground.outputs,
        "Partition": stage.account.partition,
        "Region": stage.account.region,
        "Account": stage.account.id,
        "Stage": stage.name,
        "Prefix": stage.full_name,
        "RestApiId": ground.rest_api,
        "WebsocketApiId": ground.socket_api,
        "DatabaseUser": DATABASE_USER,
        "MailDomain": _mail_domain(stage),
        "AssistantModel": _assistant_model(stage),
        "AssistantBaseModel": _PROFILE.sub("", _assistant_model(stage)),
        "ChimeMeetings": _meetings(stage),
        "ScanQueue": scanner.queue(stage) or _no_queue(stage),
    }


def _mail_domain(stage: Stage) -> str:
    """The domain that letters come from, which is an identity of SES; one that nobody has, where none are sent."""
    sender = stage.choices.environment.get("MAIL_FROM", "")
    return parseaddr(sender)[1].rpartition("@")[2] or "none.invalid"


def _meetings(stage: Stage) -> str:
    """The meetings of the Amazon Chime SDK that functions may use: all, as Chime gives them their ids, or none."""
    account = stage.account
    return (
        "*" if stage.choices.environment.get("CHIME_REGION") else f"arn:{account.partition}:chime::{account.id}:none"
    )


def _no_queue(stage: Stage) -> str:
    """A queue that there is not, as no stage's name ends with a hyphen."""
    account = stage.account
    return f"arn:{account.partition}:sqs:{account.region}:{account.id}:{stage.full_name}-none"


def _assistant_model(stage: Stage) -> str:
    """The model of Bedrock that the assistant asks; one that there is not, where it asks none."""
    chosen = stage.choices.environment
    return "none" if chosen.get("ASSISTANT_URL") else chosen.get("ASSISTANT_MODEL") or "none"
