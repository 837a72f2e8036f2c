"""The limits of time of one answer: first token, silence, total. The connection's own limit is httpx2's to keep.

Silence is the time without a delta, not without a byte: comments, pings and empty chunks do not end it, so a server
that only says that it is alive is given up in the end. Each wait gets the limit that passes first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from typing import Final, TypeVar

from chat_app.endpoints.failures.hints import Asked
from chat_app.endpoints.failures.rules import FOREIGN, Limit, timed_out
from chat_app.endpoints.reading.answer_reader import AnswerReader
from chat_app.errors import TimedOut

AFTER_FINISH_S: Final = 2.0
"""Seconds to wait for token counts behind a finished answer, should the server not end its stream."""

_NO_MORE: Final[tuple[type[Exception], ...]] = (TimedOut, *FOREIGN)
_Value = TypeVar("_Value")


class Patience:
    """How long to wait for the next bytes of one answer, which `reader` reads. Made inside a running event loop."""

    def __init__(self, asked: Asked, reader: AnswerReader) -> None:
        self._asked = asked
        self._reader = reader
        self._now = asyncio.get_running_loop().time
        self._began = self._heard = self._now()
        self.at_reads = False
        """Whether each reading of the connection is limited (`paced_reads.py`), so that pieces need not be."""

    def heard(self) -> None:
        """A part of the answer has come: silence begins anew."""
        self._heard = self._now()

    async def next_piece(self, pieces: AsyncGenerator[bytes, None]) -> bytes | None:
        """The next bytes; None when there are no more, or when the answer is whole and no more come."""
        if self._reader.done:
            return None
        try:
            return await (anext(pieces, None) if self.at_reads else self.result_of(anext(pieces, None)))
        except _NO_MORE:
            if self._reader.finished:
                return None
            raise

    async def result_of(self, waiting: Awaitable[_Value]) -> _Value:
        """What `waiting` gives. Raises `TimedOut` with the name of the limit that passed."""
        limit, at = self._next_limit()
        try:
            async with asyncio.timeout_at(at) as scope:
                return await waiting
        except TimeoutError as error:
            if not scope.expired():
                raise
            raise timed_out(limit, self._asked) from error

    def _next_limit(self) -> tuple[Limit, float]:
        config = self._asked.config
        limits: list[tuple[Limit, float]] = [("total_timeout_s", self._began + config.total_timeout_s)]
        if self._reader.begun:
            silence_s = min(AFTER_FINISH_S, config.idle_timeout_s) if self._reader.finished else config.idle_timeout_s
            limits.append(("idle_timeout_s", self._heard + silence_s))
        else:
            limits.append(("first_token_timeout_s", self._began + config.first_token_timeout_s))
        return min(limits, key=lambda limit: limit[1])
