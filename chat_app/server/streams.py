"""The event streams that are open, so that they can be ended when the process stops.

An idle page holds one open for as long as it lives. Ended from here it looks done: the browser sees an end and not a
broken connection, and Gradio cleans its session up. Other responses end by themselves and are left alone.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class EventStreams:
    """ASGI middleware, the outermost, that knows the `text/event-stream` responses below it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: set[asyncio.Task[Any]] = set()
        self._ended = False

    def end(self) -> None:
        """End every event stream with what was sent of it, and those at once that open from now on."""
        self._ended = True
        for task in self._open:
            task.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, until it is done or `end` is called."""
        task = asyncio.current_task()

        async def noting_send(message: Message) -> None:
            await send(message)
            if task is None:
                return
            if message["type"] == "http.response.start" and _is_stream(message):
                self._open.add(task)
                if self._ended:
                    task.cancel()
            elif message["type"] == "http.response.body" and not message.get("more_body", False):
                self._open.discard(task)

        try:
            await self._app(scope, receive, noting_send if scope["type"] == "http" else send)
        except asyncio.CancelledError:
            if not self._ended or task not in self._open:
                raise
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            if task is not None:
                self._open.discard(task)


def _is_stream(start: Message) -> bool:
    return Headers(raw=list(start["headers"])).get("content-type", "").startswith("text/event-stream")
