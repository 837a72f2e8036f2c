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
from time import monotonic
from typing import Final

import httpx2

from chat_app.conversation.coalesce import Pause

MANY_BYTES: Final = 32_768
"""httpx2 reads twice as many at most: behind so many, more is there already."""
WAITED_S: Final = 0.002
"""A reading that took longer had to wait for the server."""

Limited = Callable[[Awaitable[bytes]], Awaitable[bytes]]
"""Waits, within the limits of time."""


@contextmanager
def paced(response: httpx2.Response, every_s: float, limited: Limited, flows: Callable[[], bool]) -> Iterator[bool]:
    """Read so, as long as the context lasts and pausing only while the answer `flows`. Whether that can be done."""
    connection = response.extensions.get("network_stream")
    if connection is None:
        yield False
        return
    # Over TLS a reading gives one record, mostly one piece, however many have come: all of them are read, and only when
    # one had to be waited for is nothing more there.
    by_record = connection.get_extra_info("ssl_object") is not None
    pause, read, gathers = Pause(every_s), connection.read, True

    async def paced_read(max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 -- httpx2's signature
        nonlocal gathers
        if gathers and flows():
            await pause.over()
        began_s = monotonic()
        data: bytes = await limited(read(max_bytes, timeout))
        gathers = monotonic() - began_s > WAITED_S if by_record else len(data) < MANY_BYTES
        return data

    connection.read = paced_read
    try:
        yield True
    finally:
        if vars(connection).get("read") is paced_read:
            del connection.read
