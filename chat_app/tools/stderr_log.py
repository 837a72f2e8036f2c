"""What a program says on its standard error, as events of the log.

Each line is one event, cut, without the values that the settings hold as secrets, and only so many in a time: a program
that complains without end costs neither the disk nor the loop. The last words are kept, for when it ends.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final, TextIO

LONGEST_LINE: Final = 300
"""Characters of a line that are logged."""
LINES: Final = 50
"""How many lines are logged in `WINDOW_S`."""
WINDOW_S: Final = 10.0
_SHORTEST_SECRET: Final = 4
"""Shorter values are ordinary words: `1`, `on`."""

_log = logging.getLogger(__name__)


def masked(text: str, secrets: Iterable[str]) -> str:
    """`text` with `***` in place of each secret, and of what stands behind the scheme in one (`Bearer …`)."""
    parts = {part for secret in secrets for part in (secret, secret.rpartition(" ")[2])}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _SHORTEST_SECRET:
            text = text.replace(part, "***")
    return text


class StderrLog(asyncio.Protocol):
    """Writes the lines it receives to the log. `last` is the last one that was not empty."""

    def __init__(self, server: str, secrets: Iterable[str]) -> None:
        self.last = ""
        self._server = server
        self._secrets = tuple(secrets)
        self._rest = b""
        self._window_from_s = float("-inf")
        self._said = 0
        self._left_out = 0

    def data_received(self, data: bytes) -> None:
        """Logs the lines that are whole now."""
        *lines, rest = (self._rest + data).split(b"\n")
        if len(rest) > LONGEST_LINE * 4:
            lines, rest = [*lines, rest], b""
        self._rest = rest
        for line in lines:
            self._say(line.decode(errors="replace"))

    def connection_lost(self, _error: Exception | None) -> None:
        """Logs what had no end."""
        rest, self._rest = self._rest, b""
        self._say(rest.decode(errors="replace"))

    def _say(self, line: str) -> None:
        text = masked(line, self._secrets).strip()[:LONGEST_LINE]
        if not text:
            return
        self.last = text
        now = asyncio.get_running_loop().time()
        if now - self._window_from_s >= WINDOW_S:
            if self._left_out:
                _log.info("tool_server_lines_left_out", extra={"server": self._server, "lines": self._left_out})
            self._window_from_s, self._said, self._left_out = now, 0, 0
        if self._said >= LINES:
            self._left_out += 1
            return
        self._said += 1
        _log.info("tool_server_said", extra={"server": self._server, "line": text})


@asynccontextmanager
async def open_for(log: StderrLog) -> AsyncIterator[TextIO]:
    """A file that a program can be given as its standard error; what is written to it is logged until the end."""
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "w") as writer, os.fdopen(read_end, "rb", 0) as reader:
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: log, reader)
        try:
            yield writer
        finally:
            transport.close()
            await asyncio.sleep(0)  # the loop closes the pipe at its next turn
