"""Requests as clients of other messengers make them: what is more than we ask for is let pass, and read leniently."""

import secrets
from collections.abc import Mapping
from typing import Any, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from msgspec import UNSET

from chalicelib.core.config import settings
from chalicelib.core.decoding import decode_lenient, decode_object, decode_text
from chalicelib.core.errors import InvalidInput, Unreadable, UnsupportedType
from chalicelib.core.ids import MAX_ID
from chalicelib.core.paging import DEFAULT_LIMIT
from chalicelib.core.spellings import FIELDS, VALUES
from chalicelib.entry.dialects.words import SOUGHT, Call, Plain
from chalicelib.features.accounts.schemas import Registration

MOST = 1_000
_SHORT = "must have at least {limit:character|characters}"
_MOST_FIELDS = 1_000


class _Registration(Registration, frozen=True, kw_only=True, rename="camel"):
    """A registration whose password is measured by the dialects' own setting."""

    password: str


def body_of(content_type: str, body: bytes) -> Plain:
    """What a body says: a JSON object, or a form. Raises Unreadable, InvalidInput and UnsupportedType."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        raise UnsupportedType("The body must be application/json; files go by POST /upload.")
    # `curl -d` calls a body a form, whatever it is.
    if kind == "application/x-www-form-urlencoded" and not body.lstrip().startswith(b"{"):
        return _form(body)
    return decode_object(body or b"{}")


def _form(body: bytes) -> Plain:
    """The fields of a form as Express reads them: `ids[]=1&ids[]=2` is a list, and `settings[of]=x` an object."""
    said: Plain = {}
    try:
        for name, value in parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        ):
            _put(said, name, value)
    except ValueError:
        raise Unreadable("The body is not a form in UTF-8.") from None
    return said


def _put(said: Plain, name: str, value: str) -> None:
    field, is_inside, place = name.partition("[")
    key = place.removesuffix("]")
    known = said.get(field)
    if is_inside and key and not key.isdigit():
        said[field] = {**(known if isinstance(known, dict) else {}), key: value}
    elif known is None:
        said[field] = [value] if is_inside else value
    else:
        said[field] = [*(known if isinstance(known, list) else [known]), value]


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
    if "q" in fields:
        call.words["q"] = SOUGHT
        given |= {"q": words} if (words := sought(call.query)) else {}
    if "skip" in fields:
        # Where nothing is passed over, a page may also begin at a message.
        given.pop("skip", None)
        given |= {"skip": str(passed)} if (passed := offset_of(call)) else {}
    query = decode_text(given, kind)
    if "limit" not in fields:
        return query
    wanted = number(call.query.get("limit"), None)
    if wanted is None and "skip" in fields:
        return query
    offset = 0 if "skip" in fields else offset_of(call)
    least = min(max(wanted or query.limit, 1) + offset, MOST)
    return msgspec.structs.replace(query, limit=least)


def sought(said: Mapping[str, Any]) -> str:
    """What a client looks for, by any of the names that clients have for it; empty where that is nothing."""
    return next((words for name in SOUGHT.split() if (words := str(said.get(name) or "")).strip()), "")


def everybody(said: Plain) -> str | None:
    """Who looks for nothing yet sees everybody: clients show the list before the first letter is typed."""
    return None if sought(said) else "GET /users"


def offset_of(call: Call) -> int:
    """How many of a list a client passes over; pages are counted from 1."""
    given = number(call.query.get("offset") or call.query.get("skip"), 0)
    page = number(call.query.get("page"), 1) or 1
    return min(given or (page - 1) * (number(call.query.get("limit"), 0) or DEFAULT_LIMIT), MAX_ID)


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
        else:
            ours[name] = _fitted(value, fields[name].type)
    return ours


def _fitted(value: Any, kind: Any) -> Any:
    """A value with what is more in it left out; one value stands for a list of one."""
    if element := _element(kind):
        return [_fitted(one, element) for one in (value if isinstance(value, list) else [value])]
    inner = next((part for part in (kind, *get_args(kind)) if _is_struct(part)), None)
    return fitting(value, inner) if inner is not None and isinstance(value, dict) else value


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


def _element(kind: Any) -> Any:
    """What a list is of; None where a type is no list."""
    if get_origin(kind) is list:
        return get_args(kind)[0]
    return next((found for part in get_args(kind) if part is not kind and (found := _element(part))), None)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
