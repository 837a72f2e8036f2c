"""The connection below a response, read no more often than its answer is looked at.

An answer is looked at ten times a second (`Request.every_s`), and a server sends 50 pieces: read one by one, each
with a limit of time of its own, they were over half of the process's work. So what comes between two looks waits in the
kernel, and the limits of time are those of a reading. httpx2 gives the connection of a response out by name
(`network_stream`, https://www.python-httpx.org/advanced/extensions/); as long as the response lasts, our `read` stands
before the connection's own. A response without one is read piece by piece.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import httpx2

from chat_app.conversation.coalesce import Pause

MANY_BYTES: Final = 32_768
"""httpx2 reads twice as many at most: behind so many, more is there already."""

Limited = Callable[[Awaitable[bytes]], Awaitable[bytes]]
"""Waits, within the limits of time."""


@contextmanager
def paced(response: httpx2.Response, every_s: float, limited: Limited, flows: Callable[[], bool]) -> Iterator[bool]:
    """Read so, as long as the context lasts and pausing only while the answer `flows`. Whether that can be done."""
    connection = response.extensions.get("network_stream")
    if connection is None:
        yield False
        return
    pause, read, last = Pause(every_s), connection.read, 0

    async def paced_read(max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 -- httpx2's signature
        nonlocal last
        if last < MANY_BYTES and flows():
            await pause.over()
        data: bytes = await limited(read(max_bytes, timeout))
        last = len(data)
        return data

    connection.read = paced_read
    try:
        yield True
    finally:
        del connection.read
