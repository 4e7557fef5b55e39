"""The pages of the REST API, made from its OpenAPI document: each request, its answers, and a form that sends it."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from web.docs.markdown import Section, slug
from web.docs.page import Page, address
from web.docs.schemas import field, fields_of, kind_of, listed, table, words

SCHEMAS = "rest-schemas"
_METHODS = ("get", "post", "put", "patch", "delete")


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The method, path and description of each."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def page_of(operation: Mapping[str, Any]) -> str:
    """The name of the page that has an operation."""
    return f"rest-{slug(operation['tags'][0])}"


def codes(document: Mapping[str, Any]) -> dict[str, str]:
    """Where each request is described: `GET /chats`."""
    return {
        f"{method} {path}": address(page_of(operation), operation["operationId"])
        for method, path, operation in operations(document)
    }


def pages(document: Mapping[str, Any]) -> Iterator[Page]:
    """An overview, a page for each tag, and one for the schemas."""
    tags = {tag["name"]: tag.get("description", "") for tag in document["tags"]}
    by_tag: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for method, path, operation in operations(document):
        by_tag.setdefault(operation["tags"][0], []).append((method, path, operation))
    yield Page("rest", "REST", _overview(document, by_tag))
    for tag, found in by_tag.items():
        sections = [
            Section(one["operationId"], f"{method} {path}", 2, f"{one['summary']} {one.get('description', '')}")
            for method, path, one in found
        ]
        shown = "".join(_operation(document, method, path, one) for method, path, one in found)
        title = tag.capitalize()
        html = f"<h1>REST: {escape(title)}</h1>\n<p>{words(tags.get(tag, ''))}</p>\n{_LOGIN}{shown}"
        yield Page(f"rest-{slug(tag)}", title, html, sections)
    schemas = document["components"]["schemas"]
    sections = [Section(name, name, 2, one.get("description", "")) for name, one in schemas.items()]
    yield Page(SCHEMAS, "REST: types", listed("REST: types", schemas, SCHEMAS), sections)


def _overview(document: Mapping[str, Any], by_tag: Mapping[str, list[tuple[str, str, dict[str, Any]]]]) -> str:
    parts = [
        "<h1>REST</h1>\n",
        f"<p>{words(document['info']['description'])}</p>\n",
        '<p>For programs: <a href="/api/openapi.json">openapi.json</a> (OpenAPI 3.1), and its other paths in '
        '<a href="/api/openapi-aliases.json">openapi-aliases.json</a>. '
        "Each request has a form that sends it.</p>\n",
    ]
    for tag, found in by_tag.items():
        rows = "".join(
            f'<tr><td>{_method(method)}</td><td><a href="{address(page_of(one), one["operationId"])}">'
            f"<code>{escape(path)}</code></a></td><td>{words(one['summary'])}</td></tr>\n"
            for method, path, one in found
        )
        parts += [f"<h2>{escape(tag.capitalize())}</h2>\n", table(("", "path", "what it does"), rows)]
    return "".join(parts)


def _operation(document: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]) -> str:
    name = operation["operationId"]
    parameters = [_resolved(document, one) for one in operation.get("parameters", ())]
    shown = [one for one in parameters if one["name"] != "X-Request-Id"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    parts = [
        f'<section class="operation" id="{escape(name)}">\n'
        f"<h2>{_method(method)} <code>{escape(path)}</code></h2>\n"
        f"<p><strong>{words(operation['summary'])}</strong> {words(operation.get('description', ''))}</p>\n"
    ]
    if shown:
        rows = "".join(
            field(
                one["name"],
                one["schema"],
                SCHEMAS,
                is_required=one.get("required", False),
                about=one.get("description"),
            )
            for one in shown
        )
        parts.append("<h3>Parameters</h3>\n" + table(("parameter", "what it is", "meaning"), rows))
    if body:
        schema = _resolved(document, body["schema"])
        parts.append(f"<h3>Body</h3>\n<p>{kind_of(body['schema'], SCHEMAS)}</p>\n{fields_of(schema, SCHEMAS)}")
    parts.append("<h3>Answers</h3>\n" + _answers(document, operation))
    parts.append(_form(method, path, shown, body))
    parts.append("</section>\n")
    return "".join(parts)


def _answers(document: Mapping[str, Any], operation: Mapping[str, Any]) -> str:
    rows = []
    for status, named in operation["responses"].items():
        answer = _resolved(document, named)
        contents = [content for content in answer.get("content", {}).values() if "schema" in content]
        kind = kind_of(contents[0]["schema"], SCHEMAS) if contents else ""
        problems = [name for content in contents for name in content.get("examples", {})] if status >= "400" else []
        when = " ".join(
            [words(answer.get("description", "")), *(f"<code>{escape(code)}</code>" for code in problems)]
        )
        rows.append(f"<tr><td>{escape(status)}</td><td>{kind}</td><td>{when}</td></tr>\n")
    return table(("status", "body", "when"), "".join(rows))


def _form(method: str, path: str, parameters: list[dict[str, Any]], body: Mapping[str, Any] | None) -> str:
    """What docs.js sends. Parameters that are headers are left to programs."""
    inputs = "".join(
        f'<label><span>{escape(one["name"])}</span><input name="{escape(one["name"])}" data-in="{one["in"]}"'
        f"{' required' if one['in'] == 'path' else ''}></label>\n"
        for one in parameters
        if one["in"] in {"path", "query"}
    )
    examples = list((body or {}).get("examples", {}).items())
    choice = "".join(
        f'<option value="{escape(json.dumps(one["value"], ensure_ascii=False, indent=2))}">{escape(name)}</option>'
        for name, one in examples
    )
    area = ""
    if body is not None:
        first = json.dumps(examples[0][1]["value"], ensure_ascii=False, indent=2) if examples else "{}"
        pick = (
            f"<label><span>example</span><select data-examples>{choice}</select></label>\n"
            if len(examples) > 1
            else ""
        )
        text = f'<textarea name="body" rows="8" spellcheck="false">{escape(first)}</textarea>'
        area = f"{pick}<label><span>body</span>{text}</label>\n"
    return (
        f'<details class="try"><summary>Try it</summary>\n<form data-method="{method}" data-path="{escape(path)}">\n'
        f"{inputs}{area}<button>Send</button>\n<output hidden></output>\n</form></details>\n"
    )


def _method(method: str) -> str:
    return f'<span class="method {method.lower()}">{method}</span>'


def _resolved(document: Mapping[str, Any], node: Mapping[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = document
        for key in node["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        node = found
    return dict(node)


# Who sends the requests of the forms. The token stays in the tab.
_LOGIN = """<details class="login"><summary>Log in to try requests</summary>
<form id="login">
<label><span>username</span><input name="username" autocomplete="username" required></label>
<label><span>password</span><input name="password" type="password" autocomplete="current-password" required></label>
<button value="/auth/login">Log in</button> <button value="/auth/register">Register</button>
<output hidden></output>
</form></details>
"""
