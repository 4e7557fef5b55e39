"""infra/stack.yaml as CloudFormation is given it: the names of kept resources written out.

CloudFormation takes up a resource that is there already (`ImportExistingResources`) by a literal name alone. Under a
name by `!Sub` it would be in the way, and the stack could not be made a second time.
"""

import re
from pathlib import Path

from infra.stage import Stage

TEMPLATE = Path(__file__).with_name("stack.yaml")
_BUCKET_NAME = re.compile(r'^( +BucketName: )!Sub "(.+)"$', re.MULTILINE)


def literal(stage: Stage, template: Path = TEMPLATE) -> str:
    """The text of the template for this stage."""
    return _BUCKET_NAME.sub(lambda found: found[1] + _filled(stage, found[2]), template.read_text())


def bucket_names(stage: Stage, template: Path = TEMPLATE) -> list[str]:
    """What the template's buckets are called, whether they stand or not."""
    return [_filled(stage, found[2]) for found in _BUCKET_NAME.finditer(template.read_text())]


def _filled(stage: Stage, name: str) -> str:
    parts = {"Prefix": stage.full_name, "AWS::AccountId": stage.account.id, "AWS::Region": stage.account.region}
    return re.sub(r"\$\{(.+?)\}", lambda found: parts[found[1]], name)
