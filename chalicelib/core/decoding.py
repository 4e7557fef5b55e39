"""Input at the border: bytes or text pairs become typed structs, or a refusal that names the field and the reason."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from chalicelib.core import faults
from chalicelib.core.errors import InvalidInput, Unreadable
from chalicelib.core.spellings import respelt

T = TypeVar("T")

_DIGITS = re.compile(r"-?[0-9]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
# The same as JSON escapes it: JavaScript sends it where a text was cut within an emoji.
_HALF = re.compile(
    rb"\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}", re.IGNORECASE
)


def decode_json(body: bytes, kind: type[T]) -> T:
    """`body` as a `kind`, without U+0000. Raises Unreadable for no JSON, InvalidInput with every field at fault."""
    try:
        value = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        value = _decode_respelt(body, kind, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _unreadable(body) from None
    if b"\\u0000" in body:  # cheap to ask, and rarely so: only then is every string looked at
        _refuse_forbidden(msgspec.json.decode(body), "")
    return _checked(value)


def _decode_respelt(body: bytes, kind: type[T], reason: str) -> T:
    ours = respelt(body, kind)
    try:
        if ours is not None:
            return msgspec.json.decode(ours, type=kind)
    except msgspec.ValidationError as error:
        reason = str(error)
    try:
        given = msgspec.json.decode(ours or body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _unreadable(body) from None
    raise InvalidInput(errors=faults.faults(given, kind, strict=True, reason=reason)) from None


def decode_outline(body: bytes, kind: type[T]) -> T:
    """The same for an outer shape whose raw parts are decoded later. Raises Unreadable and InvalidInput."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise InvalidInput(errors=[faults.fault(str(error), kind)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _unreadable(body) from None


def decode_text(pairs: Mapping[str, str], kind: type[T]) -> T:
    """Query or path parameters as a `kind`: numbers are written in digits there. Raises InvalidInput."""
    _refuse_forbidden(pairs, "")
    try:
        value = msgspec.convert(pairs, kind, strict=False)
    except msgspec.ValidationError as error:
        found = faults.faults(dict(pairs), kind, strict=False, reason=str(error))
        raise InvalidInput(errors=found) from None
    # The conversion reads `1e3` and `1.0` as whole numbers too.
    for name, understood in msgspec.to_builtins(value).items():
        if type(understood) is int and name in pairs and not _DIGITS.fullmatch(pairs[name]):
            raise InvalidInput.at(name, "wrong_type", "must be a whole number")
    return _checked(value)


def is_cut(body: bytes) -> bool:
    """Whether JSON has half of a character, which no text that can be kept has."""
    return _HALF.search(body) is not None


def _unreadable(body: bytes) -> Unreadable:
    if is_cut(body):
        return Unreadable("The body has half of a character: an emoji was cut in two.")
    return Unreadable("The body is not valid JSON in UTF-8.")


def _checked(value: T) -> T:
    if wrong := faults.failed_checks(value):
        raise InvalidInput(errors=wrong)
    return faults.cleaned(value)


def decode_object(body: bytes) -> dict[str, Any]:
    """Whatever a JSON object says. Raises Unreadable and InvalidInput."""
    return decode_outline(body, dict[str, Any])


def decode_lenient(value: Any, kind: type[T]) -> T:
    """Plain data as a `kind`: numbers may be digits in strings. Raises InvalidInput."""
    _refuse_forbidden(value, "")
    try:
        return _checked(msgspec.convert(value, kind, strict=False))
    except msgspec.ValidationError as error:
        raise InvalidInput(errors=faults.faults(value, kind, strict=False, reason=str(error))) from None


def _refuse_forbidden(value: Any, path: str) -> None:
    """Refuses what UTF-8 and PostgreSQL's text cannot hold, wherever it stands, keys included."""
    if isinstance(value, str):
        if "\x00" in value:
            raise _forbidden(path, "must not contain the character U+0000")
        if not value.isascii() and _SURROGATE.search(value):
            raise _forbidden(path, "must not contain half of a character (a surrogate)")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _refuse_forbidden(key, path)
            _refuse_forbidden(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_forbidden(inner, f"{path}[{index}]")


def _forbidden(path: str, sentence: str) -> InvalidInput:
    return InvalidInput.at(faults.cut(path) or "body", "forbidden_character", sentence)
