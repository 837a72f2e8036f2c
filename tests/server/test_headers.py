from starlette.types import Message, Receive, Scope, Send

from chat_app.server.headers import SecurityHeaders
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
