"""The guard of `conftest.py`: tests cannot reach other machines, by whatever way."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import httpx2
import pytest

from tests.conftest import LeftTheMachine

ELSEWHERE = "192.0.2.1"  # TEST-NET-1 (RFC 5737): nobody's


def test_a_connection_to_another_machine_fails_the_test(attempts_to_leave: list[str]) -> None:
    """The plain way, and the one that returns a number instead of raising."""
    with socket.socket() as connection:
        with pytest.raises(LeftTheMachine, match=ELSEWHERE):
            connection.connect((ELSEWHERE, 80))
        with pytest.raises(LeftTheMachine):
            connection.connect_ex((ELSEWHERE, 80))
    attempts_to_leave.clear()


def test_a_lookup_of_a_name_fails_the_test(attempts_to_leave: list[str]) -> None:
    """The lookup itself is what leaves the machine."""
    with pytest.raises(LeftTheMachine, match="example"):
        socket.getaddrinfo("example.org", 443)
    attempts_to_leave.clear()


def test_an_attempt_that_was_caught_still_counts(attempts_to_leave: list[str]) -> None:
    """Code that goes on after any error cannot hide it: what is left in the list fails the test at its end."""
    with suppress(Exception), socket.socket() as connection:
        connection.connect((ELSEWHERE, 80))
    assert attempts_to_leave == [ELSEWHERE]
    attempts_to_leave.clear()


async def test_asyncio_is_guarded_too(attempts_to_leave: list[str]) -> None:
    """By address with `sock_connect`, and by name with `open_connection`, whose lookup runs in a thread."""
    with socket.socket() as connection:
        connection.setblocking(False)  # noqa: FBT003 — its only form
        with pytest.raises(LeftTheMachine):
            await asyncio.get_running_loop().sock_connect(connection, (ELSEWHERE, 80))
    with pytest.raises(LeftTheMachine):
        await asyncio.open_connection("example.org", 443)
    attempts_to_leave.clear()


async def test_an_http_client_is_guarded_too(attempts_to_leave: list[str]) -> None:
    """The client that the endpoints use, which connects in task groups of its own."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        with pytest.RaisesGroup(LeftTheMachine, allow_unwrapped=True, flatten_subgroups=True):
            await client.get(f"http://{ELSEWHERE}/")
    assert attempts_to_leave.pop() == ELSEWHERE


async def test_this_machine_can_be_reached() -> None:
    """By address and by name, or no test of a server would work."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            reader, writer = await asyncio.open_connection(host, port)
            assert await reader.read() == b""
            writer.close()


def test_an_invalid_name_is_unknown_without_asking_anybody() -> None:
    """So that tests about unknown names need no name server."""
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("nobody.invalid", 80)
