"""The rights that a deployer's calls ask for, as IAM calls them."""

import functools
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.session import Session

from local.rights import Right
from tests.deploy.cloud import ACCOUNT, REGION

Call = dict[str, str]

# Which parameter names the resource, and how its ARN goes on after the service, by service.
_NAMED = {
    "cloudformation": ("StackName", "stack/{}/1"),
    "events": ("Name", "rule/{}"),
    "iam": ("RoleName", "role/{}"),
    "logs": ("logGroupName", "log-group:{}:*"),
    "rds": ("DBInstanceIdentifier", "db:{}"),
    "secretsmanager": ("SecretId", "secret:{}-123456"),
}
# Calls that look around, for which IAM knows no resource.
_ANYWHERE = re.compile(
    r"(ec2|rds):Describe\w+|logs:DescribeLogGroups|lambda:(List|Get)EventSourceMappings?|lambda:ListLayers"
)
# IAM's names of S3's operations, by method, by what the query names, and by whether there is an object.
_S3 = {
    ("HEAD", "", False): ("ListBucket",),
    ("GET", "", False): ("ListBucket",),
    ("PUT", "", False): ("CreateBucket",),
    ("DELETE", "", False): ("DeleteBucket",),
    ("GET", "versions", False): ("ListBucketVersions",),
    ("POST", "delete", False): ("DeleteObject", "DeleteObjectVersion"),
    ("GET", "notification", False): ("GetBucketNotification",),
    ("PUT", "notification", False): ("PutBucketNotification",),
    ("PUT", "publicAccessBlock", False): ("PutBucketPublicAccessBlock",),
    ("GET", "", True): ("GetObject",),
    ("HEAD", "", True): ("GetObject",),
    ("PUT", "", True): ("PutObject",),
    ("DELETE", "", True): ("DeleteObject",),
}
_SUBJECTS = ("versions", "delete", "notification", "publicAccessBlock")


def rights(call: Call) -> Iterator[Right]:
    """What IAM must allow for a call; nothing for the question who one is."""
    service = call["service"]
    if service == "s3":
        yield from _of_s3(call)
    elif service == "lambda":
        yield from _of_lambda(call)
    elif service == "apigateway":
        yield from _of_apis(call)
    elif service == "route53":
        yield Right("route53:ChangeResourceRecordSets", f"arn:aws:route53:::hostedzone/{call['path'].split('/')[3]}")
    elif service != "sts":
        yield from _of_action(call)


def _of_action(call: Call) -> Iterator[Right]:
    """Of services whose calls name an action."""
    service = call["service"]
    if call["target"]:
        action, given = call["target"], json.loads(call["body"])
    else:
        given = {name: values[0] for name, values in parse_qs(call["body"]).items()}
        action = given["Action"]
    right = f"{service}:{action}"
    if _ANYWHERE.fullmatch(right):
        yield Right(right, "*")
        return
    parameter, form = _NAMED[service]
    if "DBSnapshotIdentifier" in given:
        parameter, form = "DBSnapshotIdentifier", "snapshot:{}"
    name = given.get(parameter) or given["Rule"]
    if name.startswith("arn:"):
        yield Right(right, name)
    else:
        place = "::" if service == "iam" else f":{REGION}:"
        yield Right(right, f"arn:aws:{service}{place}{ACCOUNT}:{form.format(name)}")


def _of_s3(call: Call) -> Iterator[Right]:
    bucket, _, key = unquote(call["path"]).removeprefix("/").partition("/")
    subject = next((name for name in _SUBJECTS if name in parse_qs(call["query"], keep_blank_values=True)), "")
    for action in _S3[call["method"], subject, bool(key)]:
        yield Right(f"s3:{action}", f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}")


def _of_apis(call: Call) -> Iterator[Right]:
    """IAM knows API Gateway's calls by their method and path."""
    path = call["path"].removeprefix("/v2")
    yield Right(f"apigateway:{call['method']}", f"arn:aws:apigateway:{REGION}::{path}")
    if call["method"] == "POST" and '"tags"' in call["body"]:
        yield Right("apigateway:PUT", f"arn:aws:apigateway:{REGION}::/tags/arn")


def _of_lambda(call: Call) -> Iterator[Right]:
    action, names = _lambda_operation(call["method"], call["path"], call["query"])
    given: dict[str, Any] = json.loads(call["body"] or "{}") if call["body"].startswith("{") else {}
    arn = _arn(names, given)
    right = f"lambda:{action}"
    yield Right(right, "*" if _ANYWHERE.fullmatch(right) or "EventSourceMapping" in action else arn)
    if "Role" in given or action == "CreateFunction":
        role = str(given.get("Role", f"arn:aws:iam::{ACCOUNT}:role/messenger-"))
        yield Right("iam:PassRole", role)
    if action == "CreateFunction":
        yield Right("lambda:TagResource", arn)
    if "VpcConfig" in given or action == "CreateFunction":
        for what in ("SecurityGroups", "Subnets", "Vpcs"):
            yield Right(f"ec2:Describe{what}", "*")
    for layer in given.get("Layers", []):
        yield Right("lambda:GetLayerVersion", layer)


def _arn(names: dict[str, str], given: dict[str, Any]) -> str:
    """The ARN of the function or of the layer that a call is about."""
    if "LayerName" in names:
        layer = ":".join([names["LayerName"], *([names["VersionNumber"]] if "VersionNumber" in names else [])])
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{layer}"
    function = names.get("FunctionName") or given.get("FunctionName") or names.get("Resource") or "*"
    return function if ":" in function else f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"


# Where IAM has other names than the API.
_RENAMED = {"Invoke": "InvokeFunction"}


def _lambda_operation(method: str, path: str, query: str) -> tuple[str, dict[str, str]]:
    """The operation, and what its path names."""
    for pattern, wanted, fixed, operation in _lambda_operations():
        match = pattern.fullmatch(path)
        if match and wanted == method and fixed in query:
            named = {name: unquote(value) for name, value in match.groupdict().items()}
            return _RENAMED.get(operation, operation), named
    raise AssertionError(f"{method} {path} is no call of Lambda's")


@functools.cache
def _lambda_operations() -> list[tuple[re.Pattern[str], str, str, str]]:
    """Each operation's path, method, fixed query and name; those that have a fixed query come first."""
    model = Session().get_service_model("lambda")
    found = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        uri, _, fixed = http["requestUri"].partition("?")
        path = re.sub(r"\{(\w+)\+?\}", r"(?P<\1>[^/]+)", uri)
        found.append((re.compile(f"{path}/?"), http["method"], fixed, name))
    return sorted(found, key=lambda operation: not operation[2])
