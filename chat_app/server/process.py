"""Start and stop: the page is served until the first SIGTERM or SIGINT, and gone ten seconds later at most.

In these ten seconds, in this order: no new turn begins; running answers may finish, for `GRACE_S`; those left are ended
with what had arrived; what they still had to send is sent; all connections are closed. Clients of the API hold event
streams open for ever, so nobody waits for these: they are ended as soon as no answer runs, at once when none did. A
second signal ends everything at once. Uvicorn alone would wait for the streams, then cut the answers with them, and end
with the signal's status instead of 0.
"""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from chat_app.errors import CannotListen
from chat_app.server.streams import EventStreams
from chat_app.server.turns import RunningTurns

GRACE_S = 7.5
"""How long running answers may take to finish."""
_LAST_WORDS_S = 0.5
"""How long the ended ones may take to hand out what they have."""
_FLUSH_S = 0.25
"""How long the last updates may take from the turn through Gradio to the connection."""
_CLOSE_S = 1
"""How long connections may take to close. Uvicorn cuts what is left."""


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    running: RunningTurns,
    listening: Callable[[int], None] = lambda _port: None,
    until: Callable[[], Awaitable[object]] | None = None,
    grace_s: float = GRACE_S,
) -> None:
    """Serve `app` until a signal says stop. Returns after a clean stop, whichever signal it was.

    `listening` is told the real port (0 takes a free one) as soon as connections are taken, before the first is
    answered. When what `until` returns is over, everything ends at once, as if a signal had said so. Raises
    `CannotListen`.
    """
    with closing(_listener(host, port)) as listener:
        listening(listener.getsockname()[1])
        streams = EventStreams(app)
        server = _Server(streams, running, grace_s)
        ending = asyncio.ensure_future(server.end_after(until)) if until else None
        try:
            await server.serve(sockets=[listener])
        finally:
            if ending:
                ending.cancel()


class _Server(uvicorn.Server):
    """Uvicorn with our way to stop."""

    def __init__(self, streams: EventStreams, running: RunningTurns, grace_s: float) -> None:
        super().__init__(
            uvicorn.Config(
                streams,
                lifespan="on",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_CLOSE_S,
            )
        )
        self._streams = streams
        self._running = running
        self._grace_s = grace_s
        self._stopping: asyncio.Task[None] | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Have the signals stop the server as long as the `with` block runs; they are not raised again after it."""
        loop = asyncio.get_running_loop()
        before = {
            number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._told_to_stop))
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def end_after(self, until: Callable[[], Awaitable[object]]) -> None:
        """End everything when what `until` returns is over."""
        await until()
        self._running.drain()
        self._end()

    def _told_to_stop(self) -> None:
        if self._stopping is None:
            self._running.drain()
            self._stopping = asyncio.create_task(self._stop())
        elif not self.should_exit:
            self._stopping.cancel()
            self._running.stop_all()
            self._end()
        else:
            self.force_exit = True

    async def _stop(self) -> None:
        if len(self._running):
            await self._idle_within(self._grace_s)
            self._running.stop_all()
            await self._idle_within(_LAST_WORDS_S)
            await asyncio.sleep(_FLUSH_S)
        self._end()

    def _end(self) -> None:
        self._streams.end()
        self.should_exit = True

    async def _idle_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._running.wait_until_idle()


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048, dualstack_ipv6=both)
    except OSError as error:
        raise _cannot_listen(host, port, error) from error
    # Accepted sockets inherit it. asyncio would set it for sockets it has made itself, and without it the second of two
    # small pieces waits 40 ms for the first to be acknowledged.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _cannot_listen(host: str, port: int, error: OSError) -> CannotListen:
    free = "`--port`, `server.port` or `CHAT_APP__SERVER__PORT`"
    match error.errno:
        case errno.EADDRINUSE:
            hint = f"Stop it, or take another port with {free}; 0 takes a free one."
            return CannotListen(f"Port {port} is used by another program.", hint=hint)
        case errno.EACCES | errno.EPERM:
            return CannotListen(
                f"Port {port} needs rights that this program does not have.",
                hint=f"Take a port above 1023 with {free}.",
            )
        case _:
            return CannotListen(
                f"This machine cannot listen on `{host}`: {error.strerror or error}.",
                hint="Set `--host` or `server.host` to one of its addresses: 127.0.0.1 for this machine alone, "
                "0.0.0.0 for all that reach it.",
            )
