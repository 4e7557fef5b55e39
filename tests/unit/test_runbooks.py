"""The runbooks can be followed as written: what they have one type is known to AWS's command line and to make."""

import re
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/operations.md").read_text()
# Of the command line itself, for every operation.
_EVERYWHERE = {"query", "output", "region"}
# High-level commands, which are no operations of the service.
_HIGH_LEVEL = {("s3", "cp"), ("s3", "sync")}
# What AWS has since given another name.
_FORMER_NAMES = ("Performance Insights", "CloudWatch Events", "AWS SSO", "Single Sign-On", "Kinesis Firehose")

_BLOCKS: list[str] = re.findall(r"```sh\n(.*?)```", GUIDE, re.S)
_SPANS: list[str] = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", GUIDE, flags=re.S))

Command = tuple[str, str, tuple[str, ...], bool]


def _commands() -> Iterator[Command]:
    """Service, operation and options of each command, and whether it stands there whole."""
    inner = [text for block in _BLOCKS for text in re.findall(r"\$\((aws [^)]*)\)", block)]
    outer = [re.sub(r"\$\(aws [^)]*\)", "", block) for block in _BLOCKS]
    for text, whole in [*((text, True) for text in (*inner, *outer)), *((span, False) for span in _SPANS)]:
        for found in re.finditer(r"\baws\s+([a-z0-9-]+)\s+([a-z0-9-]+)(.*?)(?=\baws\s|\Z)", text, re.S):
            options = tuple(re.findall(r"(?<!\S)--([a-z0-9-]+)", found[3]))
            yield found[1], found[2], options, whole


@pytest.mark.parametrize("command", sorted(set(_commands())), ids=lambda command: f"{command[0]} {command[1]}")
def test_the_command_line_knows_each_command(command: Command) -> None:
    service, operation, options, whole = command
    if (service, operation) in _HIGH_LEVEL:
        return
    model = botocore.session.get_session().get_service_model(service)
    # The one waiter of the runbooks, `rds wait db-instance-available`, asks this.
    operation = "describe-db-instances" if operation == "wait" else operation
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names
    shape = model.operation_model(names[operation]).input_shape
    assert shape is not None
    members = {xform_name(name, "-"): member for name, member in shape.members.items()}
    for option in set(options) - _EVERYWHERE:
        negated = option.removeprefix("no-")
        assert option in members or members[negated].type_name == "boolean", option
    needed = {xform_name(name, "-") for name in shape.required_members} if whole else set()
    assert needed <= {*options, *(option.removeprefix("no-") for option in options)}


def test_make_knows_each_target_and_its_variables() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    asked = re.findall(r"\bmake\s+([a-z]+)((?:\s+[A-Z]+=\S+)*)", "\n".join([*_BLOCKS, *_SPANS]))
    assert {target for target, _ in asked} <= targets
    assert {"sql", "deploy", "rollback", "cost"} <= {target for target, _ in asked}
    for _, variables in asked:
        for name in re.findall(r"([A-Z]+)=", variables):
            assert f"$({name})" in makefile or f"(value {name})" in makefile, name


def test_a_restored_database_is_renamed_before_anything_writes_to_it() -> None:
    restore = GUIDE.split("Restoring to a moment", 1)[1].split("\n## ", 1)[0]
    renamed, checked, deployed = (
        restore.index(words) for words in ("UPDATE epoch", "SELECT count(*)", "make deploy")
    )
    assert restore.index("restore-db-cluster-to-point-in-time") < renamed < checked < deployed
    assert "DATABASE=PREFIX-restored WRITE=yes" in restore[:checked]


def test_services_are_called_as_they_are_called_now() -> None:
    for path in (ROOT / "docs/operations.md", ROOT / "docs/scale.md", ROOT / "README.md", ROOT / "infra/stack.yaml"):
        text = path.read_text()
        assert [name for name in _FORMER_NAMES if name in text] == [], path.name


def test_nothing_rests_on_versions_of_a_bucket_that_has_none() -> None:
    template = (ROOT / "infra/stack.yaml").read_text()
    uploads = template.split("  UploadsBucket:\n", 1)[1].split("  UploadsBucketPolicy:\n", 1)[0]
    assert "VersioningConfiguration" not in uploads
    advised = [
        line for line in GUIDE.splitlines() if re.search(r"\bCRR\b|replicat\w+ of the uploads|earlier version", line)
    ]
    assert advised == []
