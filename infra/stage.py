"""A stage: its choices from `stages.toml`, the account it lies in, and what everything of it is called there."""

import contextlib
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.wheels import Architecture

APP = "messenger"
# The API Gateway stage of both APIs, and so the first part of every path.
GATEWAY_STAGE = "api"
CHOICES = Path(__file__).with_name("stages.toml")

_ALWAYS_ENABLED = "us-east-1"

# Tells whoever started a command what is being done.
Say = Callable[[str], None]

# Every function of app.py. Those in the VPC speak to PostgreSQL.
IN_VPC = ("api_handler", "websocket_message", "presence_changed", "upload_stored", "sweep", "migrate")
OUTSIDE = ("websocket_connect", "websocket_disconnect", "push", "polling", "mail", "notify", "assistant", "pictures")
FUNCTIONS = (*IN_VPC, *OUTSIDE)
# Who issues or verifies tokens.
WITH_KEYS = ("api_handler", "websocket_connect", "websocket_message", "polling")
# Who serves the REST API.
BEHIND_REST = ("api_handler", "polling")


# `messenger-STAGE` begins the names of buckets, to which infra/stack.yaml leaves it 20 characters. RDS takes neither
# two hyphens in a row nor one at the end.
_NAME = re.compile(r"(?=.{1,10}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*")


class DeployError(Exception):
    """A deployment cannot go on; the words are for whoever started it, and say what to do."""


@dataclass(frozen=True, kw_only=True)
class Domain:
    """Own host names. API Gateway keeps REST and WebSocket APIs apart, so each has its own."""

    rest: str
    sockets: str
    certificate: str
    hosted_zone: str = ""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a stage can choose; rates are requests or frames a second for the whole stage."""

    # Where nothing is chosen, the one that Python's version gets (`wheels.usual`).
    architecture: Architecture | None = None
    log_days: int = 30
    # From which level on Lambda writes lines of its own: WARN is what failed, INFO also START and REPORT.
    system_log_level: Literal["DEBUG", "INFO", "WARN"] = "WARN"
    # Whether functions in the VPC reach AWS by IPv6, and so post to sockets themselves. Where nothing is chosen they
    # do in every region that has it (`regions.settled`).
    ipv6: bool | None = None
    rest_rate: int = 500
    rest_burst: int = 1000
    socket_rate: int = 1000
    socket_burst: int = 2000
    concurrency: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    # In place of the stack's outputs of these names: how a restored database takes over.
    outputs: Mapping[str, str] = field(default_factory=dict)
    domain: Domain | None = None


def check_name(stage: str) -> None:
    """Raises DeployError for a stage's name that AWS would refuse somewhere, or that another stage's names take."""
    if not _NAME.fullmatch(stage):
        raise DeployError(
            f"{stage!r} cannot be a stage's name. It has at most ten lower-case letters, digits and hyphens, a "
            "letter first, no hyphen last, and no two hyphens in a row."
        )
    for function in FUNCTIONS:
        other = stage.removesuffix(f"-{function}")
        if other != stage:
            raise DeployError(
                f"{stage} cannot be a stage's name: a function of stage {other} is called {APP}-{stage}, as the REST "
                f"function of this one would be. Choose a name that does not end with -{function}."
            )


def choices_of(stage: str, path: Path = CHOICES) -> Choices:
    """The defaults with what the stage's own table changes. Raises DeployError for an unknown name."""
    tables = tomllib.loads(path.read_text())
    merged: dict[str, Any] = dict(tables.get("defaults", {}))
    for name, value in tables.get("stages", {}).get(stage, {}).items():
        merged[name] = {**merged.get(name, {}), **value} if isinstance(value, dict) else value
    try:
        domain = Domain(**merged.pop("domain")) if "domain" in merged else None
        return Choices(**merged, domain=domain)
    except TypeError as error:
        raise DeployError(f"{path.name}: stage {stage}: {error}") from error


class Account:
    """The AWS account and region that the shell's credentials lead to."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._config = Config(retries={"mode": "standard", "total_max_attempts": 10})
        self._clients: dict[str, Any] = {}
        self.region = str(session.region_name or "")
        if not self.region:
            raise DeployError("No region is chosen: set AWS_REGION, or `region` in your AWS profile.")
        try:
            identity = self.client("sts").get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            if self._known_elsewhere():
                raise DeployError(
                    f"AWS knows you, but not in {self.region} ({error}). Enable the region in the console (Account, "
                    "AWS Regions), which takes some minutes, or choose another one by AWS_REGION."
                ) from error
            raise DeployError(
                f"AWS does not know who you are ({error}). Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or log in with `aws sso login`."
            ) from error
        self.id = str(identity["Account"])
        self.caller = str(identity["Arn"])
        self.partition = self.caller.split(":")[1]

    def _known_elsewhere(self) -> bool:
        """Whether a region that every account has takes the credentials: others must be enabled first."""
        client = self._session.client("sts", region_name=_ALWAYS_ENABLED, config=self._config)
        with contextlib.suppress(BotoCoreError, ClientError):
            client.get_caller_identity()
            return self.region != _ALWAYS_ENABLED
        return False

    def client(self, service: str) -> Any:
        """A kept boto3 client that tries again what was throttled."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, region_name=self.region, config=self._config)
        return self._clients[service]

    def invoke(self, function: str, event: object) -> tuple[Any, bool]:
        """A function's answer to an event, and whether it failed. Waits as long as Lambda lets a function run."""
        patient = Config(read_timeout=910, retries={"total_max_attempts": 1})
        client = self._session.client("lambda", region_name=self.region, config=patient)
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        return json.loads(answer["Payload"].read() or b"null"), "FunctionError" in answer

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        """The items of all pages of a listing."""
        for page in self.client(service).get_paginator(operation).paginate(**arguments):
            yield from page.get(key, ())


@dataclass(frozen=True)
class Stage:
    """One stage in one account."""

    name: str
    account: Account
    choices: Choices

    @property
    def full_name(self) -> str:
        """Begins the name of all that belongs to the stage; the name of the stack and of the REST function."""
        return f"{APP}-{self.name}"

    @property
    def rest_api_name(self) -> str:
        """What its metrics go by, and the alarm in infra/stack.yaml. Chalice calls those of all stages the same."""
        return f"{self.full_name}-rest-api"

    @property
    def socket_api_name(self) -> str:
        """What Chalice calls the WebSocket API."""
        return f"{self.full_name}-websocket-api"

    @property
    def secret_name(self) -> str:
        """What infra/stack.yaml calls the secret that signs access tokens."""
        return f"{self.full_name}-jwt"

    @property
    def bucket(self) -> str:
        """Where deployments are kept, for all who deploy this stage."""
        return f"{self.full_name}-deployments-{self.account.id}"

    def function(self, name: str) -> str:
        """What Chalice calls a function."""
        return self.full_name if name == "api_handler" else f"{self.full_name}-{name}"

    def endpoint(self, api_id: str) -> str:
        """Where an API is reached without a domain of its own, and functions post to connections."""
        suffix = "amazonaws.com.cn" if self.account.partition == "aws-cn" else "amazonaws.com"
        return f"https://{api_id}.execute-api.{self.account.region}.{suffix}/{GATEWAY_STAGE}"


def missing(error: ClientError) -> bool:
    """Whether AWS says that a thing is not there."""
    code = error.response["Error"]["Code"]
    # As DBSnapshotNotFound, NoSuchBucket, ResourceNotFoundException; S3 answers HEAD with a bare status.
    return "NotFound" in code or code.startswith(("NoSuch", "404")) or "does not exist" in str(error)
