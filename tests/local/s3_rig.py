"""A local AWS for tests of S3, and the requests that clients make."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from local.aws import Aws
from local.aws_messages import StoredObject
from local.signatures import Credentials

BUCKET = "messenger-uploads-123456789012-us-east-1"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


class Rig:
    """A local AWS and what it said of new objects."""

    def __init__(self, directory: Path, credentials: Credentials | None = None) -> None:
        self.created: list[tuple[StoredObject, str]] = []
        self.aws = Aws(directory=directory, credentials=credentials)
        self.aws.on_created = self._note
        self.aws.start()

    def fresh(self) -> "Rig":
        """Empties everything and sets the clock right."""
        self.aws.shift_clock(0)
        self.aws.reset()
        self.created.clear()
        return self

    def _note(self, stored: StoredObject, event: str) -> None:
        self.created.append((stored, event))

    @property
    def s3(self) -> Any:
        return self.aws.client("s3")

    def form(self, key: str = "in/1.png", *, most: int = 1000, lifetime: int = 60, **fields: str) -> dict[str, Any]:
        """A presigned POST of a PNG of 1 to `most` bytes."""
        given = {"Content-Type": "image/png", **fields}
        conditions: list[Any] = [{name: value} for name, value in given.items()]
        form: dict[str, Any] = self.s3.generate_presigned_post(
            BUCKET, key, Fields=given, Conditions=[*conditions, ["content-length-range", 1, most]], ExpiresIn=lifetime
        )
        return form

    def url(self, method: str, key: str, *, lifetime: int = 60, **parameters: str) -> str:
        url: str = self.s3.generate_presigned_url(
            method, Params={"Bucket": BUCKET, "Key": key, **parameters}, ExpiresIn=lifetime
        )
        return url

    def body(self, key: str) -> bytes:
        content: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content

    def listed(self) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def send(
    form: Mapping[str, Any], content: bytes = PNG, changed: Mapping[str, str | None] | None = None
) -> httpx.Response:
    """Sends the form with some fields changed; None takes one out."""
    fields = {**form["fields"], **(changed or {})}
    return httpx.post(
        form["url"],
        data={name: value for name, value in fields.items() if value is not None},
        files={"file": ("holiday.png", content, "image/png")},
    )


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Status and S3's code."""
    assert response.headers["content-type"] == "application/xml"
    return response.status_code, response.text.partition("<Code>")[2].partition("</Code>")[0]
