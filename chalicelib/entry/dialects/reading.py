"""Requests as clients of other messengers make them: what is more than we ask for is let pass, and read leniently."""

import secrets
from collections.abc import Mapping
from typing import Any, get_args, get_origin

import msgspec
from msgspec import UNSET

from chalicelib.core.config import settings
from chalicelib.core.decoding import decode_lenient, decode_text
from chalicelib.core.errors import InvalidInput
from chalicelib.core.spellings import FIELDS, VALUES
from chalicelib.entry.dialects.words import Call, Plain
from chalicelib.features.accounts.schemas import Registration

MOST = 1_000
_SHORT = "must have at least {limit:character|characters}"


class _Registration(Registration, frozen=True, kw_only=True, rename="camel"):
    """A registration whose password is measured by the dialects' own setting."""

    password: str


def typed_body(call: Call, kind: Any) -> Any:
    """The body as the endpoint takes it. Raises InvalidInput."""
    if kind is Registration:
        _complete(call.body)
        least = settings().dialect_password_length
        if isinstance(call.body.get("password"), str) and len(call.body["password"]) < least:
            raise InvalidInput.at("password", "wrong_length", _SHORT, limit=least)
        kind = _Registration
    return decode_lenient(fitting(call.body, kind), kind)


def typed_query(call: Call, kind: Any) -> Any:
    """The query as the endpoint takes it; `limit` goes up to 1,000, and what an `offset` passes over is on top."""
    fields = {field.encode_name for field in msgspec.structs.fields(kind)}
    given = {name: value for name, value in call.query.items() if name in fields and name != "limit" and value}
    query = decode_text(given, kind)
    if "limit" not in fields:
        return query
    wanted = number(call.query.get("limit"), None)
    if wanted is None and "skip" in fields:
        return query
    offset = 0 if "skip" in fields else offset_of(call)
    least = min(max(wanted or query.limit, 1) + offset, MOST)
    return msgspec.structs.replace(query, limit=least)


def offset_of(call: Call) -> int:
    """How many of a list a client passes over."""
    return number(call.query.get("offset") or call.query.get("skip"), 0) or 0


def number(text: str | None, otherwise: int | None) -> int | None:
    """What is written in digits."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else otherwise


def fitting(body: Mapping[str, Any], kind: Any) -> Plain:
    """The fields of a body that a struct has, in our spelling; one value stands for a list of one.

    What may be absent is absent where it is empty, as forms send it; a change to nothing is told as null.
    """
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    ours: Plain = {}
    for name, value in body.items():
        word = name if name in fields else FIELDS.get(name, name)
        if word in fields and (word == name or word not in body):
            ours[word] = VALUES.get(word, {}).get(value, value) if isinstance(value, str) else value
    for name, value in list(ours.items()):
        if value in (None, "") and not fields[name].required:
            if fields[name].default is not UNSET:
                del ours[name]
            elif type(None) in get_args(fields[name].type):
                ours[name] = None
        elif _is_list(fields[name].type) and not isinstance(value, list):
            ours[name] = [value]
    return ours


def _complete(body: Plain) -> None:
    """Whoever signs up by name and email address gets a username that is made of the name."""
    name = body.get("name")
    if not isinstance(name, str) or body.get("username"):
        return
    body["username"] = username_of(name)
    if not body.get("firstName"):
        body["firstName"], _, body["lastName"] = name.strip()[:100].partition(" ")


def username_of(name: str, *, again: bool = False) -> str:
    """A username that is made of a name; `again` where the plain one is not to be had."""
    plain = "".join(sign if sign.isalnum() else "_" for sign in name.strip().lower())[:24].strip("_")
    if again or len(plain) < 3:
        plain = f"{plain or 'user'}_{secrets.randbelow(10**6):06}"
    return plain


def _is_list(kind: Any) -> bool:
    if get_origin(kind) is list:
        return True
    return any(_is_list(part) for part in get_args(kind) if part is not kind)
