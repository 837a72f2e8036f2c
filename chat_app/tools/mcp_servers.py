"""A server of the Model Context Protocol, connected when it is first needed and kept.

Who needs it waits for the one attempt that is made, and gives up for itself alone; an attempt that failed is not
repeated before a pause, which doubles, and those who ask then wait for little of the next one. So a dead server costs
one turn `timeout_s` at most, and later ones next to nothing. A call is made a second time only when the first was never
received: what a call has done already is not known here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from typing import Any, Final, TypeVar

from mcp import Client, MCPError

from chat_app.config import McpServerConfig
from chat_app.conversation.tools import ToolOutput
from chat_app.errors import ToolError
from chat_app.tools.mcp_connection import Connection
from chat_app.tools.mcp_problems import detail_of, is_lost, is_unknown_session, place_of, was_not_reached
from chat_app.tools.mcp_results import Listed, listed, output_of

FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 300.0
_WAIT_AGAIN_S: Final = 1.0
"""How long a turn waits for a server that could not be reached before."""
_MARGIN_S: Final = 1.0
"""An attempt has `timeout_s` too, and its error says more than that somebody has waited."""
_MOST_PAGES: Final = 100
"""Of a list of tools: one that never ends cannot hang a turn."""

_Value = TypeVar("_Value")
_log = logging.getLogger(__name__)


class McpServer:
    """The server of `config`. All of it belongs to one event loop."""

    def __init__(self, config: McpServerConfig, *, first_pause_s: float = FIRST_PAUSE_S) -> None:
        self.config = config
        self.place = place_of(config)
        self._first_pause_s = first_pause_s
        self._pause_s = first_pause_s
        self._connection: Connection | None = None
        self._opening: asyncio.Task[Client] | None = None
        self._listed: tuple[Listed, ...] | None = None
        self._failure: ToolError | None = None
        self._not_before_s = 0.0
        self._closed = False
        # What it prints of its own are whole messages: what was said must not stand in a log.
        logging.getLogger("mcp").setLevel(logging.CRITICAL)

    async def tools(self) -> tuple[Listed, ...]:
        """The tools it has now, those that `config.tools` does not name left out. Raises `ToolError`."""
        client = await self._client(self.config.timeout_s if self._failure is None else _WAIT_AGAIN_S)
        if self._listed is None:
            await self._list(client)
        wanted = self.config.tools
        return tuple(tool for tool in self._listed or () if not wanted or tool.name in wanted)

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutput:
        """What came of calling the tool of that name. Raises `ToolError`; cancelled, it cancels the call there."""
        try:
            return await self._call(name, arguments)
        except _NotReceivedError:
            pass
        try:
            return await self._call(name, arguments)
        except _NotReceivedError:
            raise self._problem("cannot be reached.") from None

    async def close(self) -> None:
        """Ends the session, and the program if one was started."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        if self._connection is not None:
            await self._connection.close()

    async def _call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutput:
        client = await self._client(self.config.timeout_s)
        connection = self._connection
        try:
            return output_of(await self._in_time(client.call_tool(name, dict(arguments))))
        except TimeoutError:
            raise ToolError(
                f"`{name}` took longer than {self.config.timeout_s:g} s and was stopped.",
                hint=f"Ask for less at once, or raise `timeout_s` of `{self.config.name}` in `tools.mcp_servers`.",
            ) from None
        except MCPError as error:
            if not is_lost(error) or connection is None:
                raise self._problem(f"refused the call: {detail_of(self.config, error)}") from error
            if is_unknown_session(error):
                await connection.close()
                raise _NotReceivedError from error
            await connection.ended()
            if was_not_reached(connection.lost_by):
                raise _NotReceivedError from error
            raise self._problem("ended during the call, which may have had its effect.") from error
        except (RuntimeError, ValueError) as error:  # what the package finds wrong with a result
            raise self._problem(f"gave a result that cannot be used: {detail_of(self.config, error)}") from error

    async def _client(self, wait_s: float) -> Client:
        """The open session's client, opened first if need be. Raises `ToolError`."""
        if self._connection is not None and (client := self._connection.client) is not None:
            return client
        if self._opening is None:
            if self._failure is not None and asyncio.get_running_loop().time() < self._not_before_s:
                raise self._failure
            if self._closed:
                raise self._problem("is closed: this program is stopping.")
            self._opening = asyncio.create_task(self._open(), name=f"open {self.config.name}")
            self._opening.add_done_callback(self._opened)
        opening = self._opening
        await asyncio.wait({opening}, timeout=wait_s + _MARGIN_S)
        if not opening.done():
            raise self._failure or self._problem(f"did not answer within {wait_s:g} s.")
        if opening.cancelled():
            raise self._problem("is closed: this program is stopping.")
        return opening.result()

    async def _open(self) -> Client:
        if self._connection is not None:
            await self._connection.close()
        self._listed = None
        self._connection = Connection(self.config, self._forget_tools)
        client = await self._connection.open()
        try:
            await self._list(client)
        except BaseException:
            await self._connection.close()
            raise
        return client

    def _opened(self, opening: asyncio.Task[Client]) -> None:
        self._opening = None
        error = None if opening.cancelled() else opening.exception()
        if error is None:
            if self._failure is not None:
                _log.info("tool_server_back", extra={"server": self.config.name})
            self._failure, self._pause_s = None, self._first_pause_s
            return
        if self._failure is None:
            _log.warning("tool_server_unavailable", extra={"server": self.config.name, "problem": str(error)})
        self._failure = error if isinstance(error, ToolError) else self._problem(f"failed: {type(error).__name__}.")
        self._not_before_s = asyncio.get_running_loop().time() + self._pause_s
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

    async def _list(self, client: Client) -> None:
        """Asks for the tools, page by page. Raises `ToolError`."""
        found: list[Listed] = []
        cursor: str | None = None
        try:
            for _ in range(_MOST_PAGES):
                page = await self._in_time(client.list_tools(cursor=cursor))
                found += [listed(tool) for tool in page.tools]
                cursor = page.next_cursor
                if cursor is None:
                    break
        except TimeoutError:
            raise self._problem(f"did not list its tools within {self.config.timeout_s:g} s.") from None
        except (MCPError, RuntimeError, ValueError) as error:
            raise self._problem(f"did not list its tools: {detail_of(self.config, error)}") from error
        self._listed = tuple(found)

    async def _in_time(self, asked: Awaitable[_Value]) -> _Value:
        async with asyncio.timeout(self.config.timeout_s):
            return await asked

    def _forget_tools(self) -> None:
        self._listed = None

    def _problem(self, what: str) -> ToolError:
        hint = f"It is `{self.config.name}` in `tools.mcp_servers`; `chat-app check` tells more."
        return ToolError(f"The tool server `{self.config.name}` {what}", hint=hint)


class _NotReceivedError(Exception):
    """The server has not received the call."""
