"""What is wrong with refused input: every field at fault, each with a sentence for a person.

msgspec checks input, stops at the first fault, and words it for programmers. Only where it has refused are the fields
looked at one by one, and its reasons put into words. A type can say more of itself, in its Meta's `extra`:

    Email = Annotated[str, Meta(pattern=…, extra={TOLD: "must be an email address"})]
    Username = Annotated[str, Meta(extra={CHECK: wrong_username})]
    Name = Annotated[str, Meta(extra={CHECK: wrong_name, CLEAN: cleaned})]

TOLD is what is said where the pattern does not fit. CHECK is a function that answers what is Wrong with the value, or
None; decoding calls it for each field that has one. CLEAN is a function that answers what is kept of the value.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import islice
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, cast, get_args, get_origin

import msgspec

from chalicelib.core.problems import Fault
from chalicelib.core.wording import Wrong

TOLD, CHECK, CLEAN = "told", "check", "clean"
Check = Callable[[str], Wrong | None]
Clean = Callable[[str], str]

T = TypeVar("T")

# More than these help nobody.
_MOST = 20
# msgspec ends its messages with where the value stood.
_PLACE = " - at `$"
_NAMED = re.compile(r"Object (?:missing required|contains unknown) field `(?P<name>.*)`$", re.DOTALL)
_LIMIT = re.compile(
    r"Expected `(?P<kind>[a-z]+)`(?P<length> of length)? (?P<sign>[<>]=) (?P<limit>-?[0-9]+)(?:\.0)?$"
)
_TYPE = re.compile(r"Expected `(?P<kind>[a-z]+)")
# By how a reason begins: further on it may hold the client's own words.
_REASONS: Mapping[str, Wrong] = {
    "Object missing required field": Wrong("missing", "is required"),
    "Object contains unknown field": Wrong("unknown_field", "is not a known field"),
    "Timestamp is out of range": Wrong("out_of_range", "is too large a number"),
    "Invalid RFC3339": Wrong("wrong_type", "must be a time with a time zone, such as 2026-01-31T12:00:00Z"),
    "Expected `datetime": Wrong("wrong_type", "must be a time with a time zone, such as 2026-01-31T12:00:00Z"),
    "Integer value out of range": Wrong("out_of_range", "is too large a number"),
    "Number out of range": Wrong("out_of_range", "is too large a number"),
}
_TYPES: Mapping[str, str] = {
    "str": "must be text",
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "array": "must be a list",
    "object": "must be an object",
}
# What the client named itself comes back cut.
_LONGEST = 200


class Field(NamedTuple):
    """A field that has a check of its own, or of which not all is kept."""

    attribute: str
    name: str
    check: Check | None
    clean: Clean | None


@cache
def checked_fields(kind: Any) -> tuple[Field, ...]:
    """The fields of a struct that have a check of their own, or of which not all is kept."""
    if not _is_struct(kind):
        return ()
    fields = (
        Field(field.name, field.encode_name, _told_of(field.type, CHECK), _told_of(field.type, CLEAN))
        for field in msgspec.structs.fields(kind)
    )
    return tuple(field for field in fields if field.check or field.clean)


def failed_checks(value: object) -> list[Fault]:
    """What the checks of a decoded struct's fields say against it."""
    found = []
    kind: Any = type(value)
    for field in checked_fields(kind):
        given = getattr(value, field.attribute)
        wrong = field.check(given) if field.check and isinstance(given, str) else None
        if wrong is not None:
            found.append(Fault(field.name, *wrong))
    return found


def cleaned(value: T) -> T:
    """A decoded struct with what is kept of its fields."""
    kind: Any = type(value)
    kept = {}
    for field in checked_fields(kind):
        given = getattr(value, field.attribute)
        if field.clean and isinstance(given, str) and field.clean(given) != given:
            kept[field.attribute] = field.clean(given)
    return cast(T, msgspec.structs.replace(cast(Any, value), **kept)) if kept else value


def faults(value: Any, kind: Any, *, strict: bool, reason: str) -> list[Fault]:
    """Everything that is wrong with plain data as a `kind`, which msgspec refused for this reason."""
    found = list(islice(_faults(value, kind, "", strict=strict), _MOST))
    return found or [fault(reason, kind)]


def fault(message: str, kind: Any, path: str = "") -> Fault:
    """One message of msgspec's as a fault of the field that it names, under this path."""
    reason, place, below = message.rpartition(_PLACE)
    if not place:
        reason, below = message, ""
    path = f"{path}{below.removesuffix('`')}"
    named = _NAMED.match(reason)
    if named:
        path = f"{path}.{named['name']}"
    return Fault(cut(path.removeprefix(".")) or "body", *_wrong(reason, kind))


def cut(text: str) -> str:
    """No more of what the client named than a reader needs."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _faults(value: Any, kind: Any, path: str, *, strict: bool) -> Iterator[Fault]:
    struct, items = _parts(kind)
    if struct is not None and isinstance(value, dict):
        yield from _faults_of_fields(value, struct, path, strict=strict)
        return
    refusal = _refusal(value, kind, strict=strict)
    if refusal is None:
        check = _told_of(kind, CHECK)
        wrong = check(value) if check is not None and isinstance(value, str) else None
        if wrong is not None:
            yield Fault(path.removeprefix("."), *wrong)
    elif items is not None and isinstance(value, list) and _PLACE in refusal:
        for index, item in enumerate(value):
            yield from _faults(item, items, f"{path}[{index}]", strict=strict)
    else:
        yield fault(refusal, kind, path)


def _faults_of_fields(given: dict[str, Any], struct: Any, path: str, *, strict: bool) -> Iterator[Fault]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    if struct.__struct_config__.forbid_unknown_fields:
        for name in (name for name in given if name not in fields):
            yield fault(f"Object contains unknown field `{name}`", struct, path)
    for name, field in fields.items():
        if name in given:
            yield from _faults(given[name], field.type, f"{path}.{name}", strict=strict)
        elif field.required:
            yield fault(f"Object missing required field `{name}`", struct, path)


def _refusal(value: Any, kind: Any, *, strict: bool) -> str | None:
    try:
        msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        return str(error)
    return None


def _wrong(reason: str, kind: Any) -> Wrong:
    for sign, wrong in _REASONS.items():
        if reason.startswith(sign):
            return wrong
    if reason.startswith("Invalid enum value"):
        choices = ", ".join(map(str, _choices(kind)))
        return Wrong("unknown_value", "must be one of: {choices}", {"choices": choices})
    if " matching regex " in reason:
        return Wrong("wrong_form", _told_of(kind, TOLD) or "does not have the form that is needed here")
    if limit := _LIMIT.match(reason):
        return _beyond(limit)
    expected = _TYPE.match(reason)
    return Wrong(
        "wrong_type", _TYPES.get(expected["kind"] if expected else "", "is not of the type that is needed here")
    )


def _beyond(limit: re.Match[str]) -> Wrong:
    number = int(limit["limit"])
    least = limit["sign"] == ">="
    if not limit["length"]:
        sentence = "must be at least {limit}" if least else "must be at most {limit}"
        return Wrong("out_of_range", sentence, {"limit": number})
    if least and number == 1:
        return Wrong("wrong_length", "must not be empty")
    if limit["kind"] == "str":
        sentence = (
            "must have at least {limit:character|characters}"
            if least
            else "must have at most {limit:character|characters}"
        )
    else:
        sentence = "must have at least {limit:item|items}" if least else "must have at most {limit:item|items}"
    return Wrong("wrong_length", sentence, {"limit": number})


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct) and not kind.__struct_config__.array_like


def _alternatives(kind: Any) -> Iterator[Any]:
    """A type without what is around it: the members of a union, without annotations."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from _alternatives(get_args(kind)[0])
    elif origin in {Union, UnionType}:
        for member in get_args(kind):
            yield from _alternatives(member)
    else:
        yield kind


def _parts(kind: Any) -> tuple[Any, Any]:
    """The struct that this may be, and the type of the items where it may be a list."""
    struct = items = None
    for one in _alternatives(kind):
        if _is_struct(one):
            struct = one
        elif get_origin(one) is list:
            [items] = get_args(one)
    return struct, items


def _choices(kind: Any) -> list[Any]:
    return [choice for one in _alternatives(kind) if get_origin(one) is Literal for choice in get_args(one)]


def _told_of(kind: Any, what: str) -> Any:
    """What the type says of itself, wherever in a union it does."""
    arguments = get_args(kind)
    if get_origin(kind) is Annotated:
        for meta in arguments[1:]:
            if isinstance(meta, msgspec.Meta) and meta.extra and what in meta.extra:
                return meta.extra[what]
        return _told_of(arguments[0], what)
    if get_origin(kind) in {Union, UnionType}:
        return next((said for member in arguments if (said := _told_of(member, what)) is not None), None)
    return None
