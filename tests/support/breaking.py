"""What of a newer API document would break a client that was made from an older one.

The rules are those of oasdiff that fit these documents. What a client sends must still be taken: each operation,
parameter and property that it knows, each value, within the same bounds, and nothing more may be required. What a
client reads must still be there, of the same type. New values of an enumeration in answers are no break: the contract
says that such may come.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

Schema = Mapping[str, Any]
Direction = Literal["sent", "read"]

_METHODS = ("get", "put", "post", "delete", "patch")
_LOWER = ("minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties")
_UPPER = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties")


class _Side(NamedTuple):
    """A part of a document, and the document in which its references lead somewhere."""

    schema: Schema
    document: Schema

    def at(self, schema: Schema) -> "_Side":
        """Another part, its references followed."""
        while "$ref" in schema or len(schema.get("allOf", ())) == 1:
            if "allOf" in schema:
                schema = schema["allOf"][0]
                continue
            found: Any = self.document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step.replace("~1", "/").replace("~0", "~")]
            schema = found
        return _Side(schema, self.document)

    def variants(self) -> "list[_Side]":
        """Each of what it may be: more than one where it says so, or has several types."""
        some = self.schema.get("anyOf") or self.schema.get("oneOf")
        if some:
            return [each for one in some for each in self.at(one).variants()]
        kinds = self.schema.get("type")
        if isinstance(kinds, list):
            return [_Side({**self.schema, "type": kind}, self.document) for kind in kinds]
        return [self]


def breaks(old: Schema, new: Schema) -> Iterator[str]:
    """Says of each break where it is and what it is."""
    for path, operations in old["paths"].items():
        for method in _METHODS:
            if method not in operations:
                continue
            where = f"{method.upper()} {path}"
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{where}: is gone"
                continue
            before = _Side(operations[method], old)
            yield from _parameters(before, _Side(now, new), where)
            yield from _bodies(before, _Side(now, new), where)
            yield from _answers(before, _Side(now, new), where)


def frame_breaks(old: Schema, new: Schema) -> Iterator[str]:
    """The same of two AsyncAPI documents, whose messages are compared by their names."""
    (before,), (after,) = (list(document["channels"].values()) for document in (old, new))
    sent = {
        each["$ref"].rpartition("/")[2]
        for operation in old["operations"].values()
        if operation["action"] == "receive"
        for each in operation["messages"]
    }
    for name, message in before["messages"].items():
        if name not in after["messages"]:
            yield f"{name}: is gone"
            continue
        one = _Side(message, old).at(message["payload"])
        other = _Side(message, new).at(after["messages"][name]["payload"])
        yield from _schemas(one, other, "sent" if name in sent else "read", name, frozenset())


def _parameters(old: _Side, new: _Side, where: str) -> Iterator[str]:
    before, after = (
        {
            (parameter.schema["in"], parameter.schema["name"].lower()): parameter
            for parameter in (side.at(each) for each in side.schema.get("parameters", ()))
        }
        for side in (old, new)
    )
    for key, parameter in before.items():
        place = f"{where}: the parameter {key[1]}"
        if key not in after:
            yield f"{place} is gone"
        else:
            one, other = (side.at(side.schema["schema"]) for side in (parameter, after[key]))
            yield from _schemas(one, other, "sent", place, frozenset())
    for key, parameter in after.items():
        was_required = key in before and before[key].schema.get("required")
        if parameter.schema.get("required") and not was_required:
            yield f"{where}: the parameter {key[1]} is required now"


def _bodies(old: _Side, new: _Side, where: str) -> Iterator[str]:
    before, after = (side.at(side.schema.get("requestBody", {})) for side in (old, new))
    if after.schema.get("required") and not before.schema.get("required"):
        yield f"{where}: a body is required now"
    for kind, content in before.schema.get("content", {}).items():
        now = after.schema.get("content", {}).get(kind)
        if now is None:
            yield f"{where}: takes no {kind} now"
        else:
            yield from _schemas(before.at(content["schema"]), after.at(now["schema"]), "sent", where, frozenset())


def _answers(old: _Side, new: _Side, where: str) -> Iterator[str]:
    for status, answer in old.schema["responses"].items():
        if not status.startswith("2"):
            continue
        place = f"{where}: {status}"
        if status not in new.schema["responses"]:
            yield f"{place} is no answer now"
            continue
        before, after = old.at(answer), new.at(new.schema["responses"][status])
        for kind, content in before.schema.get("content", {}).items():
            now = after.schema.get("content", {}).get(kind)
            if now is None:
                yield f"{place} is no {kind} now"
            else:
                yield from _schemas(before.at(content["schema"]), after.at(now["schema"]), "read", place, frozenset())


def _schemas(
    old: _Side, new: _Side, direction: Direction, where: str, seen: frozenset[tuple[int, int]]
) -> Iterator[str]:
    """What breaks by it that a schema is another one now."""
    if (id(old.schema), id(new.schema)) in seen:
        return
    seen |= {(id(old.schema), id(new.schema))}
    # What was sent must fit one of those that are taken; what is told, one of those that were known.
    given, known = (old, new) if direction == "sent" else (new, old)
    known_variants = known.variants()
    for one in given.variants():
        found = [list(_variant(one, other, direction, where, seen)) for other in known_variants]
        if all(found):
            yield from min(found, key=len)


def _variant(
    given: _Side, known: _Side, direction: Direction, where: str, seen: frozenset[tuple[int, int]]
) -> Iterator[str]:
    kind, known_kind = _kind(given.schema), _kind(known.schema)
    if kind != known_kind and known_kind is not None and (kind, known_kind) != ("integer", "number"):
        verb = "may be" if direction == "read" else "may not be"
        yield f"{where}: {verb} {kind or 'anything'} now"
        return
    if direction == "sent":
        yield from _narrowed(given.schema, known.schema, where)
    old, new = (given, known) if direction == "sent" else (known, given)
    if kind == "array" and "items" in old.schema and "items" in new.schema:
        yield from _schemas(old.at(old.schema["items"]), new.at(new.schema["items"]), direction, f"{where}[]", seen)
    yield from _properties(old, new, direction, where, seen)


def _kind(schema: Schema) -> str | None:
    if "const" in schema or "enum" in schema:
        value = schema.get("const", (schema.get("enum") or [None])[0])
        names: dict[type, str] = {bool: "boolean", int: "integer", str: "string", type(None): "null"}
        return names[type(value)]
    kind: str | None = schema.get("type")
    return kind or ("object" if "properties" in schema else None)


def _narrowed(old: Schema, new: Schema, where: str) -> Iterator[str]:
    values = set(old.get("enum", [old["const"]] if "const" in old else []))
    taken = set(new.get("enum", [new["const"]] if "const" in new else []))
    if taken and (gone := sorted(map(str, values - taken))):
        yield f"{where}: takes no {', '.join(gone)} now"
    if taken and not values:
        yield f"{where}: takes only {', '.join(sorted(map(str, taken)))} now"
    for bound in _LOWER:
        if bound in new and new[bound] > old.get(bound, float("-inf")) and new[bound] > 0:
            yield f"{where}: {bound} is {new[bound]} now"
    for bound in _UPPER:
        if bound in new and new[bound] < old.get(bound, float("inf")):
            yield f"{where}: {bound} is {new[bound]} now"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{where}: the pattern is {new['pattern']} now"


def _properties(
    old: _Side, new: _Side, direction: Direction, where: str, seen: frozenset[tuple[int, int]]
) -> Iterator[str]:
    before, after = (side.schema.get("properties", {}) for side in (old, new))
    required, required_now = (set(side.schema.get("required", ())) for side in (old, new))
    for name, schema in before.items():
        place = f"{where}.{name}"
        if name not in after:
            if direction == "read" or new.schema.get("additionalProperties") is False:
                yield f"{place}: is gone"
            continue
        if direction == "read" and name in required - required_now:
            yield f"{place}: may be absent now"
        yield from _schemas(old.at(schema), new.at(after[name]), direction, place, seen)
    if direction == "sent":
        yield from (f"{where}.{name}: is required now" for name in sorted(required_now - required))
