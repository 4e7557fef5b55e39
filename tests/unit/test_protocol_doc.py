"""The guide for clients names the very codes, actions and events that the code has."""

import json
import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

from chalicelib.core import context
from chalicelib.core.config import Settings
from chalicelib.core.every_error import catalogue
from chalicelib.entry.actions import ACTIONS
from chalicelib.entry.documents import asyncapi_document, openapi_document
from chalicelib.features.moderation.reports import REPORTS
from chalicelib.realtime.event_data import MAX_FRAME_BYTES
from chalicelib.realtime.events import CATALOGUE
from chalicelib.realtime.shapes import SystemAction
from tests.support.documents import whole_document

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/protocol.md").read_text()
README = (ROOT / "README.md").read_text()


def _rows(section: str) -> list[list[str]]:
    """The cells of the table under a heading, without its first two lines."""
    text = re.split(r"^#+ ", GUIDE.split(f"# {section}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_codes_are_those_of_the_code() -> None:
    told = {code.strip("`"): int(status) for code, status, _ in _rows("Errors")}
    ours = {problem.code: problem.status for problem in catalogue()}
    gateway = json.loads((ROOT / "infra/gateway_responses.json").read_text())["responses"].values()
    made_by_the_gateway = {entry["problem"]["code"]: entry["problem"]["status"] for entry in gateway}
    assert told == made_by_the_gateway | ours


def test_actions_are_those_of_the_code() -> None:
    assert {row[0].strip("`") for row in _rows("Actions")} == set(ACTIONS)


def test_events_are_those_of_the_code() -> None:
    assert {row[0].strip("`") for row in _rows("Events")} == set(CATALOGUE)


def test_actions_of_system_messages_are_those_of_the_code() -> None:
    told = re.findall(r"^  \| `(\w+)` \|", GUIDE, re.MULTILINE)
    assert told == list(get_args(get_type_hints(SystemAction)["action"]))


def test_rates_are_those_of_the_settings() -> None:
    defaults = Settings()
    numbers = [int(re.findall(r"\d+", row[1])[0]) for row in _rows("Rates")]
    assert numbers == [
        defaults.sends_http,
        defaults.sends_socket,
        defaults.edits,
        defaults.reactions,
        defaults.searches,
        defaults.key_claims,
        defaults.device_sends,
        defaults.logins,
        defaults.logins * 6,
        defaults.uploads_an_hour,
        REPORTS.quota,
        defaults.calls,
        defaults.call_changes,
        defaults.call_signals,
    ]


def test_the_largest_frame_is_told_the_same_everywhere() -> None:
    limit = str(MAX_FRAME_BYTES)
    assert f"at most {limit} bytes" in GUIDE
    assert f'"maxFrameBytes": {limit}' in GUIDE
    assert f"at most {limit} bytes" in asyncapi_document()["info"]["description"]
    assert not re.search(r"\b(32|128) KB\b", GUIDE)


def test_limits_of_lists_are_those_of_the_documents() -> None:
    paths = openapi_document()["paths"]
    limits = {path: _parameter(paths[path]["get"], "limit")["schema"] for path in ("/sync", "/chats")}
    assert "`?limit=` events: {default} by default, at most {maximum}".format(**limits["/sync"]) in GUIDE
    assert "`?limit=` is {default} by default and at most {maximum}".format(**limits["/chats"]) in GUIDE
    by_socket = asyncapi_document()["components"]["schemas"]["SocketSyncQuery"]["properties"]["limit"]
    assert by_socket == limits["/sync"]


def test_the_form_of_request_ids_is_told_the_same_everywhere() -> None:
    [(most, letters)] = re.findall(r"up to\s+(\d+) of `([^`]+)`; the service makes one in place", GUIDE)
    pattern = f"^[{letters.replace(' ', '')}]{{1,{most}}}$"
    assert openapi_document()["components"]["parameters"]["RequestId"]["schema"]["pattern"] == pattern
    frame = asyncapi_document()["components"]["schemas"]["Frame"]["properties"]["requestId"]
    assert f"up to {most} of `{letters}`" in frame["description"]
    assert (context.REQUEST_ID.pattern, f"^{context.REQUEST_ID.pattern}$") == (pattern[1:-1], pattern)


def test_the_order_of_a_form_is_told_the_same_everywhere() -> None:
    assert "first all of `fields`, in any order, last the content as `file`" in GUIDE
    form = openapi_document()["components"]["schemas"]["UploadForm"]["properties"]["fields"]
    assert form["description"].endswith("send all of them, in any order, and the content last, as `file`")


def test_servers_are_those_of_the_documents() -> None:
    rest = {server["url"] for server in openapi_document()["servers"]}
    assert {
        path for path in ("/api", "/api/v1") if f"`https://HOST{path}/…`" in GUIDE or f"`{path}/…`" in GUIDE
    } == rest
    document = asyncapi_document()
    deployed, local = document["servers"]["deployed"], document["servers"]["local"]
    address = document["channels"]["socket"]["address"]
    assert f"`{deployed['protocol']}://HOST{address}`" in GUIDE
    assert re.findall(r"`(/\w+)`", local["description"]) == ["/ws", address]
    assert "The local server\n  also has `/ws`" in GUIDE
    assert f"{local['protocol']}://{local['host']}{address}" in README
    assert f"http://{local['host']}/api" in README


def _parameter(operation: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [one for one in operation["parameters"] if one.get("name") == name]
    return dict(found)


def test_every_path_is_named() -> None:
    assert [
        path for path in whole_document()["paths"] if not re.search(rf"{re.escape(path)}(?![/\w{{])", GUIDE)
    ] == []


def test_paths_are_served() -> None:
    served = whole_document()["paths"]
    named = re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^ `?]*)", GUIDE)
    assert len(named) > 15
    assert [f"{method} {path}" for method, path in named if method.lower() not in served.get(path, {})] == []
