"""The port before the page: `/health` answers while Gradio is imported and the page is built, which takes seconds.

Until the page is there, `/ready` says 503, and whoever asks for anything else waits for the page, `WAIT_S` at most, and
then gets it: nobody who opens the address too early sees an error. From then on every request goes to the application
itself, and nothing of it passes through here. Holds no page and builds none; it is told how.

Measured on a busy machine, process start to `/health`: 0.5 s, where it was 5.5 to 7.7 s, the time to the page.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat_app.server import health
from chat_app.server.headers import SecurityHeaders

WAIT_S = 60.0
"""How long a request may wait for the page."""
_RETRY_AFTER_S = 5
_Built = TypeVar("_Built")


class Opening(Generic[_Built]):
    """ASGI application in front of the one that `asgi_of` finds in what `build` makes, in a thread of its own.

    `root_path` is where a proxy serves the page. `opened` is called, with what was built, when the first request may go
    to it.
    """

    def __init__(
        self,
        build: Callable[[], _Built],
        asgi_of: Callable[[_Built], ASGIApp],
        *,
        version: str,
        root_path: str = "",
        opened: Callable[[_Built], None] = lambda _built: None,
        wait_s: float = WAIT_S,
    ) -> None:
        self._build = build
        self._asgi_of = asgi_of
        self._opened = opened
        self._root_path = root_path
        self._wait_s = wait_s
        self._app: ASGIApp | None = None
        self._settled = asyncio.Event()
        self._first = SecurityHeaders(Starlette(routes=health.routes(version, tuple)))
        self.error: BaseException | None = None
        """Why there is no page, once `failed` is set."""
        self.failed = asyncio.Event()
        self.building = True
        """Whether the thread still builds: it cannot be stopped, so a process that ends now must not wait for it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or live as long as the server."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)
        else:
            await self._early(scope, receive, send)

    async def _early(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", "")).removeprefix(self._root_path)
        if scope["type"] == "http" and path in {health.HEALTH, health.READY}:
            await self._first({**scope, "path": path}, receive, send)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._wait_s):
                await self._settled.wait()
        await (self._app or SecurityHeaders(_starting))(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        told_to_stop = asyncio.ensure_future(receive())
        built = asyncio.ensure_future(self._in_thread())
        await asyncio.wait({told_to_stop, built}, return_when=asyncio.FIRST_COMPLETED)
        if built.done() and (error := built.exception()) is not None:
            self._fail(error)
        elif built.done():
            return await self._run(scope, built.result(), told_to_stop, send)
        built.cancel()
        self._settled.set()
        await told_to_stop
        await send({"type": "lifespan.shutdown.complete"})
        return None

    async def _run(self, scope: Scope, built: _Built, told_to_stop: asyncio.Future[Message], send: Send) -> None:
        """Run the lifespan of what was built, and open when it has begun."""
        begun = False

        async def events() -> Message:
            nonlocal begun
            if begun:
                return await told_to_stop
            begun = True
            return {"type": "lifespan.startup"}

        async def noted(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._opened(built)
                self._app = app
                self._settled.set()
            elif message["type"] != "lifespan.startup.failed":
                await send(message)

        try:
            app = self._asgi_of(built)
            await app(scope, events, noted)
        except Exception as error:  # it belongs to who started the process, which ends with it
            if self._app is not None:
                raise
            self._fail(error)
            await told_to_stop
            await send({"type": "lifespan.shutdown.complete"})

    def _fail(self, error: BaseException) -> None:
        self.error = error
        self._settled.set()
        self.failed.set()

    async def _in_thread(self) -> _Built:
        """What `build` returns. Not asyncio's thread, for which the end of the loop would wait."""
        loop = asyncio.get_running_loop()
        built: asyncio.Future[_Built] = loop.create_future()

        def settle(result: Callable[[], object]) -> None:
            if not built.done():
                result()

        def work() -> None:
            try:
                made = self._build()
            except BaseException as error:  # noqa: BLE001 -- it belongs to who started the process
                result: Callable[[], object] = _bound(built.set_exception, error)
            else:
                result = _bound(built.set_result, made)
            self.building = False
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, result)

        threading.Thread(target=work, name="build", daemon=True).start()
        return await built


_Value = TypeVar("_Value")


def _bound(function: Callable[[_Value], object], value: _Value) -> Callable[[], object]:
    return lambda: function(value)


async def _starting(scope: Scope, receive: Receive, send: Send) -> None:
    """Say that there is no page yet."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013})
        return
    headers = {"Retry-After": str(_RETRY_AFTER_S), "Cache-Control": "no-store"}
    await JSONResponse({"detail": "The page is not there yet. Try again in a moment."}, 503, headers)(
        scope, receive, send
    )
