"""The local AWS: moto's DynamoDB, SQS, S3 and SNS on a loopback port, behind the rules that moto does not enforce."""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import create_backend_app

from local import environment, resources, wsgi
from local.aws_server import LoopbackServer
from local.events import ACCOUNT_ID
from local.faults import Fault, Faults
from local.queues import Queues
from local.s3 import S3
from local.s3_store import Store, StoredObject
from local.signatures import Credentials, RefusedError, SignedRequest, Verifier
from local.template import STACK, Template, read_template
from local.wsgi import Answer, Environ

logger = logging.getLogger("local.aws")

REGION = "us-east-1"
_SERVICES = ("dynamodb", "sqs", "sns", "s3")

# Those that run, the last one in charge of what moto holds.
_running: list["Aws"] = []


class Aws:
    """One account in one region.

    moto keeps its state in module globals. So a second instance takes over from the first, whose queues rest and
    whose resources are made anew, empty but for the kept objects, when the second stops.

    `directory` is where uploaded objects are kept; without one they end with the process. `on_created` hears of every
    new object before its writer is answered. Signatures are checked for every service.
    From its making to `stop` the process's AWS_* variables are its own, whatever profile the shell carries.
    """

    def __init__(
        self,
        *,
        directory: Path | None = None,
        prefix: str = "messenger",
        faults: Faults | None = None,
        credentials: Credentials | None = None,
        on_created: Callable[[StoredObject, str], None] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.credentials = credentials or Credentials.fake()
        # First of all: moto itself asks boto3 for its regions, which fails over a profile that is not there.
        self._before = environment.isolate(region=REGION, credentials=self.credentials)
        self.template: Template = read_template(STACK, region=REGION, account=ACCOUNT_ID, Prefix=prefix)
        self.faults = faults or Faults()
        self.on_created = on_created or (lambda stored, event: None)
        self._verifier = Verifier(credentials=self.credentials, region=REGION, now=now)
        self._applications = {service: create_backend_app(service) for service in _SERVICES}
        self._locks = {service: threading.Lock() for service in _SERVICES}
        self.queues = Queues(self._applications["sqs"], REGION)
        self._store = Store(directory)
        self._s3 = S3(
            lambda environ: self._moto("s3", environ),
            verifier=self._verifier,
            store=self._store,
            on_created=self._created,
        )
        self._server = LoopbackServer(self)
        self._clients: dict[str, Any] = {}

    @property
    def endpoint(self) -> str:
        """Where all services answer, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.port}"

    def start(self) -> None:
        """Serves, makes the resources of `infra/stack.yaml` and brings kept objects back."""
        for other in _running:
            other.queues.rest(resting=True)
        _running.append(self)
        environment.point_at(self.endpoint)
        self._server.start()
        self._begin()

    def stop(self) -> None:
        """Ends the service, and puts the shell's AWS variables back. What is on disk stays."""
        self.queues.close()
        self._server.stop()
        moto_api_backend.reset()
        environment.restore(self._before)
        if self in _running:
            _running.remove(self)
        if _running:
            _running[-1]._begin()

    def reset(self) -> None:
        """Every resource is new and empty, kept objects are gone. For tests; takes some 25 ms."""
        self._store.clear()
        self._begin()

    def _begin(self) -> None:
        locks: list[contextlib.AbstractContextManager[Any]] = [*self._locks.values(), self.queues.lock()]
        with contextlib.ExitStack() as held:
            for lock in locks:
                held.enter_context(lock)
            moto_api_backend.reset()
        resources.create(self.template, self.client)
        self._store.restore()
        self.queues.rest(resting=False)

    def client(self, service: str) -> Any:
        """A boto3 client with this account's credentials, whatever the shell's say. Kept for the next caller."""
        if service not in self._clients:
            self._clients[service] = resources.new_client(service, self.endpoint, REGION, self.credentials)
        return self._clients[service]

    def name(self, logical: str) -> str:
        """The physical name of a resource of the template."""
        properties = self.template.properties(logical)
        return next(str(properties[key]) for key in ("TableName", "QueueName", "BucketName") if key in properties)

    def queue_url(self, name: str) -> str:
        """The URL of a queue as AWS writes it, on this endpoint."""
        return f"{self.endpoint}/{ACCOUNT_ID}/{name}"

    def __call__(self, environ: Environ, start_response: wsgi.StartResponse) -> list[bytes]:
        """The WSGI application that the port serves."""
        service = _service(environ)
        if service not in self._applications:
            return _failure(service, 501, "NotImplemented", f"{service} is not served locally").send(start_response)
        try:
            answer = self._answer(service, environ)
        except Exception:
            logger.exception("%s failed", service)
            answer = _failure(service, 500, "InternalServerError", "The local service failed.")
        return answer.send(start_response)

    def _answer(self, service: str, environ: Environ) -> Answer:
        slow = self.faults.take(Fault.SERVICE_SLOW, service)
        if slow:
            time.sleep(slow)
        if self.faults.take(Fault.SERVICE_FAILING, service):
            return _failure(service, 500, "InternalServerError", "A fault that a test asked for.")
        if service == "s3":
            return self._s3.answer(environ)
        try:
            self._check(service, environ)
        except RefusedError as refused:
            return _failure(service, max(refused.status, 400), refused.code, refused.message)
        return self.queues.answer(environ) if service == "sqs" else self._moto(service, environ)

    def _created(self, stored: StoredObject, event: str) -> None:
        self.on_created(stored, event)

    def _check(self, service: str, environ: Environ) -> None:
        signed = SignedRequest(
            method=environ["REQUEST_METHOD"],
            path=wsgi.raw_path(environ),
            query=environ.get("QUERY_STRING", ""),
            headers=wsgi.request_headers(environ),
            body_hash=wsgi.read_body(environ).sha256,
        )
        self._verifier.check_header(signed, service)

    def _moto(self, service: str, environ: Environ) -> Answer:
        # One at a time: moto's conditional writes read and then write, and a ticket must be used once only.
        with self._locks[service]:
            return wsgi.call(self._applications[service], environ)


def _service(environ: Environ) -> str:
    """The service that a request is signed for; whatever is not signed in a header can only be S3."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0].split("/")
    return scope[3] if len(scope) > 3 else "s3"


def _failure(service: str, status: int, code: str, message: str) -> Answer:
    """An error in the service's own form."""
    phrase = {400: "Bad Request", 403: "Forbidden", 501: "Not Implemented"}.get(status, "Internal Server Error")
    if service in {"dynamodb", "sqs"}:
        body = json.dumps({"__type": f"com.amazonaws.{service}#{code}", "message": message}).encode()
        return Answer(f"{status} {phrase}", [("Content-Type", "application/x-amz-json-1.0")], body)
    document = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    return Answer(f"{status} {phrase}", [("Content-Type", "application/xml")], document)
