"""What a stage keeps: it is taken up when the stage is made again, and `DATA=delete` removes it, also bit by bit."""

import itertools
from typing import Any

import boto3
import botocore.session
import cfnlint.decode
import httpx
import pytest
from botocore.exceptions import ClientError

from infra import destroy, kept, package, template
from infra.bucket import Bucket
from infra.stack import Stack
from infra.stage import Account, Choices, Stage, missing
from tests.deploy.account import AT_ONCE
from tests.deploy.account import Account as Cloud

_NUMBERS = itertools.count()


@pytest.fixture
def stage(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Stage:
    """One of the test's own, which does not stand yet."""
    for name, value in cloud.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(package, "BUILDS", tmp_path)
    return Stage(f"kept-{next(_NUMBERS)}", Account(boto3.session.Session()), Choices())


@pytest.fixture
def stack(stage: Stage) -> Stack:
    """Its stack, made, with a file and with snapshots of both kinds."""
    bucket, made = Bucket(stage), Stack(stage, lambda _: None, wait=AT_ONCE)
    bucket.ensure()
    outputs = made.ensure(bucket.template_url(template.literal(stage)))
    stage.account.client("s3").put_object(Bucket=outputs["UploadsBucketName"], Key="uploads/1", Body=b"content")
    return made


def _resources(stage: Stage) -> dict[str, dict[str, Any]]:
    read, problems = cfnlint.decode.decode_str(template.literal(stage))
    assert not problems
    resources: dict[str, dict[str, Any]] = read["Resources"]
    return resources


def _destroy(stage: Stage, stack: Stack, *, data: bool) -> list[str]:
    said: list[str] = []
    destroy.destroy(stage, stack, said.append, data=data)
    return said


def _left(stage: Stage) -> list[str]:
    return [item.kind for item in kept.found(stage)]


def test_all_that_the_template_keeps_can_be_taken_up_and_is_found(stage: Stage) -> None:
    names = template.bucket_names(stage)
    for logical, resource in _resources(stage).items():
        keeping = {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")} & {"Retain", "Snapshot"}
        if not keeping:
            continue
        if resource["Type"] == "AWS::S3::Bucket":
            name = resource["Properties"]["BucketName"]
            assert isinstance(name, str), f"{logical}: CloudFormation takes up a literal name alone"
            assert name in names
        elif resource["Type"] in {"AWS::RDS::DBInstance", "AWS::RDS::DBCluster"}:
            tags = resource["Properties"]["Tags"]
            assert {"Key": kept.SNAPSHOT_TAG, "Value": {"Ref": "Prefix"}} in tags, logical
            assert resource["Properties"]["CopyTagsToSnapshot"] is True
        else:
            assert (logical, resource["Type"]) == ("JwtSecret", "AWS::SecretsManager::Secret"), "infra/kept.py"


def test_a_name_that_is_not_literal_is_not_taken_up(stage: Stage, stack: Stack) -> None:
    _destroy(stage, stack, data=False)
    bucket = Bucket(stage)
    bucket.ensure()
    computed = bucket.template_url(template.TEMPLATE.read_text())
    with pytest.raises(ClientError, match="bucket name is not available"):
        stack.ensure(computed)


def test_data_goes_with_all_manual_snapshots(stage: Stage, stack: Stack, cloud: Cloud) -> None:
    rds = cloud.client("rds")
    (database,) = (item["DBInstanceIdentifier"] for item in rds.describe_db_instances()["DBInstances"])
    rds.create_db_snapshot(DBInstanceIdentifier=database, DBSnapshotIdentifier="by-hand")
    tag = {"Key": kept.SNAPSHOT_TAG, "Value": stage.full_name}
    made = {"Engine": "aurora-postgresql", "MasterUsername": "master", "MasterUserPassword": "not-a-secret"}
    for name, tags in (("ours", [tag]), ("of-another", [{**tag, "Value": f"{stage.full_name}-2"}])):
        rds.create_db_cluster(DBClusterIdentifier=name, Tags=tags, CopyTagsToSnapshot=True, **made)
        rds.create_db_cluster_snapshot(DBClusterIdentifier=name, DBClusterSnapshotIdentifier=f"{name}-snapshot")

    said = _destroy(stage, stack, data=True)
    assert sum("AWS::RDS::DBInstance" in words for words in said) == 2  # the last one, and the one by hand
    assert _left(stage) == []
    assert not [
        item for item in rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"] if database in str(item)
    ]
    (other,) = rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    assert other["DBClusterSnapshotIdentifier"] == "of-another-snapshot"


def test_an_automated_snapshot_is_left_to_rds(stage: Stage, stack: Stack, cloud: Cloud) -> None:
    rds = cloud.client("rds")
    automated = rds.describe_db_snapshots(SnapshotType="automated")["DBSnapshots"]
    assert automated, "RDS makes one when a database is made"
    with pytest.raises(ClientError, match="InvalidDBSnapshotState"):
        rds.delete_db_snapshot(DBSnapshotIdentifier=automated[0]["DBSnapshotIdentifier"])
    assert "AWS::RDS::DBInstance" not in _left(stage)


def test_data_goes_though_earlier_attempts_stopped_at_each_step(
    stage: Stage, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not now"}}, "Delete")

    steps = {"cloudformation": "delete_stack", "s3": "delete_bucket", "secretsmanager": "delete_secret"}
    for service, operation in {**steps, "rds": "delete_db_snapshot"}.items():
        with monkeypatch.context() as patched:
            patched.setattr(stage.account.client(service), operation, refused)
            with pytest.raises(ClientError, match="not now"):
                _destroy(stage, stack, data=True)
    assert _left(stage) == ["AWS::RDS::DBInstance"]
    _destroy(stage, stack, data=True)
    assert _left(stage) == []
    _destroy(stage, stack, data=True)  # in vain, and no error


def test_destroy_waits_for_an_earlier_one_that_is_still_deleting(stage: Stage, stack: Stack, cloud: Cloud) -> None:
    state = f"{cloud.endpoint}/state/{stage.full_name}"
    httpx.post(f"{state}/DELETE_IN_PROGRESS").raise_for_status()
    said: list[str] = []

    def it_fails(words: str) -> None:
        assert not said, "nothing is touched before"
        said.append(words)
        httpx.post(f"{state}/DELETE_FAILED").raise_for_status()

    waiting = Stack(stage, it_fails, wait=AT_ONCE)
    destroy.destroy(stage, waiting, lambda _: None, data=True)
    assert said == ["the stack is in DELETE_IN_PROGRESS: waiting"]
    assert _left(stage) == []


def test_data_goes_after_an_earlier_destroy_that_kept_it(stage: Stage, stack: Stack) -> None:
    _destroy(stage, stack, data=False)
    assert _left(stage) == ["AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::RDS::DBInstance"]
    planned = "\n".join(destroy.plan(stage, stack.resources(), data=True))
    for item in kept.found(stage):
        assert f"{item.kind} {item.name}" in planned
    _destroy(stage, stack, data=True)
    assert _left(stage) == []


def test_what_is_gone_meanwhile_is_gone(stage: Stage, stack: Stack) -> None:
    _destroy(stage, stack, data=False)
    items = list(kept.found(stage))
    for item in (*items, *items):
        kept.delete(item)
    assert _left(stage) == []


@pytest.mark.parametrize(
    "service", ["s3", "rds", "secretsmanager", "lambda", "apigatewayv2", "events", "logs", "iam"]
)
def test_aws_says_in_many_ways_that_something_is_not_there(service: str) -> None:
    model = botocore.session.get_session().get_service_model(service)
    shapes = (model.shape_for(name) for name in model.shape_names)
    gone = [
        shape.metadata.get("error", {}).get("code", shape.name)
        for shape in shapes
        if shape.metadata.get("exception") and ("NotFound" in shape.name or shape.name.startswith("NoSuch"))
    ]
    assert gone
    for code in gone:
        assert missing(ClientError({"Error": {"Code": code, "Message": ""}}, "Ask")), code
    for code in ("AccessDenied", "InvalidDBSnapshotState", "BucketNotEmpty"):
        assert not missing(ClientError({"Error": {"Code": code, "Message": ""}}, "Ask")), code
