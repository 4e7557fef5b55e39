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
from local.template import STACK, Template, TemplateError, read_template
from tests.deploy.granted import FUNCTIONS, OUTSIDE_THE_VPC, granted, policy
from tests.deploy.recorder import SCAN_QUEUE
from tests.support.server import Server

CHOICES = [
    {},
    {"MultiAz": "true"},
    {"UseProxy": "true"},
    {"DatabaseEngine": "aurora"},
    {"DatabaseEngine": "aurora", "UseProxy": "true", "MultiAz": "true"},
]
# How functions reach the queues: what the template is given, and whether they use IPv6. Between two deployments there
# are both the endpoint and the way out, whichever functions use.
Way = tuple[dict[str, str], bool]
BY_IPV6: Way = ({}, True)
BY_ENDPOINT: Way = ({"QueuesByEndpoint": "true"}, False)
WAYS: dict[str, Way] = {
    "IPv6": BY_IPV6,
    "endpoint": BY_ENDPOINT,
    "IPv6 beside the endpoint": ({"QueuesByEndpoint": "true"}, True),
}
# Lambda does these from outside, in the function's name.
_LAMBDAS = {"logs", "ec2"}


def _template(path: Path = STACK, parameters: Mapping[str, str] | None = None) -> Template:
    given = {"ScanQueue": SCAN_QUEUE, **(parameters or {})}
    return read_template(path, region=REGION, account=ACCOUNT_ID, Prefix="messenger", **given)


def _refused(template: Template, *, ipv6: bool) -> list[str]:
    """What functions in the VPC are granted and cannot reach."""
    network = Network(template, ipv6=ipv6)
    endpoints = Endpoints(network.endpoints())
    refused = [network.database()] if network.database() else []
    for function in functions_in_the_vpc():
        sources = [
            item for statement in policy(function) if statement["Sid"] == "Source" for item in statement["Action"]
        ]
        for right in granted(function):
            if right.action == "rds-db:connect" or right.service in _LAMBDAS or right.action in sources:
                continue
            if right.service == "execute-api" and not ipv6:
                continue  # their inline limit is 0, as tests/deploy/test_deploy.py finds it
            if right.service == "chime" and not ipv6:
                continue  # such a stage has no rooms: infra/stage.py refuses them
            if why := endpoints.refusal(right):
                refused.append(f"{function}: {why}")
    return refused


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("parameters", CHOICES, ids=lambda chosen: "-".join(chosen) or "defaults")
def test_whatever_is_granted_in_the_vpc_gets_through_its_network(parameters: dict[str, str], way: str) -> None:
    given, ipv6 = WAYS[way]
    assert _refused(_template(parameters={**parameters, **given}), ipv6=ipv6) == []


@pytest.mark.parametrize(
    ("given", "ipv6", "lacking"),
    [({}, False, {"sqs", "execute-api"}), ({"QueuesByEndpoint": "true"}, False, {"execute-api"})],
    ids=["no endpoint", "with an endpoint"],
)
def test_functions_without_ipv6_reach_no_socket_and_the_queues_by_an_endpoint_alone(
    given: dict[str, str], ipv6: bool, lacking: set[str]
) -> None:
    reached = {endpoint.service for endpoint in Network(_template(parameters=given), ipv6=ipv6).endpoints()}
    assert {"s3", "dynamodb", "sqs", "execute-api"} - reached == lacking


def test_in_the_vpc_only_those_who_publish_reach_sockets() -> None:
    posting = {
        function for function in functions_in_the_vpc() if any(r.service == "execute-api" for r in granted(function))
    }
    assert posting == {"api_handler", "websocket_message", "presence_changed", "sweep"}


def test_the_functions_in_the_vpc_are_those_whose_policies_say_so() -> None:
    assert functions_in_the_vpc() == set(FUNCTIONS) - OUTSIDE_THE_VPC


def test_an_endpoint_lets_through_no_question_that_a_stage_does_not_ask() -> None:
    refused = _refused(_template(parameters={**BY_ENDPOINT[0], "ScanQueue": ""}), ipv6=False)
    assert [why.partition(":")[0] for why in refused] == ["sweep", "upload_stored"]
    assert all("messenger-scans" in why for why in refused)


def test_endpoints_lead_to_the_stages_own_resources_alone() -> None:
    endpoints = Network(_template(parameters=BY_ENDPOINT[0]), ipv6=False).endpoints()
    assert {endpoint.service for endpoint in endpoints} == {"s3", "dynamodb", "sqs"}
    for endpoint in endpoints:
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
        "!GetAtt PushQueue.Arn, !GetAtt PresenceQueue.Arn, !GetAtt MailQueue.Arn,",
        "!GetAtt PushQueue.Arn, !GetAtt MailQueue.Arn,",
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
    refused = _refused(_template(doctored, {"UseProxy": "true", **BY_ENDPOINT[0]}), ipv6=False)
    assert any(words in why for why in refused), refused


_IPV6_FAULTS = {
    "a subnet has no addresses": (
        "SubnetId: !Ref SubnetB\n      Ipv6CidrBlock",
        "SubnetId: !Ref SubnetA\n      Ipv6CidrBlock",
        "SubnetB has no IPv6 addresses",
    ),
    "a subnet's block is none that subnets have": (
        "!Select [1, !Cidr [!Select [0, !GetAtt Vpc.Ipv6CidrBlocks], 2, 64]]",
        "!Select [1, !Cidr [!Select [0, !GetAtt Vpc.Ipv6CidrBlocks], 2, 63]]",
        "SubnetB has no IPv6 addresses",
    ),
    "a subnet's block is not the network's": (
        "Ipv6CidrBlock: !Select [0, !Cidr [!Select [0, !GetAtt Vpc.Ipv6CidrBlocks], 2, 64]]",
        'Ipv6CidrBlock: "fd00::/64"',
        "SubnetA has no IPv6 addresses",
    ),
    "no route leads out": (
        'DestinationIpv6CidrBlock: "::/0"',
        'DestinationIpv6CidrBlock: "64:ff9b::/96"',
        "no IPv6 route leads out of SubnetA",
    ),
    "a subnet has no routes": (
        "{ SubnetId: !Ref SubnetB, RouteTableId: !Ref Routes }",
        "{ SubnetId: !Ref SubnetA, RouteTableId: !Ref Routes }",
        "no IPv6 route leads out of SubnetB",
    ),
    "the route leads to a gateway of another kind": (
        "EgressOnlyInternetGatewayId: !Ref WayOut",
        "GatewayId: !Ref WayOut",
        "no IPv6 route leads out",
    ),
    "the gateway is another network's": (
        "Type: AWS::EC2::EgressOnlyInternetGateway\n    Properties: { VpcId: !Ref Vpc }",
        "Type: AWS::EC2::EgressOnlyInternetGateway\n    Properties: { VpcId: vpc-1 }",
        "no IPv6 route leads out",
    ),
    "functions may not go out": (
        'ToPort: 443, CidrIpv6: "::/0"',
        'ToPort: 443, CidrIpv6: "fd00::/8"',
        "FunctionSecurityGroup lets nothing out to public IPv6 addresses",
    ),
    "functions may go out at another port": (
        'FromPort: 443, ToPort: 443, CidrIpv6: "::/0"',
        'FromPort: 80, ToPort: 80, CidrIpv6: "::/0"',
        "FunctionSecurityGroup lets nothing out to public IPv6 addresses",
    ),
    "the network resolves no names": ("EnableDnsSupport: true", "EnableDnsSupport: false", "resolves no names"),
}


@pytest.mark.parametrize("fault", _IPV6_FAULTS)
def test_one_fault_in_the_way_out_keeps_functions_from_queues_and_sockets(fault: str, tmp_path: Path) -> None:
    right, wrong, words = _IPV6_FAULTS[fault]
    text = STACK.read_text()
    assert text.count(right) == 1
    doctored = tmp_path / "stack.yaml"
    doctored.write_text(text.replace(right, wrong))
    refused = [why for why in _refused(_template(doctored), ipv6=True) if words in why]
    assert {"sqs" if "sqs" in why else "execute-api" for why in refused} == {"sqs", "execute-api"}


def test_a_network_without_addresses_of_amazons_is_no_network(tmp_path: Path) -> None:
    doctored = tmp_path / "stack.yaml"
    doctored.write_text(
        STACK.read_text().replace("AmazonProvidedIpv6CidrBlock: true", "AmazonProvidedIpv6CidrBlock: false")
    )
    with pytest.raises(TemplateError, match="no item 0"):
        _refused(_template(doctored), ipv6=True)


def test_a_policy_that_cannot_be_judged_is_not_taken_for_an_open_one(tmp_path: Path) -> None:
    doctored = tmp_path / "stack.yaml"
    old, new = (
        "Action: sqs:*\n            Resource: [",
        "Action: sqs:*\n            Condition: {}\n            Resource: [",
    )
    doctored.write_text(STACK.read_text().replace(old, new))
    with pytest.raises(ValueError, match="sqs endpoint"):
        _refused(_template(doctored, BY_ENDPOINT[0]), ipv6=False)


# The local AWS


class _ByEndpoint(Aws):
    ipv6 = False


@pytest.fixture(scope="module", params=[Aws, _ByEndpoint], ids=["by IPv6", "by an endpoint"])
def aws(request: pytest.FixtureRequest) -> Iterator[Aws]:
    made: Aws = request.param()
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
    refusal = _refusal(lambda: _ELSEWHERE[what](_client(aws, service, inside=True), dead))
    # By IPv6 there is no endpoint: what a function may ask of the queues is up to its own policy alone.
    assert ("VPC endpoint" in refusal) == (service != "sqs" or not aws.ipv6)
    own = _refusal(lambda: _ELSEWHERE[what](_client(aws, service, inside=False), dead))
    assert "VPC endpoint" not in own, "whoever is outside gets the service's own answer"


def _refusal(call: Callable[[], object]) -> str:
    try:
        call()
    except ClientError as error:
        return str(error)
    return ""


def test_a_function_in_the_vpc_is_refused_by_an_endpoint(server: Server) -> None:
    with server.settings(live_table="another", health_seconds=0):
        answer = httpx.get(f"{server.url}/health", timeout=30)
    assert (answer.status_code, answer.json()["parts"]["liveTable"]["status"]) == (503, "failing")
