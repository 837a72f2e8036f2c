"""A real MCP server for the tests: over standard input and output, or with `--http PORT` over HTTP.

It ends by itself after a while, should a test lose it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from base64 import b64encode
from pathlib import Path

from mcp.server.mcpserver import Audio, Context, Image, MCPServer
from mcp_types import (
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

LONGEST_LIFE_S = 900.0
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100"
    "18dd8db00000000049454e44ae426082"
)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00"

server = MCPServer("tests")
meeting: list[int] = []
met = asyncio.Event()


@server.tool()
def echo(text: str) -> str:
    """Says what it is told."""
    return text


@server.tool()
def add(a: int, b: int) -> int:
    """The sum of two numbers."""
    return a + b


@server.tool()
async def slow(marks: str) -> str:
    """Writes `begun` to the file `marks`, then waits for long; writes `cancelled` when it is cancelled."""
    mark = Path(marks).write_text
    mark("begun")
    try:
        await asyncio.sleep(60)
    except BaseException:
        mark("cancelled")
        raise
    return "slept"


@server.tool()
async def meet(number: int) -> str:
    """Returns when two calls are there at the same time."""
    meeting.append(number)
    if len(meeting) == 2:
        met.set()
    await met.wait()
    return f"met {number}"


@server.tool()
def fail() -> str:
    """Always fails."""
    raise ValueError("the cellar is flooded")


@server.tool()
def picture() -> Image:
    """A picture."""
    return Image(data=PNG, format="png")


@server.tool()
def audio() -> Audio:
    """A recording."""
    return Audio(data=WAV, format="wav")


@server.tool()
def resource() -> CallToolResult:
    """A text, bytes that are no picture, and a link."""
    blob = b64encode(b"\x00\x01\x02").decode()
    return CallToolResult(
        content=[
            TextContent(text="Three:"),
            EmbeddedResource(
                resource=TextResourceContents(uri="file:///notes/today.md", mime_type="text/markdown", text="# Today")
            ),
            EmbeddedResource(
                resource=BlobResourceContents(uri="file:///a.bin", mime_type="application/octet-stream", blob=blob)
            ),
            ResourceLink(name="manual", uri="https://example.org/manual", description="All of it."),
        ]
    )


@server.tool()
def structured() -> CallToolResult:
    """A value without words."""
    return CallToolResult(content=[], structured_content={"degrees": 21})


@server.tool()
def crash() -> str:
    """Ends the process."""
    os._exit(3)


@server.tool()
def environment() -> list[str]:
    """The names of all variables."""
    return sorted(os.environ)


@server.tool(name="odd name.v1")
def odd() -> str:
    """Has a name that the protocol does not take."""
    return "odd"


@server.tool()
async def grow(ctx: Context) -> str:
    """Adds a tool and says that the list has changed."""
    server.add_tool(lambda: "new", name="grown", description="Came later.")
    await ctx.notify_tools_changed()
    return "grown"


if __name__ == "__main__":
    ends = threading.Timer(LONGEST_LIFE_S, os._exit, [1])
    ends.daemon = True
    ends.start()
    if "--http" in sys.argv:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[-1]))
    else:
        server.run("stdio")
