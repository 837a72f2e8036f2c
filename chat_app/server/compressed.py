"""What the page loads, as small as it goes: compressed once and kept by whoever has it.

Gradio compresses each file at each request and names no time for which it may be kept, so that every visit asks for
about 60 files again; our own files and the document are text too. Here a file is compressed quickly for who asks first,
and as far as it goes meanwhile (brotli 11 takes a tenth off, and a second of CPU for all files of a page: once). What
is kept in memory is what a page loads, about 300 KB, and only what can never change: names with a hash of the content
in them. Each answer of another kind passes through as it is, event streams too.

Not done here: anything the visitor asked for by name or wrote. Pictures and fonts are compressed already.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from dataclasses import dataclass, field
from hashlib import sha256

import brotli  # type: ignore[import-untyped]
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HASHED = re.compile(r"/assets/[\w./-]*-[\w-]{8,}\.\w+|/static/fonts/[\w./-]+\.woff2")
"""Gradio's files whose names change with what is in them, and its fonts, which do not change."""
_OURS = re.compile(r"/static/[0-9a-f]{12}/.*")
_TEXT = ("text/", "application/javascript", "application/json", "image/svg+xml")
_FOR_GOOD = "public, max-age=31536000, immutable"
_LEAST_BYTES = 400
"""What is shorter fits in one packet with its headers anyway."""
_LARGEST_BYTES = 1_000_000
"""What is larger, as the script for plots, is compressed for who asks, and not kept."""
_QUICK, _BEST = 5, 11
"""Qualities of brotli. For 59 scripts and styles of 704 KB: 5 takes 0.04 s and makes 220 KB, 11 0.9 s and 202 KB."""
_UNUSED = ("etag", "last-modified", "accept-ranges")
"""What is kept for good is not asked for again; these would be 130 bytes for each of 120 files."""


@dataclass(slots=True)
class _Kept:
    """A file in one of its forms, as it is sent."""

    start: Message
    body: bytes


@dataclass(slots=True)
class _Answer:
    """An answer that is held back until it is whole."""

    start: Message = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)


class Compressed:
    """ASGI middleware: the document and its files in the smallest form that the browser takes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = _route_path(scope)
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if scope["type"] != "http" or scope["method"] != "GET" or "range" in headers or not _is_ours(path):
            await self._app(scope, receive, send)
            return
        form = _form(headers.get("accept-encoding", ""))
        version = QueryParams(scope["query_string"]).get("v", "") if path == "/theme.css" else ""
        name = f"{path}?{version}"
        kept = self._kept.get((name, form))
        if kept is None:
            plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            answer = _Answer()
            await self._app({**scope, "headers": plain}, receive, _into(answer))
            # Others may have asked for it meanwhile.
            kept = self._kept.get((name, form)) or self._made(name, form, answer)
        await send({**kept.start, "headers": list(kept.start["headers"])})
        await send({"type": "http.response.body", "body": kept.body})

    def _made(self, name: str, form: str, answer: _Answer) -> _Kept:
        """The answer to `name`, a path with a version, in `form`; kept when it is for good."""
        body = bytes(answer.body)
        kept = _Kept(answer.start, body)
        headers = MutableHeaders(raw=answer.start["headers"])
        if answer.start["status"] != 200:  # noqa: PLR2004 -- OK
            return kept
        path, _, version = name.partition("?")
        if _HASHED.fullmatch(path) or (path == "/theme.css" and version == sha256(body).hexdigest()):
            headers["Cache-Control"] = _FOR_GOOD
        for_good = headers.get("cache-control") == _FOR_GOOD
        if for_good:
            for unused in _UNUSED:
                del headers[unused]
        if len(body) >= _LEAST_BYTES and headers.get("content-type", "").startswith(_TEXT):
            headers["Vary"] = "Accept-Encoding"
            if form:
                headers["Content-Encoding"] = form
                kept.body = _pressed(body, form)
                headers["Content-Length"] = str(len(kept.body))
                if for_good and len(body) <= _LARGEST_BYTES:
                    self._kept[name, form] = kept
                    self._make_smaller(kept, body, form)
        return kept

    def _make_smaller(self, kept: _Kept, body: bytes, form: str) -> None:
        if form != "br":
            return
        task = asyncio.create_task(self._pressed_further(kept, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pressed_further(self, kept: _Kept, body: bytes) -> None:
        async with self._one_at_a_time:
            smaller = await asyncio.to_thread(_brotli, body, _BEST)
        headers = MutableHeaders(raw=list(kept.start["headers"]))
        headers["Content-Length"] = str(len(smaller))
        kept.start, kept.body = {**kept.start, "headers": headers.raw}, smaller


def _is_ours(path: str) -> bool:
    return path in {"/", "/theme.css"} or bool(_HASHED.fullmatch(path) or _OURS.fullmatch(path))


def _route_path(scope: Scope) -> str:
    root = str(scope.get("root_path", ""))
    return str(scope.get("path", "")).removeprefix(root) or "/"


def _form(accepted: str) -> str:
    """The best encoding that a browser says it takes; empty for none."""
    names = {name.partition(";")[0].strip() for name in accepted.lower().split(",") if not _refused(name)}
    return next((form for form in ("br", "gzip") if form in names), "")


def _refused(name: str) -> bool:
    return bool(re.search(r";\s*q=0(\.0*)?\s*$", name))


def _pressed(body: bytes, form: str) -> bytes:
    return _brotli(body, _QUICK) if form == "br" else gzip.compress(body, 6)


def _brotli(body: bytes, quality: int) -> bytes:
    pressed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=quality)
    return pressed


def _into(answer: _Answer) -> Send:
    """A `send` that keeps an answer."""

    async def gather(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.start = message
        elif message["type"] == "http.response.body":
            answer.body.extend(message.get("body", b""))

    return gather
