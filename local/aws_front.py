"""The one door of the local AWS: which service a request is for, its faults, its signature, and who answers it.

DynamoDB and SQS are answered in the event loop, one call after the other, since moto is not made for threads: its
conditional writes read and then write. S3 has a thread of its own, so that a large upload holds up nobody else.
"""

import asyncio
import contextlib
import dataclasses
import hashlib
import io
import json
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from local import aws_chime, aws_mail, responses, rights, wsgi
from local.aws_messages import StoredObject
from local.aws_moto import Moto
from local.aws_notified import Notified
from local.aws_queues import AwsQueues
from local.endpoints import Endpoints
from local.faults import Fault, Faults
from local.http_posts import whole_post
from local.s3 import S3
from local.s3_store import Store
from local.signatures import RefusedError, SignedRequest, Verifier, from_the_vpc
from local.wsgi import Answer, Environ

logger = logging.getLogger("local.aws")

SERVICES = frozenset({"dynamodb", "sqs", "sns", "s3", "ses", "chime"})
_JSON = frozenset({"dynamodb", "sqs", "ses"})
_IN_MEMORY = 1024 * 1024
# What looking for a request's subject ends in where there is none.
_MALFORMED = (AttributeError, KeyError, TypeError, ValueError)
# Headers about a body that has been read by now.
_OF_THE_WIRE = frozenset({"content-length", "transfer-encoding", "expect"})

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Front:
    """The ASGI application. `announce` says of a new object that it is there, and ends when that was heard."""

    def __init__(
        self,
        moto: Moto,
        *,
        verifier: Verifier,
        endpoints: Endpoints,
        store: Store,
        announce: Callable[[StoredObject, str], Awaitable[None]],
    ) -> None:
        self.faults = Faults()
        self.notified = Notified()
        self.queues = AwsQueues(moto, self.notified.take)
        self.mail = aws_mail.Mail()
        self.chime = aws_chime.Chime()
        self.s3_thread = ThreadPoolExecutor(1, "s3")
        self._moto = moto
        self._verifier = verifier
        self._endpoints = endpoints
        self._announce = announce
        # What the request that the thread is at has made.
        self._created: list[tuple[StoredObject, str]] = []
        self._s3 = S3(
            lambda environ: moto.whole("s3", environ),
            verifier=verifier,
            endpoints=endpoints,
            store=store,
            on_created=lambda stored, event: self._created.append((stored, event)),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        headers = _headers(scope)
        service = _service(headers)
        try:
            answer = await self._answer(service, scope, headers, receive)
        except Exception:
            logger.exception("%s failed", service)
            answer = _failure(service, 500, "InternalServerError", "The local service failed.")
        await _send(answer, scope, send)

    def at_once(self, data: bytes) -> responses.Answer | None:
        """The answer to a whole request of the hot path, by the short way; None for all else, which comes by ASGI."""
        post = whole_post(data)
        if post is None or post.path != "/" or self.faults.in_force:
            return None
        service, action = _service(post.headers), _action(post.headers)
        payload = self._moto.short(service, action, post.body) if action != "ReceiveMessage" else None
        if payload is None:
            return None
        try:
            self._check(service, ("POST", "/", ""), post.headers, post.body)
            if from_the_vpc(post.headers):
                self._endpoints.check(rights.of_call(service, self._verifier.region, action, payload))
        except (RefusedError, *_MALFORMED):
            return None
        try:
            answer = (
                self.queues.call(action, payload) if service == "sqs" else self._moto.call(service, action, payload)
            )
        except Exception:
            logger.exception("%s failed", service)
            answer = _failure(service, 500, "InternalServerError", "The local service failed.")
        return responses.Answer(int(answer.status[:3]), answer.headers, answer.body)

    async def _answer(self, service: str, scope: Scope, headers: dict[str, str], receive: Receive) -> Answer:
        if service not in SERVICES:
            return _failure(service, 501, "NotImplemented", f"{service} is not served locally.")
        fault = await self._fault(service)
        if fault is not None:
            return fault
        if service == "s3":
            with SpooledTemporaryFile(_IN_MEMORY) as file:
                await _read(receive, file)
                return await self._answer_s3(_environ(scope, headers, file))
        with io.BytesIO() as whole:
            await _read(receive, whole)
            body = whole.getvalue()
        try:
            where = scope["method"], scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
            self._check(service, where, headers, body)
            if from_the_vpc(headers):
                self._check_endpoint(service, _operation(service, where, headers), body)
        except RefusedError as refused:
            return _failure(service, max(refused.status, 400), refused.code, refused.message)
        if service in {"ses", "chime"}:
            return self._answer_by_path(service, where, body)
        return await self._answer_json(service, scope, headers, body)

    async def _fault(self, service: str) -> Answer | None:
        """What a test asked to go wrong."""
        slow = self.faults.take(Fault.SERVICE_SLOW, service)
        if slow:
            await asyncio.sleep(slow)
        if self.faults.take(Fault.SERVICE_THROTTLING, service):
            return _failure(service, 429, "ThrottlingException", "A fault that a test asked for.")
        if self.faults.take(Fault.SERVICE_FAILING, service):
            return _failure(service, 500, "InternalServerError", "A fault that a test asked for.")
        return None

    def _answer_by_path(self, service: str, where: tuple[str, str, str], body: bytes) -> Answer:
        if service == "ses":
            return self.mail.answer(where[1], body)
        return self.chime.answer(where[0], where[1], body)

    async def _answer_s3(self, environ: Environ) -> Answer:
        loop = asyncio.get_running_loop()
        answer, created = await loop.run_in_executor(self.s3_thread, self._in_thread, environ)
        for stored, event in created:
            await self._announce(stored, event)
        return answer

    def _in_thread(self, environ: Environ) -> tuple[Answer, list[tuple[StoredObject, str]]]:
        self._created = []
        return self._s3.answer(environ), self._created

    async def _answer_json(self, service: str, scope: Scope, headers: dict[str, str], body: bytes) -> Answer:
        action = _action(headers)

        def whole(body: bytes) -> Answer:
            return self._moto.whole(service, _environ(scope, headers, io.BytesIO(body)))

        if service == "sqs":
            return await self.queues.answer(action, body, whole)
        payload = self._moto.short(service, action, body)
        return whole(body) if payload is None else self._moto.call(service, action, payload)

    def _check(self, service: str, where: tuple[str, str, str], headers: dict[str, str], body: bytes) -> None:
        method, path, query = where
        signed = SignedRequest(
            method=method,
            path=path,
            query=query,
            headers=headers,
            body_hash=lambda: hashlib.sha256(body).hexdigest(),
        )
        verifier = self._verifier
        if service == "chime":  # few regions have it: it may be asked in another one
            verifier = dataclasses.replace(verifier, region=_scope(headers)[2])
        verifier.check_header(signed, service)

    def _check_endpoint(self, service: str, action: str, body: bytes) -> None:
        """A request that the service itself cannot make sense of gets the service's own answer."""
        with contextlib.suppress(*_MALFORMED):
            payload = json.loads(body) if service in _JSON else {}
            self._endpoints.check(rights.of_call(service, self._verifier.region, action, payload))


def _operation(service: str, where: tuple[str, str, str], headers: dict[str, str]) -> str:
    """What is asked for, as its right calls it: some services say it by method and path."""
    if service == "chime":
        return aws_chime.operation(where[0], where[1])
    return "SendEmail" if service == "ses" else _action(headers)


def _action(headers: dict[str, str]) -> str:
    return headers.get("x-amz-target", "").rpartition(".")[2]


def _service(headers: dict[str, str]) -> str:
    """The service that a request is signed for; whatever is not signed in a header can only be S3."""
    scope = _scope(headers)
    return scope[3] if len(scope) > 3 else "s3"


def _scope(headers: dict[str, str]) -> list[str]:
    """What a request is signed for: the key, the day, the region and the service."""
    return headers.get("authorization", "").partition("Credential=")[2].partition(",")[0].split("/")


def _headers(scope: Scope) -> dict[str, str]:
    """Named in lower case, their values as the client's UTF-8."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("utf-8", "replace")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers


async def _read(receive: Receive, file: IO[bytes]) -> None:
    """Reads the body to its end."""
    while True:
        message = await receive()
        file.write(message.get("body", b""))
        if not message.get("more_body"):
            return


def _environ(scope: Scope, headers: dict[str, str], body: IO[bytes]) -> Environ:
    """The request for a WSGI application."""
    kept = {name: value.encode().decode("latin-1") for name, value in headers.items() if name not in _OF_THE_WIRE}
    environ = wsgi.make_environ(scope["method"], "/", kept, body)
    raw_path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    environ["RAW_URI"] = environ["REQUEST_URI"] = f"{raw_path}?{query}" if query else raw_path
    environ["PATH_INFO"] = unquote_to_bytes(raw_path).decode("latin-1")
    environ["QUERY_STRING"] = query
    if "transfer-encoding" in headers:
        environ[wsgi.CHUNKED] = True
    return environ


async def _send(answer: Answer, scope: Scope, send: Send) -> None:
    code = int(answer.status.partition(" ")[0])
    length = str(len(answer.body))
    headers = []
    for name, value in answer.headers:
        if name.lower() == "content-length" and scope["method"] == "HEAD":
            length = value
        elif name.lower() not in {"content-length", "connection", "transfer-encoding"}:
            headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
    if code not in {204, 304}:
        headers.append((b"content-length", length.encode()))
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body if scope["method"] != "HEAD" else b""})


def _failure(service: str, status: int, code: str, message: str) -> Answer:
    """An error in the service's own form."""
    if service in {"ses", "chime"}:
        return aws_mail.refusal(status, code, message)
    phrase = {400: "Bad Request", 403: "Forbidden", 501: "Not Implemented"}.get(status, "Internal Server Error")
    if service in _JSON:
        body = json.dumps({"__type": f"com.amazonaws.{service}#{code}", "message": message}).encode()
        return Answer(f"{status} {phrase}", [("Content-Type", "application/x-amz-json-1.0")], body)
    document = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    return Answer(f"{status} {phrase}", [("Content-Type", "application/xml")], document)
