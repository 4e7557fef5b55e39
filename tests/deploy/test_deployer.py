"""What the deployers' two policies allow is what deployments ask for, and CloudFormation in their name.

What the commands ask for by themselves is recorded in `test_deploy.py`, and held against it there.
"""

import fnmatch
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.rights import Right
from tests.deploy.granted import DEPLOYERS
from tests.deploy.handlers import NOT_USED, listed, needed

# AWS's limit for a policy that can be attached to anybody; white space does not count.
LONGEST = 6144
# Asked for by what the recorded commands do not reach, and by which of ours.
SELDOM = {
    "cloudformation:ContinueUpdateRollback": "infra/stack.py",
    "cloudformation:DeleteChangeSet": "infra/stack.py",
    "cloudformation:DescribeStackEvents": "infra/stack.py",
    "lambda:UntagResource": "Chalice, where a tag goes",
    "rds:DeleteDBClusterSnapshot": "DATA=delete",
    "rds:ModifyDBCluster": "a cluster's protection",
    "route53:ChangeResourceRecordSets": "infra/domains.py",
    "secretsmanager:DeleteSecret": "DATA=delete",
    "secretsmanager:PutSecretValue": "make rotate",
    "secretsmanager:RestoreSecret": "infra/stack.py",
}


def statements() -> list[dict[str, Any]]:
    return [
        {**item, "Action": _several(item["Action"]), "Resource": _several(item["Resource"])}
        for path in DEPLOYERS
        for item in json.loads(path.read_text())["Statement"]
    ]


def _several(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def by_stack_alone(statement: dict[str, Any]) -> bool:
    return "aws:CalledVia" in json.dumps(statement.get("Condition", {}))


def allowing(action: str, *, by_stack: bool) -> Iterator[dict[str, Any]]:
    """The statements that allow an action, to CloudFormation or to a command itself."""
    for statement in statements():
        matches = any(fnmatch.fnmatchcase(action, pattern) for pattern in statement["Action"])
        if matches and (by_stack or not by_stack_alone(statement)):
            yield statement


def refused(rights: set[Right]) -> list[Right]:
    """Rights that a command itself does not get."""
    return sorted(
        right
        for right in rights
        if not any(
            fnmatch.fnmatchcase(right.resource, resource)
            for statement in allowing(right.action, by_stack=False)
            for resource in statement["Resource"]
        )
    )


def idle(asked: set[str]) -> list[str]:
    """Patterns of actions that nobody asks for."""
    known = asked | set(needed()) | set(SELDOM)
    return sorted(
        pattern
        for statement in statements()
        for pattern in statement["Action"]
        if not any(fnmatch.fnmatchcase(action, pattern) for action in known)
    )


@pytest.mark.parametrize("path", DEPLOYERS, ids=lambda path: path.stem)
def test_it_can_be_attached(path: Path) -> None:
    assert len(re.sub(r"\s", "", path.read_text())) <= LONGEST


def test_what_a_stack_asks_for_has_a_policy_of_its_own() -> None:
    ours, the_stacks = ({item["Sid"] for item in json.loads(path.read_text())["Statement"]} for path in DEPLOYERS)
    assert the_stacks == {item["Sid"] for item in statements() if by_stack_alone(item)}
    assert not ours & the_stacks


def test_its_statements_have_names() -> None:
    sids = [statement["Sid"] for statement in statements()]
    assert len(sids) == len(set(sids))
    assert all(sid.isalnum() for sid in sids)


def test_cloudformation_may_make_change_and_delete_all_that_the_template_has() -> None:
    missing = {action: kinds for action, kinds in needed().items() if not list(allowing(action, by_stack=True))}
    assert missing == {}


@pytest.mark.parametrize("feature", NOT_USED)
def test_what_is_left_out_is_on_cloudformations_lists(feature: str) -> None:
    for pattern in NOT_USED[feature]:
        assert any(fnmatch.fnmatchcase(action, pattern) for action in listed()), pattern


def test_it_reaches_what_is_the_products_own_wherever_aws_knows_names() -> None:
    unnamed = {"Apis", "Look", "Names", "Queues", "Linked", "RestByTheStack"}
    # Of what the stack makes these have names of AWS's choice.
    by_aws = ("default*", ":db-proxy:*", ":target-group:*", ":secret:rds!*")
    for statement in statements():
        assert statement["Effect"] == "Allow"
        for resource in statement["Resource"]:
            assert "messenger-" in resource or resource.endswith(by_aws) or statement["Sid"] in unnamed, resource


def test_it_allows_no_whole_service_and_on_everything_only_what_is_named_in_full() -> None:
    for statement in statements():
        for action in statement["Action"]:
            assert not action.endswith(":*"), action
            if "*" in statement["Resource"]:
                assert "*" not in action.replace(":Describe*", ""), action


def test_roles_go_to_the_services_that_need_them_alone() -> None:
    for action in ("iam:PassRole", "iam:CreateServiceLinkedRole"):
        (statement,) = allowing(action, by_stack=True)
        assert re.search(r'"iam:(PassedToService|AWSServiceName)"', json.dumps(statement["Condition"]))
