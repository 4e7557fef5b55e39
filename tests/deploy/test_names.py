"""Names of stages: what AWS takes everywhere, and so that no two stages share the name of anything."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.session import Session

from infra.stage import FUNCTIONS, DeployError, check_name
from local.events import ACCOUNT_ID
from local.template import STACK, Template, read_template

LONGEST_REGION = max(Session().get_available_regions("lambda"), key=len)
ACCEPTED = ["dev", "prod", "a", "a1", "review-417", "a-b-c-d-ef", "abcdefghij", "pushed", "push", "re-pushed"]
# By the properties that name something, and by what AWS says of such names.
LETTERS = re.compile(r"[A-Za-z](-?[A-Za-z0-9]+)*")
RULES: dict[str, tuple[re.Pattern[str], int]] = {
    "TableName": (re.compile(r"[A-Za-z0-9_.-]{3,}"), 255),
    "QueueName": (re.compile(r"[A-Za-z0-9_-]+(\.fifo)?"), 80),
    "BucketName": (re.compile(r"[a-z0-9][a-z0-9-]+[a-z0-9]"), 63),
    "TopicName": (re.compile(r"[A-Za-z0-9_-]+"), 256),
    "AlarmName": (re.compile(r"[\x20-\x7e]+"), 255),
    "DashboardName": (re.compile(r"[A-Za-z0-9_-]+"), 255),
    "DBProxyName": (LETTERS, 63),
    "Name": (re.compile(r"[A-Za-z0-9/_+=.@-]+"), 512),
    "function": (re.compile(r"[A-Za-z0-9_-]+"), 64),
    "role": (re.compile(r"[A-Za-z0-9_+=,.@-]+"), 64),
    "rule": (re.compile(r"[A-Za-z0-9_.-]+"), 64),
    # What CloudFormation makes of the stack's name for a database, a parameter group and the like.
    "stack": (LETTERS, 63 - len("-databasesubnets-123456789012")),
}


def _template(full_name: str) -> Template:
    given = {"Prefix": full_name, "UseProxy": "true", "WebHosting": "true"}
    return read_template(STACK, region=LONGEST_REGION, account=ACCOUNT_ID, **given)


def _names(full_name: str) -> Iterator[tuple[str, str]]:
    """All names that belong to a stage, each with its kind."""
    template = _template(full_name)
    for resource in template.resources:
        for kind in RULES.keys() & template.resources[resource].get("Properties", {}).keys():
            yield kind, template.value(resource, kind)
    yield "stack", full_name
    yield "BucketName", f"{full_name}-deployments-{ACCOUNT_ID}"
    for function in FUNCTIONS:
        yield "function", full_name if function == "api_handler" else f"{full_name}-{function}"
        yield "role", f"{full_name}-{function}"
        yield "rule", f"{full_name}-{function}-event"


@pytest.mark.parametrize("name", ACCEPTED)
def test_all_that_a_stage_is_called_by_is_a_name_to_aws(name: str) -> None:
    check_name(name)
    seen = set()
    for kind, full in _names(f"messenger-{name}"):
        pattern, longest = RULES[kind]
        assert pattern.fullmatch(full), f"{kind}: {full}"
        assert len(full) <= longest, f"{kind}: {full}"
        seen.add(kind)
    assert seen == set(RULES)


@pytest.mark.parametrize(
    "name", ["", "-", "-a", "a-", "a--b", "1a", "Dev", "a_b", "a.b", "a b", "dév", "a\n", "abcdefghijk"]
)
def test_a_name_that_aws_would_refuse_somewhere_is_refused(name: str) -> None:
    with pytest.raises(DeployError, match="at most ten lower-case letters"):
        check_name(name)


@pytest.mark.parametrize("name", ["dev-push", "a-sweep", "b-migrate", "a-b-push"])
def test_a_name_that_functions_of_another_stage_have_is_refused(name: str) -> None:
    with pytest.raises(
        DeployError, match=f"a function of stage {name.rpartition('-')[0]} is called messenger-{name}"
    ):
        check_name(name)


def test_no_two_stages_share_a_name() -> None:
    """`a` and `a-TAIL` share one where a name of the first is longer by the tail than the same kind of the second."""
    ends = [(kind, full.removeprefix("messenger-a")) for kind, full in _names("messenger-a")]
    tails = {
        long.removesuffix(short)
        for kind, long in ends
        for other, short in ends
        if kind == other and long != short and long.endswith(short)
    }
    assert "-push" in tails
    for tail in tails:
        with pytest.raises(DeployError):
            check_name(f"a{tail}")


def test_the_template_takes_no_other_names() -> None:
    prefix: dict[str, Any] = _template("messenger-dev").document["Parameters"]["Prefix"]
    pattern, longest = re.compile(prefix["AllowedPattern"]), prefix["MaxLength"]
    for name in ACCEPTED:
        assert pattern.fullmatch(f"messenger-{name}")
        assert len(f"messenger-{name}") <= longest
    for name in ("", "a-", "a--b", "Dev", "a_b", "dév"):
        assert not pattern.fullmatch(f"messenger-{name}")
