"""The function at the edge, run in Node, and the distribution that runs it on the paths that clients use."""

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.config import DIALECTS
from chalicelib.realtime.vocabularies import NATIVE
from local.template import STACK, read_template
from tests.browser.support import need
from web import site
from web.docs import build

TEMPLATE = read_template(
    STACK,
    region="eu-central-1",
    account="123456789012",
    Prefix="messenger-web",
    WebHosting="true",
    RestHost="rest1.execute-api.eu-central-1.amazonaws.com",
    SocketHost="sockets1.execute-api.eu-central-1.amazonaws.com",
    EdgeKey="the-key",
)
KEY = {"sec-websocket-key": {"value": "dGhlIHNhbXBsZSBub25jZQ=="}}
_RUN = """
import door from "./door.mjs";
let text = "";
for await (const part of process.stdin) text += part;
process.stdout.write(JSON.stringify(JSON.parse(text).map((event) => door(event))));
"""


def _run(folder: Path, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the function makes of requests; `origin` is the one that it chose, if any."""
    need("node")
    code = str(TEMPLATE.of_type("AWS::CloudFront::Function")["WebDoor"]["FunctionCode"])
    stand_in = "let chosen; const cf = {selectRequestOriginById(id) {chosen = id}};"
    ours = code.replace('import cf from "cloudfront";', stand_in)
    assert ours != code
    answer = "export default (event) => { chosen = null; return {...handler(event), origin: chosen}; };"
    (folder / "door.mjs").write_text(f"{ours}\n{answer}\n")
    (folder / "run.mjs").write_text(_RUN)
    events = [{"viewer": {"ip": "2001:db8::1"}, "request": {"method": "GET", **request}} for request in requests]
    ended = subprocess.run(
        ["node", str(folder / "run.mjs")], input=json.dumps(events), capture_output=True, text=True, check=True
    )
    answers: list[dict[str, Any]] = json.loads(ended.stdout)
    return answers


@pytest.mark.parametrize(
    ("uri", "led"),
    [
        ("/api/chats", "/api/chats"),
        ("/api/v1/chats", "/api/chats"),
        ("/api/v10/chats", "/api/v10/chats"),
        ("/api/chats/", "/api/chats"),
        ("/api", "/api/"),
        ("/api/v1", "/api/"),
        ("/api/chats/%2F..%2F/messages", "/api/chats/%2F..%2F/messages"),
        ("/socket.io/", "/api/socket.io"),
        ("/socket.io", "/api/socket.io"),
        ("/health", "/api/health"),
        ("/ws", "/api/ws"),
        *((f"/{dialect}/api/messages", f"/api/{dialect}/api/messages") for dialect in DIALECTS),
    ],
)
def test_a_request_is_led_to_the_rest_api(tmp_path: Path, uri: str, led: str) -> None:
    (answer,) = _run(tmp_path, [{"uri": uri, "headers": {}, "querystring": {"EIO": {"value": "4"}}}])
    assert (answer["uri"], answer["origin"]) == (led, None)
    assert answer["querystring"] == {"EIO": {"value": "4"}}


@pytest.mark.parametrize("uri", ["/api", "/api/", "/ws", "/ws/", "/socket.io", "/socket.io/", "/gateway/socket.io/"])
def test_a_handshake_of_a_websocket_is_led_to_the_sockets_and_a_poll_is_not(tmp_path: Path, uri: str) -> None:
    handshake, poll = _run(tmp_path, [{"uri": uri, "headers": dict(KEY)}, {"uri": uri, "headers": {}}])
    assert (handshake["uri"], handshake["origin"]) == ("/api", "sockets")
    assert poll["origin"] is None


def test_the_path_of_a_dialects_sockets_names_the_dialect(tmp_path: Path) -> None:
    asked = {"token": {"value": "abc"}, "vocabulary": {"value": "gateway"}}
    paths = [f"/{name}/ws{end}" for name in NATIVE for end in ("", "/")]
    for answer in _run(tmp_path, [{"uri": uri, "headers": dict(KEY), "querystring": dict(asked)} for uri in paths]):
        assert (answer["uri"], answer["origin"]) == ("/api", "sockets")
        assert answer["querystring"] == {**asked, "vocabulary": {"value": "%2Fskype"}}


_PAGES = (
    *("/docs", "/docs/", "/docs/protocol", "/docs/protocol/", "/docs/protocol.html", "/docs/search.json"),
    *("/swagger", "/swagger/", "/swagger/index.html", "/docs/assets/1/docs.js"),
)


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        ("/", "/index.html"),
        ("/chats/5", "/index.html"),
        ("/apis", "/index.html"),
        ("/gateways/1", "/index.html"),
        ("/app.js", "/app.js"),
        ("/assets/logo.svg", "/assets/logo.svg"),
        ("/users/a.b/chat", "/index.html"),
        ("/docsx", "/index.html"),
        *((path, f"/{build.path_of(path)}") for path in _PAGES),
    ],
)
def test_the_web_client_has_all_other_paths(tmp_path: Path, uri: str, file: str) -> None:
    (answer,) = _run(tmp_path, [{"uri": uri, "headers": {}}])
    assert (answer["uri"], answer["origin"]) == (file, None)


def test_what_a_client_says_of_its_address_is_written_over(tmp_path: Path) -> None:
    forged = {"x-viewer-address": {"value": "127.0.0.1"}}
    (answer,) = _run(tmp_path, [{"uri": "/api/chats", "headers": forged}])
    assert answer["headers"]["x-viewer-address"] == {"value": "2001:db8::1"}


def _distribution(**changes: str) -> dict[str, Any]:
    """What CloudFormation is asked for; nothing is there of what has no value."""
    chosen = replace(TEMPLATE, parameters={**TEMPLATE.parameters, **changes})
    (found,) = chosen.of_type("AWS::CloudFront::Distribution").values()
    config = {name: value for name, value in found["DistributionConfig"].items() if value is not None}
    return {**config, "Origins": [origin for origin in config["Origins"] if origin is not None]}


def test_the_function_runs_on_every_path_that_is_an_apis() -> None:
    config = _distribution()
    patterns = {behavior.pop("PathPattern"): behavior for behavior in config["CacheBehaviors"]}
    assert set(patterns) == {
        *("/api", "/api/*", "/ws", "/ws/", "/socket.io", "/socket.io/*", "/health"),
        *(f"/{dialect}/*" for dialect in DIALECTS),
    }
    first, *others = patterns.values()
    assert all(other == first for other in others)
    assert first["FunctionAssociations"] == config["DefaultCacheBehavior"]["FunctionAssociations"]
    assert set(first["AllowedMethods"]) >= {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    code = TEMPLATE.of_type("AWS::CloudFront::Function")["WebDoor"]["FunctionCode"]
    named = re.search(r"\^\\/\(([^)]*)\)", code)
    assert named
    assert {f"/{name}" for name in named[1].replace("\\", "").split("|")} == {
        "/" + pattern.split("/")[1] for pattern in patterns
    }


def test_the_rest_api_alone_is_shown_the_key() -> None:
    origins = {origin["Id"]: origin for origin in _distribution()["Origins"]}
    assert set(origins) == {"bucket", "rest", "sockets"}
    assert origins["rest"]["OriginCustomHeaders"] == [{"HeaderName": "x-edge-key", "HeaderValue": "the-key"}]
    assert "OriginCustomHeaders" not in origins["sockets"]


def test_without_the_apis_hosts_it_serves_files_alone() -> None:
    config = _distribution(RestHost="")
    assert [origin["Id"] for origin in config["Origins"]] == ["bucket"]
    assert "CacheBehaviors" not in config


def test_an_own_name_has_its_own_certificate() -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/ours"
    config = _distribution(WebName="chat.example.com", WebCertificate=arn)
    assert config["Aliases"] == ["chat.example.com"]
    assert config["ViewerCertificate"]["AcmCertificateArn"] == arn
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert "Aliases" not in _distribution()


def test_the_page_has_the_headers_that_it_has_at_home() -> None:
    (found,) = TEMPLATE.of_type("AWS::CloudFront::ResponseHeadersPolicy").values()
    config = found["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]
    told = {item["Header"]: item["Value"] for item in config["CustomHeadersConfig"]["Items"]}
    told["Content-Security-Policy"] = security["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    told["Referrer-Policy"] = security["ReferrerPolicy"]["ReferrerPolicy"]
    told["X-Content-Type-Options"] = "nosniff" if "ContentTypeOptions" in security else ""
    # The last host is the store of users' files, which the template names by its bucket.
    files_origin = told["Content-Security-Policy"].split("; connect-src 'self' ")[1].split(";")[0]
    assert files_origin.startswith("https://")
    assert told == site.headers(files_origin)
