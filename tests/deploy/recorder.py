"""Which rights on AWS each function uses: noted where its requests are signed, so that none goes by unseen."""

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from chalicelib.core import db, sigv4
from chalicelib.core.config import settings
from local.aws import REGION
from local.aws_chime import operation
from local.functions import Preparation
from local.rights import Right, arn, of_call, of_object, on_object
from tests.support.oracle import Asking, Oracle

# What the local stack has no counterpart of.
WEBSOCKET_API = "websocket1"
DATABASE = "db-LOCAL"
MAIL_DOMAIN = "messenger.example"
# Of the deployer's scanner.
SCAN_QUEUE = arn("sqs", REGION, "messenger-scans")
# An inference profile of Bedrock, which leads to a model.
MODEL = "eu.maker.messenger-1-v1:0"


class Recorder:
    """The rights that were used, by function: in the test's process, which the functions' containers tell."""

    def __init__(self) -> None:
        self.used: dict[str, set[Right]] = {}
        # Of these what the function itself asks AWS for, over its own network.
        self.sent: dict[str, set[Right]] = {}

    def note(self, function: str, rights: list[Right]) -> None:
        """A function runs, and uses these."""
        self.used.setdefault(function, set()).update(rights)

    def send(self, function: str, rights: list[Right]) -> None:
        """The same, by a request that it sends itself."""
        self.note(function, rights)
        self.sent.setdefault(function, set()).update(rights)

    @contextlib.contextmanager
    def listening(self) -> Iterator[Preparation]:
        """With this, containers tell of everything that is signed in them."""
        oracle = Oracle(self)
        try:
            yield "tests.deploy.recorder.tell", {"address": oracle.address}
        finally:
            oracle.close()


def tell(address: str) -> None:
    """Has a container tell the recorder which function it runs, and the rights of all that it signs."""
    function = settings().function_name.removeprefix("messenger-dev-")
    asking = Asking(address)
    asking.note(function, [])

    def before(module: Any, name: str, rights: Callable[..., Iterable[Right]], how: str = "note") -> None:
        original, tell = getattr(module, name), getattr(asking, how)

        def noted(*args: Any, **kwargs: Any) -> Any:
            tell(function, list(rights(*args, **kwargs)))
            return original(*args, **kwargs)

        setattr(module, name, noted)

    before(sigv4, "sign_headers", lambda request, **how: _of_request(request, how["service"]), "send")
    # Others send these.
    before(sigv4, "presign_url", lambda request, **how: of_object(request.method, request.path, {}, bytes))
    before(sigv4, "presign_post", lambda form, **_: [on_object("PutObject", form.bucket, form.key)])
    # The local database takes no tokens; whoever asks for a connection would have signed one.
    who = Right("rds-db:connect", arn("rds-db", settings().region, f"dbuser:{DATABASE}/messenger_app"))
    before(db, "_connection", lambda **_: [who])


def _of_request(request: sigv4.Request, service: str) -> Iterator[Right]:
    if service == "execute-api":
        stage, _, rest = unquote(request.path).removeprefix("/").partition("/")
        resource = f"{WEBSOCKET_API}/{stage}/{request.method}/{rest}"
        return iter([Right("execute-api:ManageConnections", arn("execute-api", settings().region, resource))])
    if service == "s3":
        # On the local endpoint the bucket begins the path.
        return of_object(request.method, request.path, request.query, lambda: request.payload)
    if service == "bedrock":
        model = unquote(unquote(request.path)).split("/")[2]
        region = settings().region
        leads_to = f"arn:aws:bedrock:{region}::foundation-model/{model.partition('.')[2]}"
        resources = (arn("bedrock", region, f"inference-profile/{model}"), leads_to)
        return iter([Right("bedrock:InvokeModelWithResponseStream", resource) for resource in resources])
    if service == "chime":
        return iter([Right(f"chime:{operation(request.method, request.path)}", "*")])
    action = "SendEmail" if service == "ses" else request.headers.get("x-amz-target", "").rpartition(".")[2]
    return of_call(service, settings().region, action, json.loads(request.payload))
