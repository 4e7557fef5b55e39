"""The network lets through what policies grant to functions in the VPC, whatever a stage chooses, and nothing else.

`test_policies.py` proves that what is granted is what functions do. So the proof here needs no function to run, and
can be held against networks that are wrong in one place.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from local.aws import REGION, Aws
from local.endpoints import Endpoints
from local.events import ACCOUNT_ID
from local.network import Network, functions_in_the_vpc
from local.resources import new_client
from local.template import STACK, Template, read_template
from tests.deploy.granted import FUNCTIONS, OUTSIDE_THE_VPC, granted, policy
from tests.support.server import Server

CHOICES = [
    {},
    {"MultiAz": "true"},
    {"UseProxy": "true"},
    {"DatabaseEngine": "aurora"},
    {"DatabaseEngine": "aurora", "UseProxy": "true", "MultiAz": "true"},
]
# Lambda does these from outside, in the function's name.
_LAMBDAS = {"logs", "ec2"}


def _template(path: Path = STACK, parameters: Mapping[str, str] | None = None) -> Template:
    return read_template(path, region=REGION, account=ACCOUNT_ID, Prefix="messenger", **(parameters or {}))


def _refused(template: Template) -> list[str]:
    """What functions in the VPC are granted and cannot reach."""
    network = Network(template)
    endpoints = Endpoints(network.endpoints())
    refused = [network.database()] if network.database() else []
    for function in functions_in_the_vpc():
        sources = [
            item for statement in policy(function) if statement["Sid"] == "Source" for item in statement["Action"]
        ]
        for right in granted(function):
            if right.action == "rds-db:connect" or right.service in _LAMBDAS or right.action in sources:
                continue
            if why := endpoints.refusal(right):
                refused.append(f"{function}: {why}")
    return refused


@pytest.mark.parametrize("parameters", CHOICES, ids=lambda chosen: "-".join(chosen) or "defaults")
def test_whatever_is_granted_in_the_vpc_gets_through_its_network(parameters: dict[str, str]) -> None:
    assert _refused(_template(parameters=parameters)) == []


def test_the_functions_in_the_vpc_are_those_whose_policies_say_so() -> None:
    assert functions_in_the_vpc() == set(FUNCTIONS) - OUTSIDE_THE_VPC


def test_endpoints_lead_to_the_stages_own_resources_alone() -> None:
    for endpoint in Network(_template()).endpoints():
        for statement in endpoint.statements:
            assert statement["Effect"] == "Allow"
            for resource in statement["Resource"]:
                assert "messenger-" in resource, f"{endpoint.service}: {resource}"
                assert "*" not in resource[:-1]


_FAULTS = {
    "an action is not in the endpoint's policy": (
        "Action: sqs:*\n            Resource: [",
        "Action: sqs:SendMessage\n            Resource: [",
        "GetQueueAttributes",
    ),
    "a queue is not in the endpoint's policy": (
        "Action: sqs:*\n            Resource: [!GetAtt PushQueue.Arn, !GetAtt PresenceQueue.Arn]",
        "Action: sqs:*\n            Resource: [!GetAtt PushQueue.Arn]",
        "messenger-presence",
    ),
    "a table is named without its index": (', !Sub "${LiveTable.Arn}/index/*"]', "]", "dynamodb:Query"),
    "a bucket is named without its objects": (
        ', !Sub "${UploadsBucket.Arn}/*"]\n\n  DynamoDbEndpoint',
        "]\n\n  DynamoDbEndpoint",
        "s3:GetObject",
    ),
    "an endpoint denies": (
        'Effect: Allow\n            Principal: "*"\n            Action: dynamodb:*',
        'Effect: Deny\n            Principal: "*"\n            Action: dynamodb:*',
        "explicit deny",
    ),
    "there is no endpoint": ("${AWS::Region}.dynamodb", "${AWS::Region}.kms", "no VPC endpoint leads to dynamodb"),
    "no route leads to a gateway": (
        "{ SubnetId: !Ref SubnetB, RouteTableId: !Ref Routes }",
        "{ SubnetId: !Ref SubnetA, RouteTableId: !Ref Routes }",
        "no route leads to the endpoint from SubnetB",
    ),
    "functions may not go out": (
        "FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0",
        "FromPort: 443, ToPort: 443, CidrIp: 10.83.0.0/16",
        "FunctionSecurityGroup lets nothing out to public addresses",
    ),
    "functions may not come in at an endpoint": (
        "FromPort: 443\n          ToPort: 443\n          SourceSecurityGroupId: !Ref FunctionSecurityGroup",
        "FromPort: 443\n          ToPort: 443\n          SourceSecurityGroupId: !Ref DatabaseSecurityGroup",
        "EndpointSecurityGroup lets nothing in from FunctionSecurityGroup",
    ),
    "a service's name leads elsewhere": ("PrivateDnsEnabled: true", "PrivateDnsEnabled: false", "does not lead"),
    "the network resolves no names": ("EnableDnsHostnames: true", "EnableDnsHostnames: false", "no private names"),
    "the database lets nobody in": (
        "ToPort: 5432\n          SourceSecurityGroupId: !Ref FunctionSecurityGroup",
        "ToPort: 5432\n          SourceSecurityGroupId: !Ref EndpointSecurityGroup",
        "DatabaseSecurityGroup lets nothing in from FunctionSecurityGroup",
    ),
    "functions may not go to the database": (
        "ToPort: 5432, CidrIp: !GetAtt Vpc.CidrBlock, Description: PostgreSQL }",
        "ToPort: 5432, CidrIp: 10.84.0.0/16, Description: PostgreSQL }",
        "FunctionSecurityGroup lets nothing out to DatabaseSecurityGroup",
    ),
    "the proxy may not go to the database": (
        "ToPort: 5432\n      SourceSecurityGroupId: !Ref DatabaseSecurityGroup",
        "ToPort: 5432\n      SourceSecurityGroupId: !Ref EndpointSecurityGroup",
        "DatabaseSecurityGroup lets nothing in from DatabaseSecurityGroup",
    ),
}


@pytest.mark.parametrize("fault", _FAULTS)
def test_one_fault_in_the_network_is_noticed(fault: str, tmp_path: Path) -> None:
    right, wrong, words = _FAULTS[fault]
    text = STACK.read_text()
    assert text.count(right) == 1
    doctored = tmp_path / "stack.yaml"
    doctored.write_text(text.replace(right, wrong))
    refused = _refused(_template(doctored, {"UseProxy": "true"}))
    assert any(words in why for why in refused), refused


def test_a_policy_that_cannot_be_judged_is_not_taken_for_an_open_one(tmp_path: Path) -> None:
    doctored = tmp_path / "stack.yaml"
    old, new = (
        "Action: sqs:*\n            Resource: [",
        "Action: sqs:*\n            Condition: {}\n            Resource: [",
    )
    doctored.write_text(STACK.read_text().replace(old, new))
    with pytest.raises(ValueError, match="sqs endpoint"):
        _refused(_template(doctored))


# The local AWS


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    made = Aws()
    made.start()
    yield made
    made.stop()


def _client(aws: Aws, service: str, *, inside: bool) -> Any:
    who = aws.credentials.in_the_vpc() if inside else aws.credentials
    return new_client(service, aws.endpoint, REGION, who)


@pytest.mark.parametrize("inside", [True, False], ids=["from the VPC", "from outside"])
def test_the_local_aws_lets_everybody_at_what_is_the_stages_own(aws: Aws, inside: bool) -> None:
    queue = aws.queue_url(aws.name("PresenceQueue"))
    _client(aws, "sqs", inside=inside).get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    _client(aws, "sqs", inside=inside).send_message(QueueUrl=queue, MessageBody="1")
    table = aws.name("LiveTable")
    _client(aws, "dynamodb", inside=inside).get_item(TableName=table, Key={"pk": {"S": "nobody"}})
    s3 = _client(aws, "s3", inside=inside)
    s3.put_object(Bucket=aws.name("UploadsBucket"), Key="uploads/1", Body=b"1")
    link = s3.generate_presigned_url("get_object", {"Bucket": aws.name("UploadsBucket"), "Key": "uploads/1"})
    assert httpx.get(link).content == b"1"


_ELSEWHERE: dict[str, Callable[[Any, str], object]] = {
    "sqs": lambda client, queue: client.send_message(QueueUrl=queue, MessageBody="1"),
    "sqs, no queue": lambda client, _: client.list_queues(),
    "dynamodb": lambda client, _: client.get_item(TableName="another", Key={"pk": {"S": "nobody"}}),
    "s3": lambda client, _: client.put_object(Bucket="another", Key="1", Body=b"1"),
    "s3, no object": lambda client, _: client.list_objects_v2(Bucket="another"),
}


@pytest.mark.parametrize("what", _ELSEWHERE)
def test_the_local_aws_lets_nobody_out_of_the_vpc_but_by_its_endpoints(aws: Aws, what: str) -> None:
    dead = aws.queue_url(aws.name("PresenceDeadLetters"))
    service = what.partition(",")[0]
    assert "VPC endpoint" in _refusal(lambda: _ELSEWHERE[what](_client(aws, service, inside=True), dead))
    own = _refusal(lambda: _ELSEWHERE[what](_client(aws, service, inside=False), dead))
    assert "VPC endpoint" not in own, "whoever is outside gets the service's own answer"


def _refusal(call: Callable[[], object]) -> str:
    try:
        call()
    except ClientError as error:
        return str(error)
    return ""


def test_a_function_in_the_vpc_is_refused_by_an_endpoint(server: Server) -> None:
    dead = server.stack.aws.queue_url(server.stack.aws.name("PushDeadLetters"))
    with server.settings(push_queue_url=dead, health_seconds=0):
        answer = httpx.get(f"{server.url}/health", timeout=30)
    assert (answer.status_code, answer.json()["parts"]["queue"]["status"]) == (503, "failing")
