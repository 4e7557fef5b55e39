"""The pages of the socket, made from its AsyncAPI document: what a client sends, and what it hears."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from web.docs.markdown import Section
from web.docs.page import Page, address
from web.docs.schemas import fields_of, kind_of, listed, table, words

SCHEMAS = "socket-types"


def pages(document: Mapping[str, Any]) -> Iterator[Page]:
    """An overview, the actions, the events, and the schemas."""
    messages = document["channels"]["socket"]["messages"]
    actions = {key: one for key, one in messages.items() if key.startswith("action-")}
    events = {key: one for key, one in messages.items() if key.startswith("event-")}
    schemas = document["components"]["schemas"]
    yield Page("socket", "Socket", _overview(document, actions, events))
    for name, title, found in (("actions", "Actions", actions), ("events", "Events", events)):
        sections = [Section(key, one["name"], 2, one["summary"]) for key, one in found.items()]
        shown = "".join(_message(document, key, one) for key, one in found.items())
        yield Page(f"socket-{name}", title, f"<h1>Socket: {name}</h1>\n{shown}", sections)
    sections = [Section(name, name, 2, one.get("description", "")) for name, one in schemas.items()]
    yield Page(SCHEMAS, "Socket: types", listed("Socket: types", schemas, SCHEMAS), sections)


def _overview(document: Mapping[str, Any], actions: Mapping[str, Any], events: Mapping[str, Any]) -> str:
    address_of = document["channels"]["socket"]["address"]
    servers = "".join(
        f"<tr><td><code>{escape(one['protocol'])}://{escape(one['host'])}{escape(address_of)}</code></td>"
        f"<td>{words(one['description'])}</td></tr>\n"
        for one in document["servers"].values()
    )
    ways = "".join(
        f"<tr><td>{escape(name)}</td><td>{words(one.get('description', 'The access token, as Bearer.'))}</td></tr>\n"
        for name, one in document["components"]["securitySchemes"].items()
    )
    parts = [
        f"<h1>Socket</h1>\n<p>{words(document['info']['description'])}</p>\n",
        '<p>For programs: <a href="/api/asyncapi.json">asyncapi.json</a> (AsyncAPI 3.0). '
        f'<a href="{address("protocol", "the-socket")}">The guide</a> says how to use it.</p>\n',
        "<h2>Where</h2>\n" + table(("address", ""), servers),
        "<h2>Ways in</h2>\n" + table(("by", ""), ways),
    ]
    for title, page, found in (("Actions", "socket-actions", actions), ("Events", "socket-events", events)):
        rows = "".join(
            f'<tr><td><a href="{address(page, key)}"><code>{escape(one["name"])}</code></a></td>'
            f"<td>{words(one['summary'])}</td></tr>\n"
            for key, one in found.items()
        )
        parts += [f"<h2>{title}</h2>\n", table(("", "what it does"), rows)]
    return "".join(parts)


def _message(document: Mapping[str, Any], key: str, message: Mapping[str, Any]) -> str:
    parts = [
        f'<section id="{escape(key)}"><h2><code>{escape(message["name"])}</code></h2>\n',
        f"<p>{words(message['summary'])}</p>\n",
        _data(document, "data", message["payload"]),
    ]
    ack = document["channels"]["socket"]["messages"].get(key.replace("action-", "ack-", 1))
    if key.startswith("action-") and ack is not None:
        parts.append(_data(document, "data of the ack", ack["payload"]))
    parts.append("</section>\n")
    return "".join(parts)


def _data(document: Mapping[str, Any], title: str, payload: Mapping[str, Any]) -> str:
    """What is in the `data` of a frame."""
    data = _resolved(document, payload)["properties"].get("data", {})
    named = kind_of(data, SCHEMAS)
    return f"<h3>{escape(title)}</h3>\n<p>{named}</p>\n" + fields_of(_resolved(document, data), SCHEMAS)


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema or "allOf" in schema:
        named = schema if "$ref" in schema else schema["allOf"][0]
        schema = document["components"]["schemas"][named["$ref"].rpartition("/")[2]]
    return schema
