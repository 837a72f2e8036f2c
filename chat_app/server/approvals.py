"""The calls of tools that wait for a visitor to allow or deny them.

A call is known by the session that may decide, and by a name that nobody can guess who does not have the page. It is
forgotten as soon as it is decided, or when its turn ends. For one event loop.
"""

from __future__ import annotations

import asyncio

from chat_app.conversation.tools import Decision


class Approvals:
    """Which calls wait, by session and name."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], asyncio.Future[Decision]] = {}

    async def ask(self, session: str, name: str) -> Decision:
        """What the visitor decides. Waits for as long as that takes; a cancellation ends it."""
        decided: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._waiting[session, name] = decided
        try:
            return await decided
        finally:
            del self._waiting[session, name]

    def decide(self, session: str, name: str, decision: Decision) -> bool:
        """Decide about a call. Whether it waited for that."""
        decided = self._waiting.get((session, name))
        if decided is None or decided.done():
            return False
        decided.set_result(decision)
        return True
