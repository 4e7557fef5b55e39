"""`make sql`: a statement, run by the function `migrate`. Only what is in the VPC reaches the database."""

from collections.abc import Mapping, Sequence
from typing import Any

from infra import functions
from infra.stage import DeployError, Stage


def run(stage: Stage, outputs: Mapping[str, str], statement: str, *, database: str | None, write: bool) -> str:
    """What the stage's database answers, a row a line, or the database of that identifier. Raises DeployError."""
    where = {**outputs, **(_restored(stage, database) if database else {})}
    answer = _asked(stage, where, statement, write=write)
    lines = ["\t".join(answer["columns"])] if answer["columns"] else []
    lines += ["\t".join("NULL" if value is None else value for value in row) for row in answer["rows"]]
    shown = len(answer["rows"])
    more = f", {shown} shown" if answer["columns"] and shown < answer["count"] else ""
    return "\n".join([*lines, f"({answer['count']} rows{more})"])


def appoint_admin(stage: Stage, outputs: Mapping[str, str], name: str) -> str:
    """Makes a user of the stage an admin; answers what there is to say of it. Raises DeployError."""
    answer = _asked(stage, outputs, "SELECT appoint_admin(%s)", write=True, values=[name])
    return str(answer["rows"][0][0])


def verify_audit(stage: Stage, outputs: Mapping[str, str], known: str | None) -> str:
    """How far the chain of a stage's audit trail goes. Raises DeployError where rows were removed or changed."""
    answer = _asked(stage, outputs, "SELECT * FROM verify_audit(%s)", write=False, values=[known])
    lines = "\n".join(line for _, line in answer["rows"])
    if any(is_fault == "True" for is_fault, _ in answer["rows"]):
        raise DeployError(lines)
    return lines


def _asked(
    stage: Stage,
    outputs: Mapping[str, str],
    statement: str,
    *,
    write: bool,
    values: Sequence[str | None] | None = None,
) -> dict[str, Any]:
    event = {"masterUrl": functions.master_url(stage, outputs), "statement": statement, "write": write}
    answer: dict[str, Any]
    answer, failed = stage.account.invoke(stage.function("migrate"), {**event, "values": values})
    if failed or "refused" in answer:
        raise DeployError(f"The statement was refused: {answer.get('refused') or answer.get('errorMessage', answer)}")
    return answer


def _restored(stage: Stage, name: str) -> dict[str, str]:
    """Where another database of this account is, as the stack's outputs say it of its own."""
    client = stage.account.client("rds")
    found: dict[str, Any]
    try:
        (found,) = client.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        host, port = found["Endpoint"]["Address"], found["Endpoint"]["Port"]
    except client.exceptions.DBInstanceNotFoundFault:
        (found,) = client.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
        host, port = found["Endpoint"], found["Port"]
    if "MasterUserSecret" not in found:
        raise DeployError(f"RDS does not keep the master's password of {name}: see docs/operations.md, the restore.")
    secret = found["MasterUserSecret"]["SecretArn"]
    return {"DatabaseMasterHost": host, "DatabasePort": str(port), "DatabaseMasterSecretArn": secret}
