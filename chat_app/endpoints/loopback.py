"""An ASGI app on a free port of 127.0.0.1, served inside the running event loop.

The demo is served this way, over a real socket, so that it goes through the same client, time limits and errors as
any other server. The socket listens before uvicorn runs, so a first request waits in its queue and nobody polls.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias

import uvicorn

Scope: TypeAlias = MutableMapping[str, Any]
AsgiMessage: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[AsgiMessage]]
Send: TypeAlias = Callable[[AsgiMessage], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_GRACE_S = 1


class _Server(uvicorn.Server):
    """uvicorn without its hold on the process: the page's own server handles the signals."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.leaving = asyncio.Event()

    async def main_loop(self) -> None:
        """Waits to be told, where uvicorn looks ten times a second whether it was."""
        await self.on_tick(0)
        await self.leaving.wait()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@asynccontextmanager
async def serving(app: AsgiApp) -> AsyncGenerator[str, None]:
    """`app` at the address that is yielded, such as `http://127.0.0.1:40123`, until the context ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=_GRACE_S)
    config.access_log = False  # given to the constructor, it would silence the access log of every server here
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        server.leaving.set()
        await task
