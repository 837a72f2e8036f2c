"""The turns that run now: so that Stop finds them, and so that the process can wait for them before it ends.

Nothing of what is said is kept here, only an event per turn that ends it when it is set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class RunningTurns:
    """Which turns run, by the session that asked for them and its name for each. For one event loop."""

    def __init__(self) -> None:
        self._turns: dict[asyncio.Event, tuple[str, str]] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = False
        self._ended = False

    @property
    def draining(self) -> bool:
        """Whether the process is stopping: running turns may finish, no new one should begin."""
        return self._draining

    def __len__(self) -> int:
        return len(self._turns)

    @contextmanager
    def begin(self, session: str, turn: str) -> Iterator[asyncio.Event]:
        """A turn that runs as long as the `with` block; the event ends it with what had arrived."""
        stop = asyncio.Event()
        if self._ended:
            stop.set()
        self._turns[stop] = (session, turn)
        self._idle.clear()
        try:
            yield stop
        finally:
            del self._turns[stop]
            if not self._turns:
                self._idle.set()

    def stop(self, session: str, turn: str) -> int:
        """How many turns of that name of `session` were told to end."""
        found = [stop for stop, asked in self._turns.items() if asked == (session, turn)]
        for stop in found:
            stop.set()
        return len(found)

    def drain(self) -> None:
        """Say that the process is stopping. Running turns go on."""
        self._draining = True

    def stop_all(self) -> None:
        """End every turn with what had arrived, and those at once that begin from now on."""
        self._ended = True
        for stop in self._turns:
            stop.set()

    async def wait_until_idle(self) -> None:
        """Return when no turn runs."""
        await self._idle.wait()
