"""Schemas of the documents in HTML: a line for what a value is, and a table for the fields of an object."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from web.docs.page import address

Schema = Mapping[str, Any]

_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "pattern {}",
    "default": "default {}",
}


def kind_of(schema: Schema, page: str) -> str:
    """What a value is, with links to named schemas, which `page` has."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="{address(page, name)}">{escape(name)}</a>'
    for union, word in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        if union in schema:
            return word.join(dict.fromkeys(kind_of(one, page) for one in schema[union]))
    values = [schema["const"]] if "const" in schema else schema.get("enum", ())
    return ", ".join(_code(value) for value in values) or _plain_kind(schema, page)


def _plain_kind(schema: Schema, page: str) -> str:
    if schema.get("type") == "array":
        return f"list of {kind_of(schema.get('items', {}), page)}"
    if schema.get("additionalProperties"):
        return f"object of {kind_of(schema['additionalProperties'], page)}"
    kinds = schema.get("type", "anything")
    told = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    return escape(f"{told} ({schema['format']})" if "format" in schema else told)


def bounds_of(schema: Schema) -> str:
    """Between what a value must be, and what it is where it is absent."""
    told = []
    for name, said in _BOUNDS.items():
        if name in schema and schema[name] is not None:
            told.append(said.format(_code(schema[name])))
    for one in schema.get("anyOf", ()):
        told += [bounds_of(one)] if bounds_of(one) else []
    return ", ".join(told)


def words(text: str) -> str:
    """A description, in which code stands between backticks."""
    parts = text.split("`")
    return "".join(f"<code>{escape(part)}</code>" if place % 2 else escape(part) for place, part in enumerate(parts))


def fields_of(schema: Schema, page: str) -> str:
    """The table of an object's fields; a line for anything else."""
    properties = schema.get("properties")
    if not properties:
        return f'<p class="kind">{kind_of(schema, page)}{_and(bounds_of(schema))}</p>\n'
    required = set(schema.get("required", ()))
    rows = "".join(field(name, value, page, is_required=name in required) for name, value in properties.items())
    return table(("field", "what it is", "meaning"), rows)


def field(name: str, schema: Schema, page: str, *, is_required: bool, about: str | None = None) -> str:
    """A row of a table of fields or parameters."""
    mark = ' <span class="required">required</span>' if is_required else ""
    said = words(about or schema.get("description", "")) + _and(bounds_of(schema))
    return f"<tr><td><code>{escape(name)}</code>{mark}</td><td>{kind_of(schema, page)}</td><td>{said}</td></tr>\n"


def table(heads: tuple[str, ...], rows: str) -> str:
    """A table that scrolls where it is wider than the page."""
    cells = "".join(f"<th>{escape(head)}</th>" for head in heads)
    head = f"<thead><tr>{cells}</tr></thead>"
    return f'<div class="wide" tabindex="0"><table>\n{head}\n<tbody>\n{rows}</tbody></table></div>\n'


def listed(title: str, schemas: Mapping[str, Schema], page: str) -> str:
    """All named schemas, each with its fields."""
    parts = [f"<h1>{escape(title)}</h1>\n"]
    for name, schema in schemas.items():
        said = f"<p>{words(schema['description'])}</p>\n" if schema.get("description") else ""
        parts.append(
            f'<section id="{escape(name)}"><h2>{escape(name)}</h2>\n{said}{fields_of(schema, page)}</section>\n'
        )
    return "".join(parts)


def _code(value: Any) -> str:
    return f"<code>{escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))}</code>"


def _and(bounds: str) -> str:
    return f' <span class="bounds">{bounds}</span>' if bounds else ""
