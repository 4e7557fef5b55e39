"""HTTP clients for tests."""

import ssl
from collections.abc import Mapping

import httpx

# For each client of its own, httpx would read some 150 certificates, which takes longer than most requests.
_TRUST = ssl.create_default_context()


def client(url: str, headers: Mapping[str, str] | None = None) -> httpx.Client:
    """A client of the API at `url`."""
    return httpx.Client(base_url=url, headers=headers, timeout=30, verify=_TRUST)
