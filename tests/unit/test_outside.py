"""Requests to addresses that users give: what a name leads to is checked once, and that is what is connected to."""

import socket
from typing import Any

import pytest

from chalicelib.core import outside
from chalicelib.core.outside import NoAnswerError, RefusedAddressError

PRIVATE = (
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The addresses that were connected to; none of them answers."""
    seen: list[Any] = []

    def refuse(_: socket.socket, address: Any) -> None:
        seen.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return seen


def _resolves_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    asked: list[str] = []

    def resolve(name: str, port: int, **_: Any) -> list[Any]:
        asked.append(name)
        families = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in addresses]
        return [
            (family, socket.SOCK_STREAM, 6, "", (each, port))
            for family, each in zip(families, addresses, strict=True)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_to_a_private_address_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any], address: str
) -> None:
    # One private address among public ones is enough.
    _resolves_to(monkeypatch, "93.184.215.14", address)
    with pytest.raises(RefusedAddressError):
        outside.post("https://hooks.example.com/", {}, b"", within=1)
    assert connected == []


def test_a_name_is_resolved_once(monkeypatch: pytest.MonkeyPatch, connected: list[Any]) -> None:
    asked = _resolves_to(monkeypatch, "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")
    with pytest.raises(NoAnswerError):
        outside.post("https://hooks.example.com/", {}, b"", within=1)
    assert asked == ["hooks.example.com"]
    assert connected == ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]
