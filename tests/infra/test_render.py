"""What a stage's configuration tells each function of the assistant: its key to one, its model in one policy."""

import collections
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from infra.keys import Keys
from infra.render import Ground, Templates, write
from infra.stage import FUNCTIONS, Account, Choices, Stage

PROFILE = "eu.maker.small-1-v1:0"


def _rendered(folder: Path, **environment: str) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The variables of each function, and on which models the assistant's policy lets it ask."""
    account = cast(Account, SimpleNamespace(region="eu-west-1", id="123456789012", partition="aws"))
    outputs: Any = collections.defaultdict(lambda: "x", DatabaseResourceId="db-X")
    ground = Ground(outputs=outputs, rest_api="rest", socket_api="socket", keys=Keys("a" * 64), ipv6=True)
    stage = Stage("dev", account, Choices(architecture="arm64", environment=environment))
    write(folder, stage, Templates.read(), ground)
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
