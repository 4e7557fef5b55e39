"""What is done to a stage's functions beside Chalice: migrating before the others change, queues, logs."""

import contextlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from infra.record import function_arn, mappings
from infra.render import database_url
from infra.stage import FUNCTIONS, IN_VPC, DeployError, Say, Stage
from infra.wheels import Target

_FROM_QUEUES = ("push", "presence_changed", "mail", "notify", "assistant")
# The queues that nothing is put into unless the stage has one of these variables.
_ASKED_FOR_BY = {"mail": ("MAIL_FROM",), "notify": ("PUSH_CONTACT", "WEBHOOKS"), "assistant": ("ASSISTANT_MODEL",)}
# 45 minutes, which is the longest that was heard of.
_INTERFACE_CHECKS = 180
_PARTLY = ["ReportBatchItemFailures"]


def migrate_first(stage: Stage, package: Path, target: Target, say: Say, outputs: Mapping[str, str]) -> bool:
    """Gives the new code to `migrate` alone and runs it; False where it does not stand yet. Raises DeployError.

    So the old code serves on the new schema for a while, as it does again after a rollback, and new code never serves
    on an old one. Of code, runtime and processor none is used without the others.
    """
    if function_arn(stage, "migrate") is None:
        return False
    client, function = stage.account.client("lambda"), stage.function("migrate")
    updated, runtime = client.get_waiter("function_updated_v2"), f"python{target.version}"
    code = {"ZipFile": package.read_bytes(), "Architectures": [target.architecture]}
    before = client.update_function_code(FunctionName=function, **code)["Runtime"]
    updated.wait(FunctionName=function)
    if before != runtime:  # its libraries are for this one alone
        client.update_function_configuration(FunctionName=function, Runtime=runtime)
        updated.wait(FunctionName=function)
    migrate(stage, outputs, say)
    return True


def migrate(stage: Stage, outputs: Mapping[str, str], say: Say) -> None:
    """Brings the schema up to date as the database's master, and admits the functions' user. Raises DeployError."""
    function = stage.function("migrate")
    stage.account.client("lambda").get_waiter("function_active_v2").wait(FunctionName=function)
    answer, failed = stage.account.invoke(function, {"masterUrl": master_url(stage, outputs)})
    if failed:
        raise DeployError(f"The schema was not brought up to date: {answer.get('errorMessage', answer)}")
    say(f"migrations applied: {', '.join(answer['applied']) or 'none, the schema is up to date'}")


def master_url(stage: Stage, outputs: Mapping[str, str]) -> str:
    """The database's URL with the user and password that RDS keeps in its own secret."""
    client = stage.account.client("secretsmanager")
    value = client.get_secret_value(SecretId=outputs["DatabaseMasterSecretArn"])["SecretString"]
    master = json.loads(value)
    user = f"{quote(master['username'], safe='')}:{quote(master['password'], safe='')}"
    # Past a proxy, which takes tokens alone.
    return database_url({**outputs, "DatabaseHost": outputs["DatabaseMasterHost"]}, user)


def finish_queues(stage: Stage) -> None:
    """Lets a batch fail in part, and bounds how many containers work a queue: neither does Chalice set."""
    client = stage.account.client("lambda")
    for name in _FROM_QUEUES:
        # A queue that nothing is put into need not be asked, which is billed.
        is_used = name not in _ASKED_FOR_BY or any(map(stage.choices.environment.get, _ASKED_FOR_BY[name]))
        wanted: dict[str, Any] = {"FunctionResponseTypes": _PARTLY}
        if name in stage.choices.concurrency:
            wanted["ScalingConfig"] = {"MaximumConcurrency": stage.choices.concurrency[name]}
        for mapping in mappings(stage, function_arn(stage, name) or ""):
            settled = _settled(client, mapping["UUID"])
            if (settled.get("State", "Enabled") == "Enabled") != is_used:
                client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=is_used)
                settled = _settled(client, mapping["UUID"])
            if any(settled.get(key) != value for key, value in wanted.items()):
                client.update_event_source_mapping(UUID=mapping["UUID"], **wanted)
                _settled(client, mapping["UUID"])


def reserve(stage: Stage, reserved: Mapping[str, int], say: Say) -> None:
    """Sets concurrency aside for functions where the account has enough. Chalice takes it away at each deployment."""
    client = stage.account.client("lambda")
    for name, default in reserved.items():
        count = stage.choices.concurrency.get(name, default)
        try:
            client.put_function_concurrency(FunctionName=stage.function(name), ReservedConcurrentExecutions=count)
        except client.exceptions.InvalidParameterValueException as error:
            say(
                f"{name} shares the account's concurrency, of which {count} cannot be set aside ({error}). Ask for "
                "1,000 under Service Quotas, or choose less under `concurrency` in infra/stages.toml."
            )


def let_api_call(stage: Stage, rest_api: str, names: Iterable[str]) -> None:
    """Permits the stage's REST API to call functions that serve some of its methods."""
    client = stage.account.client("lambda")
    source = f"arn:{stage.account.partition}:execute-api:{stage.account.region}:{stage.account.id}:{rest_api}/*"
    for name in names:
        with contextlib.suppress(client.exceptions.ResourceConflictException):  # it may already
            client.add_permission(
                FunctionName=stage.function(name),
                StatementId=f"rest-{rest_api}",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=source,
            )


def _settled(client: Any, uuid: str) -> dict[str, Any]:
    """A mapping once nothing is being changed about it."""
    for _ in range(120):
        mapping: dict[str, Any] = client.get_event_source_mapping(UUID=uuid)
        if mapping.get("State", "Enabled") in {"Enabled", "Disabled"}:
            return mapping
        time.sleep(1)
    raise DeployError(f"The event source {uuid} does not come to rest; try again.")


def leave_vpc(stage: Stage, group: str | None, say: Say, *, pause: float = 15) -> None:
    """Takes the functions out of the VPC, and returns when their network interfaces are gone with them.

    Lambda removes these by the functions' roles, some 20 minutes later; where roles and functions went first the
    interfaces would stay, and hold the security group and the subnets. Raises DeployError.
    """
    client = stage.account.client("lambda")
    for name in IN_VPC:
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            client.update_function_configuration(
                FunctionName=stage.function(name), VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}
            )
            client.get_waiter("function_updated_v2").wait(FunctionName=stage.function(name))
    for _ in range(_INTERFACE_CHECKS if group else 0):
        left = stage.account.client("ec2").describe_network_interfaces(
            Filters=[{"Name": "group-id", "Values": [group]}]
        )["NetworkInterfaces"]
        if not left:
            return
        say(f"waiting until Lambda has removed its network interfaces: {len(left)} are left")
        time.sleep(pause)
    if group:
        raise DeployError(f"The functions' network interfaces in {group} are still there. It may be repeated.")


def need_queue_endpoint(stage: Stage) -> bool:
    """Whether a function stands in the VPC that uses no IPv6, and so reaches the queues by the endpoint alone."""
    client = stage.account.client("lambda")
    for name in IN_VPC:
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            network = client.get_function_configuration(FunctionName=stage.function(name)).get("VpcConfig", {})
            if network.get("SubnetIds") and not network.get("Ipv6AllowedForDualStack"):
                return True
    return False


def log_group(stage: Stage, name: str) -> str:
    """Where a function's log lines go."""
    return f"/aws/lambda/{stage.function(name)}"


def finish_logs(stage: Stage, outputs: Mapping[str, str]) -> None:
    """Log lines of functions, from before their first, and of the database are kept as long as the stage chose."""
    client = stage.account.client("logs")
    for name in FUNCTIONS:
        group = log_group(stage, name)
        with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
            client.create_log_group(logGroupName=group)
        client.put_retention_policy(logGroupName=group, retentionInDays=stage.choices.log_days)
    for group in _database_log_groups(stage, outputs["DatabaseMasterHost"]):
        client.put_retention_policy(logGroupName=group, retentionInDays=stage.choices.log_days)


def say_less(stage: Stage, names: Iterable[str]) -> None:
    """Has Lambda write no lines of its own about what went well: START, END and REPORT would be half of all bytes."""
    client = stage.account.client("lambda")
    # What our own lines are about is up to LOG_LEVEL.
    wanted = {"LogFormat": "JSON", "ApplicationLogLevel": "TRACE", "SystemLogLevel": stage.choices.system_log_level}
    for name in map(stage.function, names):
        there = client.get_function_configuration(FunctionName=name).get("LoggingConfig", {})
        if any(there.get(key) != value for key, value in wanted.items()):
            client.update_function_configuration(FunctionName=name, LoggingConfig=wanted)
            client.get_waiter("function_updated_v2").wait(FunctionName=name)


def _database_log_groups(stage: Stage, host: str) -> Iterator[str]:
    """RDS makes them itself, to be kept for ever, by the first part of the host's name."""
    name = host.partition(".")[0]
    for kind in ("instance", "cluster"):
        found = stage.account.pages(
            "logs", "describe_log_groups", "logGroups", logGroupNamePrefix=f"/aws/rds/{kind}/{name}/"
        )
        yield from (item["logGroupName"] for item in found)


def delete_logs(stage: Stage) -> None:
    """Deletes what the functions have said. What the database has said goes in time by itself."""
    client = stage.account.client("logs")
    for name in FUNCTIONS:
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            client.delete_log_group(logGroupName=log_group(stage, name))
