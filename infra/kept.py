"""What stays of a stage when its stack goes: buckets, the signing secret, snapshots of the database.

It is found by name and tag, not among the stack's resources: so that `DATA=delete` removes it also where the stack is
gone already, after a half-way failure or an earlier `destroy` without it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from infra.bucket import empty
from infra.stage import Stage, missing
from infra.template import bucket_names

# What infra/stack.yaml tags the database with; RDS copies it to every snapshot, the last one included.
SNAPSHOT_TAG = "messenger:prefix"


@dataclass(frozen=True)
class Kept:
    """A thing that a template retains; `kind` is its CloudFormation type."""

    kind: str
    name: str
    delete: Callable[[], Any]


@dataclass(frozen=True)
class _Snapshots:
    """How RDS names snapshots of an instance, and of a cluster."""

    kind: str
    # In names of operations, and of the identifier.
    operation: str
    name: str

    def found(self, stage: Stage) -> Iterator[Kept]:
        """Manual ones alone: RDS removes automated ones with their database, and lets nobody else do so."""
        pages = stage.account.pages("rds", f"describe_{self.operation}s", f"{self.name}s", SnapshotType="manual")
        for item in pages:
            tags = {tag["Key"]: tag["Value"] for tag in item.get("TagList", ())}
            if tags.get(SNAPSHOT_TAG) == stage.full_name and item["Status"] != "deleting":
                name, ready = item[f"{self.name}Identifier"], item["Status"] == "available"
                yield Kept(self.kind, name, partial(self._delete, stage, name, ready=ready))

    def _delete(self, stage: Stage, name: str, *, ready: bool) -> None:
        client, which = stage.account.client("rds"), {f"{self.name}Identifier": name}
        if not ready:  # one that is still being made cannot be deleted
            client.get_waiter(f"{self.operation}_available").wait(**which)
        getattr(client, f"delete_{self.operation}")(**which)


_SNAPSHOTS = (
    _Snapshots("AWS::RDS::DBInstance", "db_snapshot", "DBSnapshot"),
    _Snapshots("AWS::RDS::DBCluster", "db_cluster_snapshot", "DBClusterSnapshot"),
)


def found(stage: Stage) -> Iterator[Kept]:
    """All that is there now."""
    s3, secrets = stage.account.client("s3"), stage.account.client("secretsmanager")
    for name in bucket_names(stage):
        if _there(partial(s3.head_bucket, Bucket=name)):
            yield Kept("AWS::S3::Bucket", name, partial(_delete_bucket, stage, name))
    secret = {"SecretId": stage.secret_name}
    if _there(partial(secrets.describe_secret, **secret)):
        deletion = partial(secrets.delete_secret, **secret, ForceDeleteWithoutRecovery=True)
        yield Kept("AWS::SecretsManager::Secret", stage.secret_name, deletion)
    for snapshots in _SNAPSHOTS:
        yield from snapshots.found(stage)


def delete(kept: Kept) -> None:
    """Deletes it for good. What somebody else has deleted meanwhile is gone as well."""
    _there(kept.delete)


def _delete_bucket(stage: Stage, name: str) -> None:
    empty(stage, name)
    stage.account.client("s3").delete_bucket(Bucket=name)


def _there(ask: Callable[[], Any]) -> bool:
    """Whether AWS knows what a call is about."""
    try:
        ask()
    except ClientError as error:
        if missing(error):
            return False
        raise
    return True
