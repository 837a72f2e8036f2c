"""When to let more of an answer come before its connection is read again.

An answer is looked at some 12 times a second (`Request.every_s`), and a server sends 50 pieces: read one by one, they
were half of the process's work. What is not read waits in the kernel, and comes in one reading. httpx2 hands it over
chunk by chunk, so it is told by the time a piece took whether it was there already.
"""

from __future__ import annotations

from typing import Final

from chat_app.conversation.coalesce import Pause

AT_HAND_S: Final = 0.0005
"""A piece that took longer was read from the connection."""
MANY_BYTES: Final = 32_768
"""httpx2 reads twice as many at most: of a server that sends so many between two looks, more is there already."""


class Gathering:
    """The pauses in the reading of one answer, which is looked at every `every_s` seconds."""

    def __init__(self, every_s: float) -> None:
        self._pause = Pause(every_s) if every_s else None
        self._rested = False
        self._bytes = 0

    async def after(self, piece: bytes, took_s: float) -> None:
        """Pause behind a piece that took so long, unless it had gathered in the pause before."""
        self._bytes += len(piece)
        if self._pause is None or took_s < AT_HAND_S:
            return
        if self._rested or self._bytes > MANY_BYTES:
            self._rested, self._bytes = False, 0
            return
        await self._pause.over()
        self._rested, self._bytes = True, 0
