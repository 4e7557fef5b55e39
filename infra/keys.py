"""The secrets that sign access tokens, and their rotation in two phases.

The secret of the stack is first a plain string, as CloudFormation made it, and after a rotation a JSON object
`{"sign", "verify": […], "next"?}`. While `next` is there a rotation is under way, and is taken up where it stood.
"""

import json
import secrets
from dataclasses import dataclass, replace
from typing import Any

from infra.stage import WITH_KEYS, DeployError, Say, Stage

_VARIABLES = ("JWT_SECRET", "JWT_PREVIOUS_SECRETS")


@dataclass(frozen=True)
class Keys:
    """One key signs; that one and those of `verify` are accepted. `next` will sign when everybody accepts it."""

    sign: str
    verify: tuple[str, ...] = ()
    next: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Keys":
        """Reads a secret's value. Raises DeployError for a key that the functions could not read."""
        try:
            given = json.loads(text)
        except ValueError:
            given = None
        keys = cls(given["sign"], tuple(given["verify"]), given.get("next")) if isinstance(given, dict) else cls(text)
        if not keys.sign or any("," in key or key != key.strip() for key in (keys.sign, *keys.verify)):
            raise DeployError(
                "The signing secret must not be empty, nor hold commas or outer blanks: give it another value."
            )
        return keys

    def to_json(self) -> str:
        """For `parse`."""
        return json.dumps({"sign": self.sign, "verify": self.verify, **({"next": self.next} if self.next else {})})

    def variables(self) -> dict[str, str]:
        """What a function reads them from."""
        previous = {"JWT_PREVIOUS_SECRETS": ",".join(self.verify)} if self.verify else {}
        return {"JWT_SECRET": self.sign, **previous}

    def announced(self) -> "Keys":
        """The next key is accepted and does not sign yet. The one before the current is dropped."""
        new = self.next or secrets.token_urlsafe(48)
        return replace(self, verify=(new,), next=new)

    def switched(self) -> "Keys":
        """The announced key signs; the one before it is accepted until the next rotation."""
        if self.next is None:
            raise ValueError("no key was announced")
        return self if self.next == self.sign else Keys(self.next, verify=(self.sign,), next=self.next)

    @property
    def switching(self) -> bool:
        """Whether everybody accepts the next key, and it signs already."""
        return self.next == self.sign


class KeyStore:
    """The keys of a stage in Secrets Manager."""

    def __init__(self, stage: Stage, secret_arn: str) -> None:
        self._client = stage.account.client("secretsmanager")
        self._arn = secret_arn

    def read(self) -> Keys:
        """The keys in force."""
        return Keys.parse(self._client.get_secret_value(SecretId=self._arn)["SecretString"])

    def write(self, keys: Keys) -> None:
        """Puts others in force for whoever reads next."""
        self._client.put_secret_value(SecretId=self._arn, SecretString=keys.to_json())


def rotate(stage: Stage, store: KeyStore, say: Say) -> None:
    """Gives the stage a new signing key; nobody is logged out, and it may be repeated after a failure.

    Tokens signed by the key that is dropped, the one before the current, have run out long ago, unless two rotations
    follow each other within an access token's life.
    """
    keys = store.read()
    if not keys.switching:
        keys = keys.announced()
        store.write(keys)
        say("phase 1: every function accepts the new key")
        _set_variables(stage, keys)
    keys = keys.switched()
    store.write(keys)
    say("phase 2: every function signs with it, and accepts the old one until the next rotation")
    _set_variables(stage, keys)
    store.write(replace(keys, next=None))


def _set_variables(stage: Stage, keys: Keys) -> None:
    """Returns when no container of the functions is left with other keys."""
    client = stage.account.client("lambda")
    for name in WITH_KEYS:
        function = stage.function(name)
        configured: dict[str, Any] = client.get_function_configuration(FunctionName=function)
        variables = configured.get("Environment", {}).get("Variables", {})
        kept = {key: value for key, value in variables.items() if key not in _VARIABLES}
        client.update_function_configuration(
            FunctionName=function, Environment={"Variables": {**kept, **keys.variables()}}
        )
        client.get_waiter("function_updated_v2").wait(FunctionName=function)
