"""Makes the resources of the template in moto, as CloudFormation would."""

import json
from collections.abc import Mapping
from typing import Any

from moto.moto_api._internal.models import moto_api_backend
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from local.aws_messages import Resources
from local.aws_moto import Moto
from local.events import ACCOUNT_ID

_TABLE_PROPERTIES = (
    "TableName",
    "BillingMode",
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
)
_PARTITION = "aws"


def make_anew(resources: Resources, moto: Moto) -> None:
    """Leaves moto with these resources alone, all of them empty."""
    moto_api_backend.reset()
    for table in resources.tables:
        _create_table(moto, table)
    for queue in resources.queues:
        sqs_backends[ACCOUNT_ID][moto.region].create_queue(queue["QueueName"], None, **_attributes(queue))
    for bucket in resources.buckets:
        _create_bucket(moto.region, bucket)


def _create_table(moto: Moto, properties: Mapping[str, Any]) -> None:
    given = {name: properties[name] for name in _TABLE_PROPERTIES if name in properties}
    _call(moto, "CreateTable", given)
    if "TimeToLiveSpecification" in properties:
        expiry = {name: properties[name] for name in ("TableName", "TimeToLiveSpecification")}
        _call(moto, "UpdateTimeToLive", expiry)


def _attributes(properties: Mapping[str, Any]) -> dict[str, str]:
    """A queue's properties as its attributes: strings all of them."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in properties.items()
        if name not in {"QueueName", "Tags"}
    }


def _call(moto: Moto, action: str, payload: dict[str, Any]) -> None:
    answer = moto.call("dynamodb", action, payload)
    if not answer.ok:
        raise RuntimeError(f"{action}: {answer.body.decode()}")


def _create_bucket(region: str, properties: Mapping[str, Any]) -> None:
    name = properties["BucketName"]
    s3 = s3_backends[ACCOUNT_ID][_PARTITION]
    s3.create_bucket(name, region)
    block = properties.get("PublicAccessBlockConfiguration")
    if block is not None:
        s3.put_public_access_block(name, {key: str(value).lower() for key, value in block.items()})
    if "CorsConfiguration" in properties:
        s3.put_bucket_cors(name, [_cors_rule(rule) for rule in properties["CorsConfiguration"]["CorsRules"]])
    s3.put_bucket_lifecycle(name, _unfinished_rules(properties))


def _unfinished_rules(properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a bucket's lifecycle says of unfinished uploads, in S3's words; nothing else of it happens here."""
    what = "AbortIncompleteMultipartUpload"
    rules = properties.get("LifecycleConfiguration", {}).get("Rules", [])
    return [
        {"ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}, what: rule[what]}
        for rule in rules
        if what in rule
    ]


def _cors_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule in S3's words, which differ from CloudFormation's. Numbers are strings, as in S3's XML."""
    renamed = {
        "AllowedMethods": "AllowedMethod",
        "AllowedOrigins": "AllowedOrigin",
        "AllowedHeaders": "AllowedHeader",
        "ExposedHeaders": "ExposeHeader",
        "MaxAge": "MaxAgeSeconds",
        "Id": "ID",
    }
    return {renamed[name]: value if isinstance(value, list) else str(value) for name, value in rule.items()}
