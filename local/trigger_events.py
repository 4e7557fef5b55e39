"""The events in which SQS, S3 and EventBridge reach a function, and what a function's answer to a batch means.

Source: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html (and the pages for S3 and EventBridge beside it).
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from local.aws_messages import StoredObject
from local.events import ACCOUNT_ID

_PRINCIPAL = "AWS:AROALOCALSTACK:local"

# What a batch's answer looks like when every record is left to come again.
ALL_FAILED: Mapping[str, Any] = {"batchItemFailures": [{"itemIdentifier": ""}]}


def sqs_event(messages: Sequence[Mapping[str, Any]], queue_arn: str) -> dict[str, Any]:
    """`messages` are those of ReceiveMessage, asked for with all attributes."""
    return {"Records": [_sqs_record(message, queue_arn) for message in messages]}


def failed_records(answer: Any, message_ids: Sequence[str]) -> set[str]:
    """The ids of the records that the function's answer leaves to come again; all, where it cannot be understood."""
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else answer
    if failures is None:
        return set()
    if not isinstance(failures, list):
        return set(message_ids)
    named = {item.get("itemIdentifier") if isinstance(item, dict) else None for item in failures}
    return {str(name) for name in named} if named <= set(message_ids) else set(message_ids)


def s3_event(stored: StoredObject, event_name: str, region: str, function: str) -> dict[str, Any]:
    """`event_name` is as S3 writes it in a record: without the "s3:" of a subscription."""
    # A key is quoted as in a form: a space becomes a plus.
    described = {
        "key": quote_plus(stored.key, safe="/"),
        "size": stored.size,
        "eTag": stored.etag,
        "sequencer": f"{time.time_ns():018X}",
    }
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": region,
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "eventName": event_name,
        "userIdentity": {"principalId": _PRINCIPAL},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": uuid.uuid4().hex[:16].upper(), "x-amz-id-2": "local"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": function,
            "bucket": {
                "name": stored.bucket,
                "ownerIdentity": {"principalId": ACCOUNT_ID},
                "arn": f"arn:aws:s3:::{stored.bucket}",
            },
            "object": described,
        },
    }
    return {"Records": [record]}


def schedule_event(function: str, region: str) -> dict[str, Any]:
    """What EventBridge sends when a schedule's time has come."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT_ID,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [f"arn:aws:events:{region}:{ACCOUNT_ID}:rule/{function}"],
        "detail": {},
    }


def _sqs_record(message: Mapping[str, Any], queue_arn: str) -> dict[str, Any]:
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {name: str(value) for name, value in message.get("Attributes", {}).items()},
        "messageAttributes": {
            name: _message_attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _message_attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value[name] for name in ("StringValue", "BinaryValue") if value.get(name) is not None}
    plain = {f"{name[0].lower()}{name[1:]}": item for name, item in given.items()}
    return {**plain, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
