"""What a stage's choices make of variables and policies: the assistant's key and model, the scanner's queue."""

import collections
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from infra import scanner
from infra.keys import Keys
from infra.render import Ground, Templates, write
from infra.stage import FUNCTIONS, Account, Choices, DeployError, Stage

PROFILE = "eu.maker.small-1-v1:0"


QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/scans"


def _stage(environment: dict[str, str]) -> Stage:
    account = cast(Account, SimpleNamespace(region="eu-west-1", id="123456789012", partition="aws"))
    return Stage("dev", account, Choices(architecture="arm64", environment=environment))


def _rendered(folder: Path, **environment: str) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The variables of each function, and on which models the assistant's policy lets it ask."""
    outputs: Any = collections.defaultdict(lambda: "x", DatabaseResourceId="db-X")
    ground = Ground(outputs=outputs, rest_api="rest", socket_api="socket", keys=Keys("a" * 64), ipv6=True)
    write(folder, _stage(environment), Templates.read(), ground)
    config = json.loads((folder / ".chalice" / "config.json").read_text())["stages"]["dev"]
    variables = {
        name: {**config["environment_variables"], **config["lambda_functions"][name]["environment_variables"]}
        for name in FUNCTIONS
    }
    policy = json.loads((folder / ".chalice" / "policy-assistant.json").read_text())
    (model,) = (statement for statement in policy["Statement"] if statement["Sid"] == "Model")
    return variables, model["Resource"]


@pytest.mark.parametrize(
    ("environment", "base", "profile"),
    [
        ({"ASSISTANT_MODEL": PROFILE}, "maker.small-1-v1:0", PROFILE),
        ({"ASSISTANT_MODEL": "maker.small-1.5"}, "maker.small-1.5", "maker.small-1.5"),
        ({"ASSISTANT_MODEL": "small", "ASSISTANT_URL": "https://models.example.com/v1"}, "none", "none"),
        ({}, "none", "none"),
    ],
)
def test_the_assistant_has_a_right_on_its_own_model_alone(
    tmp_path: Path, environment: dict[str, str], base: str, profile: str
) -> None:
    _, models = _rendered(tmp_path, **environment)
    assert models == [
        f"arn:aws:bedrock:*::foundation-model/{base}",
        f"arn:aws:bedrock:*:123456789012:inference-profile/{profile}",
    ]


def test_no_other_function_knows_the_key_of_the_model(tmp_path: Path) -> None:
    variables, _ = _rendered(tmp_path, ASSISTANT_MODEL="small", ASSISTANT_KEY="k3y")
    assert {name for name, told in variables.items() if "k3y" in told.values()} == {"assistant"}
    assert {told["ASSISTANT_MODEL"] for told in variables.values()} == {"small"}


def test_two_functions_may_ask_the_scanner_where_there_is_one(tmp_path: Path) -> None:
    asking = {}
    for chosen in ({}, {"SCAN_QUEUE_URL": QUEUE, "SCAN_FILES": "on"}):
        _rendered(tmp_path, **chosen)
        policies = {name: (tmp_path / ".chalice" / f"policy-{name}.json").read_text() for name in FUNCTIONS}
        asking[len(chosen)] = {name for name, policy in policies.items() if ":123456789012:scans" in policy}
        for name in ("upload_stored", "sweep"):
            (statement,) = (each for each in json.loads(policies[name])["Statement"] if each["Sid"] == "Scanner")
            assert statement["Action"] == ["sqs:SendMessage"]
            assert statement["Resource"] == [
                f"arn:aws:sqs:eu-west-1:123456789012:{'scans' if chosen else 'messenger-dev-none'}"
            ]
    assert asking == {0: set(), 2: {"upload_stored", "sweep"}}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"SCAN_QUEUE_URL": QUEUE}, 'SCAN_FILES = "on"'),
        ({"SCAN_QUEUE_URL": QUEUE, "SCAN_FILES": "off"}, 'SCAN_FILES = "on"'),
        ({"SCAN_QUEUE_URL": QUEUE.replace("west", "north"), "SCAN_FILES": "on"}, "a standard queue in eu-west-1"),
        ({"SCAN_QUEUE_URL": f"{QUEUE}.fifo", "SCAN_FILES": "on"}, "a standard queue in eu-west-1"),
        ({"SCAN_QUEUE_URL": "scans", "SCAN_FILES": "on"}, "a standard queue in eu-west-1"),
    ],
)
def test_a_scanner_that_cannot_be_asked_is_refused_before_anything_is_made(
    environment: dict[str, str], said: str
) -> None:
    with pytest.raises(DeployError, match=f"^SCAN_QUEUE_URL in infra/stages.toml .*{said}"):
        scanner.queue(_stage(environment))
