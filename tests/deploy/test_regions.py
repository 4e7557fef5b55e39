"""Every region that Lambda serves: the template fits it, or the deployment ends before it begins, and says why."""

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint.api
import pytest
from botocore.session import Session
from cfnlint.config import ManualArgs
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

from infra import regions
from infra.package import ROOT
from infra.stage import Account, Choices, DeployError, Stage
from local.events import ACCOUNT_ID
from local.template import STACK, parse

_SESSION = Session()
# As botocore knows them; those of the partitions that are for one government's secrets alone are no deployer's.
SERVED = {
    region: partition
    for partition in _SESSION.get_available_partitions()
    if not partition.startswith("aws-iso")
    for region in _SESSION.get_available_regions("lambda", partition_name=partition)
}
FITTING = sorted(region for region, partition in SERVED.items() if partition in regions.PARTITIONS)
TYPES = sorted({item["Type"] for item in parse(STACK.read_text())["Resources"].values()})


@dataclass
class _There(Account):
    """An account in a region, of which only its place is asked."""

    region: str
    partition: str
    id: str = ACCOUNT_ID


def _stage(region: str, **environment: str) -> Stage:
    return Stage("dev", _There(region, SERVED[region]), Choices(environment=environment))


@cache
def _fitting(region: str) -> tuple[str, tuple[str, ...]]:
    said: list[str] = []
    return regions.fitting(STACK.read_text(), region, said.append), tuple(said)


def _knows(region: str, kind: str) -> bool:
    try:
        PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, kind)
    except ResourceNotFoundError:
        return False
    return True


def test_what_regions_lack_is_known_to_be_absent() -> None:
    absent = {kind: [region for region in FITTING if not _knows(region, kind)] for kind in TYPES}
    assert {kind: lacking for kind, lacking in absent.items() if lacking} == dict(regions.ABSENT)


def test_what_may_be_absent_is_an_option_of_a_stage() -> None:
    for name, item in parse(STACK.read_text())["Resources"].items():
        assert item["Type"] not in regions.ABSENT or "Condition" in item, name


@pytest.mark.parametrize("region", FITTING)
def test_a_template_has_nothing_that_its_region_lacks_and_the_log_says_what_it_had(region: str) -> None:
    text, said = _fitting(region)
    before, after = parse(STACK.read_text())["Resources"], parse(text)["Resources"]
    left_out = {name for name, item in before.items() if not _knows(region, item["Type"])}
    assert {item["Type"] for item in after.values()} <= {kind for kind in TYPES if _knows(region, kind)}
    assert {words.partition(": ")[2].split()[0] for words in said} == left_out
    if not left_out:
        assert text == STACK.read_text()


def test_rooms_need_ipv6() -> None:
    stage = Stage("dev", _There("eu-central-1", "aws"), Choices(environment={"CHIME_REGION": "eu-central-1"}))
    regions.check(replace(stage, choices=replace(stage.choices, ipv6=True)))
    for ipv6 in (False, None):
        with pytest.raises(DeployError, match="Rooms need IPv6"):
            regions.check(replace(stage, choices=replace(stage.choices, ipv6=ipv6)))


def _variants() -> list[list[str]]:
    """Regions that take the same template stand together."""
    together: dict[str, list[str]] = {}
    for region in FITTING:
        together.setdefault(_fitting(region)[0], []).append(region)
    return list(together.values())


@pytest.mark.parametrize("takers", _variants(), ids=lambda takers: takers[0])
def test_cloudformation_would_refuse_the_template_in_no_region(takers: list[str], tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    path.write_text(_fitting(takers[0])[0])
    found = cfnlint.api.lint_file(path, ManualArgs(regions=takers))
    # What is left out may leave a parameter behind that nothing uses, which is a warning.
    assert [match for match in found if match.rule.id.startswith("E")] == []


def test_a_proxy_that_is_absent_leaves_the_database_reachable() -> None:
    text, _ = _fitting("ap-east-2")
    document: dict[str, Any] = json.loads(text)
    assert '"Proxy"' not in text
    assert "HasProxy" not in text
    assert "Database" in json.dumps(document["Outputs"]["DatabaseHost"])


@pytest.mark.parametrize("region", sorted(SERVED))
def test_a_region_in_which_functions_would_find_nothing_is_refused_at_once(region: str) -> None:
    refused = ""
    try:
        regions.check(_stage(region))
    except DeployError as error:
        refused = str(error)
    if SERVED[region] not in regions.PARTITIONS:
        assert "Choose another region by AWS_REGION" in refused
    elif region in regions.rooted():
        assert refused == ""
    else:
        assert f"https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem" in refused
        assert "chalicelib/core/rds_roots.pem" in refused
        regions.check(_stage(region, DATABASE_CA_FILE="/var/task/vendor/roots.pem"))


LACKING_IPV6 = {"ap-east-2", "ap-southeast-6", "us-gov-east-1", "us-gov-west-1"}


@pytest.mark.parametrize("region", FITTING)
def test_ipv6_is_the_default_where_the_queues_have_it_and_its_absence_is_a_line_of_the_log(region: str) -> None:
    said: list[str] = []
    lacks = region in LACKING_IPV6
    assert regions.settled(_stage(region), said.append).choices.ipv6 is not lacks
    assert [words.split()[0] for words in said] == ([region] if lacks else [])


@pytest.mark.parametrize("chosen", [True, False])
@pytest.mark.parametrize("region", ["eu-central-1", "ap-east-2"])
def test_a_stage_may_choose_for_itself_whether_it_uses_ipv6(region: str, chosen: bool) -> None:
    said: list[str] = []
    stage = Stage("dev", _There(region, SERVED[region]), Choices(ipv6=chosen))
    assert regions.settled(stage, said.append).choices.ipv6 is chosen
    assert said == []


def test_readme_names_the_regions_without_ipv6() -> None:
    (paragraph,) = [part for part in (ROOT / "README.md").read_text().split("\n\n") if "`ipv6 = false`" in part]
    named = {word.strip("(.,)") for word in paragraph.split()} & set(SERVED)
    assert named == {region for region in LACKING_IPV6 if "-gov-" not in region}
    assert "GovCloud" in paragraph


def test_roots_that_were_added_are_found(tmp_path: Path) -> None:
    whole = (ROOT / "chalicelib/core/rds_roots.pem").read_text()
    one = tmp_path / "roots.pem"
    one.write_text(whole[whole.rindex("-----BEGIN") :])
    assert regions.rooted(one) < regions.rooted()
    assert len(regions.rooted(one)) == 1
    assert len(regions.rooted()) == whole.count("BEGIN CERTIFICATE")


def test_readme_names_the_regions_whose_roots_are_to_be_added() -> None:
    (paragraph,) = [
        part for part in (ROOT / "README.md").read_text().split("\n\n") if "database certificates" in part
    ]
    named = {word.strip(".,") for word in paragraph.split()} & set(SERVED)
    assert named == set(FITTING) - regions.rooted()
