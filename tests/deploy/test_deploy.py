"""`make deploy`, `rollback`, `rotate` and `destroy`, run whole against an account without AWS.

SMOKE=off leaves out the smoke test, which no request would reach there; it has tests of its own."""

import json
import string
from collections.abc import Iterator

import psycopg
import pytest

from app import app
from bench.sources import fill_conversations
from chalicelib.core.config import DIALECTS
from chalicelib.entry.dialects.rest import GREEDY
from infra import apis
from infra.concurrency import shares
from infra.lock import Holder
from infra.package import ROOT
from infra.stage import FUNCTIONS, IN_VPC, WITH_KEYS
from local.postgres import Postgres
from tests.deploy.account import HERE, Account, Checkout, account, bucket_of, pretty
from tests.deploy.asked import rights
from tests.deploy.cloud import ACCOUNT, REGION
from tests.deploy.story import Story
from tests.deploy.test_deployer import idle, refused

STAGE = "trial"
RESOURCES_OF_AN_API = 300  # API Gateway's quota, which AWS raises only when it is asked to
UNUSED = {"mail": ("mail", 2), "notify": ("notify", 5), "assistant.fifo": ("assistant", 5)}  # not one is turned on
QUEUES = {"push.fifo": ("push", 50), "presence": ("presence_changed", 10), **UNUSED}  # bounded so
NAMES = {name: f"messenger-{STAGE}" if name == "api_handler" else f"messenger-{STAGE}-{name}" for name in FUNCTIONS}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Deployed; deployed in vain, with a migration that fails; deployed again without any record; gone back."""
    with Postgres.temporary() as server:
        url = server.ensure("deployed")
        with account(url) as there:
            told = Story(there, Checkout.make(tmp_path_factory.mktemp("checkout") / "messenger", there), url)
            deploy = ("deploy", f"STAGE={STAGE}", "SMOKE=off")
            told.note("first", told.checkout.done(*deploy))

            number = len(told.applied()) + 1
            migration = told.checkout.folder / "migrations" / f"{number:04d}_trial.sql"
            migration.write_text("SELECT nonsense")
            failed = told.checkout.make_target(*deploy)
            assert failed.returncode != 0
            told.note("in vain", failed.stdout + failed.stderr)

            migration.write_text("CREATE TABLE trial (id integer)")
            there.client("s3").delete_object(Bucket=bucket_of(STAGE), Key="deployed.json")
            told.note("second", told.checkout.done(*deploy))
            told.note("back", told.checkout.done("rollback", f"STAGE={STAGE}", "SMOKE=off"))
            yield told


def test_every_function_stands_as_it_is_configured(story: Story) -> None:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    functions = story.account.functions()
    assert sorted(functions) == sorted(NAMES.values())
    for name, full_name in NAMES.items():
        function = functions[full_name]
        wanted = {**config, **config["stages"]["dev"]["lambda_functions"].get(name, {})}
        assert function["MemorySize"] == wanted["lambda_memory_size"]
        assert function["Timeout"] == wanted["lambda_timeout"]
        assert function["Handler"] == ("app.app" if name == "api_handler" else f"app.{name}")
        assert len(function.get("VpcConfig", {}).get("SubnetIds", ())) == (2 if name in IN_VPC else 0), name
        assert len(function.get("VpcConfig", {}).get("SecurityGroupIds", ())) == (1 if name in IN_VPC else 0), name


def test_lambda_writes_no_lines_of_its_own_where_all_goes_well(story: Story) -> None:
    quiet = {"LogFormat": "JSON", "ApplicationLogLevel": "TRACE", "SystemLogLevel": "WARN"}
    found = {name: item["LoggingConfig"] for name, item in story.account.functions().items()}
    assert found == dict.fromkeys(NAMES.values(), quiet)


def test_answers_are_compressed(story: Story) -> None:
    (api,) = story.ids["back"]["rest"]
    changes = [call["body"] for call in story.account.calls() if call["path"] == f"/restapis/{api}"]
    assert sum('"/minimumCompressionSize"' in change and '"1024"' in change for change in changes) >= 3


def test_each_function_is_told_what_it_needs_and_no_secret_besides(story: Story) -> None:
    (socket_api,) = story.ids["back"]["sockets"]
    for name, full_name in NAMES.items():
        variables = story.account.variables_of(full_name)
        assert variables["WEBSOCKET_ENDPOINT"] == f"https://{socket_api}.execute-api.{REGION}.amazonaws.com/api"
        assert story.ids["back"]["rest"][0] in variables["PUBLIC_URL"]
        assert variables["LIVE_TABLE"] == f"messenger-{STAGE}-live"
        assert ("JWT_SECRET" in variables) == (name in WITH_KEYS)
        assert ("DATABASE_URL" in variables) == (name in IN_VPC)
        if name in IN_VPC:
            assert variables["DATABASE_URL"].startswith("postgresql://messenger_app@")
            assert variables["DATABASE_IAM"] == "on"


def test_each_function_has_its_own_policy_and_nothing_else(story: Story) -> None:
    stack = story.account.client("cloudformation").describe_stacks(StackName=f"messenger-{STAGE}")["Stacks"][0]
    names = {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]} | {
        "Partition": "aws",
        "Region": REGION,
        "Account": ACCOUNT,
        "Prefix": f"messenger-{STAGE}",
        "WebsocketApiId": story.ids["back"]["sockets"][0],
        "MailDomain": "none.invalid",
        **dict.fromkeys(("AssistantModel", "AssistantBaseModel"), "none"),
        "ChimeMeetings": "arn:aws:chime::123456789012:none",
        "ScanQueue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:messenger-{STAGE}-none",
    }
    for name in FUNCTIONS:
        template = string.Template((ROOT / "infra" / "policies" / f"{name}.json").read_text())
        granted = story.account.policy(f"messenger-{STAGE}-{name}")
        assert pretty(granted) == pretty(json.loads(template.substitute(names)))


def test_the_rest_api_has_every_route_and_the_gateways_errors_have_our_shape(story: Story) -> None:
    client = story.account.client("apigateway")
    (api,) = story.ids["back"]["rest"]
    resources = client.get_resources(restApiId=api, limit=500)["items"]
    methods = {(item["path"], method) for item in resources for method in item.get("resourceMethods", {})}
    declared = {(path, method) for path, entries in app.routes.items() for method in entries}
    assert declared <= methods
    assert {method for _, method in methods - declared} == {"OPTIONS"}
    assert {f"/{name}/{GREEDY}" for name in DIALECTS} <= {path for path, _ in methods}
    assert len(resources) <= RESOURCES_OF_AN_API * 2 // 3

    put = {item["responseType"]: item for item in client.get_gateway_responses(restApiId=api)["items"]}
    wanted = {item["responseType"]: item for item in apis.gateway_responses()}
    assert put.keys() == wanted.keys()
    assert put["THROTTLED"]["statusCode"] == "429"
    assert put["THROTTLED"]["responseTemplates"] == wanted["THROTTLED"]["responseTemplates"]
    assert client.get_rest_api(restApiId=api)["name"] == f"messenger-{STAGE}-rest-api"
    settings = client.get_stage(restApiId=api, stageName="api")["methodSettings"]["*/*"]
    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (500, 1000)


def test_polls_have_a_function_of_their_own(story: Story) -> None:
    client = story.account.client("apigateway")
    (api,) = story.ids["back"]["rest"]
    paths = {item["path"]: item["id"] for item in client.get_resources(restApiId=api, limit=500)["items"]}
    for method, name in (("GET", "polling"), ("POST", "api_handler"), ("OPTIONS", "api_handler")):
        called = client.get_integration(restApiId=api, resourceId=paths["/socket.io"], httpMethod=method)
        assert called["uri"].endswith(f":function:{NAMES[name]}/invocations")
    functions = story.account.client("lambda")
    assert api in functions.get_policy(FunctionName=NAMES["polling"])["Policy"]
    reserved = functions.get_function_concurrency(FunctionName=NAMES["polling"])
    assert reserved["ReservedConcurrentExecutions"] == 100


def test_the_socket_stage_serves_the_newest_routes_with_acks_by_route_response(story: Story) -> None:
    served = story.account.served()
    routes, (api,) = served["routes"], story.ids["back"]["sockets"]
    assert routes["none"] == {**routes["$default"], "responses": []} != routes["$default"]
    assert story.account.client("apigatewayv2").get_api(ApiId=api)["RouteSelectionExpression"].endswith(".reply")
    assert (served["deployments"], served["stage"]["DefaultRouteSettings"]["ThrottlingBurstLimit"]) == (3, 2000)


def test_queues_files_and_the_clock_call_their_functions(story: Story) -> None:
    mapped = story.account.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    by_queue = {item["EventSourceArn"].rpartition(":")[2]: item for item in mapped}
    assert by_queue.keys() == {f"messenger-{STAGE}-{name}" for name in QUEUES}
    for name, (function, concurrency) in QUEUES.items():
        mapping = by_queue[f"messenger-{STAGE}-{name}"]
        assert mapping["FunctionArn"].endswith(f":messenger-{STAGE}-{function}")
        assert mapping["State"] == ("Disabled" if name in UNUSED else "Enabled")
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"] == {"MaximumConcurrency": concurrency}
    bound = story.account.client("lambda").get_function_concurrency
    bounds = ((name, bound(FunctionName=each).get("ReservedConcurrentExecutions")) for name, each in NAMES.items())
    assert {name: n for name, n in bounds if n} == {"polling": 100, **shares(60, {"presence_changed": 10})}
    (files,) = [name for name in story.ids["back"]["buckets"] if "-uploads-" in name]
    notified = story.account.client("s3").get_bucket_notification_configuration(Bucket=files)
    rules = {each["LambdaFunctionArn"]: each["Filter"]["Key"] for each in notified["LambdaFunctionConfigurations"]}
    prefixes = {arn.rpartition("-")[2]: rule["FilterRules"][0]["Value"] for arn, rule in rules.items()}
    assert prefixes == {"upload_stored": "uploads/", "pictures": "waiting/"}
    assert story.ids["back"]["rules"] == [f"messenger-{STAGE}-sweep-event"]


def test_every_log_group_forgets_in_time(story: Story) -> None:
    groups = story.account.client("logs").describe_log_groups
    kept = {item["logGroupName"]: item.get("retentionInDays") for item in groups()["logGroups"]}
    assert kept == {f"/aws/lambda/{name}": 30 for name in NAMES.values()}


def test_nothing_is_made_twice_though_the_record_was_lost(story: Story) -> None:
    assert len(story.ids["first"]["rest"]) == len(story.ids["first"]["sockets"]) == 1
    assert len(story.ids["first"]["mappings"]) == len(QUEUES)
    for chapter in ("in vain", "second", "back"):
        assert story.ids[chapter] == story.ids["first"], chapter


def test_the_schema_is_brought_up_before_any_other_function_gets_the_new_code(story: Story) -> None:
    assert "0001_foundation" in story.said["first"]
    assert "_trial" in story.said["second"]
    steps = [call for call in story.calls["second"] if call.endswith((" code", " invoke"))]
    migrate = NAMES["migrate"]
    assert steps[:2] == [f"PUT function {migrate} code", f"POST function {migrate} invoke"]
    assert {f"PUT function {name} code" for name in NAMES.values()} == set(steps[2:])


def test_a_migration_that_fails_leaves_the_functions_and_the_schema_as_they_were(story: Story) -> None:
    assert "The schema was not brought up to date" in story.said["in vain"]
    assert "_trial" in story.said["in vain"]
    others = set(NAMES.values()) - {NAMES["migrate"]}
    assert {name: story.code["in vain"][name] for name in others} == {
        name: story.code["first"][name] for name in others
    }


def test_a_rollback_brings_the_first_package_back_byte_for_byte_and_leaves_the_schema(story: Story) -> None:
    assert set(story.code["second"].values()).isdisjoint(story.code["first"].values())
    assert story.code["back"] == story.code["first"]
    assert story.applied()[-1].endswith("_trial")
    assert not [call for call in story.calls["back"] if call.endswith(" invoke")]


def test_there_is_nothing_before_the_first_release_to_go_back_to(story: Story) -> None:
    result = story.checkout.make_target("rollback", f"STAGE={STAGE}", "SMOKE=off")
    assert result.returncode != 0
    assert "no earlier release" in result.stderr


@pytest.mark.parametrize("command", [("deploy", "SMOKE=off"), ("rollback", "SMOKE=off"), ("rotate",), ("destroy",)])
def test_who_finds_a_stage_in_the_hands_of_another_is_told_whose_and_changes_nothing(
    story: Story, command: tuple[str, ...]
) -> None:
    other = Holder(
        caller="arn:aws:iam::123456789012:user/anna", host="anna@desk", command="deploy", since="2026", token=""
    )
    s3, lock = story.account.client("s3"), {"Bucket": bucket_of(STAGE), "Key": "lock.json"}
    s3.put_object(**lock, Body=other.to_json())
    before = len(story.account.journal())
    result = story.checkout.make_target(*command, f"STAGE={STAGE}", f"CONFIRM={STAGE}")
    assert result.returncode != 0
    assert "`deploy` of anna@desk (arn:aws:iam::123456789012:user/anna), since 2026" in result.stderr
    assert f"make unlock STAGE={STAGE}" in result.stderr
    changes = [call for call in story.account.journal()[before:] if call.startswith(("PUT function", "DELETE"))]
    assert changes == []
    assert s3.get_object(**lock)["Body"].read() == other.to_json()

    assert "taken from `deploy` of anna@desk" in story.checkout.done("unlock", f"STAGE={STAGE}")
    assert f"nobody holds stage {STAGE}" in story.checkout.done("unlock", f"STAGE={STAGE}")


def test_a_stage_is_nobodys_when_a_command_has_ended_well_or_not(story: Story) -> None:
    kept = story.account.client("s3").list_objects_v2(Bucket=bucket_of(STAGE))["Contents"]
    assert "lock.json" not in {item["Key"] for item in kept}


@pytest.mark.parametrize("command", [("deploy", "SMOKE=off"), ("destroy", f"CONFIRM={STAGE}", "DATA=delete")])
def test_a_stage_of_another_region_is_neither_made_again_nor_destroyed(
    story: Story, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    elsewhere = {**story.account.variables, "AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2"}
    monkeypatch.setattr(Account, "variables", elsewhere)
    before = story.account.ids()
    result = story.checkout.make_target(*command, f"STAGE={STAGE}")
    assert result.returncode != 0
    assert f"Stage {STAGE} is in {REGION}" in result.stderr
    assert story.account.ids() == before


def test_a_statement_is_run_where_the_database_is(story: Story) -> None:
    def ask(query: str, *words: str) -> str:
        return story.checkout.done("sql", f"STAGE={STAGE}", f"QUERY={query}", *words)

    quoted = """SELECT name || '''s "$1" -- x', NULL FROM schema_migrations WHERE number = 1"""
    assert '0001_foundation\'s "$1" -- x\tNULL\n(1 rows)' in ask(quoted)
    refused = story.checkout.make_target("sql", f"STAGE={STAGE}", "QUERY=UPDATE epoch SET name = 'other'")
    assert "read-only transaction" in refused.stderr
    assert "(1 rows)" in ask("UPDATE epoch SET name = 'other'", "WRITE=yes")
    assert "no user no'body" in story.checkout.make_target("admin", f"STAGE={STAGE}", "USER=no'body").stderr
    rds = story.account.client("rds")
    restored = {"DBInstanceIdentifier": "restored", "DBInstanceClass": "db.t4g.micro", "Engine": "postgres"}
    rds.create_db_instance(**restored, MasterUsername="messenger_master", ManageMasterUserPassword=True)
    assert "other" in ask("SELECT name FROM epoch", "DATABASE=restored")
    rds.delete_db_instance(DBInstanceIdentifier="restored", SkipFinalSnapshot=True)
    assert "Say what to run" in story.checkout.make_target("sql", f"STAGE={STAGE}").stderr


def test_history_is_stored_where_the_database_is(story: Story) -> None:
    source = story.database_url.replace("/deployed", "/postgres")
    with psycopg.connect(source, autocommit=True) as connection:
        fill_conversations(connection, users=4, messages=200)
    asked = ("import", f"STAGE={STAGE}", f"FROM={source}", "DIALECT=conversations")
    assert "messages          200 read: 200 added" in story.checkout.done(*asked)
    assert "messages          200 read: 200 known" in story.checkout.done(*asked)
    with psycopg.connect(story.database_url) as connection:
        counted = connection.execute("SELECT count(*) FROM messages").fetchone()
    assert counted == (200,)
    assert "DIALECT must be one of" in story.checkout.make_target(*asked[:3], "DIALECT=icq").stderr


def test_a_rotation_lets_the_old_key_verify_and_the_new_one_sign(story: Story) -> None:
    before = {name: story.account.variables_of(NAMES[name])["JWT_SECRET"] for name in WITH_KEYS}
    story.checkout.done("rotate", f"STAGE={STAGE}")
    for name in WITH_KEYS:
        variables = story.account.variables_of(NAMES[name])
        assert variables["JWT_PREVIOUS_SECRETS"] == before[name]
        assert variables["JWT_SECRET"] not in {before[name], ""}
        assert variables["DATABASE_IAM" if name in IN_VPC else "LIVE_TABLE"]  # the others stay
    changed = [call for call in story.account.journal() if call.endswith(f"{NAMES['api_handler']} configuration")]
    assert len(changed) >= 2


def test_another_python_and_processor_come_and_go_with_their_code(story: Story) -> None:
    def runtimes() -> set[tuple[str, str]]:
        return {(item["Runtime"], *item["Architectures"]) for item in story.account.functions().values()}

    s3, bucket = story.account.client("s3"), bucket_of(STAGE)
    history = json.loads(s3.get_object(Bucket=bucket, Key="releases.json")["Body"].read())
    for name in ("package.zip", "templates.json"):
        source = {"Bucket": bucket, "Key": f"releases/{history['current']}/{name}"}
        s3.copy_object(Bucket=bucket, Key=f"releases/older/{name}", CopySource=source)
    python = "3.13" if HERE.version != "3.13" else "3.12"
    architecture = "arm64" if HERE.architecture == "x86_64" else "x86_64"
    older = {**history["releases"][0], "id": "older", "python": python, "architecture": architecture}
    history["releases"].insert(0, older)
    s3.put_object(Bucket=bucket, Key="releases.json", Body=json.dumps(history).encode())

    assert f"Python {python} on {architecture}" in story.checkout.done("rollback", f"STAGE={STAGE}", "SMOKE=off")
    assert runtimes() == {(f"python{python}", architecture)}

    begun = len(story.account.journal())
    story.checkout.done("deploy", f"STAGE={STAGE}", "SMOKE=off")  # the account runs no code on a foreign runtime
    assert runtimes() == {(f"python{HERE.version}", HERE.architecture)}
    migrate = f" function {NAMES['migrate']} "
    steps = [call for call in story.account.journal()[begun:] if migrate in call and not call.startswith("GET")]
    assert [call.rpartition(" ")[2] for call in steps[:3]] == ["code", "configuration", "invoke"]


def test_stages_do_not_meet_and_data_goes_when_it_is_told_to(story: Story) -> None:
    before = story.account.ids()
    story.checkout.done("deploy", "STAGE=other", "SMOKE=off")
    both = story.account.ids()
    assert set(before["rest"]) < set(both["rest"])
    assert len(both["rest"]) == len(both["sockets"]) == 2
    assert len(both["mappings"]) == 2 * len(before["mappings"])
    (uploads,) = set(both["buckets"]) - set(before["buckets"]) - {bucket_of("other")}
    story.account.client("s3").put_object(Bucket=uploads, Key="uploads/1", Body=b"content")

    said = story.checkout.done("destroy", "STAGE=other", "CONFIRM=other", "DATA=delete")
    assert "ALL UPLOADED FILES GO TOO" in said
    assert story.account.ids() == before
    secrets = story.account.client("secretsmanager").list_secrets()["SecretList"]
    assert not [item["Name"] for item in secrets if item["Name"].startswith("messenger-other")]


def test_destroy_wants_the_stages_name_and_removes_all_but_the_data(story: Story) -> None:
    before = story.account.ids()
    for answer in ((), ("CONFIRM=other",)):
        refused = story.checkout.make_target("destroy", f"STAGE={STAGE}", *answer)
        assert refused.returncode != 0
        assert "Nothing was removed" in refused.stderr
        assert "rest_api" in refused.stdout
        assert story.account.ids() == before

    begun = len(story.account.journal())
    story.checkout.done("destroy", f"STAGE={STAGE}", f"CONFIRM={STAGE}")
    calls = story.account.journal()
    # Lambda needs their roles to remove their network interfaces.
    left_vpc = max(calls.index(f"PUT function {NAMES[name]} configuration", begun) for name in IN_VPC)
    assert left_vpc < calls.index("POST / DeleteRole", begun)
    after = story.account.ids()
    (uploads,) = [name for name in before["buckets"] if "-uploads-" in name]
    assert uploads in after.pop("buckets")
    assert {name: left for name, left in after.items() if left} == {}
    assert story.account.client("rds").describe_db_instances()["DBInstances"] == []
    secrets = story.account.client("secretsmanager").list_secrets()["SecretList"]
    assert f"messenger-{STAGE}-jwt" in {item["Name"] for item in secrets}


def test_the_deployers_policy_allows_what_was_asked_for_and_nothing_else(story: Story) -> None:
    story.checkout.done("destroy", f"STAGE={STAGE}", f"CONFIRM={STAGE}")  # perhaps in vain, and no error
    asked = {right for call in story.account.calls() for right in rights(call)}
    assert (refused(asked), idle({right.action for right in asked})) == ([], [])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("deploy",), "say which: make deploy STAGE=dev"),
        (("deploy", "STAGE=Not_A_Name"), "lower-case letters"),
        (("deploy", "STAGE=dev-push"), "a function of stage dev is called messenger-dev-push"),
        (("rollback", "STAGE=never"), "no earlier release"),
        (("rotate", "STAGE=never"), "deploy the stage first"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(story: Story, words: tuple[str, ...], reason: str) -> None:
    result = story.checkout.make_target(*words)
    assert result.returncode != 0
    assert reason in result.stderr
    assert "Traceback" not in result.stderr


def test_who_has_no_credentials_is_told_what_to_do(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Account, "variables", {"AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"})
    assert "Set AWS_PROFILE" in story.checkout.make_target("deploy", "STAGE=dev").stderr
