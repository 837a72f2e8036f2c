"""What the benchmarks measure with: the server that keeps a pace, the visitors' HTTP, and their reading of updates."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import brotli  # type: ignore[import-untyped]
import pytest

from benchmarks.gradio_page import applied
from benchmarks.timing import Pace
from benchmarks.upstream import Upstream
from benchmarks.wave import KINDS, StraightVisitor
from benchmarks.wave_process import wave
from benchmarks.wire import Failed, Page

TEXT = b"data: some words\n\ndata: and others\n\n"


@asynccontextmanager
async def serving(factory: Callable[[], asyncio.Protocol]) -> AsyncIterator[str]:
    """The address of a server that has connections answered by what `factory` makes."""
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        await asyncio.sleep(0.01)  # for closed connections to be forgotten


class Fixed(asyncio.Protocol):
    """Answers every request with the same, and counts connections."""

    connections = 0

    def __init__(self, answer: bytes, *, close: bool = False) -> None:
        self._answer, self._close = answer, close

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        Fixed.connections += 1

    def data_received(self, _: bytes) -> None:
        """Answer; the requests of these tests come in one piece."""
        self._transport.write(self._answer)
        if self._close:
            self._transport.close()


def chunked(body: bytes, encoding: str = "identity") -> bytes:
    """An answer in chunks of five bytes."""
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(body[at : at + 5]), body[at : at + 5]) for at in range(0, len(body), 5))
    return (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % encoding.encode()
        + pieces
        + b"0\r\n\r\n"
    )


async def test_the_server_keeps_the_pace_for_many_at_once() -> None:
    """Every visitor gets every word, and none before it is due."""
    async with serving(Upstream) as url:
        visitors = [StraightVisitor(url) for _ in range(5)]
        watches = await wave(visitors, Pace(200, 40), within_s=0.05)
        for visitor in visitors:
            await visitor.close()
    assert [watch.error for watch in watches] == [""] * 5
    assert all(watch.updates[-1][1] == 39 for watch in watches)
    assert min(late for watch in watches for late in watch.late_s) > -0.001


async def test_the_server_says_what_it_offers_and_answers_whole() -> None:
    """As a server does that is asked without a stream, with the pace in the model's name; and knows nothing else."""
    async with serving(Upstream) as url:
        page = Page(url)
        (model,) = (await page.get("/models"))["data"]
        asked = {"model": "pace-9-3", "messages": [{"role": "user", "content": "Hello"}]}
        answered = await page.post("/chat/completions", asked)
        with pytest.raises(Failed, match="404"):
            await page.get("/nothing")
        page.close()
    assert model["id"] == "pace-50-300"
    assert answered["choices"][0]["message"]["content"].endswith(" w1 w2")


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)],
)
async def test_a_body_is_read_however_it_is_sent(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """And both are counted: what came over the wire, and what it says."""
    answer = chunked(compress(TEXT), encoding)
    async with serving(lambda: Fixed(answer)) as url:
        page = Page(url)
        lines = [line async for line in page.lines("/")]
        page.close()
    assert lines == TEXT.decode().splitlines()
    assert (page.wire_bytes, page.body_bytes) == (len(answer), len(TEXT))


@pytest.mark.parametrize(("close", "connections"), [(False, 1), (True, 3)])
async def test_a_connection_is_used_again_while_the_server_keeps_it(close: bool, connections: int) -> None:  # noqa: FBT001 - a value
    """As browsers do; servers close those that have been idle."""
    Fixed.connections = 0
    async with serving(lambda: Fixed(chunked(TEXT), close=close)) as url:
        page = Page(url)
        for _ in range(3):
            assert await page.fetch("/") == TEXT
            await asyncio.sleep(0.01)
        page.close()
    assert (Fixed.connections, page.requests) == (connections, 3)


def test_differences_are_made_as_the_page_makes_them() -> None:
    """All of Gradio's actions; source: `utils.diff` in 6.31."""
    value = {"messages": [{"text": "a"}], "old": 1}
    differences = [
        ["append", ["messages", 0, "text"], "b"],
        ["add", ["messages", 1], {"text": "c"}],
        ["add", ["new"], 2],
        ["replace", ["messages", 1, "text"], "d"],
        ["delete", ["old"], None],
    ]
    assert applied(value, differences) == {"messages": [{"text": "ab"}, {"text": "d"}], "new": 2}
    assert applied("a", [["append", [], "b"]]) == "ab"
    assert applied("a", [["replace", [], None]]) is None
    with pytest.raises(ValueError, match="turn"):
        applied(value, [["turn", ["new"], 1]])


async def test_what_fails_is_told_and_does_not_end_the_wave() -> None:
    """A server that refuses is an error of each answer, not of the benchmark."""
    body = json.dumps({"detail": "busy"}).encode()
    answer = b"HTTP/1.1 503 Busy\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    async with serving(lambda: Fixed(answer)) as url:
        visitors = [KINDS[kind](url, 0) for kind in ("straight", "our_api")]
        watches = await wave(visitors, Pace(50, 3), within_s=0)
    assert all("503" in watch.error and "busy" in watch.error for watch in watches)


async def test_a_stream_that_is_left_is_not_used_again() -> None:
    """What is still to come on its connection would be taken for the answer to the next request."""
    Fixed.connections = 0
    async with serving(lambda: Fixed(chunked(TEXT))) as url:
        page = Page(url)
        async with aclosing(page.stream("/")) as pieces:
            assert await anext(pieces)
        assert await page.fetch("/") == TEXT
        page.close()
    assert Fixed.connections == 2
