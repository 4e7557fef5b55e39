"""What the policies in `infra/policies` grant to each function."""

import fnmatch
import json
import string
from pathlib import Path
from typing import Any

from local.events import ACCOUNT_ID
from local.rights import Right
from tests.deploy.recorder import DATABASE, MAIL_DOMAIN, MODEL, SCAN_QUEUE, WEBSOCKET_API

POLICIES = Path("infra/policies")
# Of whoever deploys: what is asked for by the commands themselves, and by CloudFormation in their name.
DEPLOYERS = (POLICIES / "deployer.json", POLICIES / "deployer_stack.json")
FUNCTIONS = sorted(path.stem for path in POLICIES.glob("*.json") if path not in DEPLOYERS)
OUTSIDE_THE_VPC = {
    "websocket_connect",
    "websocket_disconnect",
    "push",
    "polling",
    "mail",
    "notify",
    "assistant",
    "pictures",
}
# Rights that no request of ours shows; why, is in infra/policies/README.md.
LAMBDAS_OWN = {
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
}
UNSEEN = LAMBDAS_OWN | {"s3:ListBucket"}
Statement = dict[str, Any]


def policy(function: str) -> list[Statement]:
    """The statements of a function's policy, as they would be deployed here."""
    text = string.Template((POLICIES / f"{function}.json").read_text()).substitute(
        Partition="aws",
        Region="us-east-1",
        Account=ACCOUNT_ID,
        Prefix="messenger",
        WebsocketApiId=WEBSOCKET_API,
        DatabaseResourceId=DATABASE,
        MailDomain=MAIL_DOMAIN,
        AssistantModel=MODEL,
        AssistantBaseModel=MODEL.removeprefix("eu."),
        ChimeMeetings="*",
        ScanQueue=SCAN_QUEUE,
    )
    document = json.loads(text)
    assert document["Version"] == "2012-10-17"
    statements: list[Statement] = document["Statement"]
    return statements


def granted(function: str) -> list[Right]:
    """Every pair of an action and a pattern of resources that a policy allows."""
    return [
        Right(action, resource)
        for statement in policy(function)
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
        for resource in statement["Resource"]
    ]


def covers(grant: Right, used: Right) -> bool:
    """Whether a grant, whose resource is a pattern, allows what was used."""
    return grant.action == used.action and fnmatch.fnmatchcase(used.resource, grant.resource)
