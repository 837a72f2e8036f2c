"""The response headers that keep a browser from doing what a chat page never needs.

The content policy is the strictest with which chat, LaTeX and mermaid still work in Gradio (measured; its own scripts
and styles are inline). With it a remote picture in an answer cannot be loaded, so an answer cannot send what was said
to another host by naming it in an address. What is in the page itself (`data:`, `blob:`) may be shown, heard and read:
that goes nowhere. Frames have their document in them (`srcdoc`) and may go nowhere else. Pure ASGI: event streams pass
through it chunk by chunk.
"""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; "
    "script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; "
    "font-src 'self' data:; "
    "connect-src 'self' data: blob:; "
    "media-src 'self' data: blob:; "
    "frame-src 'none'; "
    "object-src 'none'; "
    "base-uri 'self'; "
    "form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


_SUBORDINATE = ("text/javascript", "application/javascript", "text/css", "font/")
"""What is loaded into a document and obeys that document's policy. Opened by itself it is shown as text; as a worker,
which no script here makes of an address, it would have a policy of its own."""
_NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}
"""All that these need: the others are 600 bytes, and a first visit loads over a hundred of them."""


class SecurityHeaders:
    """Adds `HEADERS` to every response, instead of those of the same name that it has.

    Scripts, styles and fonts get what keeps them from being taken for anything else.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, with the headers."""

        def send_with_headers(message: Message) -> Awaitable[None]:  # no coroutine of its own for each chunk
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_loaded = headers.get("content-type", "").startswith(_SUBORDINATE)
                for name, value in (_NO_SNIFFING if is_loaded else HEADERS).items():
                    headers[name] = value
            return send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
