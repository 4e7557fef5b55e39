"""What a deployment stands on: a sound template that keeps its promises, and of which the local stack is made."""

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import cfnlint.api
import cfnlint.decode
import httpx
import msgspec
import pytest
from cfnlint.config import ManualArgs

from chalicelib.core import config
from local.aws import REGION
from local.processes import free_port, wait_until
from local.resources import new_client
from local.signatures import Credentials
from local.stack import Stack
from local.template import STACK

Template = dict[str, Any]

# What moto's CloudFormation does not make, and what cannot be made without that.
MOTO_LACKS = {
    "AWS::Budgets::Budget",
    "AWS::EC2::EgressOnlyInternetGateway",
    "AWS::EC2::Route",
    "AWS::EC2::SubnetCidrBlock",
    "AWS::EC2::VPCCidrBlock",
    "AWS::RDS::DBParameterGroup",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::Secret",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
}
OUTPUTS = {
    "PrivateSubnetIds",
    "FunctionSecurityGroupId",
    "DatabaseHost",
    "DatabaseMasterHost",
    "DatabasePort",
    "DatabaseName",
    "DatabaseConnections",
    "DatabaseMasterSecretArn",
    "DatabaseResourceId",
    "JwtSecretArn",
    "LiveTableName",
    "PushQueueUrl",
    "PresenceQueueUrl",
    "MailQueueUrl",
    "NotifyQueueUrl",
    "AssistantQueueUrl",
    "UploadsBucketName",
    "AlarmTopicArn",
    "WebBucketName",
    "WebUrl",
    "WebHost",
    "OneHost",
}
FUNCTIONS = {
    f"${{Prefix}}{end}"
    for end in (
        "",
        "-websocket_connect",
        "-websocket_message",
        "-websocket_disconnect",
        "-push",
        "-polling",
        "-presence_changed",
        "-mail",
        "-notify",
        "-assistant",
        "-upload_stored",
        "-sweep",
        "-migrate",
    )
}


@pytest.fixture(scope="module")
def template() -> Template:
    """The template, its short forms written out."""
    read, problems = cfnlint.decode.decode(str(STACK))
    assert not problems
    plain: Template = msgspec.json.decode(msgspec.json.encode(_plain(read)))
    return plain


def _plain(item: Any) -> Any:
    if isinstance(item, dict):
        return {str(key): _plain(value) for key, value in item.items()}
    if isinstance(item, list):
        return [_plain(value) for value in item]
    return str(item) if isinstance(item, str) else item


def _of_type(template: Template, kind: str) -> dict[str, Any]:
    return {name: item["Properties"] for name, item in template["Resources"].items() if item["Type"] == kind}


def _mentions(item: Any, names: set[str]) -> bool:
    """Whether part of a template refers to one of these resources."""
    if isinstance(item, dict):
        for key, value in item.items():
            if key == "Ref" and value in names:
                return True
            if key == "Fn::GetAtt" and (value.split(".") if isinstance(value, str) else value)[0] in names:
                return True
            if _mentions(value, names):
                return True
    return isinstance(item, list) and any(_mentions(value, names) for value in item)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_the_template_has_nothing_that_cloudformation_would_refuse(region: str) -> None:
    assert cfnlint.api.lint_file(STACK, ManualArgs(regions=[region], include_checks=["I"])) == []


def test_its_outputs_are_those_that_deployments_read(template: Template) -> None:
    assert set(template["Outputs"]) == OUTPUTS
    optional = {name for name, output in template["Outputs"].items() if "Condition" in output}
    assert optional == {"WebBucketName", "WebUrl", "WebHost", "OneHost"}


def test_each_size_says_all_that_there_is_to_say(template: Template) -> None:
    sizes = template["Mappings"]["Sizes"]
    assert list(sizes) == template["Parameters"]["Size"]["AllowedValues"]
    small, medium, large = (sizes[name] for name in ("small", "medium", "large"))
    assert set(small) == set(medium) == set(large)
    for size in sizes.values():
        assert size["LowStorage"] == size["StorageGigabytes"] * 2**30 // 5
        assert size["ManyConnections"] == size["MaxConnections"] * 4 // 5
    for what in set(small) - {"InstanceClass"}:
        assert small[what] <= medium[what] <= large[what], what


def test_what_a_scanner_is_told_to_pass_over_has_its_reason(template: Template) -> None:
    skipped = [
        (name, skip)
        for name, resource in template["Resources"].items()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert skipped
    for name, skip in skipped:
        assert len(skip["comment"]) > 40, f"{name}: {skip['id']}"


def test_nothing_comes_in_from_the_internet_and_only_ipv6_goes_out(template: Template) -> None:
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    assert not kinds & {"AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::EIP"}
    (route,) = _of_type(template, "AWS::EC2::Route").values()
    assert (route["DestinationIpv6CidrBlock"], route["EgressOnlyInternetGatewayId"]) == ("::/0", {"Ref": "WayOut"})
    assert set(route) == {"RouteTableId", "DestinationIpv6CidrBlock", "EgressOnlyInternetGatewayId"}
    for subnet in _of_type(template, "AWS::EC2::Subnet").values():
        assert subnet["MapPublicIpOnLaunch"] is False
    for name, group in _of_type(template, "AWS::EC2::SecurityGroup").items():
        for rule in group.get("SecurityGroupIngress", []):
            assert "SourceSecurityGroupId" in rule, "only groups of the stack may come in"
        out = {(rule.get("CidrIpv6"), rule["FromPort"]) for rule in group["SecurityGroupEgress"]} - {(None, 443)}
        assert out - {(None, 5432)} == ({("::/0", 443)} if name == "FunctionSecurityGroup" else set())
    for database in _of_type(template, "AWS::RDS::DBInstance").values():
        assert database["PubliclyAccessible"] is False
    endpoints = _of_type(template, "AWS::EC2::VPCEndpoint")
    reached = {name: made["ServiceName"]["Fn::Sub"].rpartition(".")[2] for name, made in endpoints.items()}
    assert set(reached.values()) == {"s3", "dynamodb", "sqs"}
    by_the_hour = {name for name, made in endpoints.items() if made["VpcEndpointType"] == "Interface"}
    assert {template["Resources"][name]["Condition"] for name in by_the_hour} == {"HasQueueEndpoint"}


def test_data_is_encrypted_on_its_way_and_where_it_lies(template: Template) -> None:
    guarded: list[Any] = []
    for kind, of in (("AWS::S3::BucketPolicy", "Bucket"), ("AWS::SQS::QueuePolicy", "Queues")):
        for policy in _of_type(template, kind).values():
            (deny,) = [rule for rule in policy["PolicyDocument"]["Statement"] if rule["Effect"] == "Deny"]
            assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            guarded += policy[of] if isinstance(policy[of], list) else [policy[of]]
    stores = {**_of_type(template, "AWS::S3::Bucket"), **_of_type(template, "AWS::SQS::Queue")}
    assert sorted(name["Ref"] for name in guarded) == sorted(stores)
    for queue in _of_type(template, "AWS::SQS::Queue").values():
        assert queue["SqsManagedSseEnabled"] is True
    databases = [template["Resources"][name]["Properties"] for name in ("Database", "DatabaseCluster")]
    for database in databases:
        assert database["StorageEncrypted"] is True
        assert database["DeletionProtection"] is True
        assert database["EnableIAMDatabaseAuthentication"] is True
        assert database["ManageMasterUserPassword"] is True
    for kind in ("AWS::RDS::DBParameterGroup", "AWS::RDS::DBClusterParameterGroup"):
        for group in _of_type(template, kind).values():
            assert group["Parameters"]["rds.force_ssl"] == "1"


def test_what_users_write_is_not_in_the_databases_log(template: Template) -> None:
    for kind in ("AWS::RDS::DBParameterGroup", "AWS::RDS::DBClusterParameterGroup"):
        for group in _of_type(template, kind).values():
            assert group["Parameters"]["log_min_duration_statement"] == "-1"
            assert group["Parameters"]["log_error_verbosity"] == "terse"


def test_every_function_has_its_alarms_and_every_alarm_tells_the_topic(template: Template) -> None:
    alarms = _of_type(template, "AWS::CloudWatch::Alarm")
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        # CloudWatch refuses an alarm of more.
        assert len([metric for metric in alarm.get("Metrics", ()) if "MetricStat" in metric]) <= 10
    for kind in ("Errors", "Throttles"):
        both = [*alarms[f"Function{kind}"]["Metrics"], *alarms[f"Background{kind}"]["Metrics"]]
        metrics = [metric["MetricStat"]["Metric"] for metric in both if "MetricStat" in metric]
        watched = sorted(metric["Dimensions"][0]["Value"]["Fn::Sub"] for metric in metrics)
        assert watched == sorted(FUNCTIONS)


def test_a_stage_is_alarmed_by_its_own_api_alone(template: Template) -> None:
    own = "${Prefix}-rest-api"  # as tests/deploy/test_deploy.py finds it there
    alarm = _of_type(template, "AWS::CloudWatch::Alarm")["ApiErrors"]
    assert {"Name": "ApiName", "Value": {"Fn::Sub": own}} in alarm["Dimensions"]
    (dashboard,) = _of_type(template, "AWS::CloudWatch::Dashboard").values()
    assert f'"ApiName", "{own}"' in dashboard["DashboardBody"]["Fn::Sub"][0]


# As AWS's documents give them: a metric under other dimensions has no values.
DIMENSIONS: dict[tuple[str, str], set[tuple[str, ...]]] = {
    **{("AWS/ApiGateway", name): {("ApiName", "Stage")} for name in ("Count", "4XXError", "5XXError")},
    **{("AWS/Lambda", name): {("FunctionName",)} for name in ("Errors", "Throttles", "Duration")},
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): {("QueueName",)},
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): {("QueueName",)},
    ("AWS/RDS", "CPUUtilization"): {("DBInstanceIdentifier",), ("DBClusterIdentifier",)},
    ("AWS/RDS", "DatabaseConnections"): {("DBInstanceIdentifier",), ("DBClusterIdentifier",)},
    ("AWS/RDS", "FreeStorageSpace"): {("DBInstanceIdentifier",)},
    ("AWS/RDS", "ACUUtilization"): {("DBInstanceIdentifier",), ("DBClusterIdentifier",)},
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits"): {("TableName",)},
    ("AWS/DynamoDB", "ConsumedWriteCapacityUnits"): {("TableName",)},
    ("AWS/DynamoDB", "ReadThrottleEvents"): {("TableName",)},
    ("AWS/DynamoDB", "WriteThrottleEvents"): {("TableName",)},
    ("AWS/DynamoDB", "ThrottledRequests"): {("TableName", "Operation")},
}


def test_alarms_watch_metrics_under_the_dimensions_that_they_have(template: Template) -> None:
    for alarm in _of_type(template, "AWS::CloudWatch::Alarm").values():
        metrics = [item["MetricStat"]["Metric"] for item in alarm.get("Metrics", []) if "MetricStat" in item]
        for metric in metrics or [alarm]:
            chosen = [item["Name"] for item in metric["Dimensions"]]
            names = chosen[0]["Fn::If"][1:] if isinstance(chosen[0], dict) else [chosen[0]]
            for name in names:
                assert (name, *chosen[1:]) in DIMENSIONS[metric["Namespace"], metric["MetricName"]]


@pytest.mark.parametrize("kind", ["DBInstanceIdentifier", "DBClusterIdentifier"])
def test_the_dashboard_shows_metrics_under_the_dimensions_that_they_have(template: Template, kind: str) -> None:
    (dashboard,) = _of_type(template, "AWS::CloudWatch::Dashboard").values()
    text = dashboard["DashboardBody"]["Fn::Sub"][0].replace("${DatabaseKind}", kind)
    shown = 0
    for widget in json.loads(text)["widgets"]:
        before: list[str] = []
        for line in widget["properties"]["metrics"]:
            if isinstance(line[0], dict):
                assert "{AWS/Lambda,FunctionName}" in line[0]["expression"]
                continue
            words = [word for word in line if isinstance(word, str)]
            # As in CloudWatch: `...` stands for all before, `.` for the word above.
            if words[0] == "...":
                words = [*before[: len(before) - len(words) + 1], *words[1:]]
            before = [above if word == "." else word for word, above in zip(words, before or words, strict=True)]
            assert tuple(before[2::2]) in DIMENSIONS[before[0], before[1]], before
            shown += 1
    assert shown > 10


# As far as moto makes it


@pytest.fixture(scope="module")
def cloud() -> Iterator[Callable[[str], Any]]:
    """Clients of an account, by service. It has a process of its own, as moto keeps its state in module globals."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert wait_until(lambda: _listens(port), seconds=60)
    who = Credentials.fake()
    yield lambda service: new_client(service, f"http://127.0.0.1:{port}", REGION, who)
    server.terminate()
    server.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.fixture(params=["small", "medium", "large"])
def made(request: pytest.FixtureRequest, template: Template, cloud: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """The stack in a size, and its outputs."""
    lacking = {name for name, item in template["Resources"].items() if item["Type"] in MOTO_LACKS}
    cut = {
        **template,
        "Resources": {name: item for name, item in template["Resources"].items() if name not in lacking},
        "Outputs": {
            name: output
            for name, output in template["Outputs"].items()
            if not _mentions(output, lacking) and name not in {"DatabaseMasterSecretArn", "DatabaseResourceId"}
        },
    }
    database = dict(template["Resources"]["Database"]["Properties"])
    del database["DBParameterGroupName"]
    cut["Resources"]["Database"] = {**template["Resources"]["Database"], "Properties": database}
    choices = {
        "Prefix": "messenger-test",
        "Size": request.param,
        "AllowedOrigins": "https://one.example,https://two.example",
        "AlarmEmail": "somebody@example.com",
    }
    client = cloud("cloudformation")
    client.create_stack(
        StackName="messenger-test",
        TemplateBody=msgspec.json.encode(cut).decode(),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in choices.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    (stack,) = client.describe_stacks(StackName="messenger-test")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    yield request.param, {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    httpx.post(f"{client.meta.endpoint_url}/moto-api/reset").raise_for_status()


def test_it_is_made_in_every_size(made: tuple[str, dict[str, str]], template: Template, cloud: Any) -> None:
    size, outputs = made
    ec2, rds = cloud("ec2"), cloud("rds")
    (database,) = rds.describe_db_instances()["DBInstances"]
    chosen = template["Mappings"]["Sizes"][size]
    assert database["DBInstanceClass"] == chosen["InstanceClass"]
    assert database["AllocatedStorage"] == chosen["StorageGigabytes"]
    assert database["BackupRetentionPeriod"] == chosen["BackupDays"]
    assert outputs["DatabaseHost"] == outputs["DatabaseMasterHost"] == database["Endpoint"]["Address"]
    subnets = ec2.describe_subnets(SubnetIds=outputs["PrivateSubnetIds"].split(","))["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    (group,) = ec2.describe_security_groups(GroupIds=[outputs["FunctionSecurityGroupId"]])["SecurityGroups"]
    assert group["VpcId"] == subnets[0]["VpcId"]
    assert outputs["UploadsBucketName"] == f"messenger-test-uploads-123456789012-{REGION}"
    assert outputs["PushQueueUrl"].endswith("/messenger-test-push.fifo")
    assert outputs["PresenceQueueUrl"].endswith("/messenger-test-presence")
    assert outputs["LiveTableName"] == "messenger-test-live"
    assert "WebUrl" not in outputs


# The local stack


def test_the_local_stack_is_made_of_the_same_resources(stack: Stack) -> None:
    described = stack.aws.template
    dynamodb, sqs, s3 = (stack.aws.client(service) for service in ("dynamodb", "sqs", "s3"))
    for table in described.of_type("AWS::DynamoDB::Table").values():
        there = dynamodb.describe_table(TableName=table["TableName"])["Table"]
        assert there["KeySchema"] == table["KeySchema"]
        assert there["AttributeDefinitions"] == table["AttributeDefinitions"]
        assert [index["IndexName"] for index in there["GlobalSecondaryIndexes"]] == ["by_lease"]
    queues = described.of_type("AWS::SQS::Queue")
    assert {url.rpartition("/")[2] for url in sqs.list_queues()["QueueUrls"]} == {
        queue["QueueName"] for queue in queues.values()
    }
    for queue in queues.values():
        url = stack.aws.queue_url(queue["QueueName"])
        there = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert there["MessageRetentionPeriod"] == str(queue["MessageRetentionPeriod"])
        assert there.get("FifoQueue", "false") == str(queue.get("FifoQueue", False)).lower()
        assert ("RedrivePolicy" in there) == ("RedrivePolicy" in queue)
    buckets = [bucket["BucketName"] for bucket in described.of_type("AWS::S3::Bucket").values()]
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == buckets
    assert s3.get_bucket_cors(Bucket=buckets[0])["CORSRules"][0]["AllowedOrigins"] == ["*"]


def test_settings_name_what_the_local_stack_makes(stack: Stack) -> None:
    defaults = config.Settings()
    assert defaults.live_table == stack.aws.name("LiveTable")
    assert defaults.push_queue_url == stack.aws.name("PushQueue")
    assert defaults.presence_queue_url == stack.aws.name("PresenceQueue")
    assert defaults.uploads_bucket == stack.aws.name("UploadsBucket")
