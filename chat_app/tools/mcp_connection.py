"""One session with an MCP server, from its start to its end.

The package's sessions live in task groups of anyio, which must be left by the task that entered them: a turn that
opened one and was cancelled, or ended, would take the session with it. So each session has a task of its own that opens
it, waits, and closes it. Asking it is another matter (read from mcp 2.3, `shared/jsonrpc_dispatcher.py`): a request is
a message in a memory stream and a wait for the reply, so any task may call, many at once, and a task that is cancelled
cancels its request alone; the package tells the server so itself (`notifications/cancelled`, or by closing the
request's stream, as the version of the protocol wants it).

That a started program has ended shows in its stream, which is watched: the session ends with it, not at the next call.
A lost HTTP server shows at the next request, whose error ends the task.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from types import TracebackType
from typing import Final, Literal, Self, TypeAlias

import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.shared._stream_protocols import ReadStream, WriteStream
from mcp.shared.message import SessionMessage
from mcp_types import Implementation, ToolListChangedNotification

from chat_app import __version__
from chat_app.config import McpServerConfig
from chat_app.errors import ToolError
from chat_app.tools.mcp_problems import is_lost, not_started, secrets_of
from chat_app.tools.stderr_log import StderrLog, open_for

_Streams: TypeAlias = tuple[ReadStream[SessionMessage | Exception], WriteStream[SessionMessage]]
_Mode: TypeAlias = Literal["auto", "legacy"]

_PASSED_ON: Final = ("LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME")
"""Beside what the package passes on: HOME, LOGNAME, PATH, SHELL, TERM, USER. Nothing else: keys stand there."""
_LARGEST_EVENT_BYTES: Final = 32 * 1024 * 1024
"""The package's own limit of 1 MiB is less than many a picture."""
_LISTEN_AGAIN_S: Final = 5.0
_CLOSING_S: Final = 10.0
"""Closing a program takes the package at most 6 s: a while to end, a while after SIGTERM, a while after SIGKILL."""
_FAILED_STATUS: Final = 400

_log = logging.getLogger(__name__)


class Connection:
    """A session with the server of `config`; `changed` is called when the server says that its tools have changed."""

    def __init__(self, config: McpServerConfig, changed: Callable[[], None]) -> None:
        self.lost_by: BaseException | None = None
        """What ended the session, unless it was closed."""
        self._config = config
        self._changed = changed
        self._client: Client | None = None
        self._over = asyncio.Event()
        self._status: int | None = None
        self._stderr = StderrLog(config.name, secrets_of(config))
        self._task: asyncio.Task[None] | None = None

    @property
    def client(self) -> Client | None:
        """What to ask the server with; None when there is no session."""
        alive = self._task is not None and not self._task.done() and not self._over.is_set()
        return self._client if alive else None

    async def open(self) -> Client:
        """The opened session. Raises `ToolError` when that failed, or took more than `timeout_s`."""
        ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(ready), name=f"mcp {self._config.name}")
        try:
            async with asyncio.timeout(self._config.timeout_s):
                self._client = await ready
        except TimeoutError as error:
            raise self._problem(error) from None
        finally:
            if self._client is None:
                await self.close()
        return self._client

    async def close(self) -> None:
        """Ends the session and the program, if one was started. Never raises."""
        self._over.set()
        if self._task is None:
            return
        if self._client is None:
            self._task.cancel()  # it is still opening
        await asyncio.wait({self._task}, timeout=_CLOSING_S)
        if not self._task.done():
            self._task.cancel()

    async def ended(self) -> None:
        """Returns when the session has ended, after it was lost; at the latest after some seconds."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=_CLOSING_S)

    async def _live(self, ready: asyncio.Future[Client]) -> None:
        for mode in self._modes():
            try:
                async with self._session(mode) as client:
                    if not ready.done():
                        ready.set_result(client)
                    await self._until_over(client)
            except Exception as error:  # noqa: BLE001 -- groups of anything that the package or the system raises
                if ready.done():  # a session there was, or nobody waits for one any more
                    self.lost_by = error
                    return
                if mode == "auto" and self._config.command and is_lost(error):
                    self._over.clear()
                    continue
                ready.set_exception(self._problem(error))
            return

    def _modes(self) -> tuple[_Mode, ...]:
        """How to begin, and how else when the program ends at that.

        The package asks which version it is to speak before anything else; what wants `initialize` first may end there.
        """
        return ("auto", "legacy") if self._config.command else ("auto",)

    @asynccontextmanager
    async def _session(self, mode: _Mode) -> AsyncIterator[Client]:
        async with AsyncExitStack() as stack:
            transport = self._program() if self._config.command else self._address()
            client = Client(
                transport,
                mode=mode,
                client_info=Implementation(name="chat-app", version=__version__),
                message_handler=self._heard,
                cache=None,
            )
            yield await stack.enter_async_context(client)

    @asynccontextmanager
    async def _program(self) -> AsyncIterator[_Streams]:
        config = self._config
        inherited = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        parameters = StdioServerParameters(
            command=config.command,
            args=list(config.args),
            env={**inherited, **{name: value.get_secret_value() for name, value in config.env.items()}},
            cwd=config.cwd,
            encoding_error_handler="replace",
        )
        async with open_for(self._stderr) as errors, stdio_client(parameters, errors) as (read, write):
            yield _Watched(read, self._over.set), write

    @asynccontextmanager
    async def _address(self) -> AsyncIterator[_Streams]:
        async def note(response: httpx2.Response) -> None:
            if response.status_code >= _FAILED_STATUS:
                self._status = response.status_code

        headers = {name: value.get_secret_value() for name, value in self._config.headers.items()}
        timeout = httpx2.Timeout(self._config.timeout_s, read=None)  # each call has a limit of its own
        async with (
            httpx2.AsyncClient(headers=headers, timeout=timeout, event_hooks={"response": [note]}) as http,
            streamable_http_client(
                self._config.url, http_client=http, max_sse_event_size=_LARGEST_EVENT_BYTES
            ) as streams,
        ):
            yield streams

    async def _until_over(self, client: Client) -> None:
        listener = asyncio.create_task(self._listen(client))
        try:
            await self._over.wait()
        finally:
            listener.cancel()
            await asyncio.wait({listener})

    async def _heard(self, message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            self._changed()

    async def _listen(self, client: Client) -> None:
        """Hears of changed tools where the protocol's version wants that to be asked for: 2026-07-28 on."""
        tools = client.server_capabilities.tools
        while tools is not None and tools.list_changed:
            with suppress(MCPError, SubscriptionLost, TimeoutError):
                try:
                    async with client.listen(tools_list_changed=True) as events:
                        async for _ in events:
                            self._changed()
                except ListenNotSupportedError:
                    return
            await asyncio.sleep(_LISTEN_AGAIN_S)
            self._changed()  # who knows what was missed

    def _problem(self, error: BaseException) -> ToolError:
        return not_started(self._config, error, status=self._status, last_words=self._stderr.last)


class _Watched(ReadStream[SessionMessage | Exception]):
    """A stream of messages that tells when it ends."""

    def __init__(self, stream: ReadStream[SessionMessage | Exception], ended: Callable[[], None]) -> None:
        self._stream = stream
        self._ended = ended

    async def receive(self) -> SessionMessage | Exception:
        return await self._stream.receive()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self._stream.__anext__()
        except BaseException:
            self._ended()
            raise

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return await self._stream.__aexit__(kind, error, traceback)
