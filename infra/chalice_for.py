"""Chalice's command line, for a release of one Python: `python -P infra/chalice_for.py 3.12 ipv6 deploy --stage dev`.

Chalice itself takes the runtime of whichever Python runs it, and a rollback may bring back a package for another one.
It does not know either that functions in a VPC may use IPv6 (`ipv6`, or `ipv4`), and would take that from them for as
long as a deployment lasts: so each of its own calls says it.
"""

import sys
import warnings
from typing import Any

from chalice.awsclient import TypedAWSClient
from chalice.cli import main
from chalice.config import Config

_network = TypedAWSClient._create_vpc_config


def _network_with_ipv6(client: TypedAWSClient, **given: Any) -> dict[str, Any]:
    """The network of a function as Chalice tells it, and that IPv6 is allowed there; outside a VPC there is none."""
    network: dict[str, Any] = {**_network(client, **given)}
    return {**network, "Ipv6AllowedForDualStack": True} if network["SubnetIds"] else network


if __name__ == "__main__":
    runtime = f"python{sys.argv.pop(1)}"
    if sys.argv.pop(1) == "ipv6":
        TypedAWSClient._create_vpc_config = _network_with_ipv6  # type: ignore[method-assign, assignment]  # wrapped
    Config.lambda_python_version = runtime  # type: ignore[assignment, method-assign]  # a property, to be made a constant
    # Chalice would say that it had to build libraries for this Python: they are in the package already.
    warnings.filterwarnings("ignore", message="You are currently running")
    sys.exit(main())
