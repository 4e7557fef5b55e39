"""A stack that is made again: over what an earlier one has kept, and after a first attempt that failed."""

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from infra import apis, functions, layers, pictures, template, wheels
from infra.bucket import Bucket
from infra.stack import Stack
from infra.stage import Account, Choices, DeployError, Stage
from infra.wheels import Target
from tests.deploy.account import AT_ONCE
from tests.deploy.account import Account as Cloud

_NUMBERS = itertools.count()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def stage(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """One of the test's own, which does not stand yet."""
    for name, value in cloud.variables.items():
        monkeypatch.setenv(name, value)
    return Stage(f"stage-{next(_NUMBERS)}", Account(boto3.session.Session()), Choices())


@pytest.fixture
def stack(stage: Stage, said: list[str]) -> Stack:
    return Stack(stage, said.append, wait=AT_ONCE)


@pytest.fixture
def template_url(stage: Stage) -> str:
    bucket = Bucket(stage)
    bucket.ensure()
    return bucket.template_url(template.literal(stage))


def _value(cloud: Cloud, arn: str) -> str:
    return str(cloud.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])


def test_what_a_stage_kept_is_taken_up_when_it_is_made_again(
    cloud: Cloud, stack: Stack, stage: Stage, template_url: str
) -> None:
    before = stack.ensure(template_url)
    cloud.client("secretsmanager").put_secret_value(SecretId=before["JwtSecretArn"], SecretString="rotated")
    cloud.client("s3").put_object(Bucket=before["UploadsBucketName"], Key="uploads/1", Body=b"content")
    stack.unprotect()
    stack.delete()

    for _ in range(2):  # made again, and updated
        after = stack.ensure(template_url)
        assert after["JwtSecretArn"] == before["JwtSecretArn"]
        assert _value(cloud, after["JwtSecretArn"]) == "rotated"
        kept = cloud.client("s3").get_object(Bucket=after["UploadsBucketName"], Key="uploads/1")
        assert kept["Body"].read() == b"content"
    assert after["UploadsBucketName"] in {physical for _, _, physical in stack.resources()}


def test_a_secret_that_awaits_its_deletion_is_restored(cloud: Cloud, stack: Stack, template_url: str) -> None:
    arn = stack.ensure(template_url)["JwtSecretArn"]
    value = _value(cloud, arn)
    stack.unprotect()
    stack.delete()
    cloud.client("secretsmanager").delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    assert _value(cloud, stack.ensure(template_url)["JwtSecretArn"]) == value


def test_an_update_leaves_the_stack_its_own_secret(stack: Stack, template_url: str) -> None:
    first = stack.ensure(template_url)["JwtSecretArn"]
    assert stack.ensure(template_url)["JwtSecretArn"] == first
    assert "JwtSecret" in {logical for logical, _, _ in stack.resources()}


@pytest.mark.parametrize("state", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_a_first_attempt_that_failed_is_made_again_whatever_it_has_left(
    cloud: Cloud, stack: Stack, stage: Stage, template_url: str, said: list[str], state: str
) -> None:
    stack.ensure(template_url)  # with a database that is protected from deletion
    httpx.post(f"{cloud.endpoint}/state/{stage.full_name}/{state}").raise_for_status()
    assert stack.ensure(template_url)["DatabaseHost"]
    assert f"the stack is in {state}: deleting it to begin again" in said
    (found,) = cloud.client("cloudformation").describe_stacks(StackName=stage.full_name)["Stacks"]
    assert found["StackStatus"] == "CREATE_COMPLETE"


def test_what_a_failed_operation_made_is_not_retained(stack: Stack, stage: Stage, template_url: str) -> None:
    asked: list[dict[str, Any]] = []
    events = stage.account.client("cloudformation").meta.events
    events.register(
        "before-parameter-build.cloudformation.ExecuteChangeSet", lambda params, **_: asked.append(dict(params))
    )
    stack.ensure(template_url)
    assert [params["RetainExceptOnCreate"] for params in asked] == [True]


def test_destroy_waits_until_lambda_has_removed_its_network_interfaces(
    cloud: Cloud, stack: Stack, stage: Stage, template_url: str, said: list[str]
) -> None:
    outputs = stack.ensure(template_url)
    group, ec2 = outputs["FunctionSecurityGroupId"], cloud.client("ec2")
    subnet = outputs["PrivateSubnetIds"].split(",")[0]
    made = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]

    def lambda_removes_it(words: str) -> None:
        said.append(words)
        ec2.delete_network_interface(NetworkInterfaceId=made)

    functions.leave_vpc(stage, group, lambda_removes_it, pause=0)
    assert "1 are left" in said[-1]


def test_destroy_does_not_go_on_while_an_interface_stays(
    cloud: Cloud, stack: Stack, stage: Stage, template_url: str, said: list[str]
) -> None:
    outputs = stack.ensure(template_url)
    group, subnet = outputs["FunctionSecurityGroupId"], outputs["PrivateSubnetIds"].split(",")[0]
    cloud.client("ec2").create_network_interface(SubnetId=subnet, Groups=[group])
    with pytest.raises(DeployError, match="still there"):
        functions.leave_vpc(stage, group, said.append, pause=0)


def test_smoke_tests_have_one_secret_for_a_stages_whole_life(stage: Stage, template_url: str) -> None:
    assert template_url
    assert len(Bucket(stage).smoke_secret()) == 64
    assert Bucket(stage).smoke_secret() == Bucket(stage).smoke_secret()


def test_a_restored_database_stands_in_for_the_stacks_own(stack: Stack, stage: Stage, template_url: str) -> None:
    own = stack.ensure(template_url)
    restored = {"DatabaseHost": "restored.example.com", "DatabaseResourceId": "db-RESTORED"}
    again = Stack(replace(stage, choices=Choices(outputs=restored)), lambda _: None, wait=AT_ONCE)
    for outputs in (again.ensure(template_url), again.outputs()):
        assert outputs == {**own, **restored}


def test_what_the_stack_does_not_say_cannot_be_said_otherwise(stack: Stack, stage: Stage, template_url: str) -> None:
    stack.ensure(template_url)
    mistyped = replace(stage, choices=Choices(outputs={"DatabaseHosts": "restored.example.com"}))
    with pytest.raises(DeployError, match="DatabaseHosts: known are"):
        Stack(mistyped, lambda _: None, wait=AT_ONCE).outputs()


def test_what_the_database_logs_is_kept_no_longer_than_what_functions_log(
    cloud: Cloud, stack: Stack, stage: Stage, template_url: str
) -> None:
    outputs, logs = stack.ensure(template_url), cloud.client("logs")
    own, foreign = (
        f"/aws/rds/{kind}/{name}/postgresql"
        for kind, name in (
            ("instance", outputs["DatabaseMasterHost"].partition(".")[0]),
            ("cluster", "another"),
        )
    )
    for group in (own, foreign):
        logs.create_log_group(logGroupName=group)
    functions.finish_logs(stage, outputs)
    found = logs.describe_log_groups(logGroupNamePrefix="/aws/rds/")["logGroups"]
    assert {item["logGroupName"]: item.get("retentionInDays") for item in found} == {own: 30, foreign: None}


@pytest.mark.parametrize("tagged", [True, False])
def test_an_api_is_found_by_its_name_or_its_tag(cloud: Cloud, stage: Stage, tagged: bool) -> None:
    given = (
        {"name": "messenger", "tags": {"messenger:stage": stage.name}} if tagged else {"name": stage.rest_api_name}
    )
    made = cloud.client("apigateway").create_rest_api(**given)["id"]
    assert apis.ensure_rest(stage) == made


def test_a_layer_is_published_when_its_libraries_change(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_libraries(name: str) -> str:
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "library.py").write_text(name)
        monkeypatch.setattr(wheels, "install", lambda *_: tmp_path / name)
        return layers.layer(stage, Target((3, 12), "arm64"), "notify", anew=True)

    first = with_libraries("one")
    assert with_libraries("one") == first
    second = with_libraries("two")
    assert second != first
    monkeypatch.setattr(wheels, "install", None)  # a rollback builds nothing
    assert layers.layer(stage, Target((3, 12), "arm64"), "notify", anew=False) == second
    layers.delete_layers(stage)
    left = stage.account.pages("lambda", "list_layers", "Layers")
    assert not [each for each in left if each["LayerName"].startswith(stage.full_name)]


def test_a_release_without_pictures_gets_the_whole_bucket_back(cloud: Cloud, stage: Stage) -> None:
    """S3 refuses a function for all files while another one has some of them."""
    client, bucket = cloud.client("s3"), f"{stage.full_name}-files"
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": stage.account.region})
    called = [
        {
            "LambdaFunctionArn": f"arn:aws:lambda:{stage.account.region}:{stage.account.id}:function:{name}",
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": prefix}]}},
        }
        for name, prefix in ((stage.function("upload_stored"), "uploads/"), (stage.function("pictures"), "waiting/"))
    ]
    client.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": called}
    )
    for _ in range(2):
        pictures.let_go(stage, bucket)
        (left,) = client.get_bucket_notification_configuration(Bucket=bucket)["LambdaFunctionConfigurations"]
        assert left["LambdaFunctionArn"].endswith("-upload_stored")
