"""The REST and the WebSocket API of a stage: found or made before Chalice runs, finished after it.

Chalice makes a second pair when its record is lost, and knows their ids only at its end. So both are made here,
empty and marked with the stage, and Chalice finds them in its record and fills them: the first deployment is like
every other, and the functions know from the start where they post.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from chalicelib.entry.ways import ONE_WAY_ROUTE, ROUTE_SELECTION, SERVED_APART
from infra.stage import GATEWAY_STAGE, Stage

GATEWAY_RESPONSES = Path(__file__).with_name("gateway_responses.json")
_TAG = "messenger:stage"


def address_type(stage: Stage) -> Literal["dualstack", "ipv4"]:
    """By which addresses the APIs and their own names are reached, under the same host names."""
    return "dualstack" if stage.choices.ipv6 else "ipv4"


def find_rest(stage: Stage) -> str | None:
    """The id of the stage's REST API: by its tag, since Chalice renames it; by its name, should the tag be lost."""
    for api in stage.account.pages("apigateway", "get_rest_apis", "items"):
        if api["name"] == stage.rest_api_name or api.get("tags", {}).get(_TAG) == stage.name:
            return str(api["id"])
    return None


def find_sockets(stage: Stage) -> str | None:
    """The id of the stage's WebSocket API."""
    apis = stage.account.pages("apigatewayv2", "get_apis", "Items")
    return next((str(api["ApiId"]) for api in apis if api["Name"] == stage.socket_api_name), None)


def ensure_rest(stage: Stage) -> str:
    """The id of the stage's REST API, made where there is none."""
    client, found = stage.account.client("apigateway"), find_rest(stage)
    if found is None:
        configuration = {"types": ["REGIONAL"], "ipAddressType": address_type(stage)}
        found = client.create_rest_api(
            name=stage.rest_api_name, endpointConfiguration=configuration, tags={_TAG: stage.name}
        )["id"]
    return str(found)


def ensure_sockets(stage: Stage) -> str:
    """The id of the stage's WebSocket API, made as Chalice makes it where there is none."""
    client, found = stage.account.client("apigatewayv2"), find_sockets(stage)
    if found is not None:
        if stage.choices.ipv6:  # before a function posts so; that it is taken back waits until none does
            client.update_api(ApiId=found, IpAddressType=address_type(stage))
        return found
    made = client.create_api(
        Name=stage.socket_api_name,
        ProtocolType="WEBSOCKET",
        IpAddressType=address_type(stage),
        RouteSelectionExpression=ROUTE_SELECTION,
        Tags={_TAG: stage.name},
    )
    return str(made["ApiId"])


def finish_rest(stage: Stage, api_id: str) -> None:
    """Gives the API its name, some methods a function of their own, and the gateway's own errors our shape; deploys
    that, and bounds the stage's rate.
    """
    client = stage.account.client("apigateway")
    # Chalice overwrites the API, and says nothing of addresses.
    wanted = {"/name": stage.rest_api_name, "/endpointConfiguration/ipAddressType": address_type(stage)}
    for path, value in wanted.items():
        client.update_rest_api(restApiId=api_id, patchOperations=[{"op": "replace", "path": path, "value": value}])
    _serve_apart(stage, api_id)
    for arguments in gateway_responses():
        client.put_gateway_response(restApiId=api_id, **arguments)
    client.create_deployment(restApiId=api_id, stageName=GATEWAY_STAGE, description="with gateway responses")
    limits = {"rateLimit": stage.choices.rest_rate, "burstLimit": stage.choices.rest_burst}
    client.update_stage(
        restApiId=api_id,
        stageName=GATEWAY_STAGE,
        patchOperations=[
            {"op": "replace", "path": f"/*/*/throttling/{name}", "value": str(value)}
            for name, value in limits.items()
        ],
    )


def _serve_apart(stage: Stage, api_id: str) -> None:
    """Points methods at other functions than Chalice does, which knows one for all."""
    account = stage.account
    resources = {
        item["path"]: item["id"] for item in account.pages("apigateway", "get_resources", "items", restApiId=api_id)
    }
    for (method, path), name in SERVED_APART.items():
        if path not in resources:  # an earlier release has come back
            continue
        function = f"arn:{account.partition}:lambda:{account.region}:{account.id}:function:{stage.function(name)}"
        service = f"arn:{account.partition}:apigateway:{account.region}:lambda"
        account.client("apigateway").put_integration(
            restApiId=api_id,
            resourceId=resources[path],
            httpMethod=method,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=f"{service}:path/2015-03-31/functions/{function}/invocations",
        )


def gateway_responses(path: Path = GATEWAY_RESPONSES) -> Iterator[dict[str, Any]]:
    """The arguments of PutGatewayResponse for each entry of the file that the local gateway reads too."""
    document = json.loads(path.read_text())
    for kind, entry in document["responses"].items():
        headers = {**document["headers"], **entry.get("headers", {})}
        yield {
            "responseType": kind,
            "statusCode": str(entry["status"]),
            "responseParameters": {f"gatewayresponse.header.{name}": value for name, value in headers.items()},
            "responseTemplates": {"application/json": json.dumps(entry["problem"])},
        }


def finish_sockets(stage: Stage, api_id: str) -> None:
    """Lets the answer of `$default` travel back on the socket, adds the route without an answer, and points the stage
    at the routes as they are now.

    Chalice has just made the routes anew, without route responses; until a new deployment the stage serves the ones
    before, so that nothing is dropped.
    """
    client = stage.account.client("apigatewayv2")
    client.update_api(ApiId=api_id, IpAddressType=address_type(stage), RouteSelectionExpression=ROUTE_SELECTION)
    default = next(route for route in _items(stage, "get_routes", api_id) if route["RouteKey"] == "$default")
    client.create_route_response(ApiId=api_id, RouteId=default["RouteId"], RouteResponseKey="$default")
    client.create_route(ApiId=api_id, RouteKey=ONE_WAY_ROUTE, Target=default["Target"])
    deployment = _deployed(client, api_id)
    limits = {
        "ThrottlingRateLimit": float(stage.choices.socket_rate),
        "ThrottlingBurstLimit": stage.choices.socket_burst,
    }
    arguments = {
        "ApiId": api_id,
        "StageName": GATEWAY_STAGE,
        "DeploymentId": deployment,
        "DefaultRouteSettings": limits,
    }
    stages = {item["StageName"] for item in _items(stage, "get_stages", api_id)}
    if GATEWAY_STAGE in stages:
        client.update_stage(**arguments)
    else:
        client.create_stage(**arguments)


def _deployed(client: Any, api_id: str) -> str:
    """The id of a new deployment, once it is whole."""
    deployment = client.create_deployment(ApiId=api_id)
    while deployment.get("DeploymentStatus", "DEPLOYED") == "PENDING":
        time.sleep(1)
        deployment = client.get_deployment(ApiId=api_id, DeploymentId=deployment["DeploymentId"])
    return str(deployment["DeploymentId"])


def _items(stage: Stage, operation: str, api_id: str) -> Iterator[Any]:
    yield from stage.account.pages("apigatewayv2", operation, "Items", ApiId=api_id)
