"""Which rights on AWS each function uses: noted where its requests are signed, so that none goes by unseen."""

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from chalicelib.core import db, sigv4
from chalicelib.core.config import settings
from local.events import ACCOUNT_ID
from local.functions import Preparation
from tests.support.oracle import Asking, Oracle

# What the local stack has no counterpart of.
WEBSOCKET_API = "websocket1"
DATABASE = "db-LOCAL"

_OPERATIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_OBJECTS = {"GET": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject", "POST": "PutObject"}


class Right(NamedTuple):
    """An action as IAM calls it, on one resource by its ARN."""

    action: str
    resource: str


class Recorder:
    """The rights that were used, by function: in the test's process, which the functions' containers tell."""

    def __init__(self) -> None:
        self.used: dict[str, set[Right]] = {}

    def note(self, function: str, rights: list[Right]) -> None:
        """A function runs, and uses these."""
        self.used.setdefault(function, set()).update(rights)

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

    def before(module: Any, name: str, rights: Callable[..., Iterable[Right]]) -> None:
        original = getattr(module, name)

        def noted(*args: Any, **kwargs: Any) -> Any:
            asking.note(function, list(rights(*args, **kwargs)))
            return original(*args, **kwargs)

        setattr(module, name, noted)

    before(sigv4, "sign_headers", lambda request, **how: _of_request(request, how["service"]))
    before(sigv4, "presign_url", lambda request, **how: _of_object(request.method, request.path))
    before(sigv4, "presign_post", lambda form, **_: [_object("PutObject", form.bucket, form.key)])
    # The local database takes no tokens; whoever asks for a connection would have signed one.
    who = Right("rds-db:connect", _arn("rds-db", f"dbuser:{DATABASE}/messenger_app"))
    before(db, "_connection", lambda **_: [who])


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{settings().region}:{ACCOUNT_ID}:{resource}"


def _of_request(request: sigv4.Request, service: str) -> Iterator[Right]:
    target = request.headers.get("x-amz-target", "").rpartition(".")[2]
    if service == "dynamodb":
        return _of_table(target, json.loads(request.payload))
    if service == "sqs":
        queue = json.loads(request.payload)["QueueUrl"].rpartition("/")[2]
        return iter([Right(f"sqs:{target}", _arn("sqs", queue))])
    if service == "execute-api":
        stage, _, rest = unquote(request.path).removeprefix("/").partition("/")
        resource = f"{WEBSOCKET_API}/{stage}/{request.method}/{rest}"
        return iter([Right("execute-api:ManageConnections", _arn("execute-api", resource))])
    assert service == "s3", service
    if "delete" in request.query:
        keys = re.findall(rb"<Key>(.*?)</Key>", request.payload)
        bucket = request.path.split("/")[1]
        return iter([_object("DeleteObject", bucket, key.decode()) for key in keys])
    return iter(_of_object(request.method, request.path))


def _of_table(operation: str, payload: Mapping[str, Any]) -> Iterator[Right]:
    if operation == "TransactWriteItems":
        for item in payload["TransactItems"]:
            for kind, write in item.items():
                yield Right(f"dynamodb:{_OPERATIONS[kind]}", _arn("dynamodb", f"table/{write['TableName']}"))
    elif "RequestItems" in payload:
        for table in payload["RequestItems"]:
            yield Right(f"dynamodb:{operation}", _arn("dynamodb", f"table/{table}"))
    else:
        index = f"/index/{payload['IndexName']}" if "IndexName" in payload else ""
        yield Right(f"dynamodb:{operation}", _arn("dynamodb", f"table/{payload['TableName']}{index}"))


def _of_object(method: str, path: str) -> list[Right]:
    """On the local endpoint the bucket begins the path."""
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    return [_object(_OBJECTS[method], bucket, key)]


def _object(action: str, bucket: str, key: str) -> Right:
    return Right(f"s3:{action}", f"arn:aws:s3:::{bucket}/{key}")
