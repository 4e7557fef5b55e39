"""The deployer's scanner of files: which queue of theirs the service asks, and may ask alone."""

import re

from infra.stage import DeployError, Stage

_URL = re.compile(
    r"https://sqs\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<account>[0-9]{12})/(?P<name>[A-Za-z0-9_-]+)"
)


def queue(stage: Stage) -> str | None:
    """The ARN of the queue in the stage's SCAN_QUEUE_URL, None without one. Raises DeployError for what is none."""
    url = stage.choices.environment.get("SCAN_QUEUE_URL")
    if not url:
        return None
    region = stage.account.region
    found = _URL.fullmatch(url)
    if found is None or found["region"] != region:
        raise DeployError(
            f"SCAN_QUEUE_URL in infra/stages.toml must be the URL of a standard queue in {region}, as "
            f"https://sqs.{region}.amazonaws.com/{stage.account.id}/scans."
        )
    if stage.choices.environment.get("SCAN_FILES", "").lower() != "on":
        raise DeployError('SCAN_QUEUE_URL in infra/stages.toml needs SCAN_FILES = "on" beside it.')
    return f"arn:{stage.account.partition}:sqs:{region}:{found['account']}:{found['name']}"
