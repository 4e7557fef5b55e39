"""What the function `pictures` needs of the bucket beside the others."""

from infra.stage import Stage


def let_go(stage: Stage, bucket: str) -> None:
    """Has the bucket call `pictures` no more, before a release comes that has no such function.

    There `upload_stored` hears of every file again, which S3 refuses while another function hears of some.
    """
    client = stage.account.client("s3")
    calls = client.get_bucket_notification_configuration(Bucket=bucket)
    calls.pop("ResponseMetadata", None)
    functions = calls.get("LambdaFunctionConfigurations", [])
    left = [each for each in functions if not each["LambdaFunctionArn"].endswith(f":{stage.function('pictures')}")]
    if len(left) < len(functions):
        client.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={**calls, "LambdaFunctionConfigurations": left}
        )
