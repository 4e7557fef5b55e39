"""AWS's refusals are answered with what to do, in whichever way a deployment hears of them."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import commands, refusals
from infra.refusals import explained
from infra.stage import Account, DeployError
from local import wsgi
from local.aws import REGION
from local.events import ACCOUNT_ID
from local.template import STACK, read_template
from tests.deploy.loopback import LoopbackServer

# As AWS says it, and what the answer must name.
REFUSALS = {
    "Database: The specified backup retention period exceeds the maximum available to free tier customers. To remove "
    "all limitations, upgrade your account plan. (FreeTierRestrictionError)": "BackupDays 1",
    "Database: This instance size isn't available with free plan accounts.": "Size small",
    "Proxy: Unable to create service linked role. Verify that your role has permission to create it.": "again",
    "SqsEndpoint: User is not authorized to create a service-linked role": "iam:CreateServiceLinkedRole",
    "An error occurred (OptInRequired) when calling the DescribeVpcs operation: You are not subscribed to this "
    "service. Please go to http://aws.amazon.com to subscribe.": "AWS Regions",
    "The AWS Access Key Id needs a subscription for the service": "AWS_REGION",
    "WebDistribution: Your account must be verified before you can add new CloudFront resources.": "AWS Support",
    "Database: InsufficientDBInstanceCapacity: Cannot create a database instance": "Size",
    "Vpc: The maximum number of VPCs has been reached. (VpcLimitExceeded)": "Service Quotas",
    "Database: You have exceeded the quota for DB instances (InstanceQuotaExceeded)": "Service Quotas",
    "An error occurred (TooManyBuckets): You have attempted to create more buckets than allowed": "Service Quotas",
    "Role: Cannot exceed quota for RolesPerAccount: 1000": "Service Quotas",
    "An error occurred (TooManyRequestsException) when calling the CreateRestApi operation": "Wait a minute",
    "An error occurred (Throttling): Rate exceeded": "Wait a minute",
    "User: arn:aws:iam::1:user/u is not authorized to perform: rds:CreateDBInstance on resource: x": "deployer.json",
    "An error occurred (AccessDenied) when calling the CreateBucket operation: Access Denied": "deployer.json",
    "An error occurred (ExpiredToken) when calling the PutObject operation": "Log in again",
}


@pytest.mark.parametrize("words", REFUSALS)
def test_a_refusal_is_followed_by_what_to_do(words: str) -> None:
    told = explained(words)
    assert told.startswith(words)
    assert REFUSALS[words] in told.removeprefix(words)
    assert explained(told) == told, "it is said once"


def test_each_kind_of_refusal_has_its_example() -> None:
    met = {
        next(pattern for pattern, _ in refusals.ADVICE if re.search(pattern, words, re.IGNORECASE))
        for words in REFUSALS
    }
    assert met == {pattern for pattern, _ in refusals.ADVICE}


def test_what_is_not_known_is_passed_on_as_it_is() -> None:
    assert explained("Database: Internal failure.") == "Database: Internal failure."


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """AWS as an account sees it that has enabled no region but those that every account has."""

    def answer(environ: wsgi.Environ, start_response: wsgi.StartResponse) -> Any:
        if "/us-east-1/sts/" in environ["HTTP_AUTHORIZATION"]:
            who = f"<Arn>arn:aws:iam::{ACCOUNT_ID}:user/u</Arn><UserId>u</UserId><Account>{ACCOUNT_ID}</Account>"
            said, status = f"<GetCallerIdentityResult>{who}</GetCallerIdentityResult>", "200 OK"
        else:
            said = "<Error><Code>InvalidClientTokenId</Code><Message>The security token is invalid.</Message></Error>"
            status = "403 Forbidden"
        body = f"<Response>{said}</Response>".encode()
        return wsgi.Answer(status, [("Content-Type", "text/xml")], body).send(start_response)

    server = LoopbackServer(answer)
    server.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    yield
    server.stop()


@pytest.mark.usefixtures("elsewhere")
def test_a_region_that_is_not_enabled_is_not_taken_for_wrong_credentials() -> None:
    assert Account(boto3.session.Session(region_name="us-east-1")).id == ACCOUNT_ID
    with pytest.raises(DeployError, match=r"not in mx-central-1 .*Enable the region"):
        Account(boto3.session.Session(region_name="mx-central-1"))


def test_what_a_command_says_last_is_heard_and_passed_on(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """As Chalice fails, which `make deploy` runs."""
    words = "echo deploying; seq 30 >&2; echo 'An error occurred (CodeStorageExceeded): quota' >&2; exit 2"
    code, said = commands.run(["/bin/sh", "-c", words], folder=tmp_path, variables=os.environ)
    assert code == 2
    assert "Service Quotas" in refusals.advice(said)
    heard = capfd.readouterr()
    assert heard.out == "deploying\n"
    assert heard.err == "".join(f"{number}\n" for number in range(1, 31)) + said.splitlines(keepends=True)[-1]


# The Free plan


@pytest.mark.parametrize(
    ("parameters", "days"), [({}, 1), ({"BackupDays": "7"}, "7"), ({"Size": "medium"}, 14), ({"Size": "large"}, 30)]
)
def test_backups_are_kept_for_as_long_as_is_chosen(parameters: dict[str, str], days: object) -> None:
    for engine, database in (("rds", "Database"), ("aurora", "DatabaseCluster")):
        given = {**parameters, "DatabaseEngine": engine}
        template = read_template(STACK, region=REGION, account=ACCOUNT_ID, **given)
        assert template.value(database, "BackupRetentionPeriod") == days


def test_the_defaults_are_what_a_free_plan_account_takes() -> None:
    template = read_template(STACK, region=REGION, account=ACCOUNT_ID)
    (database,) = template.of_type("AWS::RDS::DBInstance").values()
    assert database["DBInstanceClass"] == "db.t4g.micro"
    assert database["AllocatedStorage"] == 20
    assert database["BackupRetentionPeriod"] == 1
    assert database["MultiAZ"] is False
    assert template.of_type("AWS::RDS::DBCluster") == template.of_type("AWS::RDS::DBProxy") == {}
