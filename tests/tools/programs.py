"""The MCP servers of the tests: their settings, and one over HTTP that can be killed and started again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chat_app.config import McpServerConfig
from chat_app.tools.mcp_servers import McpServer
from tests.ports import free_port

HERE = Path(__file__).parent
NEW, OLD = str(HERE / "mcp_server.py"), str(HERE / "old_server.py")
ENOUGH_S = 60.0
"""To start a program, say, on a machine where others start as well."""


def started(script: str, *arguments: str, name: str = "files", **settings: Any) -> McpServerConfig:
    """The settings of a server that is started here."""
    return McpServerConfig(name=name, command=sys.executable, args=(script, *arguments), **settings)


def reached(url: str, name: str = "web", **settings: Any) -> McpServerConfig:
    """The settings of a server that is reached by its address."""
    return McpServerConfig(name=name, url=url, **settings)


@asynccontextmanager
async def server_of(config: McpServerConfig, **options: Any) -> AsyncIterator[McpServer]:
    """The server, closed at the end."""
    server = McpServer(config, **options)
    try:
        yield server
    finally:
        await server.close()


class HttpServer:
    """`mcp_server.py` over HTTP, in a process of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns when it listens."""
        out = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, NEW, "--http", str(self.port), stdout=out, stderr=out
        )
        await until(self._listens)

    async def kill(self) -> None:
        """Ends it without a word."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Returns when that is so."""
    async with asyncio.timeout(ENOUGH_S):
        while not await is_so():  # noqa: ASYNC110 -- other processes set no event here
            await asyncio.sleep(0.01)


async def comes(path: Path, text: str) -> None:
    """Returns when the file at `path` holds `text`."""

    async def there() -> bool:
        return path.exists() and path.read_text() == text  # noqa: ASYNC240 -- a few bytes

    await until(there)
