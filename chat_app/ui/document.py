"""The page's document, with our script first in its head.

What is given to Gradio as `head` it adds when its own scripts already run. Ours has to be there before them, since it
stands in for the evaluating of strings that the content security policy forbids (`static/page.js`). Pure ASGI.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_HEAD = b"<head>"


class WithScript:
    """ASGI middleware: `script` is put into the head of the document at `/`."""

    def __init__(self, app: AsgiApp, script: str) -> None:
        self._app = app
        self._element = f"<script>\n{script}</script>".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        root = str(scope.get("root_path", ""))
        if (
            scope["type"] != "http"
            or scope["method"] != "GET"
            or str(scope["path"]).removeprefix(root) not in {"", "/"}
        ):
            await self._app(scope, receive, send)
            return
        # Compressed by Gradio, the document could not be read here.
        headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self._app({**scope, "headers": headers}, receive, _rewritten(send, self._element))


def _rewritten(send: Send, element: bytes) -> Send:
    """A `send` that holds the response back until it is whole, then sends it with `element`."""
    start: Message = {}
    body = bytearray()

    async def gather(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body", False):
            return
        document = bytes(body).replace(_HEAD, _HEAD + element, 1)
        headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        await send({**start, "headers": [*headers, (b"content-length", str(len(document)).encode())]})
        await send({"type": "http.response.body", "body": document})

    return gather
