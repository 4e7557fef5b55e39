"""A stage that hosts a web client: whole `make deploy` and `destroy`, in an account without AWS."""

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from infra.stage import BEHIND_REST, FUNCTIONS
from local.postgres import Postgres
from tests.deploy.account import Account, Checkout, account
from tests.deploy.asked import rights
from tests.deploy.gaps import EDGE
from tests.deploy.test_deployer import refused
from web import site

STAGE = "web"
OWN = "chat.example.com"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/ours"
CHOICES = f"""
[stages.{STAGE}.parameters]
WebHosting = "true"
"""
NAMED = f"""
WebName = "{OWN}"
WebCertificate = "{CERTIFICATE}"
"""


class Told:
    """What stood after each command, and what it said."""

    def __init__(self, there: Account, checkout: Checkout) -> None:
        self.account = there
        self.checkout = checkout
        self.said: dict[str, str] = {}
        self.variables: dict[str, dict[str, dict[str, str]]] = {}
        self.pages: dict[str, str] = {}

    def tell(self, chapter: str, *words: str) -> None:
        """Runs a command."""
        self.said[chapter] = self.checkout.done(*words)
        self.variables[chapter] = {
            name.removeprefix(f"messenger-{STAGE}").removeprefix("-") or "api_handler": item["Environment"][
                "Variables"
            ]
            for name, item in self.account.functions().items()
        }
        if self.variables[chapter]:
            (bucket,) = (name for name in self.account.ids()["buckets"] if name.startswith(f"messenger-{STAGE}-web-"))
            page = self.account.client("s3").get_object(Bucket=bucket, Key="index.html")
            self.pages[chapter] = page["Body"].read().decode()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Deployed under CloudFront's own name; under one of ours, with another client alone; gone back; taken down."""
    with Postgres.temporary() as server, account(server.ensure("deployed")) as there:
        checkout = Checkout.make(tmp_path_factory.mktemp("checkout") / "messenger", there)
        stages, told = checkout.folder / "infra" / "stages.toml", Told(there, checkout)
        stages.write_text(stages.read_text() + CHOICES)
        told.tell("made", "deploy", f"STAGE={STAGE}", "SMOKE=off")
        stages.write_text(stages.read_text() + NAMED)
        page = checkout.folder / "web" / "app" / "index.html"
        page.write_text(page.read_text().replace("<title>", "<title>Another "))
        told.tell("named", "deploy", f"STAGE={STAGE}", "SMOKE=off")
        told.tell("back", "rollback", f"STAGE={STAGE}", "SMOKE=off")
        told.tell("gone", "destroy", f"STAGE={STAGE}", f"CONFIRM={STAGE}")
        yield told


def test_functions_are_told_the_one_name(told: Told) -> None:
    for chapter, host in (("made", EDGE), ("named", OWN)):
        assert set(told.variables[chapter]) == set(FUNCTIONS)
        for variables in told.variables[chapter].values():
            assert variables["ONE_HOST"] == "on"
            assert variables["PUBLIC_URL"] == f"https://{host}/api"


def test_who_serves_rest_knows_the_key_that_the_distribution_shows(told: Told) -> None:
    keys = {name: variables.get("EDGE_KEY") for name, variables in told.variables["named"].items()}
    (key,) = {keys[name] for name in BEHIND_REST}
    assert key
    assert len(key) == 64
    assert {name for name, known in keys.items() if known} == set(BEHIND_REST)
    assert {told.variables["made"][name]["EDGE_KEY"] for name in BEHIND_REST} == {key}, "it is the stage's for ever"


def test_the_apis_are_there_before_the_distribution_and_there_is_one_of_each(told: Told) -> None:
    calls = told.account.calls()
    made = [
        place
        for place, call in enumerate(calls)
        if call["method"] == "POST" and call["path"] in {"/restapis", "/v2/apis"}
    ]
    (first, *_) = (place for place, call in enumerate(calls) if "Action=CreateChangeSet" in call["body"])
    assert len(made) == 2
    assert max(made) < first
    asked = {name: values[0] for name, values in parse_qs(calls[first]["body"], keep_blank_values=True).items()}
    given = {
        value: asked[name.replace("ParameterKey", "ParameterValue")]
        for name, value in asked.items()
        if name.endswith("ParameterKey")
    }
    assert given["RestHost"].endswith(".amazonaws.com")
    assert given["RestHost"].split(".")[1] == given["SocketHost"].split(".")[1] == "execute-api"
    assert given["RestHost"] != given["SocketHost"]
    assert given["EdgeKey"] == told.variables["made"]["api_handler"]["EDGE_KEY"]


def test_the_client_is_in_the_bucket_and_its_page_after_the_files_that_it_names(told: Told) -> None:
    puts = [call["path"] for call in told.account.calls() if call["method"] == "PUT" and "-web-" in call["path"]]
    puts = [path.split("/", 2)[-1] if path.startswith("/messenger") else path.lstrip("/") for path in puts]
    names = {name for name, file in site.files().items() if file.caching == site.FOREVER}
    assert names <= set(puts)
    assert puts.index("index.html") > max(puts.index(name) for name in names)
    assert f"the web client is at https://{EDGE}" in told.said["made"]


def test_a_rollback_brings_the_client_back_and_keeps_the_host(told: Told) -> None:
    assert "<title>Another " in told.pages["named"]
    assert told.pages["back"] == told.pages["made"]
    for variables in told.variables["back"].values():
        assert (variables["ONE_HOST"], variables["PUBLIC_URL"]) == ("on", f"https://{OWN}/api")
    assert told.variables["back"]["api_handler"]["EDGE_KEY"] == told.variables["made"]["api_handler"]["EDGE_KEY"]


def test_an_own_name_is_said_where_to_lead(told: Told) -> None:
    assert f"point {OWN} at {EDGE}" in told.said["named"]
    assert "point " not in told.said["made"]
    assert f"https://{EDGE}/api" in told.said["made"]


def test_the_deployers_rights_are_enough(told: Told) -> None:
    asked = {right for call in told.account.calls() for right in rights(call)}
    assert refused(asked) == []


def test_nothing_is_left_of_it(told: Told) -> None:
    left = told.account.ids()
    assert (left["rest"], left["sockets"], left["functions"]) == ([], [], [])
    stacks = told.account.client("cloudformation").list_stacks()["StackSummaries"]
    assert {stack["StackStatus"] for stack in stacks} == {"DELETE_COMPLETE"}
