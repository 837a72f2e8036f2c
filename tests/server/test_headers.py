from collections.abc import Awaitable, Generator

import pytest
from starlette.types import Message, Receive, Scope, Send

from chat_app.server.gate import Gate
from chat_app.server.headers import SecurityHeaders
from chat_app.server.streams import EventStreams
from tests.server.asgi import Echo, ask


async def test_every_response_has_the_headers() -> None:
    """Whatever the application says, and beside its own headers."""
    reply = await ask(SecurityHeaders(Echo()), "/anything")

    assert reply.headers["content-security-policy"] == (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
        "media-src 'self' data: blob:; frame-src 'none'; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["cross-origin-opener-policy"] == "same-origin"
    assert "microphone=()" in reply.headers["permissions-policy"]
    assert reply.headers["x-frame-options"] == "none"
    assert reply.body == b"ok"


async def test_a_weaker_policy_is_replaced() -> None:
    """Two policies in one response would be a riddle."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        headers = [(b"content-security-policy", b"default-src *")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    reply = await ask(SecurityHeaders(app), "/")

    assert reply.headers["content-security-policy"].startswith("default-src 'self'")


async def test_start_and_stop_pass_through() -> None:
    """Only responses have headers."""
    seen: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "lifespan.startup.complete"})

    async def send(message: Message) -> None:
        seen.append(message)

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    await SecurityHeaders(app)({"type": "lifespan"}, receive, send)

    assert seen == [{"type": "lifespan.startup.complete"}]


@pytest.mark.parametrize("kind", ["text/javascript; charset=utf-8", "application/javascript", "text/css", "font/woff2"])
async def test_what_obeys_a_documents_policy_has_none_of_its_own(kind: str) -> None:
    """A page loads over a hundred of them; they cannot be taken for a document."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode())]})
        await send({"type": "http.response.body", "body": b""})

    reply = await ask(SecurityHeaders(app), "/")

    assert reply.headers == {"content-type": kind, "x-content-type-options": "nosniff"}


async def test_a_piece_of_a_stream_costs_no_coroutine_of_its_own() -> None:
    """What the server's own `send` returns for a piece reaches the application through all that stands between."""

    class Sent:
        def __await__(self) -> Generator[None, None, None]:
            yield from ()

    given: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        given.append(send({"type": "http.response.body", "body": b"x", "more_body": True}))

    def send(_message: Message) -> Awaitable[None]:
        return Sent()

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/gradio_api/queue/data", "headers": []}
    await EventStreams(SecurityHeaders(Gate(app)))(scope, receive, send)

    assert [type(each) for each in given] == [Sent]
