from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable
from contextlib import aclosing
from time import monotonic

import httpx2
import pytest

from chat_app.config import EndpointConfig
from chat_app.conversation.deltas import Started, TextDelta
from chat_app.conversation.messages import user
from chat_app.conversation.turn import Request
from chat_app.endpoints.client import connect
from chat_app.endpoints.paced_reads import MANY_BYTES, paced
from tests.browser.upstream import chunk, says, upstream
from tests.endpoints.listing import CERTIFICATE

EVERY_S = 0.03


class Connection:
    """One that always has something to read."""

    def __init__(self, size: int = 10) -> None:
        self.size = size
        self.read_s: list[float] = []

    def get_extra_info(self, info: str) -> None:
        """Nothing: it is a plain one."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 -- httpx2's signature
        """So many bytes."""
        del max_bytes, timeout
        self.read_s.append(monotonic())
        return b"x" * self.size


async def no_limit(reading: Awaitable[bytes]) -> bytes:
    """However long it takes."""
    return await reading


async def between_s(connection: Connection, *, every_s: float = EVERY_S, flows: bool = True) -> float:
    """The shortest time between readings of it, of which there are four."""
    response = httpx2.Response(200, extensions={"network_stream": connection})
    with paced(response, every_s, no_limit, lambda: flows) as done:
        assert done
        for _ in range(4):
            await connection.read(65_536, timeout=1.0)
    return min(after - before for before, after in zip(connection.read_s, connection.read_s[1:], strict=False))


async def test_readings_are_as_far_apart_as_looks() -> None:
    """What comes in between is read at one time."""
    assert await between_s(Connection()) > EVERY_S * 0.9


@pytest.mark.parametrize(
    ("size", "every_s", "flows"), [(10, EVERY_S, False), (MANY_BYTES, EVERY_S, True), (10, 0.0, True)]
)
async def test_nothing_waits_without_need(size: int, every_s: float, *, flows: bool) -> None:
    """Not before the first word or behind the last, not where more is there already, not who looks all the time."""
    assert await between_s(Connection(size), every_s=every_s, flows=flows) < EVERY_S * 0.5


async def test_a_connection_is_left_as_it_was() -> None:
    """It is used again for other responses."""
    connection = Connection()
    await between_s(connection)
    assert "read" not in vars(connection)


async def test_every_reading_is_limited() -> None:
    """In place of every piece."""
    response, limited = httpx2.Response(200, extensions={"network_stream": Connection()}), []

    async def limit(reading: Awaitable[bytes]) -> bytes:
        limited.append(reading)
        return await reading

    with paced(response, 0.0, limit, lambda: True):
        await response.extensions["network_stream"].read(10)
    assert len(limited) == 1


def test_a_response_without_a_connection_is_told() -> None:
    """As those of tests, and of transports of another kind."""
    with paced(httpx2.Response(200), EVERY_S, no_limit, lambda: True) as done:
        assert not done


async def test_pieces_that_come_in_between_are_one() -> None:
    """Of a real server over a real socket: 40 pieces in 0.4 s, looked at every 0.1, are a handful; none is lost."""
    with upstream() as server:
        server.then(says(*[f"{number} " for number in range(40)], pace_s=0.01))
        endpoint = connect(EndpointConfig(name="real", base_url=server.base_url))
        waits, deltas, last_s = 0, [], monotonic()
        async with aclosing(endpoint.stream(Request((user("Hi"),), "toy", every_s=0.1))) as stream:
            async with asyncio.timeout(10):
                async for delta in stream:
                    waits += monotonic() - last_s > 0.005
                    last_s = monotonic()
                    deltas.append(delta)
        await endpoint.aclose()
    assert isinstance(deltas[0], Started)
    assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == "".join(
        f"{number} " for number in range(40)
    )
    assert waits < 15


async def test_every_record_that_has_come_over_tls_is_read() -> None:
    """OpenSSL gives out one at a time, which is mostly one piece: 60 of them, one every 5 ms, take no 60 pauses."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        for number in range(60):
            writer.write(chunk({"content": f"{number} "}))
            await asyncio.sleep(0.005)
        writer.write(chunk({}, finish="stop") + b"data: [DONE]\n\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    endpoint = connect(EndpointConfig(name="tls", base_url=f"https://127.0.0.1:{port}/v1", verify=False))

    async def took_s(every_s: float) -> float:
        began_s, text = monotonic(), ""
        async with aclosing(endpoint.stream(Request((user("Hi"),), "toy", every_s=every_s))) as stream:
            async for delta in stream:
                text += delta.text if isinstance(delta, TextDelta) else ""
        assert text == "".join(f"{number} " for number in range(60))
        return monotonic() - began_s

    try:
        assert await took_s(0.1) < 3 * await took_s(0.0)
    finally:
        await endpoint.aclose()
        server.close()
        await server.wait_closed()
