"""One host name for the web client and both APIs, where a stage hosts a web client: CloudFront leads to each.

The distribution is made with the stack, and must know the APIs' hosts: so these are made before it.
"""

import hmac
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from infra import apis
from infra.bucket import Bucket
from infra.stage import Say, Stage


def fronted(stage: Stage, bucket: Bucket) -> Stage:
    """The stage with what the stack must be told of its APIs; as it is where no web client is hosted."""
    chosen = stage.choices.parameters
    if str(chosen.get("WebHosting", "")).lower() != "true":
        return stage
    hosts = {"RestHost": apis.ensure_rest(stage), "SocketHost": apis.ensure_sockets(stage)}
    told = {name: str(urlsplit(stage.endpoint(api)).hostname) for name, api in hosts.items()}
    parameters = {**chosen, **told, "EdgeKey": key(bucket)}
    return replace(stage, choices=replace(stage.choices, parameters=parameters))


def key(bucket: Bucket) -> str:
    """By what functions know that the distribution sends a request: who knows it may say where a client is."""
    return hmac.digest(bucket.smoke_secret().encode(), b"edge", "sha256").hex()


def tell_name(outputs: Mapping[str, str], say: Say) -> None:
    """Says where an own name of the web client must lead."""
    if "OneHost" in outputs and outputs["OneHost"] != outputs["WebHost"]:
        say(f"point {outputs['OneHost']} at {outputs['WebHost']} (CNAME or alias)")
