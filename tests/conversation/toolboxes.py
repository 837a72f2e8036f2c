"""A toolbox that does what it is told, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from chat_app.conversation.messages import ToolCall
from chat_app.conversation.tools import Decision, Tool, ToolOutput

SCHEMA: Mapping[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = Tool("get_weather", "Tells the weather.", SCHEMA)


class FakeToolbox:
    """Its `outputs`, by tool: an output, an event to wait for before one, or an error to raise."""

    def __init__(self, *tools: Tool, **outputs: ToolOutput | asyncio.Event | BaseException) -> None:
        self.offered = tools or (WEATHER,)
        self.outputs = outputs
        self.called: list[tuple[str, Mapping[str, Any]]] = []
        self.running = 0
        self.most_running = 0
        self.cancelled: list[str] = []
        self.listing: asyncio.Event | None = None
        self.unreached: tuple[str, ...] = ()

    async def tools(self) -> Sequence[Tool]:
        """Its tools, once `listing` is set, where there is one."""
        if self.listing:
            await self.listing.wait()
        return self.offered

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutput:
        """What the test says."""
        self.called.append((name, arguments))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(0)
            match self.outputs.get(name, ToolOutput(f"{name} says yes")):
                case BaseException() as error:
                    raise error
                case asyncio.Event() as event:
                    await event.wait()
                    return ToolOutput(f"{name} came late")
                case output:
                    return output
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        finally:
            self.running -= 1


async def allow(_call: ToolCall) -> Decision:
    """A visitor who allows everything."""
    return "allow"


async def deny(_call: ToolCall) -> Decision:
    """A visitor who allows nothing."""
    return "deny"
