"""Requests to addresses that users give: to hosts in the public internet alone, and never by a redirect.

A name is resolved once, each of its addresses is checked, and the connection goes to one that was checked: what the
name leads to a moment later changes nothing. Imported where it is used alone.
"""

import contextlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from chalicelib.core import http1
from chalicelib.core.config import settings

HTTPS_PORT = 443
_READ_BYTES = 16 * 1024
# What lies behind these is another address, which IPv6 only carries: NAT64 and 6to4.
_CARRIERS = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class RefusedAddressError(Exception):
    """A URL is not one of a public host by https."""


class NoAnswerError(Exception):
    """The other end did not answer, or with something that is no HTTP."""


class Answer(NamedTuple):
    """What was answered: the header fields by their names in lower case."""

    status: int
    headers: Mapping[str, str]


def checked(url: str) -> SplitResult:
    """The parts of a URL that may be asked, as far as it tells by itself. Raises RefusedAddressError.

    Hosts that the settings name may be private, and be asked without TLS: push services on one's own machine.
    """
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port or HTTPS_PORT
    except ValueError as error:
        raise RefusedAddressError("no URL") from error
    if parts.netloc in settings().push_hosts:
        return parts
    if parts.scheme != "https" or port != HTTPS_PORT or "@" in parts.netloc:
        raise RefusedAddressError("not by https on its own port")
    with contextlib.suppress(ValueError):
        _check_public(ipaddress.ip_address(name))
        return parts
    if "." not in name.strip("."):
        raise RefusedAddressError("no public name")
    return parts


def post(url: str, headers: Mapping[str, str], body: bytes, *, within: float) -> Answer:
    """Sends a request and answers what came, within so many seconds. Raises RefusedAddressError and NoAnswerError."""
    parts = checked(url)
    end = time.monotonic() + within
    target = parts.path or "/"
    target = f"{target}?{parts.query}" if parts.query else target
    fields = {**headers, "host": parts.netloc, "content-length": str(len(body)), "connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    try:
        with _connected(parts, end) as line:
            line.settimeout(_left(end))
            line.sendall(f"POST {target} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body)
            return _read(line, end)
    except (OSError, UnicodeError, http1.AnswerError) as error:
        raise NoAnswerError(f"{parts.hostname}: {type(error).__name__}") from error


def _connected(parts: SplitResult, end: float) -> socket.socket:
    """A connection to an address that was checked."""
    name = parts.hostname or ""
    is_known = parts.netloc in settings().push_hosts
    usual = HTTPS_PORT if parts.scheme == "https" else 80
    found = socket.getaddrinfo(name, parts.port or usual, type=socket.SOCK_STREAM)
    if not is_known:
        for *_, address in found:
            _check_public(ipaddress.ip_address(address[0]))
    failure: OSError = OSError("no address")
    for family, kind, protocol, _, address in found:
        line = socket.socket(family, kind, protocol)
        try:
            line.settimeout(_left(end))
            line.connect(address)
            if parts.scheme != "https":
                return line
            # The system's roots, or those that the settings name.
            context = ssl.create_default_context(cafile=settings().ca_file)
            return context.wrap_socket(line, server_hostname=name)
        except OSError as error:
            line.close()
            failure = error
    raise failure


def _check_public(address: Address) -> None:
    """Raises RefusedAddressError for an address of a private network, of this machine, and of AWS's own services."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            _check_public(address.ipv4_mapped)
            return
        if any(address in carrier for carrier in _CARRIERS):
            raise RefusedAddressError("no public address")
    if not address.is_global or address.is_multicast or address.is_reserved:
        raise RefusedAddressError("no public address")


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _read(line: socket.socket, end: float) -> Answer:
    received = b""
    while True:
        line.settimeout(_left(end))
        data = line.recv(_READ_BYTES)
        received += data
        answer = http1.read_answer(received, ended=not data)
        if answer is not None:
            return Answer(answer.status, http1.header_fields(received))
