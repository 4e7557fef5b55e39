"""The VPC's endpoints: what functions in the VPC ask of AWS goes through one, and must be allowed there too."""

import fnmatch
import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from local.aws_messages import Endpoint
from local.rights import Right
from local.signatures import RefusedError

# Without a policy an endpoint lets everything through.
OPEN: Mapping[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
_KNOWN = {"Sid", "Effect", "Principal", "Action", "Resource"}


class Endpoints:
    """All endpoints of a VPC. Raises ValueError for a policy with more in it than is known here."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._endpoints = {endpoint.service: endpoint for endpoint in endpoints}
        for endpoint in self._endpoints.values():
            for statement in endpoint.statements:
                if not statement.keys() <= _KNOWN or statement["Principal"] != "*":
                    raise ValueError(f"the policy of the {endpoint.service} endpoint has what is not known here")
        self._looked_up = functools.lru_cache(maxsize=1024)(self._look_up)

    def refusal(self, right: Right) -> str:
        """Why a function in the VPC cannot use a right; empty where it can."""
        return self._looked_up(right)

    def check(self, rights: Iterable[Right]) -> None:
        """Raises RefusedError for the first right that a function in the VPC cannot use."""
        for right in rights:
            why = self._looked_up(right)
            if why:
                code = "AccessDenied" if right.service == "s3" else "AccessDeniedException"
                raise RefusedError(400 if right.service == "dynamodb" else 403, code, why)

    def _look_up(self, right: Right) -> str:
        endpoint = self._endpoints.get(right.service)
        if endpoint is None:
            return f"no VPC endpoint leads to {right.service}"
        if endpoint.blocked:
            return f"{right.service} cannot be reached from the VPC: {endpoint.blocked}"
        effects = {statement["Effect"] for statement in endpoint.statements if _matches(statement, right)}
        if effects == {"Allow"}:
            return ""
        because = "with an explicit deny in a" if "Deny" in effects else "because no"
        return (
            f"not authorized to perform: {right.action} on resource: {right.resource} {because} VPC endpoint policy "
            f"{'allows the action' if 'Deny' not in effects else ''}".rstrip()
        )


def _matches(statement: Mapping[str, Any], right: Right) -> bool:
    return any(
        fnmatch.fnmatchcase(right.action.lower(), action.lower()) for action in _several(statement["Action"])
    ) and any(fnmatch.fnmatchcase(right.resource, resource) for resource in _several(statement["Resource"]))


def _several(value: str | Sequence[str]) -> Sequence[str]:
    """A policy may write one value without a list."""
    return [value] if isinstance(value, str) else value
