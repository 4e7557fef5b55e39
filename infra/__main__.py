"""`python -m infra COMMAND --stage NAME`: what `make deploy`, `make rollback`, `make sql` and their like run."""

import argparse
import os
import sys
from dataclasses import replace

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra import (
    destroy,
    domains,
    edge,
    functions,
    importing,
    keys,
    lock,
    regions,
    rollout,
    smoke,
    sql,
    template,
    web,
)
from infra.bucket import Bucket, Release, Smoke
from infra.package import PackageError
from infra.refusals import explained
from infra.rollout import Rollout
from infra.stack import Stack
from infra.stage import GATEWAY_STAGE, Account, DeployError, Stage, check_name, choices_of
from infra.wheels import WheelsError


def main(arguments: list[str]) -> int:
    """Runs a command; 1 with the reason where it could not be done."""
    parser = argparse.ArgumentParser(prog="python -m infra", description=__doc__)
    commands = ["deploy", "rollback", "rotate", "unlock", "sql", "admin", "audit-verify", "import", "destroy"]
    parser.add_argument("command", choices=commands)
    parser.add_argument("--stage", required=True, help="a name of your choice: dev, prod, …")
    parser.add_argument("--no-smoke", action="store_true", help="leave the smoke test out")
    parser.add_argument("--data", choices=["keep", "delete"], default="keep", help="what destroy does with data")
    parser.add_argument("--confirm", help="destroy: the stage's name, instead of typing it when asked")
    parser.add_argument("--write", action="store_true", help="sql: the statement may change something")
    parser.add_argument("--database", help="sql: the identifier of another database, as of a restored one")
    given = parser.parse_args(arguments)
    try:
        _run(given, _stage(given.stage))
    except DeployError as error:
        print(f"\n{explained(str(error))}", file=sys.stderr)
        return 1
    except (WheelsError, PackageError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"\n{explained(f'AWS refused: {error}')}\nThe command may be repeated.", file=sys.stderr)
        return 1
    return 0


def _run(given: argparse.Namespace, stage: Stage) -> None:
    if given.command == "deploy":
        _deploy(stage, smoking=not given.no_smoke)
    elif given.command == "rollback":
        _rollback(stage, smoking=not given.no_smoke)
    elif given.command == "rotate":
        _rotate(stage)
    elif given.command == "unlock":
        lock.unlock(stage, Bucket(stage), say)
    elif given.command == "sql":
        _sql(stage, database=given.database, write=given.write)
    elif given.command == "admin":
        _admin(stage)
    elif given.command == "audit-verify":
        print(sql.verify_audit(stage, Stack(stage, say).outputs(), os.environ.get("HEAD", "").strip() or None))
    elif given.command == "import":
        importing.run(stage, Stack(stage, say).outputs())
    else:
        _destroy(stage, data=given.data == "delete", confirm=given.confirm)


def say(words: str) -> None:
    """Tells whoever started the command."""
    print(f"→ {words}", flush=True)


def _stage(name: str) -> Stage:
    check_name(name)
    choices = choices_of(name)
    # As the AWS command does; boto3 itself reads AWS_DEFAULT_REGION alone.
    account = Account(boto3.session.Session(region_name=os.environ.get("AWS_REGION") or None))
    say(f"account {account.id} as {account.caller}, region {account.region}")
    return regions.settled(Stage(name, account, choices), say)


def _deploy(stage: Stage, *, smoking: bool) -> None:
    regions.check(stage)
    bucket = Bucket(stage)
    going = rollout.fresh(stage, bucket, say)
    bucket.ensure()
    with lock.held(stage, bucket, "deploy"):
        fitting = regions.fitting(template.literal(stage), stage.account.region, say)
        stage = edge.fronted(stage, bucket)
        stack, url = Stack(stage, say), bucket.template_url(fitting)
        # Until each function goes by IPv6, those that do not yet go by the endpoint of the queues.
        by_endpoint = not going.ipv6 or functions.need_queue_endpoint(stage)
        outputs = stack.ensure(url, queues_by_endpoint=by_endpoint)
        edge.tell_name(outputs, say)
        ground = going.run(outputs, migrating=True)
        ids, host = (ground.rest_api, ground.socket_api), outputs.get("WebHost", "")
        release = going.release(web.pages(outputs))
        web.publish(stage, outputs, release.id, say)
        _record(stage, going, release, ids, smoking=smoking, host=host)
        if by_endpoint and going.ipv6:
            say("every function goes by IPv6 now: the endpoint of the queues is removed")
            stack.ensure(url, queues_by_endpoint=False)


def _rollback(stage: Stage, *, smoking: bool) -> None:
    bucket = Bucket(stage)
    with lock.held(stage, bucket, "rollback"):
        release = bucket.history().before_current()
        runtime = f"Python {release.python} on {release.architecture}"
        say(f"going back to release {release.id} of {release.made_at}, for {runtime}; the schema stays")
        going = rollout.earlier(stage, bucket, release, say)
        stack = Stack(stage, say)
        if not going.ipv6:
            stack.bring_queue_endpoint(bucket.kept_template_url)
        outputs = stack.outputs()
        ground = going.run(outputs, migrating=False)
        ids, host = (ground.rest_api, ground.socket_api), outputs.get("WebHost", "")
        web.restore(stage, outputs, release.id, say)
        _record(stage, going, release, ids, smoking=smoking, host=host)


def _rotate(stage: Stage) -> None:
    with lock.held(stage, Bucket(stage), "rotate"):
        keys.rotate(stage, keys.KeyStore(stage, Stack(stage, say).outputs()["JwtSecretArn"]), say)


def _sql(stage: Stage, *, database: str | None, write: bool) -> None:
    # Not as an argument: a statement has quotes and dashes of its own.
    statement = os.environ.get("QUERY", "").strip()
    if not statement:
        raise DeployError(f'Say what to run: make sql STAGE={stage.name} QUERY="SELECT …"')
    print(sql.run(stage, Stack(stage, say).outputs(), statement, database=database, write=write))


def _admin(stage: Stage) -> None:
    name = os.environ.get("NAME", "").strip()
    if not name:
        raise DeployError(f"Say whom: make admin STAGE={stage.name} USER=name")
    print(sql.appoint_admin(stage, Stack(stage, say).outputs(), name))


def _record(
    stage: Stage, going: Rollout, release: Release, ids: tuple[str, str], *, smoking: bool, host: str = ""
) -> None:
    """Keeps the release before it is tried: what serves now is what a rollback has to leave.

    It is tried at the one `host`, where there is one.
    """

    def note(verdict: Smoke) -> None:
        going.bucket.put_history(going.bucket.history().with_current(replace(release, smoke=verdict)))

    going.bucket.put_release(release, going.zip, going.templates)
    url, socket_url = (f"https://{host}/api", f"wss://{host}/api") if host else _urls(stage, *ids)
    say(f"release {release.id} serves at {url} and {socket_url}")
    if not smoking:
        note("skipped")
        return
    note("pending")
    try:
        domains.wait_until_pointed(stage, say)
    except DeployError:
        note("skipped")
        raise
    try:
        smoke.check(url, socket_url, going.bucket.smoke_secret(), say)
    except DeployError as error:
        note("failed")
        words = f"{error}\nThe stage serves this release all the same; `make rollback STAGE={stage.name}` leaves it."
        raise DeployError(words) from error
    note("passed")


def _urls(stage: Stage, rest_api: str, socket_api: str) -> tuple[str, str]:
    domain = stage.choices.domain
    if domain is not None:
        return f"https://{domain.rest}/{GATEWAY_STAGE}", f"wss://{domain.sockets}/{GATEWAY_STAGE}"
    rest, sockets = (stage.endpoint(api_id) for api_id in (rest_api, socket_api))
    return rest, sockets.replace("https://", "wss://")


def _destroy(stage: Stage, *, data: bool, confirm: str | None) -> None:
    Bucket(stage).is_here()  # or in another region, which is refused
    stack = Stack(stage, say)
    print("\n".join(destroy.plan(stage, stack.resources(), data=data)))
    answer = confirm if confirm is not None else input(f"Type {stage.name} to go on: ") if sys.stdin.isatty() else ""
    if answer != stage.name:
        raise DeployError("Nothing was removed: that was not the stage's name. Unattended, set CONFIRM to it.")
    with lock.held(stage, Bucket(stage), "destroy"):
        destroy.destroy(stage, stack, say, data=data)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
