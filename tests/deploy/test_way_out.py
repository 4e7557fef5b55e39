"""A stage changes the way to its queues, from IPv6 to an endpoint and back: at no moment is a function without one.

Told by the calls of whole `make deploy` and `make rollback`, in the order in which they reach an account without AWS.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from infra.stage import IN_VPC
from local.postgres import Postgres
from tests.deploy.account import Account, Checkout, account, bucket_of
from tests.deploy.ways import Call, address_types, endpoint_changes, networks

STAGE = "ways"


@dataclass
class Story:
    """What was asked of the account by each command, and the inline limit of functions after it."""

    account: Account
    checkout: Checkout
    calls: dict[str, list[Call]] = field(default_factory=dict)
    limits: dict[str, str] = field(default_factory=dict)

    def tell(self, chapter: str, command: str) -> None:
        """Runs a command."""
        begun = len(self.account.calls())
        self.checkout.done(command, f"STAGE={STAGE}", "SMOKE=off")
        self.calls[chapter] = self.account.calls()[begun:]
        self.limits[chapter] = self.account.variables_of(f"messenger-{STAGE}")["INLINE_PUBLISH_LIMIT"]

    def choose(self, words: str) -> None:
        """The stage's choices."""
        path = self.checkout.folder / "infra" / "stages.toml"
        common = path.read_text().partition(f"[stages.{STAGE}]")[0]
        path.write_text(f"{common}[stages.{STAGE}]\n{words}\n")

    def forge_old_release(self) -> None:
        """Puts a release before the current one whose functions in the VPC may not post."""
        s3, bucket = self.account.client("s3"), bucket_of(STAGE)
        history = json.loads(s3.get_object(Bucket=bucket, Key="releases.json")["Body"].read())
        templates = s3.get_object(Bucket=bucket, Key=f"releases/{history['current']}/templates.json")["Body"].read()
        package = {"Bucket": bucket, "Key": f"releases/{history['current']}/package.zip"}
        s3.copy_object(Bucket=bucket, Key="releases/old/package.zip", CopySource=package)
        old = templates.replace(b"execute-api:ManageConnections", b"execute-api:Invoke")
        s3.put_object(Bucket=bucket, Key="releases/old/templates.json", Body=old)
        history["releases"].insert(0, {**history["releases"][0], "id": "old", "smoke": "passed"})
        s3.put_object(Bucket=bucket, Key="releases.json", Body=json.dumps(history).encode())


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Deployed as by default; without IPv6; with it again; gone back to a release that knows none."""
    with Postgres.temporary() as server, account(server.ensure("deployed")) as there:
        told = Story(there, Checkout.make(tmp_path_factory.mktemp("checkout") / "messenger", there))
        told.tell("made", "deploy")
        told.choose("ipv6 = false")
        told.tell("given up", "deploy")
        told.choose("log_days = 30")
        told.tell("taken up", "deploy")
        told.forge_old_release()
        told.tell("gone back", "rollback")
        yield told


def test_a_new_stage_goes_by_ipv6_and_pays_for_no_endpoint(story: Story) -> None:
    assert [there for _, there in endpoint_changes(story.calls["made"])] == [False]
    assert len(networks(story.calls["made"])) >= len(IN_VPC)
    assert all(network["Ipv6AllowedForDualStack"] for _, network in networks(story.calls["made"]))
    assert set(address_types(story.calls["made"])) == {"dualstack"}
    assert story.limits["made"] == "20"


@pytest.mark.parametrize("chapter", ["given up", "gone back"])
def test_the_endpoint_comes_before_a_function_needs_it(story: Story, chapter: str) -> None:
    calls = story.calls[chapter]
    ((changed, there),) = endpoint_changes(calls)
    told = networks(calls)
    assert there
    assert changed < min(place for place, _ in told)
    assert not any(network.get("Ipv6AllowedForDualStack") for _, network in told)
    assert story.limits[chapter] == "0", "functions that reach no socket post to none"


def test_the_endpoint_goes_when_no_function_needs_it_any_more(story: Story) -> None:
    calls = story.calls["taken up"]
    (first, kept), (last, left) = endpoint_changes(calls)
    places = [place for place, _ in networks(calls)]
    assert (kept, left) == (True, False)
    assert first < min(places) <= max(places) < last
    assert all(network["Ipv6AllowedForDualStack"] for _, network in networks(calls))
    assert story.limits["taken up"] == "20"


def test_the_apis_have_ipv6_before_a_function_posts_by_it_and_until_none_does(story: Story) -> None:
    def places(chapter: str) -> list[int]:
        calls = story.calls[chapter]
        return [
            place
            for place, call in enumerate(calls)
            if call["path"].startswith("/v2/apis") and "ipAddressType" in call["body"]
        ]

    assert address_types(story.calls["taken up"])[0] == "dualstack"
    assert places("taken up")[0] < networks(story.calls["taken up"])[0][0]
    assert address_types(story.calls["given up"]) == ["ipv4"]
    assert places("given up")[0] > networks(story.calls["given up"])[-1][0]
