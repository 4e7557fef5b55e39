"""The local AWS checks signatures as botocore makes them."""

import hashlib
import time
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from local.signatures import Credentials, RefusedError, SignedRequest, Verifier

WHO = Credentials.fake()
REGION = "eu-central-1"
VERIFIER = Verifier(credentials=WHO, region=REGION)
THEIRS = BotocoreCredentials(WHO.access_key_id, WHO.secret_access_key, WHO.session_token)
PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)
QUERIES = st.dictionaries(ANY.filter(lambda name: name and not name.startswith("X-Amz-")), ANY, max_size=4)
HEADERS = st.dictionaries(st.sampled_from(["content-type", "x-amz-target", "range", "x-amz-meta-b"]), PRINTABLE)
PATHS = st.sampled_from(["/", "/123456789012/messenger-push.fifo", "/bucket/a%20b/c", "/bucket/%D1%84%2B~%281%29"])


def received(request: Any, body: bytes) -> SignedRequest:
    """What the service sees of a request that was signed."""
    prepared = request.prepare()
    path, _, query = prepared.url.removeprefix("http://127.0.0.1:8000").partition("?")
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else value
        for name, value in prepared.headers.items()
    }
    return SignedRequest(
        method=prepared.method,
        path=path,
        query=query,
        headers={"host": "127.0.0.1:8000", **headers},
        body_hash=lambda: hashlib.sha256(body).hexdigest(),
    )


def request(path: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> Any:
    return AWSRequest(method="PUT", url=f"http://127.0.0.1:8000{path}", params=query, headers=headers, data=body)


@given(path=PATHS, query=QUERIES, headers=HEADERS, body=st.binary(max_size=50))
@pytest.mark.parametrize(("service", "signer"), [("sqs", SigV4Auth), ("s3", S3SigV4Auth)])
def test_a_signature_in_a_header(
    service: str, signer: Any, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
) -> None:
    signed = request(path, query, headers, body)
    signer(THEIRS, service, REGION).add_auth(signed)
    seen = received(signed, body)
    VERIFIER.check_header(seen, service)
    with pytest.raises(RefusedError) as refused:
        VERIFIER.check_header(received(signed, body + b"!"), service)
    assert refused.value.code in {"SignatureDoesNotMatch", "XAmzContentSHA256Mismatch"}


@given(path=PATHS, query=QUERIES)
def test_a_signature_in_a_url(path: str, query: dict[str, str]) -> None:
    signed = request(path, query, {}, b"")
    S3SigV4QueryAuth(THEIRS, "s3", REGION, expires=60).add_auth(signed)
    seen = received(signed, b"")
    VERIFIER.check_url(seen)
    late = Verifier(credentials=WHO, region=REGION, now=lambda: time.time() + 120)
    with pytest.raises(RefusedError, match="expired"):
        late.check_url(seen)
