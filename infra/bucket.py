"""The bucket of a stage that all who deploy it share: Chalice's record of what it made, the releases, a lock."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from botocore.exceptions import ClientError

from infra.render import Templates
from infra.stage import DeployError, Stage, missing
from infra.wheels import Architecture

_RECORD = "deployed.json"
_RELEASES = "releases.json"
_SMOKE = "smoke-secret"
_LOCK = "lock.json"
# How many packages are kept to go back to.
_KEPT = 10

Smoke = Literal["pending", "passed", "failed", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Release:
    """A package that was deployed. Times are RFC 3339, UTC."""

    id: str
    python: str
    architecture: Architecture
    made_at: str
    smoke: Smoke = "pending"


@dataclass(frozen=True)
class History:
    """All kept releases, oldest first, and the one that serves."""

    releases: tuple[Release, ...] = ()
    current: str | None = None

    def with_current(self, release: Release) -> "History":
        """This one serves; a new one is the newest."""
        others = tuple(known for known in self.releases if known.id != release.id)
        if len(others) == len(self.releases):
            return History((*others, release), release.id)
        return History(tuple(release if known.id == release.id else known for known in self.releases), release.id)

    def before_current(self) -> Release:
        """The newest that is older than the one that serves, and did not fail its smoke test. Raises DeployError."""
        older: list[Release] = []
        for release in self.releases:
            if release.id == self.current:
                break
            older.append(release)
        usable = [release for release in older if release.smoke in {"passed", "skipped"}]
        if self.current is None or not usable:
            raise DeployError("There is no earlier release to go back to.")
        return usable[-1]


class Bucket:
    """`messenger-<stage>-deployments-<account>`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._client = stage.account.client("s3")
        self._name = stage.bucket

    def ensure(self) -> None:
        """Makes it, private and encrypted. Raises DeployError where the stage lies in another region."""
        region = self._stage.account.region
        if not self.is_here():
            where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            self._client.create_bucket(Bucket=self._name, **where)
        blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        self._client.put_public_access_block(
            Bucket=self._name, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True)
        )

    def is_here(self) -> bool:
        """Whether it stands, and with it the stage. Raises DeployError where they are in another region."""
        region = self._stage.account.region
        try:
            home = self._client.head_bucket(Bucket=self._name).get("BucketRegion", region)
        except ClientError as error:
            if missing(error):
                return False
            raise
        if home != region:
            # Roles have one name in all regions: a second stage would share the first one's, or take them with it.
            name = self._stage.name
            raise DeployError(f"Stage {name} is in {home}: set AWS_REGION to it. For {region} choose another name.")
        return True

    def template_url(self, template: str) -> str:
        """Where CloudFormation reads a template from: in a request it might be no larger than 51,200 bytes."""
        self._put("stack.yaml", template.encode())
        return self.kept_template_url

    @property
    def kept_template_url(self) -> str:
        """The same for the template of the last deployment."""
        return f"https://{self._name}.s3.{self._stage.account.region}.amazonaws.com/stack.yaml"

    def record(self) -> dict[str, Any] | None:
        """What Chalice wrote after its last whole success; None where nobody knows."""
        text = self._get(_RECORD)
        record: dict[str, Any] | None = None if text is None else json.loads(text)
        return record

    def put_record(self, record: dict[str, Any]) -> None:
        """Keeps Chalice's record for the next who deploys."""
        self._put(_RECORD, json.dumps(record, indent=2).encode())

    def history(self) -> History:
        """The releases."""
        text = self._get(_RELEASES)
        if text is None:
            return History()
        given = json.loads(text)
        return History(tuple(Release(**item) for item in given["releases"]), given["current"])

    def put_history(self, history: History) -> None:
        """Keeps the releases, and forgets packages that are too old to go back to."""
        kept = history.releases[-_KEPT:]
        content = {"releases": [asdict(release) for release in kept], "current": history.current}
        self._put(_RELEASES, json.dumps(content, indent=2).encode())
        for release in history.releases[:-_KEPT]:
            for name in ("package.zip", "templates.json"):
                self._client.delete_object(Bucket=self._name, Key=f"releases/{release.id}/{name}")

    def put_release(self, release: Release, package: Path, templates: Templates) -> None:
        """Keeps what a rollback needs."""
        self._put(f"releases/{release.id}/package.zip", package.read_bytes())
        self._put(f"releases/{release.id}/templates.json", templates.to_json().encode())

    def fetch_release(self, release: Release) -> tuple[bytes, Templates]:
        """The package and the templates it was deployed with. Raises DeployError where they are gone."""
        package = self._get(f"releases/{release.id}/package.zip")
        templates = self._get(f"releases/{release.id}/templates.json")
        if package is None or templates is None:
            raise DeployError(f"The package of release {release.id} is no longer in {self._name}.")
        return package, Templates.from_json(templates.decode())

    def smoke_secret(self) -> str:
        """What the users of smoke tests are made of; the same for the stage's whole life."""
        found = self._get(_SMOKE)
        if found is None:
            found = secrets.token_hex(32).encode()
            self._put(_SMOKE, found)
        return found.decode()

    def take_lock(self, holder: bytes) -> bytes | None:
        """None where the lock is ours now, or the bucket is gone and with it what it guards; else who holds it."""
        while True:
            try:
                self._client.put_object(Bucket=self._name, Key=_LOCK, Body=holder, IfNoneMatch="*")
            except ClientError as error:
                if missing(error):
                    return None
                # The second: two came at the same moment.
                if error.response["Error"]["Code"] not in {"PreconditionFailed", "ConditionalRequestConflict"}:
                    raise
                other = self.lock()
                if other is not None:
                    return other
            else:
                return None

    def lock(self) -> bytes | None:
        """Who holds the lock; None where nobody does."""
        return self._get(_LOCK)

    def delete_lock(self) -> None:
        """Lets the next one take it."""
        self._client.delete_object(Bucket=self._name, Key=_LOCK)

    def delete(self) -> None:
        """Removes it with all that it holds."""
        empty(self._stage, self._name)
        try:
            self._client.delete_bucket(Bucket=self._name)
        except ClientError as error:
            if not missing(error):
                raise

    def _get(self, key: str) -> bytes | None:
        try:
            content: bytes = self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        except ClientError as error:
            if missing(error):
                return None
            raise
        return content

    def _put(self, key: str, content: bytes) -> None:
        self._client.put_object(Bucket=self._name, Key=key, Body=content, ServerSideEncryption="AES256")


def empty(stage: Stage, bucket: str) -> None:
    """Deletes every object of a bucket, older versions too. A bucket that is not there is empty."""
    try:
        for batch in _versions(stage, bucket):
            stage.account.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
    except ClientError as error:
        if not missing(error):
            raise


def _versions(stage: Stage, bucket: str) -> Iterator[list[dict[str, str]]]:
    pages = stage.account.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket)
    for page in pages:
        found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        if found:
            yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
