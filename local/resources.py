"""Makes the resources of the template by the calls that CloudFormation makes."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.config import Config

from local.signatures import Credentials
from local.template import Template

_TABLE_PROPERTIES = (
    "TableName",
    "BillingMode",
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
)


def new_client(service: str, endpoint: str, region: str, credentials: Credentials) -> Any:
    """A boto3 client that knows nothing of the shell's profile, credentials, endpoints or proxies."""
    config = Config(
        signature_version="s3v4" if service == "s3" else "v4",
        s3={"addressing_style": "path"},
        proxies={},
        max_pool_connections=50,
        retries={"total_max_attempts": 1},
    )
    return boto3.session.Session().client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        config=config,
    )


def create(template: Template, client: Callable[[str], Any]) -> None:
    """Makes every table, queue and bucket of the template."""
    for properties in template.of_type("AWS::DynamoDB::Table").values():
        _create_table(client("dynamodb"), properties)
    queues = template.of_type("AWS::SQS::Queue").values()
    for properties in sorted(queues, key=lambda item: "RedrivePolicy" in item):  # dead letters must be there first
        client("sqs").create_queue(QueueName=properties["QueueName"], Attributes=_attributes(properties))
    for properties in template.of_type("AWS::S3::Bucket").values():
        _create_bucket(client("s3"), properties)


def _create_table(dynamodb: Any, properties: Mapping[str, Any]) -> None:
    dynamodb.create_table(**{name: properties[name] for name in _TABLE_PROPERTIES if name in properties})
    if "TimeToLiveSpecification" in properties:
        dynamodb.update_time_to_live(
            TableName=properties["TableName"], TimeToLiveSpecification=properties["TimeToLiveSpecification"]
        )


def _attributes(properties: Mapping[str, Any]) -> dict[str, str]:
    """A queue's properties as its attributes: strings all of them."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in properties.items()
        if name not in {"QueueName", "Tags"}
    }


def _create_bucket(s3: Any, properties: Mapping[str, Any]) -> None:
    name = properties["BucketName"]
    s3.create_bucket(Bucket=name)
    if "PublicAccessBlockConfiguration" in properties:
        s3.put_public_access_block(
            Bucket=name, PublicAccessBlockConfiguration=properties["PublicAccessBlockConfiguration"]
        )
    if "CorsConfiguration" in properties:
        rules = [_cors_rule(rule) for rule in properties["CorsConfiguration"]["CorsRules"]]
        s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": rules})


def _cors_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """CloudFormation and S3 differ in two names."""
    renamed = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds", "Id": "ID"}
    return {renamed.get(name, name): value for name, value in rule.items()}
