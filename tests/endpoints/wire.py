"""What the tests of the client share: an endpoint to ask, a whole answer, and servers that misbehave. on sockets."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeAlias

from chat_app.config import EndpointConfig
from chat_app.conversation.deltas import Delta, Finish, Started, TextDelta, Usage
from chat_app.conversation.messages import user
from chat_app.conversation.turn import Request
from chat_app.endpoints.client import HttpEndpoint, connect
from chat_app.errors import EndpointError

BASE = "http://llm.example/v1"
HELLO = (
    b'data: {"model":"m","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]}\n\n',
    b'data: {"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
    b'data: {"model":"m","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}\n\n',
    b"data: [DONE]\n\n",
)
ANSWER = (Started("main", "m"), TextDelta("Hello"), Finish("stop"), Usage(9, 2))
HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

Talk: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def config(base_url: str = BASE, **settings: Any) -> EndpointConfig:
    """An endpoint `main`; its limits of time are far away unless a test sets them."""
    return EndpointConfig.model_validate({"name": "main", "base_url": base_url, **settings})


def question(model: str = "m") -> Request:
    """The shortest request."""
    return Request((user("Hi"),), model)


@asynccontextmanager
async def connected(
    base_url: str = BASE, *, in_container: bool = False, **settings: Any
) -> AsyncGenerator[HttpEndpoint, None]:
    """A client, closed at the end."""
    endpoint = connect(config(base_url, **settings), in_container=in_container)
    try:
        yield endpoint
    finally:
        await endpoint.aclose()


async def answer(
    endpoint: HttpEndpoint, request: Request | None = None
) -> tuple[tuple[Delta, ...], EndpointError | None]:
    """All deltas, and the error behind them."""
    deltas: list[Delta] = []
    try:
        async with aclosing(endpoint.stream(request or question())) as stream:
            async for delta in stream:
                deltas.append(delta)  # noqa: PERF401 - those before an error count
    except EndpointError as error:
        return tuple(deltas), error
    return tuple(deltas), None


@asynccontextmanager
async def talking(talk: Talk) -> AsyncGenerator[str, None]:
    """A server on a real socket that reads each request and then does `talk`; yields its base URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
            await reader.readexactly(int(length.partition(b":")[2]))
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


def saying(*pieces: bytes, then: Talk | None = None) -> Talk:
    """Writes the headers of a stream and `pieces`, then does `then`."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in (HEADERS, *pieces):
            writer.write(piece)
            await writer.drain()
        if then is not None:
            await then(reader, writer)

    return talk


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Says no more until the other side closes."""
    await reader.read()


async def ping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says only that it is alive, until the other side closes."""
    while not reader.at_eof() and not writer.is_closing():
        writer.write(b': ping\n\ndata: {"choices":[{"delta":{"content":""}}]}\n\n')
        await asyncio.sleep(0.005)


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tears the connection down."""
    await asyncio.sleep(0.02)  # what was written before must have been read: a reset throws it away
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
