"""What of the template the local AWS is made of, and clients that reach it."""

from typing import Any

from local.aws_messages import Resources
from local.signatures import Credentials
from local.template import Template


def described(template: Template) -> Resources:
    """Every table, queue and bucket of the template."""
    queues = template.of_type("AWS::SQS::Queue").values()
    return Resources(
        tables=list(template.of_type("AWS::DynamoDB::Table").values()),
        queues=sorted(queues, key=lambda item: "RedrivePolicy" in item),
        buckets=list(template.of_type("AWS::S3::Bucket").values()),
    )


def new_client(service: str, endpoint: str, region: str, credentials: Credentials) -> Any:
    """A boto3 client that knows nothing of the shell's profile, credentials, endpoints or proxies."""
    # Here, since the stack itself needs none: it costs a quarter of a second.
    import boto3
    from botocore.config import Config

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
