"""`make import STAGE=…`: another messenger's rows, read here and stored by the function `migrate`.

Only what is in the VPC reaches the database, and nothing there need reach the source.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra import functions
from infra.stage import DeployError, Stage
from moving.command import Options, bring
from moving.source import SourceError
from moving.target import TargetError

# Rows are stored once, however often they are sent.
_TRIES = 4


class Function:
    """A target that is a stage's database."""

    def __init__(self, stage: Stage, master_url: str, name: str) -> None:
        self._stage = stage
        self._master_url = master_url
        self._name = name

    def store(self, kind: str, rows: Sequence[object]) -> list[list[Any]]:
        """See moving.target.Target."""
        event = {"masterUrl": self._master_url, "import": {"name": self._name, "kind": kind, "rows": rows}}
        for tries in range(1, _TRIES + 1):
            try:
                answer, failed = self._stage.account.invoke(self._stage.function("migrate"), event)
                break
            except (BotoCoreError, ClientError):
                if tries == _TRIES:
                    raise
        if failed or "refused" in answer:
            raise TargetError(f"The stage refuses: {answer.get('refused') or answer.get('errorMessage', answer)}")
        stored: list[list[Any]] = answer["rows"]
        return stored


def run(stage: Stage, outputs: Mapping[str, str]) -> None:
    """Imports what the environment says into a stage's database. Raises DeployError."""
    master_url = functions.master_url(stage, outputs)
    try:
        bring(Options.from_environment(), lambda name: nullcontext(Function(stage, master_url, name)))
    except (SourceError, TargetError) as error:
        raise DeployError(str(error)) from error
