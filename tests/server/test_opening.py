import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from chat_app.server.opening import Opening
from tests.server.asgi import ask

Built: TypeAlias = ASGIApp


def page(lived: list[str], *, fails: bool = False) -> Starlette:
    """A page with a lifespan, which it notes; it answers `page` at `/` and its own health."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        lived.append("begun")
        if fails:
            raise OSError("no such lock")
        yield
        lived.append("ended")

    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"page {request.url.path}")

    return Starlette(routes=[Route("/", answer), Route("/health", answer)], lifespan=lifespan)


def after(event: threading.Event, built: Built) -> Built:
    """What a thread builds that has to wait."""
    event.wait(10)
    return built


class Server:
    """What uvicorn is to an application: begins and ends its lifespan."""

    def __init__(self, app: Opening[Any]) -> None:
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self.said: list[str] = []
        self._events.put_nowait({"type": "lifespan.startup"})
        self.task = asyncio.create_task(app({"type": "lifespan", "state": {}}, self._events.get, self._send))

    async def _send(self, message: Message) -> None:
        self.said.append(message["type"])

    async def stop(self) -> None:
        """As a server that shuts down."""
        self._events.put_nowait({"type": "lifespan.shutdown"})
        await self.task


async def test_health_answers_before_there_is_a_page() -> None:
    """It is alive, not ready; with the headers of every response, and below a root path too."""
    may_build = threading.Event()
    opening: Opening[Built] = Opening(
        lambda: after(may_build, page([])), lambda app: app, version="1.2.3", root_path="/chat"
    )
    server = Server(opening)

    await asyncio.sleep(0)
    alive = await ask(opening, "/health")
    ready = await ask(opening, "/chat/ready")

    assert (alive.status, alive.body) == (200, b'{"status":"ok","version":"1.2.3"}')
    assert (ready.status, ready.body) == (503, b'{"status":"not_ready","endpoints":[]}')
    assert "content-security-policy" in alive.headers
    assert server.said == ["lifespan.startup.complete"]
    may_build.set()
    await server.stop()


async def test_who_comes_too_early_gets_the_page_when_it_is_there() -> None:
    """Not an error; when it is there the terminal is told, and everything goes to the page."""
    may_build, lived, opened = threading.Event(), list[str](), list[object]()
    built = page(lived)
    opening: Opening[Built] = Opening(
        lambda: after(may_build, built), lambda app: app, version="1", opened=opened.append
    )
    server = Server(opening)
    early = [asyncio.create_task(ask(opening, "/")) for _ in range(3)]
    await ask(opening, "/health")
    assert not any(reply.done() for reply in early)
    assert (opened, opening.building) == ([], True)

    may_build.set()

    assert {(await reply).body for reply in early} == {b"page /"}
    assert (await ask(opening, "/health")).body == b"page /health"
    assert (opened, opening.building, lived) == ([built], False, ["begun"])
    await server.stop()
    assert lived == ["begun", "ended"]
    assert server.said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_who_has_waited_long_enough_is_told_to_try_again() -> None:
    """Rather than to hang."""
    may_build = threading.Event()
    opening: Opening[Built] = Opening(lambda: after(may_build, page([])), lambda app: app, version="1", wait_s=0.01)
    server = Server(opening)

    reply = await ask(opening, "/")

    assert (reply.status, reply.headers["retry-after"]) == (503, "5")
    assert b"Try again" in reply.body
    may_build.set()
    await server.stop()


async def test_what_fails_at_building_is_kept_for_who_started_it() -> None:
    """Those who wait are let go, and the server can still be stopped in order."""

    def build() -> Built:
        raise OSError("no such folder")

    opening: Opening[Built] = Opening(build, lambda app: app, version="1")
    server = Server(opening)
    waiting = asyncio.create_task(ask(opening, "/"))
    await opening.failed.wait()

    assert str(opening.error) == "no such folder"
    assert (await waiting).status == 503
    await server.stop()
    assert server.said[-1] == "lifespan.shutdown.complete"


async def test_a_page_that_cannot_begin_is_a_failure_too() -> None:
    """Its lifespan raises; it is not opened."""
    opened: list[object] = []
    opening: Opening[Built] = Opening(lambda: page([], fails=True), lambda app: app, version="1", opened=opened.append)
    server = Server(opening)
    await opening.failed.wait()

    assert isinstance(opening.error, OSError)
    assert opened == []
    await server.stop()


async def test_what_fails_when_it_opens_is_a_failure_too() -> None:
    """As a terminal that has gone: the process ends with that, and does not live on without a page."""

    def broken(_built: Built) -> None:
        raise BrokenPipeError

    lived: list[str] = []
    opening = Opening(lambda: page(lived), lambda built: built, version="1", opened=broken)
    server = Server(opening)
    async with asyncio.timeout(5):
        await opening.failed.wait()
        await server.stop()
    assert isinstance(opening.error, BrokenPipeError)


async def test_told_to_stop_it_does_not_wait_for_the_page() -> None:
    """What is built by then is thrown away, and whoever waits is told."""
    may_build, lived = threading.Event(), list[str]()
    opening: Opening[Built] = Opening(lambda: after(may_build, page(lived)), lambda app: app, version="1")
    server = Server(opening)
    waiting = asyncio.create_task(ask(opening, "/"))
    await ask(opening, "/health")

    await server.stop()

    assert opening.building
    assert (await waiting).status == 503
    may_build.set()
    for thread in threading.enumerate():
        if thread.name == "build":
            await asyncio.to_thread(thread.join)
    assert not opening.building
    assert (lived, opening.error) == ([], None)


async def test_sockets_of_another_kind_are_not_left_open() -> None:
    """There are none here."""
    opening: Opening[Built] = Opening(lambda: page([]), lambda app: app, version="1", wait_s=0.01)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    await opening({"type": "websocket", "path": "/"}, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1013}]
