"""Keeps the shell's own AWS configuration out of the process."""

import os
from collections.abc import Mapping

import msgspec

from chalicelib.core.config import VARIABLES, Settings
from local.signatures import Credentials


def isolate(*, region: str, credentials: Credentials) -> Mapping[str, str]:
    """Replaces every AWS_* variable, so that no client finds a profile, a role or credentials of this machine.

    Returns what was there, for `restore`. `point_at` says where clients go instead.
    """
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    _clear()
    os.environ.update(
        AWS_REGION=region,
        AWS_DEFAULT_REGION=region,
        AWS_ACCESS_KEY_ID=credentials.access_key_id,
        AWS_SECRET_ACCESS_KEY=credentials.secret_access_key,
        AWS_SESSION_TOKEN=credentials.session_token,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )
    return before


def point_at(endpoint: str) -> None:
    """Where every botocore client goes that is not told otherwise."""
    os.environ["AWS_ENDPOINT_URL"] = endpoint


def restore(before: Mapping[str, str]) -> None:
    """Puts the shell's variables back."""
    _clear()
    os.environ.update(before)


def variables_of(settings: Settings) -> dict[str, str]:
    """The variables from which a process of its own reads these settings; what is not set is left out."""
    return {
        VARIABLES.get(name, name.upper()): _written(value)
        for name, value in msgspec.structs.asdict(settings).items()
        if value not in (None, "", ())
    }


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _clear() -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
