"""The rights on AWS that a request asks for, as IAM calls them."""

import re
from collections.abc import Callable, Iterator, Mapping
from email.utils import parseaddr
from typing import Any, NamedTuple
from urllib.parse import unquote

from local.events import ACCOUNT_ID

_WRITES = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_OBJECTS = {
    "GET": "GetObject",
    "HEAD": "GetObject",
    "PUT": "PutObject",
    "DELETE": "DeleteObject",
    "POST": "PutObject",
}

_UPLOADS_IN_PARTS = {"GET": "ListMultipartUploadParts", "DELETE": "AbortMultipartUpload"}


class Right(NamedTuple):
    """An action as IAM calls it, on one resource by its ARN."""

    action: str
    resource: str

    @property
    def service(self) -> str:
        """The service as an action's name begins with it."""
        return self.action.partition(":")[0]


def arn(service: str, region: str, resource: str) -> str:
    """The ARN of something in this account."""
    return f"arn:aws:{service}:{region}:{ACCOUNT_ID}:{resource}"


def of_call(service: str, region: str, action: str, payload: Mapping[str, Any]) -> Iterator[Right]:
    """A call of DynamoDB, SQS, SES or Chime, or of another service on whatever it has there.

    Raises KeyError and the like for a payload that the service would refuse.
    """
    if service == "sqs":
        # IAM knows no batches of messages.
        queue = payload.get("QueueUrl", "*").rpartition("/")[2]
        yield Right(f"sqs:{action.removesuffix('Batch')}", arn("sqs", region, queue))
    elif service == "ses":
        domain = parseaddr(payload["FromEmailAddress"])[1].rpartition("@")[2]
        yield Right(f"ses:{action}", arn("ses", region, f"identity/{domain}"))
    elif service != "dynamodb":
        yield Right(f"{service}:{action}", "*")
    elif action == "TransactWriteItems":
        for item in payload["TransactItems"]:
            for kind, write in item.items():
                yield _of_table(_WRITES[kind], region, write["TableName"])
    elif "RequestItems" in payload:
        for table in payload["RequestItems"]:
            yield _of_table(action, region, table)
    else:
        index = f"/index/{payload['IndexName']}" if "IndexName" in payload else ""
        yield _of_table(action, region, f"{payload.get('TableName', '*')}{index}")


def of_object(method: str, path: str, query: Mapping[str, str], read: Callable[[], bytes]) -> Iterator[Right]:
    """A request of S3 whose path begins with the bucket; `read` gives its body."""
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    if "delete" in query:
        for listed in re.findall(rb"<Key>(.*?)</Key>", read()):
            yield on_object("DeleteObject", bucket, listed.decode())
    elif key:
        names = _UPLOADS_IN_PARTS if "uploadId" in query and method in _UPLOADS_IN_PARTS else _OBJECTS
        yield on_object(names[method], bucket, key)
    else:
        yield Right("s3:ListBucket", f"arn:aws:s3:::{bucket}")


def on_object(action: str, bucket: str, key: str) -> Right:
    """A right on one object."""
    return Right(f"s3:{action}", f"arn:aws:s3:::{bucket}/{key}")


def _of_table(operation: str, region: str, table: str) -> Right:
    return Right(f"dynamodb:{operation}", arn("dynamodb", region, f"table/{table}"))
