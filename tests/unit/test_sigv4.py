"""Our signatures against botocore's own signers."""

import datetime
from collections.abc import Iterator
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, quote, urlsplit

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import sigv4

NOW = 1_795_166_824.7
WHO = sigv4.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None, "eu-central-1")
PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
TOKENS = st.none() | st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=50)
QUERIES = st.dictionaries(ANY.filter(lambda name: name and not name.startswith("X-Amz-")), ANY, max_size=4)
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "x-amz-target", "range", "x-amz-meta-b", "x-amz-acl", "if-match"]),
    st.text(PRINTABLE, max_size=20),
    max_size=4,
)


@pytest.fixture(autouse=True, scope="module")
def _clock() -> Iterator[None]:
    moment = datetime.datetime.fromtimestamp(NOW, datetime.UTC).replace(tzinfo=None)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        yield


def _theirs(who: sigv4.Credentials) -> Any:
    return BotocoreCredentials(who.access_key_id, who.secret_access_key, who.session_token)


def _lower(request: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


@given(
    connection_id=ANY.filter(lambda text: text not in {"", ".", ".."}), payload=st.binary(max_size=200), token=TOKENS
)
def test_posts_to_connections_are_signed_as_botocore_signs_them(
    connection_id: str, payload: bytes, token: str | None
) -> None:
    who = WHO._replace(session_token=token)
    sent = f"/api/@connections/{quote(connection_id, safe='')}"
    request = sigv4.Request("POST", "abc.example.com", sigv4.canonical_path(sent), payload=payload)
    ours = sigv4.sign_headers(request, who=who, service="execute-api", now=NOW)

    theirs = AWSRequest("POST", f"https://abc.example.com{sent}", data=payload)
    botocore.auth.SigV4Auth(_theirs(who), "execute-api", who.region).add_auth(theirs)
    assert ours == _lower(theirs)


def test_a_connection_id_is_encoded_once_on_the_wire_and_twice_in_the_signature() -> None:
    sent = f"/api/@connections/{quote('L0SM9cOFvHcCIhw=', safe='')}"
    assert sent == "/api/@connections/L0SM9cOFvHcCIhw%3D"
    assert sigv4.canonical_path(sent) == "/api/%40connections/L0SM9cOFvHcCIhw%253D"


@given(query=QUERIES, headers=HEADERS, payload=st.binary(max_size=200), token=TOKENS)
def test_any_request_is_signed_as_botocore_signs_it(
    query: dict[str, str], headers: dict[str, str], payload: bytes, token: str | None
) -> None:
    who = WHO._replace(session_token=token)
    request = sigv4.Request("POST", "sqs.example.com:8443", "/", query, headers, payload)
    ours = sigv4.sign_headers(request, who=who, service="sqs", now=NOW)

    theirs = AWSRequest("POST", "https://sqs.example.com:8443/", headers=headers, data=payload, params=query)
    botocore.auth.SigV4Auth(_theirs(who), "sqs", who.region).add_auth(theirs)
    assert ours == _lower(theirs)


@given(key=ANY.filter(bool), query=QUERIES, headers=HEADERS, payload=st.binary(max_size=200))
def test_requests_to_s3_are_signed_as_botocore_signs_them(
    key: str, query: dict[str, str], headers: dict[str, str], payload: bytes
) -> None:
    path = f"/{quote(key, safe='/')}"
    request = sigv4.Request("PUT", "bucket.s3.example.com", path, query, headers, payload)
    ours = sigv4.sign_headers(request, who=WHO, service="s3", now=NOW)

    theirs = AWSRequest("PUT", f"https://bucket.s3.example.com{path}", headers=headers, data=payload, params=query)
    botocore.auth.S3SigV4Auth(_theirs(WHO), "s3", WHO.region).add_auth(theirs)
    assert ours == _lower(theirs)


@given(
    key=ANY.filter(bool),
    query=QUERIES,
    length=st.none() | st.integers(0, 10**9),
    expires=st.integers(1, 604_800),
    token=TOKENS,
)
def test_presigned_urls_are_botocores(
    key: str, query: dict[str, str], length: int | None, expires: int, token: str | None
) -> None:
    who = WHO._replace(session_token=token)
    path = f"/{quote(key, safe='/')}"
    headers = {} if length is None else {"content-length": str(length)}
    request = sigv4.Request("PUT", "bucket.s3.example.com", path, query, headers)
    ours = sigv4.presign_url(request, who=who, expires_seconds=expires, now=NOW)

    theirs = AWSRequest("PUT", f"https://bucket.s3.example.com{path}", headers=headers, params=query)
    botocore.auth.S3SigV4QueryAuth(_theirs(who), "s3", who.region, expires).add_auth(theirs)
    assert ours.partition("?")[0] == theirs.url.partition("?")[0]
    assert sorted(_parameters(ours)) == sorted(_parameters(theirs.url))


def test_a_presigned_download_can_name_its_file_and_its_scheme() -> None:
    query = {"response-content-disposition": "attachment; filename*=UTF-8''%D0%BE.pdf"}
    request = sigv4.Request("GET", "127.0.0.1:5000", "/uploads/a%20b", query)
    url = sigv4.presign_url(request, who=WHO, expires_seconds=300, now=NOW, scheme="http")
    assert url.startswith("http://127.0.0.1:5000/uploads/a%20b?")
    assert ("response-content-disposition", query["response-content-disposition"]) in _parameters(url)


def _parameters(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


@given(
    key=ANY.filter(bool),
    content_type=st.text(PRINTABLE, max_size=20),
    most=st.integers(0, 2**40),
    expires=st.integers(1, 604_800),
    token=TOKENS,
)
def test_upload_forms_are_botocores(key: str, content_type: str, most: int, expires: int, token: str | None) -> None:
    who = WHO._replace(session_token=token)
    form = sigv4.Form("messenger-uploads", key, content_type, 1, most, expires)
    ours = sigv4.presign_post(form, who=who, now=NOW)

    until = datetime.datetime.fromtimestamp(int(NOW) + expires, datetime.UTC)
    theirs = AWSRequest("POST", "https://messenger-uploads.s3.amazonaws.com/")
    theirs.context["s3-presign-post-fields"] = {"key": key, "Content-Type": content_type}
    theirs.context["s3-presign-post-policy"] = {
        "expiration": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "conditions": [
            {"bucket": "messenger-uploads"},
            ["content-length-range", 1, most],
            {"key": key},
            {"Content-Type": content_type},
        ],
    }
    botocore.auth.S3SigV4PostAuth(_theirs(who), "s3", who.region).add_auth(theirs)
    assert ours == theirs.context["s3-presign-post-fields"]


def test_the_signing_key_changes_with_the_day() -> None:
    request = sigv4.Request("GET", "example.com", "/")
    days = [sigv4.sign_headers(request, who=WHO, service="sqs", now=NOW + day * 86_400) for day in (0, 1, 0)]
    assert days[0] == days[2]
    assert days[0]["authorization"] != days[1]["authorization"]
    assert "/20261120/" in days[0]["authorization"]
    assert "/20261121/" in days[1]["authorization"]
