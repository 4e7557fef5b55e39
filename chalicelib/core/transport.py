"""Requests over kept HTTP connections: apart from the clients, so that HTTP is imported with the first of them."""

import functools
import http.client
import ssl
import time
from pathlib import Path

from chalicelib.core.aws import Answer, Call, Location, NotExchangedError
from chalicelib.core.config import settings

# AWS closes a connection that was idle for some tens of seconds, and a frozen container does not hear of it.
IDLE_SECONDS = 30.0

_ROOTS = Path(__file__).with_name("amazon_roots.pem")


def close_connections() -> None:
    """Closes the kept connections: for tests."""
    while _kept:
        _, (connection, _) = _kept.popitem()
        connection.close()


def tls_context() -> ssl.SSLContext:
    """How this process trusts the other end: Amazon's roots, or the settings' own CA file where there is one."""
    return _tls_context(settings().ca_file)


def exchange(where: Location, call: Call, patience: float) -> Answer:
    """One request and its answer; begun anew at once, on a new connection, where the kept one proves to be closed.

    Raises NotExchangedError.
    """
    try:
        return _exchange(where, call, patience)
    except (OSError, http.client.HTTPException) as error:
        refused = isinstance(error, ssl.SSLCertVerificationError)
        raise NotExchangedError(f"{where.host}: {error!r}", certificate_refused=refused) from error


def _exchange(where: Location, call: Call, patience: float) -> Answer:
    target = f"{where.path}?{call.query}" if call.query else where.path
    connection = _connection(where)
    while True:
        kept = connection.sock is not None
        connection.timeout = patience
        if connection.sock is not None:
            connection.sock.settimeout(patience)
        try:
            connection.request(call.method, target, body=call.body or None, headers=call.headers)
            got = connection.getresponse()
            body = got.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if not kept or not isinstance(error, ConnectionError | ssl.SSLError):
                raise
        else:
            return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, body)


# The container's connections by scheme and host, and when each was last used.
_kept: dict[tuple[str, str], tuple[http.client.HTTPConnection, float]] = {}


def _connection(where: Location) -> http.client.HTTPConnection:
    """The connection to a host. It opens itself when it is closed."""
    key = (where.scheme, where.host)
    now = time.time()
    connection, used = _kept.get(key, (None, now))
    if connection is None and where.scheme == "https":
        connection = http.client.HTTPSConnection(where.host, context=tls_context())
    elif connection is None:
        connection = http.client.HTTPConnection(where.host)
    elif now - used > IDLE_SECONDS:
        connection.close()
    _kept[key] = connection, now
    return connection


@functools.cache
def _tls_context(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=ca_file or _ROOTS)
    return context
