"""Input at the border: bytes or text pairs become typed structs, or a refusal that names the field and the reason."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from chalicelib.core.errors import InvalidInput, Unreadable

T = TypeVar("T")

_PLACE = re.compile(r"^(?P<reason>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_NAMED = re.compile(r"field `(?P<name>[^`]*)`")


def decode_json(body: bytes, kind: type[T]) -> T:
    """`body` as a `kind`, without U+0000. Raises Unreadable for what is not JSON, InvalidInput for what does not fit."""
    value = decode_outline(body, kind)
    if b"\\u0000" in body:  # cheap to ask, and rarely so: only then is every string looked at
        _refuse_nul(msgspec.json.decode(body), "")
    return value


def decode_outline(body: bytes, kind: type[T]) -> T:
    """The same for an outer shape whose raw parts are decoded later. Raises Unreadable and InvalidInput."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("The body is not valid JSON in UTF-8.") from None


def decode_object(value: Any, kind: type[T]) -> T:
    """A value that was JSON already (a frame's `data`) as a `kind`. Raises InvalidInput."""
    return _convert(value, kind, strict=True)


def decode_text(pairs: Mapping[str, str], kind: type[T]) -> T:
    """Query or path parameters as a `kind`: numbers are written in digits there. Raises InvalidInput."""
    return _convert(pairs, kind, strict=False)


def _convert(value: Any, kind: type[T], *, strict: bool) -> T:
    try:
        converted = msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from None
    _refuse_nul(value, "")
    return converted


def _refusal(message: str) -> InvalidInput:
    place = _PLACE.match(message)
    reason, path = (place["reason"], place["path"] or "") if place else (message, "")
    named = _NAMED.search(reason)
    if named:
        path = f"{path}.{named['name']}" if path else named["name"]
    return InvalidInput.at(path or "body", _code(reason), reason)


def _code(reason: str) -> str:
    for sign, code in (
        ("missing required", "missing"),
        ("unknown field", "unknown_field"),
        ("of length", "wrong_length"),
        ("matching regex", "wrong_form"),
        ("out of range", "out_of_range"),
        ("Invalid enum value", "unknown_value"),
    ):
        if sign in reason:
            return code
    return "out_of_range" if re.search(r"[<>]=? -?\d", reason) else "wrong_type"


def _refuse_nul(value: Any, path: str) -> None:
    """PostgreSQL's text cannot hold U+0000; it is refused wherever it stands, keys included."""
    if isinstance(value, str):
        if "\x00" in value:
            raise InvalidInput.at(path or "body", "forbidden_character", "U+0000 is not allowed")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _refuse_nul(key, path)
            _refuse_nul(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_nul(inner, f"{path}[{index}]")
