"""A checkout that deploys to the account of `tests/deploy/cloud.py`, and looks at what stands there."""

import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx

from infra.package import BUILDS, ROOT
from infra.wheels import Target
from tests.deploy.cloud import ACCOUNT, REGION

# What a deployer's checkout needs.
_SOURCES = (
    "Makefile",
    "app.py",
    "requirements.txt",
    "requirements-run.txt",
    "requirements-pictures.txt",
    "requirements-notify.txt",
    "requirements-passkeys.txt",
    "requirements-dev.txt",
    "pyproject.toml",
    ".chalice/config.json",
    "README.md",
    "CHANGELOG.md",
)
# The runtime that this machine can play: it has to run what is deployed.
HERE = Target.here("arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64")
_FOLDERS = ("chalicelib", "docs", "infra", "moving", "local", "migrations", "web")
_COMMAND_SECONDS = 280
# How long a `Stack` waits: moto does at once what takes AWS minutes.
AT_ONCE = {"Delay": 0, "MaxAttempts": 3}
# The key of whoever deploys; tests look around with another one.
DEPLOYER = "AKIADEPLOYER"


@dataclass
class Account:
    """The AWS account, by its endpoint."""

    endpoint: str
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """What a shell that deploys there has set."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": DEPLOYER,
            "AWS_SECRET_ACCESS_KEY": "not-a-secret",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(self, service: str) -> Any:
        """A boto3 client."""
        if service not in self._clients:
            self._clients[service] = boto3.session.Session().client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                aws_access_key_id="AKIATEST",
                aws_secret_access_key="not-a-secret",
            )
        return self._clients[service]

    def journal(self) -> list[str]:
        """Every call so far."""
        calls: list[str] = httpx.get(f"{self.endpoint}/journal").json()
        return calls

    def calls(self) -> list[dict[str, str]]:
        """Every call of a deployer's so far, as `tests/deploy/cloud.py` tells it."""
        calls: list[dict[str, str]] = httpx.get(f"{self.endpoint}/calls").json()
        return [call for call in calls if call["who"] == DEPLOYER]

    def functions(self) -> dict[str, dict[str, Any]]:
        """The configurations by name."""
        found = self.client("lambda").list_functions()["Functions"]
        return {item["FunctionName"]: item for item in found}

    def variables_of(self, function: str) -> dict[str, str]:
        """A function's environment."""
        variables: dict[str, str] = self.functions()[function]["Environment"]["Variables"]
        return variables

    def policy(self, role: str) -> dict[str, Any]:
        """The one inline policy of a role."""
        (name,) = self.client("iam").list_role_policies(RoleName=role)["PolicyNames"]
        document: dict[str, Any] = self.client("iam").get_role_policy(RoleName=role, PolicyName=name)[
            "PolicyDocument"
        ]
        return document

    def ids(self) -> dict[str, Any]:
        """What there may be one of, however often is deployed."""
        roles = [item["RoleName"] for item in self.client("iam").list_roles()["Roles"]]
        mappings = self.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        return {
            "rest": [item["id"] for item in self.client("apigateway").get_rest_apis()["items"]],
            "sockets": [item["ApiId"] for item in self.client("apigatewayv2").get_apis()["Items"]],
            "functions": sorted(self.functions()),
            "roles": sorted(role for role in roles if role.startswith("messenger-")),
            "mappings": sorted(item["UUID"] for item in mappings),
            "rules": [item["Name"] for item in self.client("events").list_rules()["Rules"]],
            "log groups": [item["logGroupName"] for item in self.client("logs").describe_log_groups()["logGroups"]],
            "queues": len(self.client("sqs").list_queues().get("QueueUrls", [])),
            "tables": self.client("dynamodb").list_tables()["TableNames"],
            "buckets": sorted(item["Name"] for item in self.client("s3").list_buckets()["Buckets"]),
        }

    def served(self) -> dict[str, Any]:
        """The routes that the WebSocket stage serves: those of the deployment that it points at."""
        (api,) = self.ids()["sockets"]
        return {
            "stage": self.client("apigatewayv2").get_stage(ApiId=api, StageName="api"),
            "routes": list(httpx.get(f"{self.endpoint}/served").json().values())[-1],
            "deployments": len(httpx.get(f"{self.endpoint}/served").json()),
        }


@contextlib.contextmanager
def account(database_url: str) -> Iterator[Account]:
    """Starts an empty account, whose functions have this database."""
    command = [sys.executable, "-m", "tests.deploy.cloud"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**variables, "DATABASE_URL": database_url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield Account(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.kill()


@dataclass(frozen=True)
class Checkout:
    """A copy of the sources that a test may change."""

    folder: Path
    account: Account

    @classmethod
    def make(cls, folder: Path, account: Account) -> "Checkout":
        """Copies what is needed; the environment and the unpacked wheels are those of this checkout."""
        (folder / ".chalice").mkdir(parents=True)
        for name in _SOURCES:
            shutil.copy(ROOT / name, folder / name)
        for name in _FOLDERS:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        stages = folder / "infra" / "stages.toml"
        chosen, count = re.subn(
            r"^# (architecture = ).*", rf'\1"{HERE.architecture}"', stages.read_text(), flags=re.MULTILINE
        )
        assert count == 1
        stages.write_text(chosen)
        (folder / ".venv").symlink_to(sys.prefix)
        (folder / ".build").mkdir()
        for wheels in BUILDS.glob("wheels-*"):
            (folder / ".build" / wheels.name).symlink_to(wheels)
        return cls(folder, account)

    def make_target(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`make …`, as a deployer types it; the environment counts as installed."""
        variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return subprocess.run(
            [
                "make",
                "--no-print-directory",
                *(f"--old-file=.venv/{stamp}" for stamp in ("made", "installed-run")),
                *words,
            ],
            cwd=self.folder,
            env={**variables, **self.account.variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )

    def done(self, *words: str) -> str:
        """The same, and it must succeed: what it said."""
        result = self.make_target(*words)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


def bucket_of(stage: str) -> str:
    """Where a stage's deployments are kept."""
    return f"messenger-{stage}-deployments-{ACCOUNT}"


def pretty(value: object) -> str:
    """For comparing documents whatever their order of keys."""
    return json.dumps(value, indent=1, sort_keys=True)
