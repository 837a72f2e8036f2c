"""The tools' part of `chat-app check`: which servers answer, what they offer, and what is wrong.

A server that cannot be reached, or lacks a tool that the settings name, is a problem like that of an endpoint, and
makes the exit status 1. Functions that cannot be used are wrong settings: 2, as at the start of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chat_app.config import Config
from chat_app.endpoints import lookups
from chat_app.errors import ToolError

if TYPE_CHECKING:
    from chat_app.tools.toolbox import Found


def found_tools(config: Config) -> tuple[Found, ...]:
    """What there is of servers and functions; empty when none is configured. Raises `ConfigError`."""
    if not config.tools.mcp_servers and not config.tools.functions:
        return ()
    return lookups.run(_survey(config))


def problems_of(found: Sequence[Found]) -> tuple[ToolError, ...]:
    """What is wrong, one error for each server."""
    return tuple(one.error for one in found if one.error)


def print_tools(console: Console, found: Sequence[Found]) -> None:
    """A row for each tool, and one for each server that cannot be reached; nothing when none is configured."""
    if not found:
        return
    table = Table("tools of", "place", "tool", "approval", "usable", box=box.SIMPLE_HEAD)
    for one in found:
        for offer in one.tools:
            usable = Text("-", style="dim") if offer.approval == "never" else Text("✓", style="green")
            table.add_row(Text(one.name), Text(one.place or "-"), Text(offer.listed), Text(offer.approval), usable)
        if not one.tools:
            table.add_row(Text(one.name), Text(one.place or "-"), Text("-"), Text("-"), Text("✗", style="bold red"))
    console.print(table)


def tool_fields(found: Sequence[Found]) -> list[dict[str, Any]]:
    """The same for machines."""
    return [
        {
            "name": one.name,
            "place": one.place,
            "ok": one.error is None,
            "tools": [{"listed": offer.listed, "name": offer.name, "approval": offer.approval} for offer in one.tools],
            "missing": one.missing,
            **_error_fields(one.error),
        }
        for one in found
    ]


def _error_fields(error: ToolError | None) -> dict[str, str]:
    return {} if error is None else {"code": error.code, "sentence": error.sentence, "hint": error.hint}


async def _survey(config: Config) -> tuple[Found, ...]:
    from chat_app.tools.toolbox import Toolboxes  # noqa: PLC0415 -- pydantic, Pillow and perhaps mcp, for `--help`, too

    toolboxes = Toolboxes(config.tools)
    async with toolboxes.running():
        return await toolboxes.survey({preset.name: preset.tools for preset in config.presets})
