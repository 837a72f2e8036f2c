"""All tools of the settings, and the toolbox of each preset.

A toolbox asks the servers anew at each turn, all at the same time: what cannot be reached is left out, the rest works.
Whatever happens to a call is an output: the model is told, and the turn goes on. Only the words for the model stand in
it; what the operator can do is in the log and in `chat-app check`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chat_app.config import Approval, McpServerConfig, ToolsConfig
from chat_app.conversation.tools import DISPLAY_TOOLS, Tool, ToolOutput
from chat_app.errors import ConfigError, Problem, ToolError
from chat_app.tools.displays import display_functions
from chat_app.tools.functions import Function, UnusableError
from chat_app.tools.offers import LONGEST_NAME, Offer, by_name, cut, protocol_name

if TYPE_CHECKING:
    from chat_app.tools.mcp_results import Listed
    from chat_app.tools.mcp_servers import McpServer

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of one server, or of the functions, which have no place."""

    name: str
    place: str
    tools: tuple[Offer, ...] = ()
    missing: tuple[str, ...] = ()
    """Tools that the settings name and the server does not have."""
    error: ToolError | None = None


class Toolboxes:
    """The tools of `config`; nothing is connected before a turn needs it.

    Raises `ConfigError` for functions that cannot be used, and when the extra `mcp` is missing. `folder` is where
    functions are looked for beside what is installed: the working directory.
    """

    def __init__(self, config: ToolsConfig, folder: Path | None = None) -> None:
        problems: list[Problem] = []
        self._config = config
        self._displays = {
            name: _offer_of(function, "always")
            for name, function in zip(DISPLAY_TOOLS, display_functions(), strict=True)
        }
        self._functions = _functions_of(config, folder or Path.cwd(), problems)
        if config.mcp_servers and importlib.util.find_spec("mcp") is None:
            fix = "Install it: `pip install 'chat-app[mcp]'`, or leave this out."
            problems.append(Problem("tools", "tools.mcp_servers", "MCP servers need the extra `mcp`.", fix))
        if problems:
            raise ConfigError(tuple(problems))
        self._servers = {server.name: _server_of(server) for server in config.mcp_servers}

    def of(self, preset_tools: Sequence[str]) -> Toolbox:
        """The toolbox of a preset that lists `preset_tools`. It can be kept, and serve many turns at once."""
        return Toolbox(self, preset_tools)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the program runs; at the end all servers are closed, and the programs that were started end."""
        try:
            yield
        finally:
            await asyncio.gather(*(server.close() for server in self._servers.values()))

    async def offers(self, listed: Sequence[str]) -> tuple[dict[str, Offer], tuple[str, ...]]:
        """What can be called now of what is `listed`, by its names in the protocol, and the servers that are not there.

        Never raises.
        """
        found = {one.name: one for one in await self._asked({name.partition(".")[0] for name in listed})}
        local = {**self._displays, **self._functions}
        offers: dict[str, Offer] = {}
        for entry in dict.fromkeys(listed):
            server = found.get(entry.partition(".")[0])
            wanted = [local[entry]] if entry in local else server.tools if server else ()
            offers.update((one.listed, one) for one in wanted if entry in {one.listed, one.listed.partition(".")[0]})
        unreached = tuple(name for name, one in found.items() if one.error)
        return by_name(offer for offer in offers.values() if offer.approval != "never"), unreached

    async def survey(self, presets: Mapping[str, Sequence[str]]) -> tuple[Found, ...]:
        """What is there: each server, asked at the same time, then the functions. For `chat-app check`.

        `presets` are the tools that each of them lists, which are missed where a server does not have them.
        """
        found = await self._asked(set(self._servers))
        listed = {tool for tools in presets.values() for tool in tools}
        servers = tuple(_with_missing(one, self._servers[one.name].config, listed) for one in found)
        functions = (Found("functions", "", tuple(self._functions.values())),) if self._functions else ()
        return (*servers, *functions)

    def cut(self, output: ToolOutput) -> ToolOutput:
        """The output with as much text as a model is told of one result."""
        return cut(output, self._config.max_result_tokens)

    async def _asked(self, names: set[str]) -> list[Found]:
        return await asyncio.gather(*(_ask(server) for name, server in self._servers.items() if name in names))


class Toolbox:
    """The tools of one preset: `conversation.tools.Toolbox`."""

    def __init__(self, toolboxes: Toolboxes, listed: Sequence[str]) -> None:
        self._toolboxes = toolboxes
        self._listed = tuple(listed)
        self._offers: dict[str, Offer] = {}
        self.unreached: tuple[str, ...] = ()
        """The names of the servers that could not be reached when `tools` was last asked."""

    async def tools(self) -> Sequence[Tool]:
        """What can be called now; what cannot be reached is left out. Never raises."""
        self._offers, self.unreached = await self._toolboxes.offers(self._listed)
        return tuple(offer.tool for offer in self._offers.values())

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutput:
        """What comes of the call, which a cancellation ends. Never raises but for that."""
        if name not in self._offers:
            await self.tools()
        offer = self._offers.get(name)
        if offer is None:
            return ToolOutput(f"The tool `{name[:LONGEST_NAME]}` is not there now.", failed=True)
        try:
            return self._toolboxes.cut(await offer.run(arguments))
        except ToolError as error:
            return self._toolboxes.cut(ToolOutput(error.sentence, failed=True))
        except Exception as error:  # noqa: BLE001 -- a defect, here or of a library, on what a model made up
            _log.exception("tool_call_broke", extra={"tool": offer.listed})
            return ToolOutput(f"`{name}` failed: {type(error).__name__}.", failed=True)


def _functions_of(config: ToolsConfig, folder: Path, problems: list[Problem]) -> dict[str, Offer]:
    """The functions that can be used, by their names; what is wrong with the others is added to `problems`."""
    found: dict[str, Offer] = {}
    for number, one in enumerate(config.functions):
        setting = f"tools.functions.{number}.function"
        try:
            function = Function.imported(one.function, one.name, one.timeout_s, folder)
        except UnusableError as error:
            problems.append(Problem("tools", setting, f"`{one.function}` cannot be a tool. {error}", error.fix))
            continue
        found[function.name] = _offer_of(function, one.approval)
    return found


def _offer_of(function: Function, approval: Approval) -> Offer:
    name = protocol_name(function.name)
    return Offer(function.name, name, function.description, function.parameters, approval, function.run)


def _server_of(config: McpServerConfig) -> McpServer:
    from chat_app.tools.mcp_servers import McpServer  # noqa: PLC0415 -- an extra, and a second to import

    return McpServer(config)


async def _ask(server: McpServer) -> Found:
    """What the server has now."""
    try:
        listed = await server.tools()
    except ToolError as error:
        return Found(server.config.name, server.place, error=error)
    return Found(server.config.name, server.place, tuple(_offered(server, tool) for tool in listed))


def _offered(server: McpServer, tool: Listed) -> Offer:
    listed = f"{server.config.name}.{tool.name}"
    return Offer(
        listed,
        protocol_name(listed),
        tool.description,
        tool.parameters,
        server.config.approvals.get(tool.name, server.config.approval),
        partial(server.call, tool.name),
    )


def _with_missing(found: Found, config: McpServerConfig, listed: set[str]) -> Found:
    if found.error:
        return found
    named = {name.partition(".")[2] for name in listed if name.startswith(f"{config.name}.")}
    missing = sorted({*named, *config.tools, *config.approvals} - {one.listed.partition(".")[2] for one in found.tools})
    if not missing:
        return found
    error = ToolError(
        f"The tool server `{found.name}` has no {', '.join(f'`{name}`' for name in missing)}.",
        hint=f"Correct `tools` and `approvals` of `{found.name}` in `tools.mcp_servers`, and `presets[].tools`.",
    )
    return Found(found.name, found.place, found.tools, tuple(missing), error)
