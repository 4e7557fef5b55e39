"""What API Gateway does with bodies where an API has a least size to compress, as `.chalice/config.json` says."""

import zlib

from local.responses import Answer

# Of what a client may send and accept; others are refused, or not used.
_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
# On AWS it costs nobody's processor here.
_LEVEL = 1


class UnknownEncodingError(Exception):
    """A body is sent in an encoding that API Gateway does not know."""


class BrokenBodyError(Exception):
    """A body is not of the encoding that its header says."""


def encode(content: bytes) -> bytes:
    """A body by gzip."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOWS["gzip"])
    return packer.compress(content) + packer.flush()


def decode(body: bytes, encoding: str, *, limit: int) -> bytes | None:
    """A request's body as it was before the client compressed it; None where it is over `limit` bytes.

    Raises UnknownEncodingError and BrokenBodyError.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return body
    if name not in _WINDOWS:
        raise UnknownEncodingError(name)
    unpacker = zlib.decompressobj(_WINDOWS[name])
    try:
        content = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise BrokenBodyError(name) from error
    if len(content) > limit:
        return None
    if not unpacker.eof or unpacker.unused_data:
        raise BrokenBodyError(name)
    return content


def compressed(answer: Answer, accepted: str, least: int | None) -> Answer:
    """An answer by gzip, where it is long enough and the client's `Accept-Encoding` has it."""
    encoded = any(name.lower() == "content-encoding" for name, _ in answer.headers)
    if least is None or len(answer.body) < least or encoded or not _takes_gzip(accepted):
        return answer
    return answer._replace(headers=[*answer.headers, ("Content-Encoding", "gzip")], body=encode(answer.body))


def _takes_gzip(accepted: str) -> bool:
    for offer in accepted.lower().split(","):
        name, _, weight = offer.replace(" ", "").partition(";q=")
        if name in {"gzip", "*"}:
            return weight.strip("0.") != "" or not weight
    return False
