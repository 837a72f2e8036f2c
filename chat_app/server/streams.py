"""The event streams that are open, so that they can be ended when the process stops.

A client of the API holds one open for as long as it lives. Ended from here it looks done: the client sees an end and
not a broken connection, and Gradio cleans its session up. Other responses end by themselves and are left alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class EventStreams:
    """ASGI middleware, the outermost, that knows the `text/event-stream` responses below it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: set[asyncio.Task[Any] | None] = set()
        self._cancelled: set[asyncio.Task[Any] | None] = set()
        self._ended = False

    def end(self) -> None:
        """End every event stream with what was sent of it, and those at once that open from now on."""
        self._ended = True
        for task in self._open:
            self._cancel(task)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, until it is done or `end` is called."""
        task = asyncio.current_task()

        async def send_and_note(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start" and _is_stream(message):
                self._open.add(task)
                if self._ended:
                    self._cancel(task)
            elif message["type"] == "http.response.body" and not message.get("more_body", False):
                self._open.discard(task)

        def noting_send(message: Message) -> Awaitable[None]:  # no coroutine of its own for each chunk
            return send(message) if message.get("more_body", False) else send_and_note(message)

        try:
            await self._app(scope, receive, noting_send if scope["type"] == "http" else send)
        except asyncio.CancelledError:
            if task not in self._cancelled:
                raise
            if task in self._open:  # else it has ended itself when it was told to
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._open.discard(task)
            self._cancelled.discard(task)

    def _cancel(self, task: asyncio.Task[Any] | None) -> None:
        if task:
            self._cancelled.add(task)
            task.cancel()


def _is_stream(start: Message) -> bool:
    return Headers(raw=list(start["headers"])).get("content-type", "").startswith("text/event-stream")
