"""HTTP/1.1 as a page of a browser speaks it, at the least cost to the machine that is being measured.

Connections are kept and used again, at most one request on each at a time; a stream has one to itself. What is counted
are bytes as they come over the wire, heads and chunk sizes among them, and the bodies after decompression. No
redirects, no cookies, no TLS: it talks to servers that the benchmark started.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, Final
from urllib.parse import urlsplit

import brotli  # type: ignore[import-untyped]

_LIMIT_BYTES: Final = 2**24
_HEAD: Final = (
    "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0\r\n"
    "Accept: {accept}\r\nAccept-Encoding: {encoding}\r\nAccept-Language: en-US,en;q=0.9\r\nOrigin: http://{host}\r\n"
    "Referer: http://{host}/\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n{more}\r\n"
)


class Failed(Exception):
    """A request was not answered with 200."""


class Page:
    """The connections of one page to the server at `base_url`."""

    def __init__(self, base_url: str) -> None:
        self.base = urlsplit(base_url)
        self._idle: list[_Connection] = []
        self.requests = self.wire_bytes = self.body_bytes = 0

    async def get(self, path: str) -> Any:
        """The JSON there."""
        return json.loads(await self._whole("GET", path, b""))

    async def fetch(self, path: str) -> bytes:
        """The body there."""
        return await self._whole("GET", path, b"")

    async def post(self, path: str, content: Any) -> Any:
        """The JSON that `content` is answered with."""
        return json.loads(await self._whole("POST", path, json.dumps(content, separators=(",", ":")).encode()))

    def stream(self, path: str, content: Any = None) -> AsyncGenerator[bytes, None]:
        """The body as it comes, piece by piece."""
        body = b"" if content is None else json.dumps(content, separators=(",", ":")).encode()
        return self._answered("GET" if content is None else "POST", path, body, "text/event-stream")

    async def lines(self, path: str, content: Any = None) -> AsyncGenerator[str, None]:
        """The lines of a stream; what is behind the last line break is left out."""
        rest = b""
        async with aclosing(self.stream(path, content)) as pieces:
            async for piece in pieces:
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    yield line.rstrip(b"\r").decode()

    def close(self) -> None:
        """Close what is open and idle."""
        for connection in self._idle:
            connection.close()

    async def _whole(self, method: str, path: str, body: bytes) -> bytes:
        return b"".join([piece async for piece in self._answered(method, path, body, "*/*")])

    async def _answered(self, method: str, path: str, body: bytes, accept: str) -> AsyncGenerator[bytes, None]:
        connection = await self._ask(method, path, body, accept)
        try:
            async for piece in connection.pieces(self._count):
                yield piece
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    async def _ask(self, method: str, path: str, body: bytes, accept: str) -> _Connection:
        self.requests += 1
        connection = self._kept() or await _Connection.open(self.base.hostname, self.base.port)
        more = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if method == "POST" else ""
        head = _HEAD.format(
            method=method,
            path=self.base.path.rstrip("/") + path,
            host=self.base.netloc,
            accept=accept,
            encoding="gzip, deflate, br",
            more=more,
        )
        try:
            status = await connection.ask(head.encode() + body, self._count)
        except BaseException:
            connection.close()
            raise
        if status != 200:
            said = b"".join([piece async for piece in connection.pieces(self._count)])
            connection.close()
            raise Failed(f"{method} {path}: {status} {said[:300]!r}")
        return connection

    def _kept(self) -> _Connection | None:
        """A connection of before; those that the server has closed are left behind."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
            connection.close()
        return None

    def _count(self, wire: int, body: int) -> None:
        self.wire_bytes += wire
        self.body_bytes += body


_Count = Callable[[int, int], None]


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._headers: dict[str, str] = {}

    @classmethod
    async def open(cls, host: str | None, port: int | None) -> _Connection:
        return cls(*await asyncio.open_connection(host, port, limit=_LIMIT_BYTES))

    @property
    def is_open(self) -> bool:
        """Whether the server has not closed it: some do after five seconds without a request."""
        return not self._reader.at_eof()

    def close(self) -> None:
        self._writer.transport.abort()

    async def ask(self, request: bytes, count: _Count) -> int:
        """The status of the answer; its body is next."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        count(len(head), 0)
        status, *lines = head.decode("latin-1").split("\r\n")
        self._headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(status.split(" ")[1])

    async def pieces(self, count: _Count) -> AsyncIterator[bytes]:
        """The body as it comes, decompressed."""
        decode = _decoder(self._headers.get("content-encoding", ""))
        async for wire, piece in self._raw():
            decoded = decode(piece)
            count(wire, len(decoded))
            if decoded:
                yield decoded

    async def _raw(self) -> AsyncIterator[tuple[int, bytes]]:
        """Pieces of the body, with the bytes that each took on the wire."""
        if "content-length" in self._headers:
            body = await self._reader.readexactly(int(self._headers["content-length"]))
            yield len(body), body
            return
        size = -1
        while size:
            line = await self._reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            piece = await self._reader.readexactly(size + 2)
            yield len(line) + len(piece), piece[:-2]


def _decoder(encoding: str) -> Callable[[bytes], bytes]:
    match encoding:
        case "" | "identity":
            return bytes
        case "gzip":
            return zlib.decompressobj(31).decompress
        case "deflate":
            return zlib.decompressobj().decompress
        case "br":
            decode: Callable[[bytes], bytes] = brotli.Decompressor().process
            return decode
        case _:
            raise Failed(f"An answer in {encoding}, which was not asked for.")
