"""Brings a package to a stage: by `chalice deploy`, with what that leaves open before and after."""

import hashlib
import json
import os
import shutil
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.entry.ways import SERVED_APART
from infra import (
    apis,
    commands,
    concurrency,
    domains,
    edge,
    functions,
    layers,
    package,
    pictures,
    record,
    render,
    vapid,
)
from infra.bucket import Bucket, Release
from infra.keys import KeyStore
from infra.refusals import advice
from infra.render import Ground, Templates
from infra.stage import DeployError, Say, Stage
from infra.wheels import Target

_CHALICE = Path(__file__).with_name("chalice_for.py")


@dataclass(frozen=True)
class Rollout:
    """A package on its way: what it is for, the build folder, the zip that Chalice finds there, and its templates."""

    stage: Stage
    bucket: Bucket
    target: Target
    folder: Path
    zip: Path
    templates: Templates
    say: Say

    @property
    def ipv6(self) -> bool:
        """Whether functions in the VPC will reach AWS by IPv6: the stage has it, and this package knows it."""
        return bool(self.stage.choices.ipv6) and self.templates.post_from_the_vpc

    def run(self, outputs: Mapping[str, str], *, migrating: bool) -> Ground:
        """Deploys. May be repeated from wherever it failed. Raises DeployError."""
        stage = self.stage
        keys = KeyStore(stage, outputs["JwtSecretArn"]).read()
        bounds = concurrency.reserved(stage, outputs, self.say)
        edge_key = edge.key(self.bucket) if "OneHost" in outputs else ""
        made = {
            name: layers.layer(stage, self.target, name, anew=migrating)
            for name in layers.REQUIREMENTS
            if name in self.templates.policies
        }
        if "pictures" not in self.templates.policies:
            pictures.let_go(stage, outputs["UploadsBucketName"])
        ids = apis.ensure_rest(stage), apis.ensure_sockets(stage)
        ground = Ground(outputs, *ids, keys, self.ipv6, bounds, edge_key, made, vapid.keys(self.bucket))
        render.write(self.folder, stage, self.templates, ground)
        migrated = not migrating or functions.migrate_first(stage, self.zip, self.target, self.say, outputs)
        self._chalice(outputs)
        if not migrated:
            # The very first time: nobody is served yet.
            functions.migrate(stage, outputs, self.say)
        self.say("finishing what Chalice leaves open: queues, concurrency, logs, the APIs' stages")
        functions.finish_queues(stage)
        functions.reserve(stage, self.templates.reserved(), self.say)
        # An earlier release may have fewer functions.
        functions.say_less(stage, self.templates.policies)
        functions.finish_logs(stage, outputs)
        apis.finish_sockets(stage, ground.socket_api)
        apart = [name for name in SERVED_APART.values() if name in self.templates.policies]
        functions.let_api_call(stage, ground.rest_api, apart)
        apis.finish_rest(stage, ground.rest_api)
        domains.ensure(stage, ground.rest_api, ground.socket_api, self.say)
        return ground

    def release(self, client: bytes) -> Release:
        """What this package is called in the stage's history: by its bytes, its templates and the web client."""
        content = self.zip.read_bytes() + self.templates.to_json().encode() + client
        made_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        digest = hashlib.sha256(content).hexdigest()[:16]
        target = self.target
        return Release(id=digest, python=target.version, architecture=target.architecture, made_at=made_at)

    def _chalice(self, outputs: Mapping[str, str]) -> None:
        path = self.folder / ".chalice" / "deployed" / f"{self.stage.name}.json"
        path.parent.mkdir(exist_ok=True)
        known = record.complete(self.stage, self.bucket.record(), outputs["UploadsBucketName"])
        path.write_text(json.dumps(known, indent=2))
        chalice(self.stage, self.folder, "deploy", self.target, ipv6=self.ipv6)
        self.bucket.put_record(json.loads(path.read_text()))


def chalice(stage: Stage, folder: Path, verb: str, target: Target, *, ipv6: bool = False) -> None:
    """Runs the real `chalice` in a build folder; its words go where ours go. Raises DeployError."""
    family = "ipv6" if ipv6 else "ipv4"
    command = [sys.executable, "-P", str(_CHALICE), target.version, family, verb, "--stage", stage.name]
    # The folder must stay as it was built, and app.py must not take itself for one of the functions.
    variables = {name: value for name, value in os.environ.items() if name != "AWS_LAMBDA_FUNCTION_NAME"}
    variables |= {"AWS_DEFAULT_REGION": stage.account.region, "PYTHONDONTWRITEBYTECODE": "1"}
    code, said = commands.run(command, folder=folder, variables=variables)
    if code != 0:
        words = f"`chalice {verb}` failed; what it said stands above. It may be repeated."
        raise DeployError(f"{words}\n{advice(said)}".rstrip())


def fresh(stage: Stage, bucket: Bucket, say: Say) -> Rollout:
    """Builds the package of the sources as they are, for the Python that runs this. Raises WheelsError,
    PackageError."""
    target = Target.here(stage.choices.architecture)
    say(f"building the package for Python {target.version} on {target.architecture}")
    folder = package.BUILDS / stage.name
    package.build(folder, target)
    shutil.rmtree(folder / ".chalice", ignore_errors=True)
    return Rollout(stage, bucket, target, folder, package.zipped(folder, target), Templates.read(), say)


def earlier(stage: Stage, bucket: Bucket, release: Release, say: Say) -> Rollout:
    """Brings a kept package back, byte for byte, with its Python and processor. Raises DeployError."""
    target = Target.of(release.python, release.architecture)
    content, templates = bucket.fetch_release(release)
    folder = package.BUILDS / f"{stage.name}-rollback"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    kept = folder / "package.zip"
    kept.write_bytes(content)
    with zipfile.ZipFile(kept) as archive:
        sources = [name for name in archive.namelist() if name == "app.py" or name.startswith("chalicelib/")]
        archive.extractall(folder, sources)
    place = package.zip_place(folder, target)
    place.parent.mkdir(parents=True)
    kept.rename(place)
    stage = replace(stage, choices=replace(stage.choices, architecture=release.architecture))
    return Rollout(stage, bucket, target, folder, place, templates, say)
