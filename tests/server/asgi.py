"""ASGI spoken by hand: a request exactly as it is written here, and the response as it was sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Reply:
    """What an application sent."""

    status: int
    headers: dict[str, str]
    body: bytes


class Echo:
    """An application that answers every request, and remembers what it got."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 200."""
        self.asked.append((scope["method"], scope["path"]))
        body, message = b"", await receive()
        while message["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
            message = await receive()
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-frame-options", b"none")]})
        await send({"type": "http.response.body", "body": b"o", "more_body": True})
        await send({"type": "http.response.body", "body": b"k"})


async def ask(
    app: ASGIApp,
    path: str,
    method: str = "GET",
    *,
    body: Iterable[bytes] = (),
    headers: dict[str, str] | None = None,
    root_path: str = "",
    query: str = "",
) -> Reply:
    """The reply of `app` to one request; `path` as the server hands it over, decoded."""
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": root_path,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
    }
    chunks: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in body]
    chunks.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[Message] = []

    async def receive() -> Message:
        return chunks.pop(0) if chunks else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = sent[0]
    assert start["type"] == "http.response.start"
    return Reply(
        status=start["status"],
        headers={name.decode().lower(): value.decode() for name, value in start["headers"]},
        body=b"".join(message["body"] for message in sent[1:]),
    )
