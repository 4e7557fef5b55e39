"""The rules of S3 that moto does not enforce, as a layer in front of moto.

Nobody reads or writes without a signature that holds: in a header, in a presigned URL or over a POST policy, whose
every condition is checked against what really arrives. Answers CORS from the bucket's own configuration, keeps what
was written on disk and says so. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

import logging
import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, unquote
from xml.sax.saxutils import escape

from local import rights, s3_form, s3_multipart, wsgi
from local.aws_messages import StoredObject
from local.endpoints import Endpoints
from local.s3_store import Store, cors_rules
from local.signatures import RefusedError, SignedRequest, Verifier, from_the_vpc
from local.wsgi import Answer, Environ

logger = logging.getLogger("local.s3")

# Parameters that make a request about something other than the object itself.
_SUBRESOURCES = frozenset(
    {"acl", "tagging", "retention", "legal-hold", "uploads", "uploadId", "select", "restore", "attributes", "torrent"}
)

# Form fields that become headers of the object.
_OBJECT_FIELDS = {
    "cache-control": "Cache-Control",
    "content-disposition": "Content-Disposition",
    "content-encoding": "Content-Encoding",
    "content-type": "Content-Type",
    "expires": "Expires",
    "acl": "x-amz-acl",
    "x-amz-storage-class": "x-amz-storage-class",
}


@dataclass(frozen=True, kw_only=True)
class _Request:
    environ: Environ
    method: str
    bucket: str
    key: str
    headers: Mapping[str, str]
    parameters: Mapping[str, str]

    @property
    def multipart(self) -> tuple[str, tuple[str, str], Mapping[str, str], Mapping[str, str]]:
        """What the rules of multipart uploads look at."""
        return self.method, (self.bucket, self.key), self.parameters, self.headers

    @property
    def about_object(self) -> bool:
        return bool(self.key) and _SUBRESOURCES.isdisjoint(self.parameters)


class S3:
    """One request at a time. `moto` answers a request that keeps the rules.

    `on_created` hears of every new object, with the event's name ("ObjectCreated:Post").
    """

    def __init__(
        self,
        moto: Callable[[Environ], Answer],
        *,
        verifier: Verifier,
        endpoints: Endpoints,
        store: Store,
        on_created: Callable[[StoredObject, str], None],
    ) -> None:
        self._moto = moto
        self._verifier = verifier
        self._endpoints = endpoints
        self._store = store
        self._on_created = on_created
        self._multiparts = s3_multipart.Multiparts(verifier.now)

    def answer(self, environ: Environ) -> Answer:
        """Answers one request."""
        path = wsgi.raw_path(environ)
        bucket, _, key = unquote(path.removeprefix("/")).partition("/")
        request = _Request(
            environ=environ,
            method=environ["REQUEST_METHOD"],
            bucket=bucket,
            key=key,
            headers=wsgi.request_headers(environ),
            parameters=dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        )
        try:
            if request.method == "OPTIONS":
                return _preflight(request)
            answer = self._allowed(request, path)
        except RefusedError as refused:
            logger.info("refused: %s %s", refused.code, refused.message)
            answer = _error(refused, with_body=request.method != "HEAD", path=path)
        return _with_cors(request, answer)

    def _allowed(self, request: _Request, path: str) -> Answer:
        environ = request.environ
        body = wsgi.read_body(environ)
        if wsgi.CHUNKED in environ:
            raise RefusedError(
                501,
                "NotImplemented",
                "A header implies functionality that is not implemented",
                Header="Transfer-Encoding",
            )
        if request.method == "POST" and not request.key and "delete" not in request.parameters:
            return self._take_form(request, body)
        self._check_signature(request, path, body)
        if request.method == "PUT":
            s3_multipart.check_digests(request.headers, body)
        in_parts = bool(request.key) and s3_multipart.is_multipart(request.parameters)
        if in_parts:
            known = self._multiparts.check(*request.multipart, body)
            if known is not None:
                return known
        answer = self._moto(environ)
        if answer.ok:
            if in_parts:
                self._multiparts.follow(*request.multipart)
            self._follow(request, body)
        return answer

    def _check_signature(self, request: _Request, path: str, body: wsgi.Body) -> None:
        signed = SignedRequest(
            method=request.method,
            path=path,
            query=request.environ.get("QUERY_STRING", ""),
            headers=request.headers,
            body_hash=body.sha256,
        )
        if "authorization" in request.headers:
            self._verifier.check_header(signed, "s3")
            if from_the_vpc(request.headers):
                self._endpoints.check(rights.of_object(request.method, path, request.parameters, body.read))
        elif "X-Amz-Algorithm" in request.parameters:
            self._verifier.check_url(signed)
        elif "Signature" in request.parameters:
            raise RefusedError(400, "InvalidRequest", "Please use AWS4-HMAC-SHA256, not signature version 2.")
        else:
            raise RefusedError(403, "AccessDenied", "Access Denied")

    def _follow(self, request: _Request, body: wsgi.Body) -> None:
        """What has to happen after a request that moto carried out."""
        method, parameters = request.method, request.parameters
        if method == "PUT" and request.about_object:
            self._created(request.bucket, request.key, "Copy" if "x-amz-copy-source" in request.headers else "Put")
        elif method == "POST" and "uploadId" in parameters:
            self._created(request.bucket, request.key, "CompleteMultipartUpload")
        elif method == "DELETE" and request.about_object:
            self._store.forget(request.bucket, request.key)
        elif method == "POST" and "delete" in parameters:
            for element in ET.fromstring(body.read()).iter():  # noqa: S314  # moto has parsed it before
                if element.tag.endswith("Key") and element.text:
                    self._store.forget(request.bucket, element.text)

    def _take_form(self, request: _Request, body: wsgi.Body) -> Answer:
        form = s3_form.read_form(body.file, request.headers.get("content-type", ""))
        fields = form.fields
        if "policy" not in fields:
            raise RefusedError(403, "AccessDenied", "Access Denied")
        if not fields.get("key"):
            raise RefusedError(400, "InvalidArgument", "Bucket POST must contain a field named 'key'.")
        self._verifier.check_policy(fields)
        s3_form.check_policy(form, request.bucket, self._verifier.now())
        headers = {header: fields[name] for name, header in _OBJECT_FIELDS.items() if name in fields}
        headers |= {name: value for name, value in fields.items() if name.startswith("x-amz-meta-")}
        # moto wants to see that somebody signed; who it was has been checked.
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={fields['x-amz-credential']}"
        stored = self._moto(wsgi.make_environ("PUT", f"/{request.bucket}/{form.key}", headers, form.file))
        if not stored.ok:
            return stored
        made = self._created(request.bucket, form.key, "Post")
        return _form_answer(request, fields, made)

    def _created(self, bucket: str, key: str, how: str) -> StoredObject | None:
        stored = self._store.keep(bucket, key)
        if stored is not None:
            self._on_created(stored, f"ObjectCreated:{how}")
        return stored


def _form_answer(request: _Request, fields: Mapping[str, str], made: StoredObject | None) -> Answer:
    if made is None:
        return Answer("204 No Content", [("Content-Length", "0")])
    location = f"http://{request.headers['host']}/{request.bucket}/{quote(made.key, safe='')}"
    headers = [("ETag", f'"{made.etag}"'), ("Location", location), ("x-amz-request-id", _request_id())]
    redirect = fields.get("success_action_redirect")
    if redirect:
        query = f"bucket={quote(made.bucket)}&key={quote(made.key, safe='')}&etag=%22{made.etag}%22"
        headers[1] = ("Location", f"{redirect}{'&' if '?' in redirect else '?'}{query}")
        return Answer("303 See Other", headers)
    status = fields.get("success_action_status", "204")
    if status == "201":
        elements = {"Location": location, "Bucket": made.bucket, "Key": made.key, "ETag": f'"{made.etag}"'}
        return Answer("201 Created", [*headers, ("Content-Type", "application/xml")], _xml("PostResponse", elements))
    return Answer("200 OK" if status == "200" else "204 No Content", headers)


def _error(refused: RefusedError, *, with_body: bool, path: str) -> Answer:
    request_id = _request_id()
    elements = {"Code": refused.code, "Message": refused.message, **refused.extra}
    elements |= {"Resource": unquote(path), "RequestId": request_id, "HostId": "local"}
    status = f"{refused.status} {HTTPStatus(refused.status).phrase}"
    headers = [("Content-Type", "application/xml"), ("x-amz-request-id", request_id)]
    return Answer(status, headers, _xml("Error", elements) if with_body else b"")


def _xml(root: str, elements: Mapping[str, object]) -> bytes:
    inner = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in elements.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>{inner}</{root}>'.encode()


def _request_id() -> str:
    return uuid.uuid4().hex[:16].upper()


def _preflight(request: _Request) -> Answer:
    origin = request.headers.get("origin", "")
    method = request.headers.get("access-control-request-method", "")
    asked = request.headers.get("access-control-request-headers", "")
    wanted = [name.strip().lower() for name in asked.split(",") if name.strip()]
    for rule in cors_rules(request.bucket):
        allowed = _several(rule.allowed_headers)
        if _matches(rule, origin, method) and all(_any_fits(name, allowed) for name in wanted):
            headers = _cors_headers(rule, origin)
            headers.append(("Access-Control-Allow-Methods", ", ".join(_several(rule.allowed_methods))))
            if asked:
                headers.append(("Access-Control-Allow-Headers", asked))
            if rule.max_age_seconds:
                headers.append(("Access-Control-Max-Age", str(rule.max_age_seconds)))
            return Answer("200 OK", headers)
    refused = RefusedError(403, "AccessForbidden", "CORSResponse: This CORS request is not allowed.", Method=method)
    return _error(refused, with_body=True, path=wsgi.raw_path(request.environ))


def _with_cors(request: _Request, answer: Answer) -> Answer:
    """Puts the bucket's own CORS headers in the place of those that moto adds to everything."""
    headers = [pair for pair in answer.headers if not pair[0].lower().startswith("access-control-")]
    origin = request.headers.get("origin")
    if origin is not None:
        rule = next((rule for rule in cors_rules(request.bucket) if _matches(rule, origin, request.method)), None)
        if rule is not None:
            headers += _cors_headers(rule, origin)
    return Answer(answer.status, headers, answer.body)


def _cors_headers(rule: Any, origin: str) -> list[tuple[str, str]]:
    everybody = "*" in _several(rule.allowed_origins)
    headers = [("Access-Control-Allow-Origin", "*" if everybody else origin)]
    if not everybody:
        headers.append(("Access-Control-Allow-Credentials", "true"))
    exposed = _several(rule.exposed_headers)
    if exposed:
        headers.append(("Access-Control-Expose-Headers", ", ".join(exposed)))
    return [*headers, ("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")]


def _matches(rule: Any, origin: str, method: str) -> bool:
    return method in _several(rule.allowed_methods) and _any_fits(origin, _several(rule.allowed_origins))


def _several(value: Any) -> list[str]:
    """moto keeps one value as itself and several as a list."""
    return [value] if isinstance(value, str) else list(value or ())


def _any_fits(value: str, patterns: list[str]) -> bool:
    """A pattern may hold one `*`."""
    return any(re.fullmatch(re.escape(item).replace(r"\*", ".*"), value, re.IGNORECASE) for item in patterns)
