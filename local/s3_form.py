"""A browser's upload to S3: the multipart form, and what its POST policy allows.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NoReturn

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from local.signatures import RefusedError

_CHUNK = 64 * 1024
_MOST_BEFORE_FILE = 20 * 1024
_IN_MEMORY = 1024 * 1024

# Fields that a policy need not mention.
_FREE = frozenset({"policy", "x-amz-signature", "file"})


@dataclass(frozen=True)
class Form:
    """The fields before the file, named in lower case, and the file: its bytes, their number, the name it had."""

    fields: Mapping[str, str]
    file: IO[bytes]
    size: int
    filename: str

    @property
    def key(self) -> str:
        """Where the object goes; `${filename}` in the field stands for the file's own name."""
        return self.fields["key"].replace("${filename}", self.filename)


def read_form(stream: IO[bytes], content_type: str) -> Form:
    """Reads the whole body, of any size. Fields after the file are ignored, as S3 does. Raises RefusedError."""
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data" or "boundary" not in options:
        raise RefusedError(412, "PreconditionFailed", "Bucket POST must be of the enclosure-type multipart/form-data")
    decoder = MultipartDecoder(options["boundary"].encode("latin-1"))
    fields: dict[str, str] = {}
    name = filename = ""
    value = b""
    file: IO[bytes] | None = None
    reading_file = False
    for event in _events(decoder, stream):
        if isinstance(event, Field | File):
            name, value = event.name.lower(), b""
            reading_file = name == "file" and file is None
            if reading_file:
                file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # the caller reads it
                filename = event.filename if isinstance(event, File) else ""
        elif reading_file and file is not None:
            file.write(event.data)
        elif file is None:
            value += event.data
            if len(value) + sum(map(len, fields.values())) > _MOST_BEFORE_FILE:
                raise RefusedError(
                    400,
                    "MaxPostPreDataLengthExceededError",
                    "Your POST request fields preceding the upload file was too large.",
                    MaxPostPreDataLengthBytes=_MOST_BEFORE_FILE,
                )
            fields[name] = value.decode(errors="replace")
    if file is None:
        _invalid("POST requires exactly one file upload per request.")
    size = file.tell()
    file.seek(0)
    return Form(fields, file, size, filename)


def _events(decoder: MultipartDecoder, stream: IO[bytes]) -> Iterator[Field | File | Data]:
    try:
        while True:
            event = decoder.next_event()
            if isinstance(event, Field | File | Data):
                yield event
            elif isinstance(event, NeedData):
                decoder.receive_data(stream.read(_CHUNK) or None)
            elif isinstance(event, Epilogue):
                return
    except (ValueError, TypeError, RequestEntityTooLarge) as error:
        raise RefusedError(
            400, "MalformedPOSTRequest", "The body of your POST request is not well-formed."
        ) from error


def check_policy(form: Form, bucket: str, now: float) -> None:
    """Does the form keep to its own policy, whose signature was checked before? Raises RefusedError."""
    policy = _decoded(form.fields["policy"])
    if now > policy["expiration"]:
        _denied("Policy expired.")
    actual = {**form.fields, "key": form.key, "bucket": bucket}
    mentioned = set(_FREE)
    sizes = []
    for condition in policy["conditions"]:
        if isinstance(condition, dict):
            for name, wanted in condition.items():
                _check_field("eq", name.lower(), str(wanted), actual)
                mentioned.add(name.lower())
        elif condition[0] == "content-length-range":
            sizes.append(condition[1:])
        else:
            name = condition[1].removeprefix("$").lower()
            _check_field(condition[0].lower(), name, condition[2], actual)
            mentioned.add(name)
    extra = [name for name in form.fields if name not in mentioned and not name.startswith("x-ignore-")]
    if extra:
        _denied(f"Extra input fields: {', '.join(extra)}")
    for least, most in sizes:
        _check_size(form.size, least, most)


def _decoded(encoded: str) -> dict[str, Any]:
    try:
        policy = json.loads(base64.b64decode(encoded, validate=True))
        expires = datetime.fromisoformat(policy["expiration"])
        if expires.tzinfo is None:
            raise ValueError("expiration")
        conditions = policy["conditions"]
        if not all(isinstance(item, dict) or _is_list_condition(item) for item in conditions):
            raise ValueError("condition")
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RefusedError(400, "InvalidPolicyDocument", f"Invalid Policy: Invalid document ({error}).") from error
    return {"expiration": expires.timestamp(), "conditions": conditions}


def _is_list_condition(item: Any) -> bool:
    if not isinstance(item, list) or len(item) != 3:
        return False
    operator, first, second = item
    if operator == "content-length-range":
        return isinstance(first, int) and isinstance(second, int)
    return str(operator).lower() in {"eq", "starts-with"} and isinstance(first, str) and isinstance(second, str)


def _check_field(operator: str, name: str, wanted: str, actual: Mapping[str, str]) -> None:
    given = actual.get(name)
    if given is not None and (given == wanted if operator == "eq" else given.startswith(wanted)):
        return
    _denied(f"Policy Condition failed: {json.dumps([operator, f'${name}', wanted])}")


def _check_size(size: int, least: int, most: int) -> None:
    if size > most:
        raise RefusedError(
            400,
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size",
            ProposedSize=size,
            MaxSizeAllowed=most,
        )
    if size < least:
        raise RefusedError(
            400,
            "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed size",
            ProposedSize=size,
            MinSizeAllowed=least,
        )


def _denied(why: str) -> NoReturn:
    raise RefusedError(403, "AccessDenied", f"Invalid according to Policy: {why}")


def _invalid(why: str) -> NoReturn:
    raise RefusedError(400, "InvalidArgument", why)
