"""A server with the OpenAI protocol on a real socket that does what a test tells it, well or badly.

Answers are values: a status, headers and steps. `says`, `fails`, `hangs`, … make them; `Upstream.then` queues them for
the next requests, and `Upstream.otherwise` is what all others get. Each request is kept as an `Exchange`, with its body
and with when its connection closed. It writes its bytes itself, so that it can also stop in the middle of them.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from time import monotonic
from typing import Any, TypeAlias, TypeVar

MODEL = "toy"
_CONNECTIONS = Path("/proc/net/tcp")
Step: TypeAlias = bytes | float | None
"""Bytes to send, seconds to wait, or None: stay silent until the client goes."""


@dataclass(frozen=True)
class Reply:
    """What one request gets."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    steps: Iterable[Step] = ()
    reset: bool = False
    """Whether the connection breaks after the steps instead of ending."""


@dataclass
class Exchange:
    """One request and what became of it. Times are of `monotonic`."""

    path: str
    headers: Mapping[str, str]
    body: Any
    """The JSON of a POST, the bytes of one that is no JSON, else None."""
    began_s: float
    closed: threading.Event = field(default_factory=threading.Event)
    closed_s: float | None = None
    by_client: bool = False
    """Whether the client left before everything had been sent."""


def says(
    *pieces: str,
    pace_s: float = 0.0,
    reasoning: Iterable[str] = (),
    finish: str | None = "stop",
    model: str = MODEL,
    done: bool = True,
) -> Reply:
    """An answer in pieces, `pace_s` apart; without `finish` or `done` it is cut."""
    deltas: list[Mapping[str, str]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": piece} for piece in reasoning]
    deltas += [{"content": piece} for piece in pieces]
    steps: list[Step] = []
    for delta in deltas:
        steps += [chunk(delta, model=model), pace_s]
    if finish is not None:
        steps.append(chunk({}, model=model, finish=finish))
        steps.append(event({"model": model, "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 7}}))
    return stream([*steps, b"data: [DONE]\n\n"] if done else steps)


def says_without_end(piece: str = "word ", *, pace_s: float = 0.02) -> Reply:
    """An answer that never stops by itself."""
    return stream(cycle((chunk({"content": piece}), pace_s)))


def says_as_taken(*pieces: str, taken: Callable[[int], bool]) -> Reply:
    """An answer at the pace of whoever takes it: piece number `n` (the first is 0) is said once `taken(n)` holds.

    It is asked again and again, in the thread of the server.
    """

    def steps() -> Iterator[Step]:
        for number, piece in enumerate(pieces):
            while not taken(number):
                yield 0.005
            yield chunk({"content": piece})
        yield chunk({}, finish="stop")
        yield b"data: [DONE]\n\n"

    return stream(steps())


def is_cut(*pieces: str) -> Reply:
    """An answer whose stream ends cleanly, but without saying that it is whole."""
    return says(*pieces, finish=None, done=False)


def breaks(*pieces: str) -> Reply:
    """An answer whose connection is reset after the pieces."""
    said = is_cut(*pieces)
    return Reply(said.status, said.headers, said.steps, reset=True)


def hangs(*pieces: str) -> Reply:
    """The pieces, if any, and then nothing; without pieces not even a status line."""
    said = is_cut(*pieces)
    return Reply(said.status, said.headers, [*said.steps, None] if pieces else [None])


def fails(status: int, message: str, *, code: str = "", headers: Mapping[str, str] | None = None) -> Reply:
    """An error of the OpenAI shape."""
    error = {"message": message, "type": "error", "code": code or None}
    return Reply(status, {"content-type": "application/json"} | dict(headers or {}), [_json({"error": error})])


def calls(name: str, **arguments: Any) -> Reply:
    """An answer that calls a tool."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    call = {"index": 0, "id": "call-1", "type": "function", "function": function}
    steps = [chunk({"role": "assistant", "tool_calls": [call]}), chunk({}, finish="tool_calls"), b"data: [DONE]\n\n"]
    return stream(steps)


def until(seen: threading.Event) -> Iterator[Step]:
    """Steps that wait until a test has seen what it is about, however long that takes."""
    while not seen.is_set():
        yield 0.02


def answers(data: Any) -> Reply:
    """JSON, for a path that is no chat."""
    return Reply(200, {"content-type": "application/json"}, [_json(data)])


def event(data: Any) -> bytes:
    """One server-sent event."""
    return b"data: " + _json(data) + b"\n\n"


def chunk(delta: Mapping[str, Any], *, model: str = MODEL, finish: str | None = None) -> bytes:
    """One chunk of a chat completion.

    Source: https://platform.openai.com/docs/api-reference/chat-streaming
    """
    choice = {"index": 0, "delta": dict(delta), "finish_reason": finish}
    return event({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": model, "choices": [choice]})


class Upstream:
    """The server; made by `upstream`. Its methods are called from the test's thread."""

    def __init__(self) -> None:
        self.base_url = ""
        self.reset()

    def reset(self) -> None:
        """As new: one model, a short answer to everything, nothing recorded."""
        self.models: tuple[str, ...] = (MODEL,)
        self.listing: Reply | None = None
        """What `/models` gets instead of the models."""
        self.otherwise = says("Hello", " there.")
        self.exchanges: list[Exchange] = []
        self.elsewhere: dict[str, Reply] = {}
        """What other paths get: those of Ollama's own API, say."""
        self._next: deque[Reply] = deque()

    def then(self, *replies: Reply) -> None:
        """What the next chat requests get, one after the other."""
        self._next.extend(replies)

    @property
    def asked(self) -> list[Exchange]:
        """The chat requests, without those for the models."""
        return [exchange for exchange in self.exchanges if exchange.path.endswith("/chat/completions")]

    def reply_to(self, exchange: Exchange) -> Reply:
        """What is answered now; uses up what was queued."""
        if exchange.path.endswith("/chat/completions"):
            return self._next.popleft() if self._next else self.otherwise
        if exchange.path.endswith("/models"):
            listed = {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]}
            return self.listing or Reply(200, {"content-type": "application/json"}, [_json(listed)])
        return self.elsewhere.get(exchange.path) or fails(404, "404 page not found")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, which is one request."""
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._exchange(reader, writer)
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = await _read_request(reader)
        self.exchanges.append(exchange)
        reply = self.reply_to(exchange)
        sending = asyncio.create_task(_send(reply, writer))
        leaving = asyncio.create_task(reader.read())
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            exchange.by_client = not sending.done() or sending.exception() is not None
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            exchange.closed_s = monotonic()
            exchange.closed.set()


Served = TypeVar("Served", bound=Upstream)


@contextmanager
def upstream() -> Iterator[Upstream]:
    """A server on a free port of 127.0.0.1, in a thread of its own, since browser tests are not async."""
    with serving(Upstream()) as served:
        yield served


@contextmanager
def serving(served: Served) -> Iterator[Served]:
    """`served` on a free port of 127.0.0.1, in a thread of its own; at the end all connections are closed."""
    ready, end = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        server = await asyncio.start_server(served.serve, "127.0.0.1", 0, backlog=1000)
        served.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        ready.set()
        await end.wait()
        server.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    try:
        assert ready.wait(10), "The scripted server did not start."
        yield served
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(10)
        loop.close()


async def _read_request(reader: asyncio.StreamReader) -> Exchange:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    _, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    is_json = headers.get("content-type", "").startswith("application/json")
    return Exchange(path, headers, (json.loads(body) if is_json else body) or None, monotonic())


async def _send(reply: Reply, writer: asyncio.StreamWriter) -> None:
    """Status and headers with the first bytes, as servers do; so one that hangs at once sends nothing at all."""
    headers = {"connection": "close", **reply.headers}
    head = f"HTTP/1.1 {reply.status} Scripted\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    unsent = f"{head}\r\n".encode()
    async for piece in _paced(reply.steps):
        writer.write(unsent + piece)
        unsent = b""
        await writer.drain()
    writer.write(unsent)
    await writer.drain()
    if reply.reset:
        await _is_read(writer)  # a reset takes with it what the client has not read yet
        linger_none = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_none)
        writer.transport.abort()


async def _is_read(writer: asyncio.StreamWriter) -> None:
    """Waits until the client, on this machine too, has read all that was written; where nothing tells, for a moment."""
    await asyncio.sleep(0.05)
    ours, theirs = (writer.get_extra_info(name)[1] for name in ("sockname", "peername"))
    while _unread_bytes(theirs, ours):  # noqa: ASYNC110 -- the system has no event for it
        await asyncio.sleep(0.01)


def _unread_bytes(port: int, other: int) -> int:
    """How much waits to be read at `port` from the port `other`, as Linux tells; 0 elsewhere.

    Source: https://docs.kernel.org/networking/proc_net_tcp.html.
    """
    connections = _CONNECTIONS.read_text().splitlines()[1:] if _CONNECTIONS.exists() else []
    for _, local, remote, _, queues, *_ in map(str.split, connections):
        if (_last_hex(local), _last_hex(remote)) == (port, other):
            return _last_hex(queues)
    return 0


def _last_hex(pair: str) -> int:
    return int(pair.rpartition(":")[2], 16)


async def _paced(steps: Iterable[Step]) -> AsyncIterator[bytes]:
    for step in steps:
        match step:
            case None:
                await asyncio.Event().wait()
            case bytes():
                yield step
            case _:
                await asyncio.sleep(step)


def stream(steps: Iterable[Step]) -> Reply:
    """An answer of these steps, which are events."""
    return Reply(200, {"content-type": "text/event-stream"}, steps)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
