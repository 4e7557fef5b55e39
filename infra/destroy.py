"""Takes a stage down: what was made for it goes, what users wrote stays unless it is told to go as well."""

import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from infra import domains, functions, package, record
from infra.bucket import Bucket, empty
from infra.rollout import chalice
from infra.stack import Stack
from infra.stage import APP, Say, Stage, missing

Resources = list[tuple[str, str, str]]

_BUCKET, _TABLE, _DATABASE = "AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::RDS::DBInstance"
_CLUSTER = "AWS::RDS::DBCluster"
_SECRET, _LOG_GROUP, _KEY = "AWS::SecretsManager::Secret", "AWS::Logs::LogGroup", "AWS::KMS::Key"


def plan(stage: Stage, resources: Resources, *, data: bool) -> Iterator[str]:
    """In words, line by line, what `destroy` removes and what it keeps."""
    yield f"Account {stage.account.id}, region {stage.account.region}, stage {stage.name}. This removes:"
    for item in record.complete(stage, Bucket(stage).record(), None)["resources"]:
        yield f"  {item['resource_type']} {item['name']}"
    if stage.choices.domain:
        yield f"  the names {stage.choices.domain.rest} and {stage.choices.domain.sockets}"
    yield "  the functions' log groups, the releases, and with the stack:"
    yield from (f"  {kind} {physical}" for _, kind, physical in resources if physical)
    if data:
        yield "DATA=delete: THE DATABASE, ITS DELETION SNAPSHOT AND ALL UPLOADED FILES GO TOO."
    else:
        yield "What the template retains stays: uploaded files, and the database as a final snapshot."


def destroy(stage: Stage, stack: Stack, say: Say, *, data: bool) -> None:
    """Removes the stage. May be repeated from wherever it failed. Raises DeployError."""
    resources = stack.resources()
    say("removing own names")
    domains.delete(stage)
    functions.leave_vpc(stage, _physical(resources, "FunctionSecurityGroup"), say)
    say("removing what Chalice has made")
    _delete_app(stage, resources)
    functions.delete_logs(stage)
    stack.unprotect()
    if data:
        for _, kind, physical in resources:
            if kind == _BUCKET:
                say(f"emptying {physical}")
                empty(stage, physical)
    if resources:
        say("deleting the stack")
        stack.delete()
    if data:
        _delete_retained(stage, resources)
    Bucket(stage).delete()
    say(f"stage {stage.name} is gone")


def _delete_app(stage: Stage, resources: Resources) -> None:
    folder = package.BUILDS / f"{stage.name}-destroy"
    shutil.rmtree(folder, ignore_errors=True)
    package.copy_sources(folder)
    deployed = folder / ".chalice" / "deployed"
    deployed.mkdir(parents=True)
    config = {"version": "2.0", "app_name": APP, "stages": {stage.name: {}}}
    (folder / ".chalice" / "config.json").write_text(json.dumps(config))
    known = record.complete(stage, Bucket(stage).record(), _physical(resources, "UploadsBucket"))
    (deployed / f"{stage.name}.json").write_text(json.dumps(known))
    chalice(stage, folder, "delete")


def _physical(resources: Resources, logical: str) -> str | None:
    return next((physical for name, _, physical in resources if name == logical and physical), None)


def _delete_retained(stage: Stage, resources: Resources) -> None:
    """What a template retains is still there when its stack is gone."""
    client = stage.account.client
    deletions: dict[str, Callable[[str], Any]] = {
        _BUCKET: lambda name: client("s3").delete_bucket(Bucket=name),
        _TABLE: lambda name: client("dynamodb").delete_table(TableName=name),
        _SECRET: lambda name: client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True),
        _LOG_GROUP: lambda name: client("logs").delete_log_group(logGroupName=name),
        _KEY: lambda name: client("kms").schedule_key_deletion(KeyId=name, PendingWindowInDays=7),
        _DATABASE: lambda name: _delete_snapshots(stage, name),
        _CLUSTER: lambda name: _delete_cluster_snapshots(stage, name),
    }
    # A secret that the stack has taken up is not among its resources.
    for _, kind, physical in (*resources, ("", _SECRET, stage.secret_name)):
        if kind in deletions:
            _unless_missing(partial(deletions[kind], physical))


def _delete_snapshots(stage: Stage, name: str) -> None:
    client = stage.account.client("rds")
    for found in stage.account.pages("rds", "describe_db_snapshots", "DBSnapshots", DBInstanceIdentifier=name):
        client.delete_db_snapshot(DBSnapshotIdentifier=found["DBSnapshotIdentifier"])


def _delete_cluster_snapshots(stage: Stage, name: str) -> None:
    client = stage.account.client("rds")
    pages = stage.account.pages(
        "rds", "describe_db_cluster_snapshots", "DBClusterSnapshots", DBClusterIdentifier=name
    )
    for found in pages:
        client.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=found["DBClusterSnapshotIdentifier"])


def _unless_missing(act: Callable[[], Any]) -> None:
    try:
        act()
    except ClientError as error:
        if not missing(error):
            raise
