"""What every test may rely on: no way out of this machine, and a real server for those that ask for one."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.llama_server import llama_server

INTERNET = {socket.AF_INET, socket.AF_INET6}
RESERVED = (".invalid", ".test", ".example")
"""Names under these never resolve (RFC 2606): tests use them for hosts that are unknown."""

settings.register_profile("unhurried", deadline=None)  # how long an example takes depends on what else the machine does
settings.load_profile("unhurried")


class LeftTheMachine(AssertionError):
    """A test tried to reach another machine. No `OSError`, so that no code takes it for a refused connection."""


@pytest.fixture(autouse=True)
def attempts_to_leave(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every connection and name lookup of this process but those of loopback fails the test, even if it is caught.

    asyncio connects through `socket.connect` too, so one place is enough. Names are refused before they are looked up,
    since a lookup is a request to another host already; reserved ones are unknown without asking anybody.
    """
    attempts: list[str] = []
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refuse_others(host: str) -> None:
        if not _is_here(host):
            attempts.append(host)
            raise LeftTheMachine(f"The test tried to reach {host!r}.")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in INTERNET:
            refuse_others(address[0])
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        if self.family in INTERNET:
            refuse_others(address[0])
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: bytes | str | None, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host or ""
        if name.endswith(RESERVED):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        refuse_others(name)
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
    yield attempts
    assert not attempts, f"The test tried to reach {attempts}."


@pytest.fixture(scope="session")
def llama() -> Iterator[str]:
    """The `base_url` of llama.cpp's own server with the toy model (`toy_model.ANSWERS` is what it says)."""
    with llama_server() as base_url:
        yield base_url


def _is_here(host: str) -> bool:
    """Whether a host is this machine: a loopback address, or the "any" addresses, which servers bind and look up."""
    if host in {"localhost", ""}:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
