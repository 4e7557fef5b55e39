"""Chalice's record of a stage (`.chalice/deployed/<stage>.json`), completed by what is found in the account.

Chalice writes it after a whole success only. What it does not know it makes a second time or fails to make, and never
removes. So before each run everything that bears the stage's names is looked up, and what the record lacks is added.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra import apis
from infra.stage import FUNCTIONS, GATEWAY_STAGE, Stage, missing

Resource = dict[str, Any]

_FROM_BUCKET = ("upload_stored", "pictures")


def complete(stage: Stage, known: Mapping[str, Any] | None, bucket: str | None) -> dict[str, Any]:
    """The record that Chalice reads: what is there, and what an earlier version may have made and nobody else knows.

    `bucket` is the one that calls functions.
    """
    found = {item["name"]: item for item in _found(stage, bucket)}
    for item in (known or {}).get("resources", ()):
        name = item["name"]
        # Of what is looked up by name above, an entry without a find is of something that is gone.
        if name not in found and not _looked_up(name):
            found[name] = item
    order = ("iam_role", "lambda_function")
    ranked = sorted(found.values(), key=lambda item: [*order, item["resource_type"]].index(item["resource_type"]))
    return {"resources": ranked, "schema_version": "2.0", "backend": "api"}


def _looked_up(name: str) -> bool:
    if name in {"rest_api", "websocket_api"}:
        return True
    return any(name == function or name.startswith((f"{function}-", f"{function}_")) for function in FUNCTIONS)


def _found(stage: Stage, bucket: str | None) -> Iterator[Resource]:
    for name in FUNCTIONS:
        yield from _role(stage, name)
        arn = function_arn(stage, name)
        if arn is not None:
            yield {"name": name, "resource_type": "lambda_function", "lambda_arn": arn}
            yield from _queues(stage, name, arn)
    yield from _schedule(stage, "sweep")
    for name in _FROM_BUCKET:
        arn = function_arn(stage, name)
        if arn is not None and bucket is not None:
            yield {"name": f"{name}-s3event", "resource_type": "s3_event", "bucket": bucket, "lambda_arn": arn}
    region = stage.account.region
    rest, sockets = apis.find_rest(stage), apis.find_sockets(stage)
    if rest is not None:
        url = f"https://{rest}.execute-api.{region}.amazonaws.com/{GATEWAY_STAGE}/"
        yield {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": rest, "rest_api_url": url}
    if sockets is not None:
        url = f"wss://{sockets}.execute-api.{region}.amazonaws.com/{GATEWAY_STAGE}/"
        ids = {"websocket_api_id": sockets, "websocket_api_url": url}
        yield {"name": "websocket_api", "resource_type": "websocket_api", **ids}


def function_arn(stage: Stage, name: str) -> str | None:
    """A function's ARN; None where it does not stand."""
    client = stage.account.client("lambda")
    try:
        return str(client.get_function_configuration(FunctionName=stage.function(name))["FunctionArn"])
    except client.exceptions.ResourceNotFoundException:
        return None


def _role(stage: Stage, name: str) -> Iterator[Resource]:
    role = f"{stage.full_name}-{name}"
    client = stage.account.client("iam")
    with contextlib.suppress(client.exceptions.NoSuchEntityException):
        arn = client.get_role(RoleName=role)["Role"]["Arn"]
        yield {"name": f"{name}_role", "resource_type": "iam_role", "role_arn": arn, "role_name": role}


def mappings(stage: Stage, arn: str) -> Iterator[Any]:
    """The event source mappings of a function."""
    yield from stage.account.pages("lambda", "list_event_source_mappings", "EventSourceMappings", FunctionName=arn)


def _queues(stage: Stage, name: str, arn: str) -> Iterator[Resource]:
    for mapping in mappings(stage, arn):
        yield {
            "name": f"{name}-sqs-event-source",
            "resource_type": "sqs_event",
            "queue_arn": mapping["EventSourceArn"],
            "queue": mapping["EventSourceArn"].rpartition(":")[2],
            "event_uuid": mapping["UUID"],
            "lambda_arn": mapping["FunctionArn"],
        }


def _schedule(stage: Stage, name: str) -> Iterator[Resource]:
    rule = f"{stage.full_name}-{name}-event"
    try:
        stage.account.client("events").describe_rule(Name=rule)
    except ClientError as error:
        if not missing(error):
            raise
        return
    yield {"name": f"{name}-event", "resource_type": "cloudwatch_event", "rule_name": rule}
