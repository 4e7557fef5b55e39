"""The web client of a stage and the documentation: their files in the bucket that the distribution reads.

Files of a version are put before the page that names them, and those of earlier versions stay, for pages that are
open. Each release keeps its page below its own id: going back to it brings its client back too.
"""

from collections.abc import Mapping

from botocore.exceptions import ClientError

from infra.stage import Say, Stage, missing
from web import site
from web.docs import build

_BUCKET = "WebBucketName"


def pages(outputs: Mapping[str, str]) -> bytes:
    """The files that name all others of this checkout's client; nothing where the stage hosts none."""
    files = _files() if _BUCKET in outputs else {}
    return b"".join(files[name].content for name in _named(files))


def publish(stage: Stage, outputs: Mapping[str, str], release: str, say: Say) -> None:
    """Puts the client of this checkout there, where the stage hosts one."""
    if _BUCKET not in outputs:
        return
    files = _files()
    kept = {name: file for name, file in files.items() if file.caching == site.FOREVER}
    for name, file in kept.items():
        _put(stage, outputs[_BUCKET], name, file)
    for name in sorted(files.keys() - kept.keys()):
        for path in (f"releases/{release}/{name}", name):
            _put(stage, outputs[_BUCKET], path, files[name])
    say(f"the web client is at {outputs['WebUrl']}")


def restore(stage: Stage, outputs: Mapping[str, str], release: str, say: Say) -> None:
    """Brings the client of an earlier release back. A release that had none leaves what is there."""
    if _BUCKET not in outputs:
        return
    client, bucket, back = stage.account.client("s3"), outputs[_BUCKET], 0
    for name in _named(_files()):
        source = {"Bucket": bucket, "Key": f"releases/{release}/{name}"}
        try:
            client.copy_object(Bucket=bucket, Key=name, CopySource=source)
        except ClientError as error:
            if not missing(error):
                raise
        else:
            back += 1
    if back:
        say(f"the web client of release {release} is back")


def _files() -> dict[str, site.File]:
    return site.files() | build.files()


def _named(files: Mapping[str, site.File]) -> list[str]:
    """The files that have one name for all versions."""
    return sorted(name for name, file in files.items() if file.caching == site.EACH_TIME)


def _put(stage: Stage, bucket: str, name: str, file: site.File) -> None:
    stage.account.client("s3").put_object(
        Bucket=bucket, Key=name, Body=file.content, ContentType=file.kind, CacheControl=file.caching
    )
