"""Input at the border: bytes or text pairs become typed structs, or a refusal that names the field and the reason."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from chalicelib.core.errors import InvalidInput, Unreadable
from chalicelib.core.spellings import respelt

T = TypeVar("T")

# msgspec ends its messages with where the value stood.
_PLACE = " - at `$"
_NAMED = re.compile(r"Object (?:missing required|contains unknown) field `(?P<name>.*)`$", re.DOTALL)
# A longer expression tells a reader nothing; the API document has it.
_LONG_PATTERN = re.compile(r"^(Expected `[a-z]+`) matching regex .{60,}$", re.DOTALL)
# By how a reason begins: further on it may hold the client's own words.
_CODES = {
    re.compile("Object missing required field"): "missing",
    re.compile("Object contains unknown field"): "unknown_field",
    re.compile("Invalid enum value"): "unknown_value",
    re.compile("Expected `[a-z]+` of length"): "wrong_length",
    re.compile("Expected `[a-z]+` matching regex"): "wrong_form",
    re.compile("(Number|Integer value) out of range|Expected `[a-z]+` [<>]"): "out_of_range",
}
_DIGITS = re.compile(r"-?[0-9]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Of what the client named itself, this many characters come back.
_LONGEST = 200


def decode_json(body: bytes, kind: type[T]) -> T:
    """`body` as a `kind`, without U+0000. Raises Unreadable for no JSON, InvalidInput for what does not fit."""
    try:
        value = decode_outline(body, kind)
    except InvalidInput:
        ours = respelt(body, kind)
        if ours is None:
            raise
        value = decode_outline(ours, kind)
    if b"\\u0000" in body:  # cheap to ask, and rarely so: only then is every string looked at
        _refuse_forbidden(msgspec.json.decode(body), "")
    return value


def decode_outline(body: bytes, kind: type[T]) -> T:
    """The same for an outer shape whose raw parts are decoded later. Raises Unreadable and InvalidInput."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("The body is not valid JSON in UTF-8.") from None


def decode_text(pairs: Mapping[str, str], kind: type[T]) -> T:
    """Query or path parameters as a `kind`: numbers are written in digits there. Raises InvalidInput."""
    _refuse_forbidden(pairs, "")
    try:
        value = msgspec.convert(pairs, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from None
    # The conversion reads `1e3` and `1.0` as whole numbers too.
    for name, understood in msgspec.to_builtins(value).items():
        if type(understood) is int and name in pairs and not _DIGITS.fullmatch(pairs[name]):
            raise InvalidInput.at(name, "wrong_type", "Expected `int`, written in digits")
    return value


def decode_object(body: bytes) -> dict[str, Any]:
    """Whatever a JSON object says. Raises Unreadable and InvalidInput."""
    return decode_outline(body, dict[str, Any])


def decode_lenient(value: Any, kind: type[T]) -> T:
    """Plain data as a `kind`: numbers may be digits in strings. Raises InvalidInput."""
    _refuse_forbidden(value, "")
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from None


def _refusal(message: str) -> InvalidInput:
    reason, place, path = message.rpartition(_PLACE)
    if not place:
        reason, path = message, ""
    path = path.removesuffix("`").removeprefix(".")
    named = _NAMED.match(reason)
    if named:
        path = f"{path}.{named['name']}" if path else named["name"]
    # An unknown field's name or an unknown value may be as long as a body.
    said = _LONG_PATTERN.sub(r"\1 of the form that the API document gives", reason, count=1)
    return InvalidInput.at(_cut(path) or "body", _code(reason), _cut(said))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _code(reason: str) -> str:
    for sign, code in _CODES.items():
        if sign.match(reason):
            return code
    return "wrong_type"


def _refuse_forbidden(value: Any, path: str) -> None:
    """Refuses what UTF-8 and PostgreSQL's text cannot hold, wherever it stands, keys included."""
    if isinstance(value, str):
        if "\x00" in value:
            raise InvalidInput.at(_cut(path) or "body", "forbidden_character", "U+0000 is not allowed")
        if not value.isascii() and _SURROGATE.search(value):
            raise InvalidInput.at(_cut(path) or "body", "forbidden_character", "Surrogates are not characters")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _refuse_forbidden(key, path)
            _refuse_forbidden(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_forbidden(inner, f"{path}[{index}]")
