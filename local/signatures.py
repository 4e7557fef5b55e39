"""Checks AWS signatures (version 4) as the services do: in headers, in presigned URLs and in POST policies.

It shares no code with the product's own signing, and tests compare both with botocore.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import calendar
import functools
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn
from urllib.parse import parse_qsl, quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
# Ends the session token of a function in the VPC.
VPC_TOKEN = "-vpc"  # noqa: S105  # not a secret
_SKEW = 15 * 60
_LONGEST_URL = 7 * 24 * 60 * 60
_QUERY_PARAMETERS = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<headers>[^,\s]+),"
    r"\s*Signature=(?P<signature>[0-9a-f]+)"
)


def from_the_vpc(headers: Mapping[str, str]) -> bool:
    """Whether a function in the VPC has signed a request in its headers, which are named in lower case."""
    return headers.get("x-amz-security-token", "").endswith(VPC_TOKEN)


class RefusedError(Exception):
    """A request that AWS refuses. `code` and the extra elements are those of S3's error documents."""

    def __init__(self, status: int, code: str, message: str, **extra: object) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.extra = extra


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Temporary credentials, as every Lambda function has them: without the token a signature is worth nothing.

    `expires_at` is in seconds since 1970.
    """

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: float = float("inf")

    @classmethod
    def fake(cls) -> "Credentials":
        """New ones that only this process knows."""
        return cls(
            access_key_id=f"ASIA{secrets.token_hex(8).upper()}",
            secret_access_key=secrets.token_urlsafe(30),
            session_token=secrets.token_urlsafe(60),
        )

    def in_the_vpc(self) -> "Credentials":
        """The same for a function in the VPC: its token says where it runs, as nothing else does on one machine."""
        return replace(self, session_token=self.session_token + VPC_TOKEN)


@dataclass(frozen=True, kw_only=True)
class SignedRequest:
    """What a signature covers. Header names are in lower case; `body_hash` is SHA-256 in hex."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body_hash: Callable[[], str]

    @property
    def parameters(self) -> dict[str, str]:
        """The query, decoded."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True, kw_only=True)
class Verifier:
    """Knows one set of credentials. Every method raises RefusedError."""

    credentials: Credentials
    region: str
    now: Callable[[], float] = field(default=time.time)

    def check_header(self, request: SignedRequest, service: str) -> None:
        """A request with an Authorization header."""
        found = _AUTHORIZATION.fullmatch(request.headers["authorization"])
        if found is None:
            raise RefusedError(
                400, "AuthorizationHeaderMalformed", "The authorization header you provided is not valid."
            )
        date = request.headers.get("x-amz-date", "")
        self._check_scope(found["credential"], date, service)
        self._check_token(request.headers.get("x-amz-security-token"))
        if abs(self._seconds(date) - self.now()) > _SKEW:
            raise RefusedError(
                403,
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
                RequestTime=date,
                ServerTime=_iso(self.now()),
                MaxAllowedSkewMilliseconds=_SKEW * 1000,
            )
        payload = request.headers.get("x-amz-content-sha256")
        if payload is None and service == "s3":
            raise RefusedError(
                400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256"
            )
        if payload is None or service != "s3" or re.fullmatch("[0-9a-f]{64}", payload):
            actual = request.body_hash()
            if payload not in {None, actual}:
                raise RefusedError(
                    400,
                    "XAmzContentSHA256Mismatch",
                    "The provided 'x-amz-content-sha256' header does not match what was computed.",
                    ClientComputedContentSHA256=payload,
                    S3ComputedContentSHA256=actual,
                )
            payload = actual
        signed = found["headers"].split(";")
        _check_all_signed(request, signed)
        self._check_signature(request, service, (date, payload, signed), found["signature"])

    def check_url(self, request: SignedRequest, service: str = "s3") -> None:
        """A presigned URL."""
        given = request.parameters
        if any(f"X-Amz-{name}" not in given for name in _QUERY_PARAMETERS):
            _bad_query(f"it requires {', '.join(f'X-Amz-{name}' for name in _QUERY_PARAMETERS)}")
        if given["X-Amz-Algorithm"] != ALGORITHM:
            _bad_query(f"X-Amz-Algorithm only supports {ALGORITHM}")
        lifetime = given["X-Amz-Expires"]
        if not lifetime.isdigit() or not int(lifetime) <= _LONGEST_URL:
            _bad_query(f"X-Amz-Expires must be a number of seconds from 0 to {_LONGEST_URL}")
        date = given["X-Amz-Date"]
        self._check_scope(given["X-Amz-Credential"], date, service)
        self._check_token(given.get("X-Amz-Security-Token"))
        begins = self._seconds(date)
        if begins - self.now() > _SKEW:
            raise RefusedError(403, "AccessDenied", "Request is not yet valid", ServerTime=_iso(self.now()))
        ends = begins + int(lifetime)
        if self.now() > ends:
            times = {"X-Amz-Expires": lifetime, "Expires": _iso(ends), "ServerTime": _iso(self.now())}
            raise RefusedError(403, "AccessDenied", "Request has expired", **times)
        signed = given["X-Amz-SignedHeaders"].split(";")
        _check_all_signed(request, signed)
        payload = request.headers.get("x-amz-content-sha256", UNSIGNED_PAYLOAD)
        self._check_signature(request, service, (date, payload, signed), given["X-Amz-Signature"])

    def check_policy(self, fields: Mapping[str, str]) -> None:
        """The signature over a POST policy. `fields` are the form's, named in lower case."""
        for name in ("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"):
            if name not in fields:
                raise RefusedError(400, "InvalidArgument", f"Bucket POST must contain a field named '{name}'.")
        if fields["x-amz-algorithm"] != ALGORITHM:
            raise RefusedError(400, "InvalidArgument", f"X-Amz-Algorithm only supports {ALGORITHM}")
        self._check_scope(fields["x-amz-credential"], fields["x-amz-date"], "s3")
        self._check_token(fields.get("x-amz-security-token"))
        expected = self._signature(fields["x-amz-date"], "s3", fields["policy"])
        _check_equal(expected, fields["x-amz-signature"])

    def _check_scope(self, credential: str, date: str, service: str) -> None:
        key, _, scope = credential.partition("/")
        if key != self.credentials.access_key_id:
            raise RefusedError(
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
                AWSAccessKeyId=key,
            )
        if scope != f"{date[:8]}/{self.region}/{service}/aws4_request":
            raise RefusedError(
                400,
                "AuthorizationHeaderMalformed",
                f"The credential is malformed; expecting the scope {date[:8]}/{self.region}/{service}/aws4_request.",
                Region=self.region,
            )

    def _check_token(self, token: str | None) -> None:
        if token is None:
            raise RefusedError(
                403, "InvalidAccessKeyId", "Temporary credentials are nothing without their session token."
            )
        given = token.removesuffix(VPC_TOKEN)
        if not hmac.compare_digest(given.encode(), self.credentials.session_token.encode()):
            raise RefusedError(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        if self.now() > self.credentials.expires_at:
            raise RefusedError(400, "ExpiredToken", "The provided token has expired.")

    def _seconds(self, date: str) -> float:
        try:
            return _read_date(date)
        except ValueError:
            raise RefusedError(403, "AccessDenied", "AWS authentication requires a valid x-amz-date") from None

    def _check_signature(
        self, request: SignedRequest, service: str, covered: tuple[str, str, list[str]], signature: str
    ) -> None:
        date, payload, signed = covered
        canonical = _canonical_request(request, service, payload, signed)
        scope = f"{date[:8]}/{self.region}/{service}/aws4_request"
        text = f"{ALGORITHM}\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        _check_equal(self._signature(date, service, text), signature)

    def _signature(self, date: str, service: str, text: str) -> str:
        key = _signing_key(self.credentials.secret_access_key, date[:8], self.region, service)
        return _hmac(key, text).hex()


def _canonical_request(request: SignedRequest, service: str, payload: str, signed: list[str]) -> str:
    # The services decode and encode again, so that a client's own spelling of the path does not matter.
    path = quote(unquote_to_bytes(request.path), safe="/-_.~")
    if service != "s3":
        path = quote(path, safe="/-_.~")
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(request.query, keep_blank_values=True)
        if name != "X-Amz-Signature"
    )
    query = "&".join(f"{name}={value}" for name, value in pairs)
    names = sorted(name for name in signed if name in request.headers)
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in names)
    return f"{request.method}\n{path}\n{query}\n{headers}\n{';'.join(names)}\n{payload}"


@functools.lru_cache(maxsize=32)
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """The same for all requests of a day: AWS derives it once as well."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


@functools.lru_cache(maxsize=32)
def _read_date(date: str) -> float:
    """Seconds since 1970. Raises ValueError."""
    return calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))


def _check_all_signed(request: SignedRequest, signed: list[str]) -> None:
    if "host" not in signed:
        raise RefusedError(403, "AccessDenied", "The host header must be signed")
    unsigned = [name for name in request.headers if name.startswith("x-amz-") and name not in signed]
    # A payload that is declared unsigned needs no signature on the declaration.
    if "x-amz-content-sha256" in unsigned and request.headers["x-amz-content-sha256"] == UNSIGNED_PAYLOAD:
        unsigned.remove("x-amz-content-sha256")
    if unsigned:
        raise RefusedError(
            403,
            "AccessDenied",
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(unsigned),
        )


def _check_equal(expected: str, given: str) -> None:
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise RefusedError(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        )


def _bad_query(why: str) -> NoReturn:
    raise RefusedError(400, "AuthorizationQueryParametersError", f"Query-string authentication version 4: {why}")


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
