"""What the function `pictures` has beside the others: a layer with its libraries, which none of them is to carry."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from infra import package, wheels
from infra.stage import Stage
from infra.wheels import Target

_REQUIREMENTS = package.ROOT / "requirements-pictures.txt"
# Of an archive: the earliest time that there is, so that the same libraries make the same bytes.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def layer(stage: Stage, target: Target, *, anew: bool) -> str:
    """The ARN of the layer for a runtime: published if its libraries changed. Raises WheelsError.

    With `anew` False, as for an earlier release, the newest that there is serves.
    """
    client = stage.account.client("lambda")
    name = f"{_prefix(stage)}{target.version.replace('.', '-')}-{target.architecture}"
    versions = client.list_layer_versions(LayerName=name)["LayerVersions"]
    if versions and not anew:
        return str(versions[0]["LayerVersionArn"])
    libraries = wheels.install(_REQUIREMENTS, target, package.BUILDS)
    # The folder is called by what is in it.
    if versions and versions[0].get("Description") == libraries.name:
        return str(versions[0]["LayerVersionArn"])
    published = client.publish_layer_version(
        LayerName=name,
        Description=libraries.name,
        Content={"ZipFile": zipped(libraries)},
        CompatibleRuntimes=[f"python{target.version}"],
        CompatibleArchitectures=[target.architecture],
    )
    return str(published["LayerVersionArn"])


def zipped(libraries: Path) -> bytes:
    """The libraries as Lambda unpacks them into /opt, where Python finds them."""
    place = io.BytesIO()
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(libraries.rglob("*")):
            if path.is_file():
                item = zipfile.ZipInfo(f"python/{path.relative_to(libraries)}", _NO_TIME)
                item.compress_type, item.external_attr = zipfile.ZIP_DEFLATED, 0o755 << 16
                archive.writestr(item, path.read_bytes())
    return place.getvalue()


def delete_layers(stage: Stage) -> None:
    """Removes every version of the stage's layers."""
    client = stage.account.client("lambda")
    for name in list(_names(stage)):
        for version in list(stage.account.pages("lambda", "list_layer_versions", "LayerVersions", LayerName=name)):
            client.delete_layer_version(LayerName=name, VersionNumber=version["Version"])


def let_go(stage: Stage, bucket: str) -> None:
    """Has the bucket call `pictures` no more, before a release comes that has no such function.

    There `upload_stored` hears of every file again, which S3 refuses while another function hears of some.
    """
    client = stage.account.client("s3")
    calls = client.get_bucket_notification_configuration(Bucket=bucket)
    calls.pop("ResponseMetadata", None)
    functions = calls.get("LambdaFunctionConfigurations", [])
    left = [each for each in functions if not each["LambdaFunctionArn"].endswith(f":{stage.function('pictures')}")]
    if len(left) < len(functions):
        client.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={**calls, "LambdaFunctionConfigurations": left}
        )


def _names(stage: Stage) -> Iterator[str]:
    for each in stage.account.pages("lambda", "list_layers", "Layers"):
        if each["LayerName"].startswith(_prefix(stage)):
            yield each["LayerName"]


def _prefix(stage: Stage) -> str:
    return f"{stage.function('pictures')}-"
