"""What some functions have beside the others: a layer each, with libraries that none of the others is to carry."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from infra import package, wheels
from infra.stage import Stage
from infra.wheels import Target

# The functions that have one, and what it is for.
_PURPOSES: Mapping[str, str] = {"pictures": "pictures", "notify": "notify", "api_handler": "passkeys"}
REQUIREMENTS: Mapping[str, Path] = {
    function: package.ROOT / f"requirements-{purpose}.txt" for function, purpose in _PURPOSES.items()
}
# In which folder of /opt the libraries are. Python looks into `python` by itself, into the other one when it is asked
# to (core/libraries.py).
FOLDERS: Mapping[str, str] = {"pictures": "python", "notify": "python", "api_handler": "later"}
# Of an archive: the earliest time that there is, so that the same libraries make the same bytes.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def layer(stage: Stage, target: Target, function: str, *, anew: bool) -> str:
    """The ARN of a function's layer for a runtime: published if its libraries changed. Raises WheelsError.

    With `anew` False, as for an earlier release, the newest that there is serves.
    """
    client = stage.account.client("lambda")
    name = f"{_prefix(stage, function)}{target.version.replace('.', '-')}-{target.architecture}"
    versions = client.list_layer_versions(LayerName=name)["LayerVersions"]
    if versions and not anew:
        return str(versions[0]["LayerVersionArn"])
    libraries = wheels.install(REQUIREMENTS[function], target, package.BUILDS)
    # The folder is called by what is in it.
    if versions and versions[0].get("Description") == libraries.name:
        return str(versions[0]["LayerVersionArn"])
    published = client.publish_layer_version(
        LayerName=name,
        Description=libraries.name,
        Content={"ZipFile": zipped(libraries, FOLDERS[function])},
        CompatibleRuntimes=[f"python{target.version}"],
        CompatibleArchitectures=[target.architecture],
    )
    return str(published["LayerVersionArn"])


def zipped(libraries: Path, folder: str) -> bytes:
    """The libraries as Lambda unpacks them into /opt."""
    place = io.BytesIO()
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(libraries.rglob("*")):
            if path.is_file():
                item = zipfile.ZipInfo(f"{folder}/{path.relative_to(libraries)}", _NO_TIME)
                item.compress_type, item.external_attr = zipfile.ZIP_DEFLATED, 0o755 << 16
                archive.writestr(item, path.read_bytes())
    return place.getvalue()


def delete_layers(stage: Stage) -> None:
    """Removes every version of the stage's layers."""
    client = stage.account.client("lambda")
    for name in list(_names(stage)):
        for version in list(stage.account.pages("lambda", "list_layer_versions", "LayerVersions", LayerName=name)):
            client.delete_layer_version(LayerName=name, VersionNumber=version["Version"])


def _names(stage: Stage) -> Iterator[str]:
    ours = tuple(_prefix(stage, function) for function in REQUIREMENTS)
    for each in stage.account.pages("lambda", "list_layers", "Layers"):
        if each["LayerName"].startswith(ours):
            yield each["LayerName"]


def _prefix(stage: Stage, function: str) -> str:
    return f"{stage.full_name}-{_PURPOSES[function]}-"
