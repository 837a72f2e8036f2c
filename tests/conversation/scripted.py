"""A stream that does what it is told, step by step, and remembers how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeAlias

from chat_app.conversation.deltas import Delta
from chat_app.conversation.turn import Request

Step: TypeAlias = Delta | float | asyncio.Event | BaseException
"""A delta to yield, seconds to wait, an event to wait for, or an error to raise."""


class Script:
    """An endpoint whose answer is a list of steps; `asked` and `ended` tell what became of it."""

    def __init__(self, *steps: Step) -> None:
        self.steps = steps
        self.asked: list[Request] = []
        self.ended = 0
        """How often a stream of it was left, by its own end or by being closed."""

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """The steps, one after the other."""
        self.asked.append(request)
        async for delta in self.deltas():
            yield delta

    async def deltas(self) -> AsyncGenerator[Delta, None]:
        """The same for those who have no request."""
        try:
            for step in self.steps:
                match step:
                    case BaseException():
                        raise step
                    case asyncio.Event():
                        await step.wait()
                    case float():
                        await asyncio.sleep(step)
                    case _:
                        yield step
        finally:
            self.ended += 1
