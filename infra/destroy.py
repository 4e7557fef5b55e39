"""Takes a stage down: what was made for it goes, what users wrote stays unless it is told to go as well."""

import json
import shutil
from collections.abc import Iterator

from infra import domains, functions, kept, layers, package, record
from infra.bucket import Bucket
from infra.rollout import chalice
from infra.stack import Stack
from infra.stage import APP, Say, Stage
from infra.wheels import Target

Resources = list[tuple[str, str, str]]


def plan(stage: Stage, resources: Resources, *, data: bool) -> Iterator[str]:
    """In words, line by line, what `destroy` removes and what it keeps."""
    yield f"Account {stage.account.id}, region {stage.account.region}, stage {stage.name}. This removes:"
    for item in record.complete(stage, Bucket(stage).record(), None)["resources"]:
        yield f"  {item['resource_type']} {item['name']}"
    if stage.choices.domain:
        yield f"  the names {stage.choices.domain.rest} and {stage.choices.domain.sockets}"
    yield "  the functions' log groups, the releases, and with the stack:"
    yield from (f"  {kind} {physical}" for _, kind, physical in resources if physical)
    if data:
        yield "DATA=delete: THE DATABASE, ALL ITS SNAPSHOTS AND ALL UPLOADED FILES GO TOO:"
        yield from (f"  {item.kind} {item.name}" for item in kept.found(stage))
    else:
        yield "What the template retains stays: uploaded files, and the database as a final snapshot."


def destroy(stage: Stage, stack: Stack, say: Say, *, data: bool) -> None:
    """Removes the stage. May be repeated from wherever it failed, and with `data` after one without. Raises
    DeployError."""
    # A command that was killed may have left the stack half-way.
    stack.come_to_rest()
    resources = stack.resources()
    say("removing own names")
    domains.delete(stage)
    functions.leave_vpc(stage, _physical(resources, "FunctionSecurityGroup"), say)
    say("removing what Chalice has made")
    _delete_app(stage, resources)
    layers.delete_layers(stage)
    functions.delete_logs(stage)
    if resources:
        say("deleting the stack")
        stack.unprotect()
        stack.delete()
    for item in kept.found(stage) if data else ():
        say(f"deleting {item.kind} {item.name}")
        kept.delete(item)
    Bucket(stage).delete()
    say(f"stage {stage.name} is gone")


def _delete_app(stage: Stage, resources: Resources) -> None:
    folder = package.BUILDS / f"{stage.name}-destroy"
    shutil.rmtree(folder, ignore_errors=True)
    package.copy_sources(folder)
    deployed = folder / ".chalice" / "deployed"
    deployed.mkdir(parents=True)
    config = {"version": "2.0", "app_name": APP, "stages": {stage.name: {}}}
    (folder / ".chalice" / "config.json").write_text(json.dumps(config))
    known = record.complete(stage, Bucket(stage).record(), _physical(resources, "UploadsBucket"))
    (deployed / f"{stage.name}.json").write_text(json.dumps(known))
    chalice(stage, folder, "delete", Target.here())


def _physical(resources: Resources, logical: str) -> str | None:
    return next((physical for name, _, physical in resources if name == logical and physical), None)
