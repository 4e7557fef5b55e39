"""What an HTTP exchange takes and what it gives: for the clients, and for the transport below them."""

from typing import NamedTuple

from chalicelib.core import http1


class Location(NamedTuple):
    """Where a service or an object is: `path` is percent-encoded."""

    scheme: str
    host: str
    path: str

    @property
    def url(self) -> str:
        """The same as one string."""
        return f"{self.scheme}://{self.host}{self.path}"


class Call(NamedTuple):
    """A signed request: `query` is percent-encoded."""

    method: str
    query: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """An HTTP answer. `received` is all of it, as it came."""

    status: int
    received: bytes
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """The header fields, by their names in lower case."""
        return http1.header_fields(self.received)


class NotExchangedError(Exception):
    """No answer came. Where the other end showed a certificate that is not trusted, no second try mends it."""

    def __init__(self, message: str, *, certificate_refused: bool) -> None:
        super().__init__(message)
        self.certificate_refused = certificate_refused
