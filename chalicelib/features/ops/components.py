"""JSON Schemas of our types, as both documents share them: each struct and each enum is a component with a name.

Generators of clients make a class of each component. For what has no name they invent one, which may be another
component's: `UserStatus` for an enum in `User.status`. msgspec writes an enum out wherever it is used. So a `Literal`
that clients see is named by `Meta(title=...)` where it is declared, and becomes a component here.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from chalicelib.core.ids import DOCUMENTED_PATTERN
from chalicelib.features.ops import descriptions
from chalicelib.realtime.shapes import Envelope

Schema = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"
_MAX_INT32 = 2**31 - 1
_JSON_TYPES: Mapping[type, str] = {str: "string", bool: "boolean", int: "integer"}


class Components:
    """The components of one document. They are collected while the document asks for the schemas of its types."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}

    def of(self, kinds: Iterable[Any]) -> list[Schema]:
        """A schema for each of these types. What they refer to becomes a component."""
        shapes, found = msgspec.json.schema_components(list(kinds), ref_template=_REFERENCE)
        for name, schema in found.items():
            if name != Envelope.__name__:
                self._add(name, self._finished(schema))
        return [self._finished(shape) for shape in shapes]

    def fields(self, form: type[msgspec.Struct]) -> dict[str, tuple[Schema, bool]]:
        """The schema of each field of a struct, and whether the field is required. The struct is no component."""
        _, found = msgspec.json.schema_components([form], ref_template=_REFERENCE)
        whole = found[form.__name__]
        properties = {name: self._finished(schema) for name, schema in whole["properties"].items()}
        described = _described(form.__name__, {"properties": properties})["properties"]
        return {name: (schema, name in whole["required"]) for name, schema in described.items()}

    def add_events(self, catalogue: Mapping[str, type[msgspec.Struct]]) -> dict[str, Schema]:
        """Adds a component for each event, and `Event`, which is any of them. The schemas are by the event's name.

        Wherever a type has events, the document refers to `Event`.
        """
        kinds = [narrowed(Envelope, name, "Event", type=Literal[name], data=kind) for name, kind in catalogue.items()]
        events = dict(zip(catalogue, self.of(kinds), strict=True))
        about = "An event, by socket and in the answer of sync. Pass over a `type` that you do not know."
        self._add("Event", {"title": "Event", "description": about, "oneOf": list(events.values())})
        return events

    def _add(self, name: str, schema: Schema) -> None:
        schema = _described(name, schema)
        if self.schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two schemas are named {name}")

    def _finished(self, given: Schema) -> Schema:
        if given == reference(Envelope.__name__):
            return reference("Event")
        schema = dict(given)
        for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
            if word in schema:
                schema[word] = [self._finished(each) for each in schema[word]]
        for word in ("items", "additionalProperties"):
            if isinstance(schema.get(word), dict):
                schema[word] = self._finished(schema[word])
        if "properties" in schema:
            schema["properties"] = {name: self._finished(each) for name, each in schema["properties"].items()}
        if DOCUMENTED_PATTERN in schema:
            schema["pattern"] = schema.pop(DOCUMENTED_PATTERN)
        if "enum" in schema:
            schema = self._choice(schema)
        if schema.get("type") == "integer" and not schema.get("maximum", _MAX_INT32 + 1) <= _MAX_INT32:
            schema["format"] = "int64"
        return _wrapped(schema)

    def _choice(self, schema: Schema) -> Schema:
        """A fixed set of values: a constant where it is a single one, a component where the set has a name."""
        values = schema.pop("enum")
        kind = _JSON_TYPES[type(values[0])]
        if len(values) == 1:
            return {"type": kind, "const": values[0], **schema}
        if "title" not in schema:
            return {"type": kind, "enum": values, **schema}
        default = {"default": schema.pop("default")} if "default" in schema else {}
        self._add(schema["title"], {**schema, "type": kind, "enum": values})
        return {**reference(schema["title"]), **default}


def _described(name: str, schema: Schema) -> Schema:
    """A schema whose properties all say what they are, by their types or by the table of descriptions."""
    if "properties" not in schema:
        return schema
    properties = {
        field: kind
        if "description" in kind or (text := descriptions.of(name, field)) is None
        else _wrapped({**kind, "description": text})
        for field, kind in schema["properties"].items()
    }
    return {**schema, "properties": properties}


def reference(name: str) -> Schema:
    """A reference to a component."""
    return {"$ref": _REFERENCE.format(name=name)}


def narrowed(shape: type[msgspec.Struct], of: str, suffix: str, **types: Any) -> type[msgspec.Struct]:
    """A shape with some of its fields more exact: the `Envelope` of `message:new` is a `MessageNewEvent`."""
    fields = [(name, *kind) if isinstance(kind, tuple) else (name, kind) for name, kind in types.items()]
    name = "".join(map(str.capitalize, of.split(":"))) + suffix
    return msgspec.defstruct(name, fields, bases=(shape,), frozen=True, kw_only=True)


def plain(made: Schema) -> Schema:
    """JSON's own types alone: defaults that are tuples would make lists of another kind."""
    decoded: Schema = msgspec.json.decode(msgspec.json.encode(made))
    return decoded


def _wrapped(schema: Schema) -> Schema:
    """Some tools read nothing that stands beside a `$ref`: it is put into an `allOf`, which they do read."""
    if "$ref" not in schema or len(schema) == 1:
        return schema
    others = {word: value for word, value in schema.items() if word != "$ref"}
    return {"allOf": [{"$ref": schema["$ref"]}], **others}


def titled(node: Any) -> Any:
    """A part of a document with titles for wrapped references: some generators know no other name for them."""
    if isinstance(node, list):
        return [titled(each) for each in node]
    if not isinstance(node, dict):
        return node
    named = {word: titled(value) for word, value in node.items()}
    (first, *others) = node.get("allOf") or [{}]
    return {"title": first["$ref"].rpartition("/")[2], **named} if "$ref" in first and not others else named
